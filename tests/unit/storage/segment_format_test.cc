#include "storage/segment_format.h"

#include "storage/crc32c.h"
#include "storage/extent_codec.h"
#include "storage/message_record.h"
#include "storage/segment_scan.h"
#include "tests/unit/storage/store_fixture.h"

namespace tapdeck::storage {
namespace {

struct SealedText {
  ExtentHeader header;
  std::vector<std::uint8_t> bytes;
};

SealedText seal_text(ExtentCodec& codec, const RecordingKey& key, const std::string& text) {
  SealedText extent;
  extent.header.segment = SegmentId{9};
  extent.header.offset = kBlockBytes;
  extent.header.recording = test_uid(1);
  extent.header.key_id = 4;
  extent.header.plaintext_bytes = static_cast<std::uint32_t>(text.size());
  extent.header.stored_bytes = static_cast<std::uint32_t>(stored_extent_bytes(text.size()));
  extent.bytes.resize(extent.header.stored_bytes, 0xff);
  const ByteView piece = as_bytes(text);
  codec.seal(extent.header, key, {&piece, 1}, extent.bytes.data());
  return extent;
}

TEST(SegmentFormat, FullChunkIsExactlyOneExtent) {
  EXPECT_EQ(stored_extent_bytes(kSectionBytesMax), kExtentBytes);
  EXPECT_EQ(stored_extent_bytes(kBlockBytes - kExtentHeaderBytes), kBlockBytes);
  EXPECT_EQ(stored_extent_bytes(kBlockBytes - kExtentHeaderBytes + 1), 2 * kBlockBytes);
}

TEST(SegmentFormat, EveryBitOfAnExtentIsChecked) {
  ExtentCodec codec;
  const RecordingKey key;
  SealedText extent = seal_text(codec, key, "some plaintext");
  const auto header = decode_extent_header(extent.bytes);
  ASSERT_TRUE(header);
  EXPECT_TRUE(extent_is_intact(*header, extent.bytes));
  std::vector<std::uint8_t> plaintext;
  ASSERT_TRUE(codec.open(*header, key, extent.bytes, plaintext));
  EXPECT_EQ(as_text(plaintext), "some plaintext");
  for (std::size_t at = 0; at < kExtentHeaderBytes + plaintext.size(); ++at) {
    extent.bytes[at] ^= 0x10;
    const auto damaged = decode_extent_header(extent.bytes);
    EXPECT_FALSE(damaged && extent_is_intact(*damaged, extent.bytes)) << at;
    extent.bytes[at] ^= 0x10;
  }
  EXPECT_EQ(extent.bytes.back(), 0) << "padding is zero";
}

TEST(SegmentFormat, SegmentHeaderRoundTrip) {
  SegmentHeader header;
  header.id = SegmentId{1, 2, 3};
  header.kind = SegmentKind::kSip;
  header.utc_day = 20'700;
  header.created_us = 99;
  header.retention_class = "gold";
  std::array<std::uint8_t, kBlockBytes> block;
  encode_segment_header(header, block);
  const auto decoded = decode_segment_header(block);
  ASSERT_TRUE(decoded);
  EXPECT_EQ(decoded->id, header.id);
  EXPECT_EQ(decoded->kind, header.kind);
  EXPECT_EQ(decoded->utc_day, header.utc_day);
  EXPECT_EQ(decoded->retention_class, "gold");
  block[50] ^= 1;
  EXPECT_FALSE(decode_segment_header(block));
}

// Who does not know records leaves a segment alone that may have some.
TEST(SegmentFormat, SegmentsOfMessagesSayThatTheyMayHoldRecords) {
  std::array<std::uint8_t, kBlockBytes> block;
  const auto with_version = [&](SegmentKind kind, std::uint16_t version) {
    SegmentHeader header;
    header.kind = kind;
    encode_segment_header(header, block);
    EXPECT_EQ(load_le<std::uint16_t>(block.data() + 8), kind == SegmentKind::kSip ? 2 : 1);
    store_le(block.data() + 8, version);
    store_le(block.data() + kBlockBytes - 4, crc32c({block.data(), kBlockBytes - 4}));
    return decode_segment_header(block).has_value();
  };
  EXPECT_TRUE(with_version(SegmentKind::kSip, 1)) << "of an older program";
  EXPECT_TRUE(with_version(SegmentKind::kSip, 2));
  EXPECT_FALSE(with_version(SegmentKind::kSip, 3));
  EXPECT_TRUE(with_version(SegmentKind::kMedia, 1));
  EXPECT_FALSE(with_version(SegmentKind::kMedia, 2));
  EXPECT_FALSE(with_version(SegmentKind::kMedia, 0));
}

TEST(SegmentFormat, ARecordIsAnExtentOfTheMessagesKind) {
  ExtentHeader header;
  header.kind = ExtentType::kRecord;
  header.stored_bytes = kBlockBytes;
  ExtentHeaderBytes bytes = encode_extent_header(header);
  ASSERT_TRUE(decode_extent_header(bytes));
  EXPECT_EQ(decode_extent_header(bytes)->kind, ExtentType::kRecord);
  EXPECT_EQ(segment_kind_of(ExtentType::kRecord), SegmentKind::kSip);
  bytes[6] = 5;
  EXPECT_FALSE(decode_extent_header(bytes));
  ExtentEntry entry;
  entry.kind = ExtentType::kRecord;
  entry.stored_bytes = kBlockBytes;
  std::string row = encode_extent_row({&entry, 1});
  ASSERT_TRUE(decode_extent_row(row));
  EXPECT_EQ(decode_extent_row(row)->front(), entry);
  row[8 + 6] = 5;
  EXPECT_FALSE(decode_extent_row(row));
}

TEST(SegmentFormat, RowsAndFootersRoundTrip) {
  std::vector<FooterEntry> entries(100);
  std::vector<ExtentEntry> row;
  for (std::size_t i = 0; i < entries.size(); ++i) {
    entries[i].recording = test_uid(static_cast<std::uint8_t>(i));
    ExtentEntry& entry = entries[i].entry;
    entry.offset = (i + 1) * kExtentBytes;
    entry.stored_bytes = kExtentBytes;
    entry.kind = ExtentType::kMediaPacked;
    entry.stream = static_cast<std::uint16_t>(i);
    entry.sequence = 7;
    entry.key_id = 3;
    entry.first_us = -5;
    entry.duration_us = 6;
    entry.leaf[31] = 1;
    row.push_back(entry);
  }
  EXPECT_EQ(*decode_extent_row(encode_extent_row(row)), row);
  EXPECT_FALSE(decode_extent_row(encode_extent_row(row).substr(1)));
  const SegmentId id{5};
  const std::uint64_t offset = 300 * kBlockBytes;
  const auto footer = encode_footer(id, offset, entries);
  ASSERT_EQ(footer.size() % kBlockBytes, 0U);
  const ByteView last = ByteView(footer).last(kBlockBytes);
  ASSERT_TRUE(footer_offset(id, offset + footer.size(), last));
  EXPECT_EQ(*footer_offset(id, offset + footer.size(), last), offset);
  EXPECT_FALSE(footer_offset(SegmentId{6}, offset + footer.size(), last));
  EXPECT_FALSE(footer_offset(id, offset, last)) << "a footer beyond its file";
  EXPECT_EQ(*decode_footer(id, footer), entries);
  auto damaged = footer;
  damaged[100] ^= 1;
  EXPECT_FALSE(decode_footer(id, damaged));
}

TEST(SegmentScan, WindowsOfAnySizeFindTheSameExtents) {
  ExtentCodec codec;
  const RecordingKey key;
  std::vector<std::uint8_t> segment(kBlockBytes);
  const std::size_t sizes[] = {100, 10'000, 5'000, 16'256};
  for (const std::size_t size : sizes) {
    SealedText extent = seal_text(codec, key, "x");
    extent.header.offset = segment.size();
    const std::string text(size, 'y');
    extent.header.plaintext_bytes = static_cast<std::uint32_t>(size);
    extent.header.stored_bytes = static_cast<std::uint32_t>(stored_extent_bytes(size));
    extent.bytes.resize(extent.header.stored_bytes);
    const ByteView piece = as_bytes(text);
    codec.seal(extent.header, key, {&piece, 1}, extent.bytes.data());
    segment.insert(segment.end(), extent.bytes.begin(), extent.bytes.end());
  }
  for (std::size_t blocks = 4; blocks <= 12; ++blocks) {
    ScanFigures figures;
    std::size_t at = kBlockBytes;
    while (at < segment.size()) {
      const std::size_t want = std::min(blocks * kBlockBytes, segment.size() - at);
      const bool last = at + want == segment.size();
      at += scan_extents(
          ByteView(segment).subspan(at, want),
          at,
          SegmentId{9},
          last ? WindowEnd::kLast : WindowEnd::kMoreFollows,
          [](const ExtentHeader&, ByteView) {},
          figures);
    }
    EXPECT_EQ(figures.extents, 4U) << blocks;
    EXPECT_EQ(figures.bad_blocks, 0U) << blocks;
    EXPECT_EQ(figures.end, segment.size());
  }
}

TEST(MessageRecord, RoundTripAndBadBytes) {
  MessageRecord message;
  message.time_us = -1;
  message.source = {*parse_ip("2001:db8::1"), 5060};
  message.destination = {make_ipv4(1), 65535};
  message.transport = SignalTransport::kTcp;
  message.port_index = 3;
  message.vlan = 100;
  message.realm = 2;
  message.bytes = "INVITE";
  std::string records;
  append_message_record(message, records);
  append_message_record(message, records);
  Cursor cursor(as_bytes(records));
  const auto decoded = read_message_record(cursor);
  ASSERT_TRUE(decoded);
  EXPECT_EQ(decoded->time_us, -1);
  EXPECT_EQ(decoded->source, message.source);
  EXPECT_EQ(decoded->destination, message.destination);
  EXPECT_EQ(decoded->transport, SignalTransport::kTcp);
  EXPECT_EQ(decoded->vlan, 100);
  EXPECT_EQ(decoded->bytes, "INVITE");
  EXPECT_TRUE(read_message_record(cursor));
  EXPECT_FALSE(read_message_record(cursor));
  EXPECT_FALSE(cursor.failed()) << "the end is no error";
  for (std::size_t cut = 1; cut < records.size() / 2; ++cut) {
    Cursor torn(as_bytes(std::string_view(records).substr(0, cut)));
    EXPECT_FALSE(read_message_record(torn));
    EXPECT_TRUE(torn.failed());
  }
}

}  // namespace
}  // namespace tapdeck::storage
