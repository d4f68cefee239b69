#include "storage/extent_codec.h"

#include <array>
#include <cstring>

#include <gtest/gtest.h>

namespace tapdeck::storage {
namespace {

RecordingKey make_key(std::uint8_t seed) {
  RecordingKey key;
  key.key.fill(seed);
  key.salt.fill(static_cast<std::uint8_t>(seed + 1));
  return key;
}

struct SealedExtent {
  ExtentHeader header;
  std::vector<std::uint8_t> bytes;
  Hash leaf{};
};

constexpr std::string_view kPlain = "twenty milliseconds of somebody's voice";

SealedExtent seal(ExtentCodec& codec, const RecordingKey& key) {
  SealedExtent extent;
  extent.header.offset = kBlockBytes;
  extent.header.stream = 1;
  extent.header.section_count = 1;
  extent.header.plaintext_bytes = kPlain.size();
  extent.header.stored_bytes = static_cast<std::uint32_t>(stored_extent_bytes(kPlain.size()));
  extent.bytes.assign(extent.header.stored_bytes, 0xee);
  const ByteView whole{reinterpret_cast<const std::uint8_t*>(kPlain.data()), kPlain.size()};
  const std::array<ByteView, 2> pieces{whole.first(10), whole.subspan(10)};
  extent.leaf = codec.leaf(key, pieces);
  codec.seal(extent.header, key, pieces, extent.bytes.data());
  return extent;
}

TEST(ExtentCodec, OpensWhatItSealed) {
  ExtentCodec codec;
  const RecordingKey key = make_key(1);
  const SealedExtent extent = seal(codec, key);
  const auto header = decode_extent_header(extent.bytes);
  ASSERT_TRUE(header);
  EXPECT_TRUE(extent_is_intact(*header, extent.bytes));
  std::vector<std::uint8_t> plaintext;
  ASSERT_TRUE(codec.open(*header, key, extent.bytes, plaintext));
  EXPECT_EQ(as_text(plaintext), kPlain);
  const ByteView whole(plaintext);
  EXPECT_EQ(codec.leaf(key, {&whole, 1}), extent.leaf);
  EXPECT_NE(codec.leaf(make_key(2), {&whole, 1}), extent.leaf) << "the salt is part of it";
}

TEST(ExtentCodec, HidesThePlaintextAndZeroesThePadding) {
  ExtentCodec codec;
  const SealedExtent extent = seal(codec, make_key(1));
  EXPECT_EQ(as_text(extent.bytes).find(kPlain.substr(0, 8)), std::string_view::npos);
  for (std::size_t at = kExtentHeaderBytes + kPlain.size(); at < extent.bytes.size(); ++at) {
    ASSERT_EQ(extent.bytes[at], 0) << "what the buffer held before reaches the disk at " << at;
  }
}

TEST(ExtentCodec, NeverUsesANonceTwice) {
  ExtentCodec codec;
  const RecordingKey key = make_key(1);
  EXPECT_NE(seal(codec, key).header.nonce, seal(codec, key).header.nonce);
}

TEST(ExtentCodec, RefusesAnotherKeyAndEveryChangedByte) {
  ExtentCodec codec;
  const RecordingKey key = make_key(1);
  const SealedExtent extent = seal(codec, key);
  std::vector<std::uint8_t> plaintext;
  EXPECT_FALSE(codec.open(extent.header, make_key(2), extent.bytes, plaintext));
  ExtentHeader moved = extent.header;
  moved.offset += kBlockBytes;
  EXPECT_FALSE(codec.open(moved, key, extent.bytes, plaintext)) << "an extent has one place";
  for (std::size_t at = 0; at < kPlain.size(); ++at) {
    std::vector<std::uint8_t> changed = extent.bytes;
    changed[kExtentHeaderBytes + at] ^= 1U;
    EXPECT_FALSE(codec.open(extent.header, key, changed, plaintext));
  }
}

TEST(MessageCompressor, GivesBackExactlyWhatItTook) {
  MessageCompressor compressor;
  std::string raw;
  EXPECT_TRUE(compressor.decompress(compressor.compress(""), 0, raw));
  std::string text;
  for (int i = 0; i < 1'000; ++i) text += "Via: SIP/2.0/UDP 192.0.2.1\r\n";
  const ByteView borrowed = compressor.compress(text);
  const std::vector<std::uint8_t> compressed(borrowed.begin(), borrowed.end());
  EXPECT_LT(compressed.size(), text.size() / 5);
  ASSERT_TRUE(compressor.decompress(compressed, text.size(), raw));
  EXPECT_EQ(raw, text);
  EXPECT_FALSE(compressor.decompress(compressed, text.size() - 1, raw));
  EXPECT_FALSE(compressor.decompress(compressed, text.size() + 1, raw));
  EXPECT_FALSE(compressor.decompress(ByteView(compressed).first(20), text.size(), raw));
}

}  // namespace
}  // namespace tapdeck::storage
