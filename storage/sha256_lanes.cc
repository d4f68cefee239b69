#include "storage/sha256_lanes.h"

#include <algorithm>
#include <cstring>

#if defined(__x86_64__)
#include <cpuid.h>
#include <immintrin.h>
#endif

#include "base/assert.h"

namespace tapdeck::storage::sha256_lanes {

#if defined(__x86_64__)

namespace {

constexpr std::size_t kBlock = 64;
using State = std::array<std::uint32_t, 8>;

constexpr State kStart = {
    0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a, 0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19};

alignas(16) constexpr std::uint32_t kRound[64] = {
    0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5,
    0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174,
    0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da,
    0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967,
    0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85,
    0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070,
    0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3,
    0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2};

// The instructions want the state as ABEF and CDGH.
template <std::size_t N>
struct Registers {
  __m128i abef[N];
  __m128i cdgh[N];
};

const __m128i* vector_at(const void* bytes) { return static_cast<const __m128i*>(bytes); }

template <std::size_t N>
[[gnu::target("sha,sse4.1")]] void load(const State* states, Registers<N>& registers) {
  for (std::size_t lane = 0; lane < N; ++lane) {
    const __m128i badc = _mm_shuffle_epi32(_mm_loadu_si128(vector_at(states[lane].data())), 0xb1);
    const __m128i efgh =
        _mm_shuffle_epi32(_mm_loadu_si128(vector_at(states[lane].data() + 4)), 0x1b);
    registers.abef[lane] = _mm_alignr_epi8(badc, efgh, 8);
    registers.cdgh[lane] = _mm_blend_epi16(efgh, badc, 0xf0);
  }
}

template <std::size_t N>
[[gnu::target("sha,sse4.1")]] void store(const Registers<N>& registers, State* states) {
  for (std::size_t lane = 0; lane < N; ++lane) {
    const __m128i feba = _mm_shuffle_epi32(registers.abef[lane], 0x1b);
    const __m128i dchg = _mm_shuffle_epi32(registers.cdgh[lane], 0xb1);
    auto* to = reinterpret_cast<__m128i*>(states[lane].data());
    _mm_storeu_si128(to, _mm_blend_epi16(feba, dchg, 0xf0));
    _mm_storeu_si128(to + 1, _mm_alignr_epi8(dchg, feba, 8));
  }
}

// Four rounds of each lane; `words` are the last sixteen words of its message schedule.
template <std::size_t N, std::size_t kStep>
[[gnu::target("sha,sse4.1"), gnu::always_inline]] inline void four_rounds(Registers<N>& registers,
                                                                          __m128i (&words)[N][4]) {
  const __m128i round = _mm_load_si128(vector_at(kRound + 4 * kStep));
#pragma GCC unroll 4
  for (std::size_t lane = 0; lane < N; ++lane) {
    __m128i& now = words[lane][kStep % 4];
    if (kStep >= 4) {
      const __m128i last = words[lane][(kStep + 3) % 4];
      now = _mm_sha256msg1_epu32(now, words[lane][(kStep + 1) % 4]);
      now = _mm_add_epi32(now, _mm_alignr_epi8(last, words[lane][(kStep + 2) % 4], 4));
      now = _mm_sha256msg2_epu32(now, last);
    }
    const __m128i sum = _mm_add_epi32(now, round);
    __m128i& abef = registers.abef[lane];
    __m128i& cdgh = registers.cdgh[lane];
    cdgh = _mm_sha256rnds2_epu32(cdgh, abef, sum);
    abef = _mm_sha256rnds2_epu32(abef, cdgh, _mm_shuffle_epi32(sum, 0x0e));
  }
}

template <std::size_t N, std::size_t... kSteps>
[[gnu::target("sha,sse4.1"), gnu::always_inline]] inline void all_rounds(
    Registers<N>& registers, __m128i (&words)[N][4], std::index_sequence<kSteps...> /*unused*/) {
  (four_rounds<N, kSteps>(registers, words), ...);
}

template <std::size_t N>
[[gnu::target("sha,sse4.1")]] void compress(State* states,
                                            const std::uint8_t* const* data,
                                            std::size_t blocks) {
  const __m128i big_endian = _mm_set_epi64x(0x0c0d0e0f08090a0bLL, 0x0405060700010203LL);
  Registers<N> registers;
  load<N>(states, registers);
  for (std::size_t block = 0; block < blocks; ++block) {
    const Registers<N> before = registers;
    __m128i words[N][4];
#pragma GCC unroll 4
    for (std::size_t lane = 0; lane < N; ++lane) {
#pragma GCC unroll 4
      for (std::size_t i = 0; i < 4; ++i) {
        words[lane][i] = _mm_shuffle_epi8(
            _mm_loadu_si128(vector_at(data[lane] + block * kBlock) + i), big_endian);
      }
    }
    all_rounds<N>(registers, words, std::make_index_sequence<16>{});
#pragma GCC unroll 4
    for (std::size_t lane = 0; lane < N; ++lane) {
      registers.abef[lane] = _mm_add_epi32(registers.abef[lane], before.abef[lane]);
      registers.cdgh[lane] = _mm_add_epi32(registers.cdgh[lane], before.cdgh[lane]);
    }
  }
  store<N>(registers, states);
}

// A message as blocks: one with the prefix, those inside the body, one or two with its end.
struct Lane {
  std::array<std::uint8_t, kBlock> first{};
  std::array<std::uint8_t, 2 * kBlock> last{};
  const std::uint8_t* inner = nullptr;
  std::size_t inner_blocks = 0;
  std::size_t last_blocks = 0;
  bool has_first = false;  // otherwise all of it is in `last`
};

void lay_out(const Message& message, Lane& lane) {
  TD_ASSERT(message.prefix.size() <= kPrefixBytesMax);
  const std::size_t total = message.prefix.size() + message.body.size();
  lane.has_first = total >= kBlock;
  std::uint8_t* start = lane.has_first ? lane.first.data() : lane.last.data();
  const std::size_t head = lane.has_first ? kBlock - message.prefix.size() : message.body.size();
  if (!message.prefix.empty()) std::memcpy(start, message.prefix.data(), message.prefix.size());
  if (head > 0) std::memcpy(start + message.prefix.size(), message.body.data(), head);
  const ByteView rest = message.body.subspan(head);
  lane.inner = rest.data();
  lane.inner_blocks = rest.size() / kBlock;
  const ByteView tail = rest.subspan(lane.inner_blocks * kBlock);
  if (!tail.empty()) std::memcpy(lane.last.data(), tail.data(), tail.size());
  const std::size_t used = lane.has_first ? tail.size() : total;
  lane.last[used] = 0x80;
  lane.last_blocks = used + 9 <= kBlock ? 1 : 2;
  store_be(lane.last.data() + lane.last_blocks * kBlock - 8, std::uint64_t{total} * 8);
}

// As many blocks as all have at once, the others one by one.
template <std::size_t N>
void hash_lanes(std::span<const Message> messages, std::span<Digest> digests) {
  std::array<Lane, N> lanes;
  std::array<State, N> states;
  states.fill(kStart);
  std::array<const std::uint8_t*, N> data{};
  std::size_t common = SIZE_MAX;
  bool all_have_first = true;
  for (std::size_t i = 0; i < N; ++i) {
    lay_out(messages[i], lanes[i]);
    common = std::min(common, lanes[i].inner_blocks);
    all_have_first = all_have_first && lanes[i].has_first;
    data[i] = lanes[i].first.data();
  }
  if (all_have_first) {
    compress<N>(states.data(), data.data(), 1);
    for (std::size_t i = 0; i < N; ++i) data[i] = lanes[i].inner;
    compress<N>(states.data(), data.data(), common);
  } else {
    common = 0;
  }
  for (std::size_t i = 0; i < N; ++i) {
    const Lane& lane = lanes[i];
    const std::uint8_t* at = lane.first.data();
    if (!all_have_first && lane.has_first) compress<1>(&states[i], &at, 1);
    at = lane.inner + common * kBlock;
    compress<1>(&states[i], &at, lane.inner_blocks - common);
    at = lane.last.data();
    compress<1>(&states[i], &at, lane.last_blocks);
    for (std::size_t word = 0; word < 8; ++word) {
      store_be(digests[i].data() + 4 * word, states[i][word]);
    }
  }
}

}  // namespace

bool usable() {
  static const bool usable_here = [] {
    unsigned a = 0;
    unsigned b = 0;
    unsigned c = 0;
    unsigned d = 0;
    constexpr unsigned kSha = 1U << 29;
    return __get_cpuid_count(7, 0, &a, &b, &c, &d) != 0 && (b & kSha) != 0;
  }();
  return usable_here;
}

void hash(std::span<const Message> messages, std::span<Digest> digests) {
  TD_ASSERT(messages.size() == digests.size() && usable());
  switch (messages.size()) {
    case 1: return hash_lanes<1>(messages, digests);
    case 2: return hash_lanes<2>(messages, digests);
    case 3: return hash_lanes<3>(messages, digests);
    case 4: return hash_lanes<4>(messages, digests);
    default: TD_ASSERT(!"1 to kLanes messages");
  }
}

#else

bool usable() { return false; }

void hash(std::span<const Message> /*messages*/, std::span<Digest> /*digests*/) {
  TD_ASSERT(!"not usable here");
}

#endif

}  // namespace tapdeck::storage::sha256_lanes
