#include "pipelines/policy/sampling.h"

#include <bit>
#include <cstring>

#include "config/policies.h"
#include "storage/crypto.h"

namespace tapdeck::policy {
namespace {

struct State {
  std::uint64_t a;
  std::uint64_t b;
  std::uint64_t c;
  std::uint64_t d;

  void round() {
    a += b;
    c += d;
    b = std::rotl(b, 13) ^ a;
    d = std::rotl(d, 16) ^ c;
    a = std::rotl(a, 32);
    c += b;
    a += d;
    b = std::rotl(b, 17) ^ c;
    d = std::rotl(d, 21) ^ a;
    c = std::rotl(c, 32);
  }

  void take(std::uint64_t word) {
    d ^= word;
    round();
    round();
    a ^= word;
  }
};

}  // namespace

SampleKey sample_key_of(std::string_view text) {
  const storage::Hash hash = storage::sha256(as_bytes(text));
  return {load_le<std::uint64_t>(hash.data()), load_le<std::uint64_t>(hash.data() + 8)};
}

std::uint64_t siphash(ByteView bytes, const SampleKey& key) {
  State state{key.first ^ 0x736f6d6570736575ULL,
              key.second ^ 0x646f72616e646f6dULL,
              key.first ^ 0x6c7967656e657261ULL,
              key.second ^ 0x7465646279746573ULL};
  const std::uint64_t length = bytes.size();
  for (; bytes.size() >= 8; bytes = bytes.subspan(8)) {
    state.take(load_le<std::uint64_t>(bytes.data()));
  }
  std::uint64_t last = 0;
  if (!bytes.empty()) std::memcpy(&last, bytes.data(), bytes.size());
  state.take(last | length << 56);
  state.c ^= 0xff;
  for (int i = 0; i < 4; ++i) state.round();
  return state.a ^ state.b ^ state.c ^ state.d;
}

bool is_sampled(std::string_view id, const SampleKey& key, std::uint32_t ppm) {
  if (ppm >= config::kSampleAll) return true;
  const std::uint64_t share = (siphash(as_bytes(id), key) >> 32) * config::kSampleAll >> 32;
  return share < ppm;
}

}  // namespace tapdeck::policy
