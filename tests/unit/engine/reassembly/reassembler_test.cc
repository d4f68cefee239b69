#include "engine/reassembly/reassembler.h"

#include <algorithm>
#include <numeric>
#include <random>

#include <gtest/gtest.h>

#include "tests/support/tunnel_builder.h"
#include "tests/unit/engine/engine_fixture.h"

namespace tapdeck::engine {
namespace {

using namespace testing;

constexpr std::int64_t kSecond = 1'000'000'000;

Bytes counting(std::size_t count) {
  Bytes out(count);
  for (std::size_t i = 0; i < count; ++i) out[i] = static_cast<std::uint8_t>(i * 7 + i / 256);
  return out;
}

// The part [from, from + length) of `payload`, as IPv4 or IPv6 would carry it.
Bytes part_of(const Bytes& payload,
              std::size_t from,
              std::size_t length,
              bool v6 = false,
              std::uint16_t id = 1) {
  const std::size_t size = std::min(length, payload.size() - from);
  const bool more = from + size < payload.size();
  const Bytes part(payload.begin() + static_cast<std::ptrdiff_t>(from),
                   payload.begin() + static_cast<std::ptrdiff_t>(from + size));
  if (v6) {
    const std::size_t field = from | (more ? 1U : 0U);
    return ipv6(44, wrap({17, 0, high(field), low(field), 0, 0, high(id), low(id)}, part));
  }
  Bytes out = ipv4(17, part);
  store_be(out.data() + 4, id);
  store_be(out.data() + 6, static_cast<std::uint16_t>(from / 8 | (more ? 0x2000U : 0U)));
  return out;
}

std::vector<Bytes> cut(const Bytes& payload,
                       std::size_t size,
                       bool v6 = false,
                       std::uint16_t id = 1) {
  std::vector<Bytes> out;
  for (std::size_t at = 0; at < payload.size(); at += size) {
    out.push_back(part_of(payload, at, size, v6, id));
  }
  return out;
}

struct KeptHeads final : HeadSink {
  bool on_head(const IpPacket& head) override {
    heads.emplace_back(head.bytes.begin(), head.bytes.end());
    time_s = head.time_ns / kSecond;
    return useful;
  }

  std::vector<Bytes> heads;
  std::int64_t time_s = 0;
  bool useful = true;
};

// The parts of a datagram with UDP's header.
std::vector<Bytes> cut_udp(std::size_t payload_bytes, bool v6 = false, std::uint16_t id = 1) {
  return cut(udp(5'060, counting(payload_bytes)), 64, v6, id);
}

class ReassemblerTest : public ::testing::Test {
 protected:
  explicit ReassemblerTest(const ReassemblyOptions& options = {.packets_max = 8,
                                                               .block_count = 64}) {
    test_eal();
    reassembler_ = std::move(Reassembler::create(options).value());
  }

  // The whole packet, empty while something is missing.
  Bytes add(const Bytes& fragment, std::int64_t at_s = 0, RealmId realm = 0) {
    IpPacket whole;
    const Bytes exact(fragment.begin(), fragment.end());
    if (!reassembler_->add({.bytes = exact, .time_ns = at_s * kSecond, .realm = realm},
                           at_s * kSecond,
                           whole,
                           &heads_)) {
      return {};
    }
    time_s_ = whole.time_ns / kSecond;
    return {whole.bytes.begin(), whole.bytes.end()};
  }

  [[nodiscard]] std::uint64_t count(ReassemblyCount what) const {
    return reassembler_->counters().value(what);
  }

  std::unique_ptr<Reassembler> reassembler_;
  KeptHeads heads_;
  std::int64_t time_s_ = 0;
};

TEST_F(ReassemblerTest, AnyOrderMakesTheWhole) {
  for (const std::size_t size : {8U, 512U, 1'480U, 8'000U}) {
    for (const bool v6 : {false, true}) {
      const Bytes payload = counting(size * 5 + 3);
      std::vector<Bytes> parts = cut(payload, size, v6);
      std::int64_t at_s = 0;  // far from what came before
      std::vector<std::size_t> order(parts.size());
      std::iota(order.begin(), order.end(), 0);
      do {
        Bytes whole;
        for (const std::size_t i : order) {
          ASSERT_TRUE(whole.empty());
          whole = add(parts[i], at_s);
        }
        ++at_s;
        const std::size_t header = v6 ? 48 : 20;
        ASSERT_EQ(whole.size(), header + payload.size());
        ASSERT_TRUE(std::equal(
            payload.begin(), payload.end(), whole.begin() + static_cast<std::ptrdiff_t>(header)));
      } while (size < 1'000 && std::next_permutation(order.begin(), order.end()));
      EXPECT_EQ(reassembler_->waiting(), 0U);
    }
  }
}

TEST_F(ReassemblerTest, TheWholeHasTheTimeOfItsLatestFragment) {
  const std::vector<Bytes> parts = cut(counting(40), 16);
  add(parts[2], 3);
  add(parts[0], 5);
  EXPECT_FALSE(add(parts[1], 4).empty());
  EXPECT_EQ(time_s_, 5);
}

TEST_F(ReassemblerTest, EqualFragmentsAreIgnored) {
  const std::vector<Bytes> parts = cut(counting(5'000), 2'496);  // two blocks each
  add(parts[0]);
  add(parts[0]);
  add(parts[1]);
  add(parts[1]);
  EXPECT_FALSE(add(parts[2]).empty());
  EXPECT_EQ(count(ReassemblyCount::kDuplicates), 2U);
  EXPECT_EQ(count(ReassemblyCount::kReassembled), 1U);
}

TEST_F(ReassemblerTest, WhatASecondMirrorRepeatsOfAWholePacketMakesNoOther) {
  const std::vector<Bytes> parts = cut(counting(64), 32);
  add(parts[0]);
  add(parts[0]);
  EXPECT_FALSE(add(parts[1]).empty());
  EXPECT_TRUE(add(parts[1]).empty());
  for (const Bytes& part : parts) EXPECT_TRUE(add(part).empty());
  EXPECT_EQ(count(ReassemblyCount::kReassembled), 1U);
  EXPECT_EQ(count(ReassemblyCount::kDuplicates), 4U);
  EXPECT_EQ(reassembler_->waiting(), 0U) << "nothing is left that could spoil the next one";
}

TEST_F(ReassemblerTest, AnotherPacketOfTheSameIdentificationIsPutTogether) {
  const std::vector<Bytes> parts = cut(counting(64), 32);
  std::vector<Bytes> others = parts;
  for (Bytes& other : others) other.back() ^= 1;
  add(parts[0]);
  EXPECT_FALSE(add(parts[1]).empty());
  add(others[1]);
  EXPECT_FALSE(add(others[0]).empty());
  add(others[0], 1);
  EXPECT_FALSE(add(others[1], 1).empty()) << "sent again, not repeated";
  EXPECT_EQ(count(ReassemblyCount::kReassembled), 3U);
  EXPECT_EQ(count(ReassemblyCount::kDuplicates), 0U);
}

TEST_F(ReassemblerTest, WholePacketsGiveWayToThoseThatWait) {
  const Bytes payload = counting(64);
  for (std::uint16_t id = 0; id < 8; ++id) {
    for (const Bytes& part : cut(payload, 32, false, id)) add(part);
  }
  for (std::uint16_t id = 8; id < 16; ++id) add(cut(payload, 32, false, id)[0]);
  EXPECT_EQ(count(ReassemblyCount::kEvicted), 0U);
  EXPECT_EQ(reassembler_->waiting(), 8U);
}

TEST_F(ReassemblerTest, OverlapsDropThePacketAndWhatStillComes) {
  const Bytes payload = counting(96);
  Bytes altered = part_of(payload, 0, 32);
  altered.back() ^= 1;
  Bytes another_end = part_of(counting(80), 64, 16);
  const Bytes rivals[] = {
      altered,                       // equal place, other bytes
      part_of(payload, 8, 32),       // across two
      part_of(payload, 0, 24),       // within one
      part_of(payload, 24, 16),      // the end of one
      part_of(payload, 0, 64),       // all that is there
      another_end,                   // an end where there is more
      part_of(counting(104), 64, 8)  // more where the end is: after it
  };
  std::uint64_t overlapping = 0;
  std::uint16_t id = 100;
  for (Bytes rival : rivals) {
    ++id;
    store_be(rival.data() + 4, id);
    std::vector<Bytes> parts = cut(payload, 32, false, id);
    add(parts[0]);
    add(parts[2]);
    add(rival);
    EXPECT_TRUE(add(parts[1]).empty());
    EXPECT_EQ(count(ReassemblyCount::kOverlapping), ++overlapping) << id;
    EXPECT_EQ(count(ReassemblyCount::kRefused), overlapping) << id;
  }
  EXPECT_EQ(count(ReassemblyCount::kReassembled), 0U);
}

TEST_F(ReassemblerTest, BytesBehindTheEndAreAContradiction) {
  const Bytes payload = counting(96);
  add(part_of(payload, 64, 16));
  add(part_of(payload, 0, 32));
  EXPECT_TRUE(add(part_of(counting(40), 32, 8)).empty());  // says that 40 bytes are all
  EXPECT_EQ(count(ReassemblyCount::kOverlapping), 1U);
}

TEST_F(ReassemblerTest, PacketsAreToldApart) {
  const Bytes payload = counting(64);
  const std::vector<Bytes> one = cut(payload, 32, false, 1);
  const std::vector<Bytes> two = cut(payload, 32, false, 2);
  std::vector<Bytes> tcp = one;
  for (Bytes& part : tcp) part[9] = 6;
  EXPECT_TRUE(add(one[0], 0, 0).empty());
  EXPECT_TRUE(add(two[1], 0, 0).empty());
  EXPECT_TRUE(add(one[1], 0, 1).empty());  // another realm
  EXPECT_TRUE(add(tcp[1], 0, 0).empty());
  EXPECT_FALSE(add(one[1], 0, 0).empty());
  EXPECT_EQ(reassembler_->waiting(), 3U);
  reassembler_->finish();
  EXPECT_EQ(count(ReassemblyCount::kIncomplete), 3U);
  EXPECT_EQ(reassembler_->waiting(), 0U);
}

TEST_F(ReassemblerTest, TimeEnds) {
  const std::vector<Bytes> parts = cut(counting(64), 32);
  add(parts[0], 10);
  reassembler_->expire(39 * kSecond);
  EXPECT_EQ(count(ReassemblyCount::kTimedOut), 0U);
  reassembler_->expire(40 * kSecond);
  EXPECT_EQ(count(ReassemblyCount::kTimedOut), 1U);
  EXPECT_TRUE(add(parts[1], 41).empty());
}

TEST_F(ReassemblerTest, AFirstFragmentThatWaitsInVainIsOfferedOnce) {
  for (const bool v6 : {false, true}) {
    heads_.heads.clear();
    const std::vector<Bytes> parts = cut_udp(200, v6);
    add(parts[0], 10);
    reassembler_->expire(10 * kSecond + kSecond / 50, &heads_);
    EXPECT_TRUE(heads_.heads.empty());
    reassembler_->expire(10 * kSecond + kSecond / 10, &heads_);
    ASSERT_EQ(heads_.heads.size(), 1U);
    EXPECT_EQ(heads_.time_s, 10);
    Decoded decoded;
    decode_ip_packet(heads_.heads[0], {}, decoded);
    EXPECT_TRUE(decoded.is_udp);
    EXPECT_EQ(decoded.payload.size(), 64U - 8U);
    EXPECT_EQ(decoded.payload_length, 200U);
    EXPECT_EQ(decoded.destination.port, 5'060);
    reassembler_->finish(&heads_);
    EXPECT_EQ(heads_.heads.size(), 1U);
  }
  EXPECT_EQ(count(ReassemblyCount::kIncomplete), 2U);
}

TEST_F(ReassemblerTest, TheWholeOfWhatWasOfferedSaysSo) {
  const std::vector<Bytes> parts = cut_udp(100);
  add(parts[0], 10);
  reassembler_->expire(11 * kSecond, &heads_);
  ASSERT_EQ(heads_.heads.size(), 1U);
  EXPECT_TRUE(add(parts[0], 12).empty());  // another datagram: the time of repetition is over
  EXPECT_EQ(count(ReassemblyCount::kTimedOut), 1U);
  reassembler_->expire(13 * kSecond, &heads_);
  ASSERT_EQ(heads_.heads.size(), 2U);
  IpPacket whole;
  const Bytes& rest = parts[1];
  ASSERT_EQ(parts.size(), 2U);
  EXPECT_TRUE(reassembler_->add({.bytes = rest, .time_ns = 13 * kSecond}, 13 * kSecond, whole));
  EXPECT_TRUE(whole.was_told);
  EXPECT_EQ(whole.bytes.size(), 20U + 8U + 100U);
  EXPECT_EQ(count(ReassemblyCount::kReassembled), 1U);
  EXPECT_EQ(count(ReassemblyCount::kRefused), 0U);
  reassembler_->finish(&heads_);
  EXPECT_EQ(heads_.heads.size(), 2U);
}

TEST_F(ReassemblerTest, WhatFollowsTheFirstFragmentIsOfferedWithIt) {
  const std::vector<Bytes> parts = cut_udp(200);
  add(parts[1]);
  add(parts[3]);
  add(parts[0]);
  reassembler_->finish(&heads_);
  ASSERT_EQ(heads_.heads.size(), 1U);
  EXPECT_EQ(heads_.heads[0].size(), 20U + 128U);
}

TEST_F(ReassemblerTest, WhatIsNoDatagramsBeginningIsNotOffered) {
  add(cut_udp(200)[1]);
  std::vector<Bytes> tcp = cut_udp(200, false, 2);
  tcp[0][9] = 6;
  add(tcp[0]);
  Bytes contradicting = cut_udp(200, false, 3)[0];
  store_be(contradicting.data() + 24, std::uint16_t{40});
  add(contradicting);
  reassembler_->expire(kSecond, &heads_);
  reassembler_->finish(&heads_);
  EXPECT_TRUE(heads_.heads.empty());
}

TEST_F(ReassemblerTest, AHeadOfNoUseGoesOnWaiting) {
  heads_.useful = false;
  const std::vector<Bytes> parts = cut_udp(100);
  add(parts[0]);
  reassembler_->expire(kSecond, &heads_);
  EXPECT_EQ(heads_.heads.size(), 1U);
  EXPECT_FALSE(add(parts[1], 2).empty());
  EXPECT_EQ(count(ReassemblyCount::kRefused), 0U);
}

TEST_F(ReassemblerTest, WhatIsEvictedIsOfferedAndTheNextOfItsIdentificationIsAnother) {
  for (std::uint16_t id = 0; id < 9; ++id) add(cut_udp(100, false, id)[0]);
  EXPECT_EQ(heads_.heads.size(), 1U);
  reassembler_->expire(kSecond, &heads_);
  EXPECT_EQ(heads_.heads.size(), 9U);
  add(cut_udp(100, false, 5)[0], 5);
  EXPECT_FALSE(add(cut_udp(100, false, 5)[1], 5).empty());
  EXPECT_EQ(count(ReassemblyCount::kTimedOut), 1U);
}

TEST_F(ReassemblerTest, TheOldestGivesWay) {
  const Bytes payload = counting(64);
  for (std::uint16_t id = 0; id < 9; ++id) add(cut(payload, 32, false, id)[0]);
  EXPECT_EQ(count(ReassemblyCount::kEvicted), 1U);
  EXPECT_EQ(reassembler_->waiting(), 8U);
  EXPECT_TRUE(add(cut(payload, 32, false, 0)[1]).empty());
  EXPECT_FALSE(add(cut(payload, 32, false, 8)[1]).empty());
}

TEST_F(ReassemblerTest, BlocksAreBounded) {
  const Bytes payload = counting(60'000);  // 8 blocks per fragment of 16 000
  for (std::uint16_t id = 0; id < 8; ++id) {
    std::vector<Bytes> parts = cut(payload, 16'000, false, id);
    for (std::size_t i = 1; i < parts.size(); ++i) add(parts[i]);
  }
  EXPECT_GT(count(ReassemblyCount::kEvicted), 0U);
  EXPECT_FALSE(add(cut(payload, 16'000, false, 7)[0]).empty());  // the newest had its room
}

TEST_F(ReassemblerTest, OneThatTakesAllIsGivenUpItself) {
  const Bytes payload = counting(8 * 70);
  for (const Bytes& part : cut(payload, 8)) EXPECT_TRUE(add(part).empty());
  EXPECT_GT(count(ReassemblyCount::kEvicted), 0U);
}

TEST_F(ReassemblerTest, BadFragmentsAreCounted) {
  add({1, 2, 3});
  add(ipv4(17, counting(8)));
  EXPECT_EQ(count(ReassemblyCount::kMalformed), 2U);
  EXPECT_EQ(reassembler_->waiting(), 0U);
}

TEST_F(ReassemblerTest, NothingLeaksUnderNoise) {
  std::mt19937 random(1);
  const Bytes payload = counting(4'000);
  for (int i = 0; i < 20'000; ++i) {
    const std::size_t from = random() % 500 * 8;
    add(part_of(payload,
                from,
                (random() % 300 + 1) * 8,
                random() % 2 == 0,
                static_cast<std::uint16_t>(random() % 12)),
        i / 100);
    if (i % 50 == 0) reassembler_->expire(i / 100 * kSecond);
  }
  reassembler_->finish();
  EXPECT_EQ(reassembler_->waiting(), 0U);
  for (std::uint16_t id = 0; id < 8; ++id)
    EXPECT_TRUE(add(cut(payload, 2'000, false, id)[0]).empty());
  EXPECT_EQ(reassembler_->waiting(), 8U);  // all blocks have come back
}

TEST(Reassembler, NeedsSomeRoom) {
  EXPECT_FALSE(Reassembler::create({.packets_max = 1, .block_count = 63}));
  EXPECT_FALSE(Reassembler::create({.packets_max = 0, .block_count = 64}));
}

}  // namespace
}  // namespace tapdeck::engine
