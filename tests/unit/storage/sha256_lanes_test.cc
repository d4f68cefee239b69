#include "storage/sha256_lanes.h"

#include <array>
#include <vector>

#include <gtest/gtest.h>

#include "storage/crypto.h"

namespace tapdeck::storage {
namespace {

std::vector<std::uint8_t> bytes_of(std::size_t length, std::uint8_t seed) {
  std::vector<std::uint8_t> bytes(length);
  for (std::size_t i = 0; i < length; ++i) bytes[i] = static_cast<std::uint8_t>(i * 7 + seed);
  return bytes;
}

// OpenSSL's digest of the two pieces, one behind the other.
Hash expected(ByteView prefix, ByteView body) {
  Hasher hasher;
  const std::array<ByteView, 2> pieces{prefix, body};
  return hasher.sha256(pieces);
}

void compare(std::span<const sha256_lanes::Message> messages) {
  std::array<sha256_lanes::Digest, sha256_lanes::kLanes> digests{};
  sha256_lanes::hash(messages, {digests.data(), messages.size()});
  for (std::size_t i = 0; i < messages.size(); ++i) {
    EXPECT_EQ(digests[i], expected(messages[i].prefix, messages[i].body))
        << "lane " << i << " of " << messages.size() << ", " << messages[i].prefix.size() << " + "
        << messages[i].body.size();
  }
}

TEST(Sha256Lanes, AgreesWithOpensslAtEveryLengthAroundTheBlocks) {
  if (!sha256_lanes::usable()) GTEST_SKIP() << "no SHA instructions here";
  for (const std::size_t prefix : {0U, 1U, 33U, 63U}) {
    const auto head = bytes_of(prefix, 3);
    for (std::size_t length = 0; length <= 260; ++length) {
      const auto body = bytes_of(length, 5);
      const sha256_lanes::Message message{head, body};
      compare({&message, 1});
    }
  }
}

TEST(Sha256Lanes, LanesOfUnequalLengthDoNotDisturbEachOther) {
  if (!sha256_lanes::usable()) GTEST_SKIP() << "no SHA instructions here";
  const std::array<std::size_t, 8> lengths{16'256, 16'192, 0, 31, 64, 5'000, 95, 16'256};
  const auto head = bytes_of(33, 9);
  for (std::size_t count = 1; count <= sha256_lanes::kLanes; ++count) {
    for (std::size_t first = 0; first < lengths.size(); ++first) {
      std::vector<std::vector<std::uint8_t>> bodies;
      std::vector<sha256_lanes::Message> messages;
      for (std::size_t i = 0; i < count; ++i) {
        bodies.push_back(
            bytes_of(lengths[(first + i) % lengths.size()], static_cast<std::uint8_t>(first + i)));
      }
      for (const auto& body : bodies) messages.push_back({head, body});
      compare(messages);
    }
  }
}

TEST(Sha256Lanes, LeavesAreThoseThatTheHasherMakesOneByOne) {
  Hasher hasher;
  std::vector<std::vector<std::uint8_t>> salts;
  std::vector<std::vector<std::uint8_t>> plain;
  std::vector<SaltedPlaintext> extents;
  for (std::uint8_t i = 0; i < kLeavesAtOnce; ++i) {
    salts.push_back(bytes_of(kSaltBytes, i));
    plain.push_back(bytes_of(16'000 + i * 64U, i));
  }
  for (std::size_t i = 0; i < kLeavesAtOnce; ++i) extents.push_back({salts[i], plain[i]});
  std::array<Hash, kLeavesAtOnce> leaves;
  hasher.leaves(extents, leaves.data());
  for (std::size_t i = 0; i < kLeavesAtOnce; ++i) {
    EXPECT_EQ(leaves[i], hasher.leaf(salts[i], {&extents[i].plaintext, 1})) << i;
  }
}

}  // namespace
}  // namespace tapdeck::storage
