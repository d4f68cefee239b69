#include "storage/ledger_format.h"

#include <fstream>
#include <iterator>

#include <gtest/gtest.h>

#include "model/ledger_codec.h"
#include "storage/crc32c.h"
#include "tests/support/sample_ledger.h"

namespace tapdeck::storage {
namespace {

LedgerEntryHeader sample_header() {
  LedgerEntryHeader header;
  header.sequence = 41;
  header.group = 40;
  header.type = 6;
  header.content_bytes = 5;
  header.time_us = testing::kLedgerTimeUs;
  header.uid = testing::ledger_uid(1);
  header.commitment.fill(0xc0);
  header.key_id = 17;
  header.nonce.fill(0x0e);
  return header;
}

std::vector<std::uint8_t> sample_entry() {
  const LedgerEntryHeader header = sample_header();
  std::vector<std::uint8_t> bytes(ledger_entry_bytes(header.content_bytes));
  const MutableByteView entry(bytes);
  encode_ledger_entry_header(header, entry.first<kLedgerEntryHeaderBytes>());
  std::fill_n(bytes.begin() + kLedgerEntryHeaderBytes, 5, std::uint8_t{0xee});
  Tag tag;
  tag.fill(0x7a);
  finish_ledger_entry(entry, tag);
  return bytes;
}

void renew_crc(std::vector<std::uint8_t>& entry) {
  Tag tag;
  std::copy_n(entry.begin() + 104, tag.size(), tag.begin());
  finish_ledger_entry(entry, tag);
}

TEST(LedgerFormat, AnEntryComesBackAsItWas) {
  const auto bytes = sample_entry();
  EXPECT_EQ(bytes.size(), 136U);
  LedgerEntryHeader back;
  ASSERT_EQ(decode_ledger_entry(bytes, back), LedgerByteVerdict::kGood);
  const LedgerEntryHeader header = sample_header();
  EXPECT_EQ(back.sequence, header.sequence);
  EXPECT_EQ(back.group, header.group);
  EXPECT_EQ(back.type, header.type);
  EXPECT_EQ(back.content_bytes, header.content_bytes);
  EXPECT_EQ(back.time_us, header.time_us);
  EXPECT_EQ(back.uid, header.uid);
  EXPECT_EQ(back.commitment, header.commitment);
  EXPECT_EQ(back.key_id, header.key_id);
  EXPECT_EQ(back.nonce, header.nonce);
  EXPECT_EQ(back.tag[0], 0x7a);
}

TEST(LedgerFormat, EveryBitOfAnEntryCounts) {
  const auto bytes = sample_entry();
  for (std::size_t bit = 0; bit < bytes.size() * 8; ++bit) {
    auto damaged = bytes;
    damaged[bit / 8] ^= static_cast<std::uint8_t>(1U << bit % 8);
    LedgerEntryHeader back;
    EXPECT_NE(decode_ledger_entry(damaged, back), LedgerByteVerdict::kGood) << bit;
  }
}

TEST(LedgerFormat, AnEntryThatIsCutSaysSo) {
  const auto bytes = sample_entry();
  LedgerEntryHeader back;
  EXPECT_EQ(decode_ledger_entry({}, back), LedgerByteVerdict::kEnd);
  for (std::size_t size = 1; size < bytes.size(); ++size) {
    EXPECT_EQ(decode_ledger_entry(ByteView(bytes).first(size), back), LedgerByteVerdict::kCut);
  }
  const std::vector<std::uint8_t> zeros(200);
  EXPECT_EQ(decode_ledger_entry(zeros, back), LedgerByteVerdict::kNoEntry);
}

// What is reserved is another version's to use: not damage, and nothing to cut off.
TEST(LedgerFormat, ReservedBitsAreANewerVersions) {
  for (const std::size_t at : {26, 27, 120, 123, 133, 135}) {
    auto bytes = sample_entry();
    bytes[at] = 1;
    renew_crc(bytes);
    LedgerEntryHeader back;
    EXPECT_EQ(decode_ledger_entry(bytes, back), LedgerByteVerdict::kNewer) << at;
  }
}

TEST(LedgerFormat, LengthsThatContradictEachOtherAreRefused) {
  for (const std::size_t at : {4, 7, 28, 31}) {
    auto bytes = sample_entry();
    bytes[at] = static_cast<std::uint8_t>(bytes[at] + 128);
    LedgerEntryHeader back;
    EXPECT_EQ(decode_ledger_entry(bytes, back), LedgerByteVerdict::kBadLength) << at;
  }
}

TEST(LedgerFormat, AFileHeaderComesBackOrIsRefused) {
  const LedgerFileHeader header{{9, 8, 7}, 3, 1'000, testing::kLedgerTimeUs};
  const LedgerFileHeaderBytes bytes = encode_ledger_file_header(header);
  LedgerFileHeader back;
  ASSERT_EQ(decode_ledger_file_header(bytes, back), LedgerByteVerdict::kGood);
  EXPECT_EQ(back.id, header.id);
  EXPECT_EQ(back.number, 3U);
  EXPECT_EQ(back.first_sequence, 1'000U);
  EXPECT_EQ(back.created_us, header.created_us);
  for (std::size_t at = 0; at < bytes.size(); ++at) {
    EXPECT_EQ(decode_ledger_file_header(ByteView(bytes).first(at), back), LedgerByteVerdict::kCut);
    auto damaged = bytes;
    damaged[at] ^= 0x40;
    EXPECT_NE(decode_ledger_file_header(damaged, back), LedgerByteVerdict::kGood) << at;
  }
  auto newer = bytes;
  newer[8] = 2;
  store_le(newer.data() + 60, crc32c({newer.data(), 60}));
  EXPECT_EQ(decode_ledger_file_header(newer, back), LedgerByteVerdict::kNewer);
}

TEST(LedgerFormat, KeysDifferByFileAndSaltsByEntry) {
  Hasher hasher;
  MasterKey master;
  const RecordingKey first = ledger_file_key(hasher, master, {}, 0);
  const RecordingKey second = ledger_file_key(hasher, master, {}, 1);
  const RecordingKey other = ledger_file_key(hasher, master, {1}, 0);
  EXPECT_NE(first.key, second.key);
  EXPECT_NE(first.key, other.key);
  EXPECT_NE(first.key, first.salt);
  EXPECT_NE(ledger_entry_salt(hasher, first, 0), ledger_entry_salt(hasher, first, 1));
}

// The worked example of docs/formats/ledger.md, made by this code, must stand in it word for word.
std::string worked_example() {
  Hasher hasher;
  RecordingKey key;
  for (std::size_t i = 0; i < key.salt.size(); ++i) key.salt[i] = static_cast<std::uint8_t>(i);
  const LedgerContent content = Erasure{{1000, 1000, 4242, "clerk"}, "request 17", kPartMedia};
  const std::string encoded = encode_ledger_content(content);
  LedgerEntryHeader header;
  header.sequence = 7;
  header.type = static_cast<std::uint16_t>(type_of(content));
  header.time_us = testing::kLedgerTimeUs;
  header.uid = testing::ledger_uid(1);
  const Hash salt = ledger_entry_salt(hasher, key, header.sequence);
  header.commitment = ledger_commitment(hasher, salt, as_bytes(encoded));
  const Hash leaf = ledger_leaf_hash(hasher, header);
  LedgerEntryHeader next = header;
  next.time_us += 1;
  const Hash leaves[] = {leaf, ledger_leaf_hash(hasher, next)};
  const std::string text = to_hex(encode_ledger_leaf(header));
  return "    type        6 (erasure)\n"
         "    uid         " +
         to_string(header.uid) +
         "\n"
         "    time        1790000000000000\n"
         "    sequence    7\n"
         "    key's salt  " +
         to_hex(key.salt) +
         "\n"
         "    content     " +
         to_hex(as_bytes(encoded)) +
         "\n"
         "    entry salt  " +
         to_hex(salt) +
         "\n"
         "    commitment  " +
         to_hex(header.commitment) +
         "\n"
         "    leaf        " +
         text.substr(0, 64) + "\n                " + text.substr(64) +
         "\n"
         "    leaf hash   " +
         to_hex(leaf) +
         "\n"
         "    root        " +
         to_hex(hasher.merkle_root(leaves)) + "\n";
}

TEST(LedgerFormat, TheDocumentsExampleIsThisCodes) {
  std::ifstream file(TAPDECK_SOURCE_ROOT "/docs/formats/ledger.md");
  const std::string document{std::istreambuf_iterator<char>(file), {}};
  const std::string example = worked_example();
  EXPECT_NE(document.find(example), std::string::npos) << "it should have\n" << example;
}

// RFC 6962, section 2.1, with nothing of this project's but the leaf's bytes.
TEST(LedgerFormat, ALeafsHashIsThatOfRfc6962) {
  Hasher hasher;
  const LedgerEntryHeader header = sample_header();
  const LedgerLeaf leaf = encode_ledger_leaf(header);
  EXPECT_EQ(leaf[0], 0);
  std::vector<std::uint8_t> bytes(leaf.begin(), leaf.end());
  EXPECT_EQ(ledger_leaf_hash(hasher, header), sha256(bytes));
}

}  // namespace
}  // namespace tapdeck::storage
