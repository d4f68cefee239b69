#include "engine/capture/pcap.h"

#include <gtest/gtest.h>

#include "tests/unit/engine_capture/capture_bytes.h"

namespace tapdeck::engine {
namespace {

using test::CaptureBytes;

std::unique_ptr<CaptureReader> open_pcap(const CaptureBytes& file) {
  auto reader = CaptureReader::open_memory(file.view(), "t.pcap");
  EXPECT_TRUE(reader) << reader.error().message;
  return std::move(*reader);
}

TEST(Pcap, ReadsBothByteOrdersAndBothClocks) {
  for (const bool big_endian : {false, true}) {
    for (const bool nanoseconds : {false, true}) {
      CaptureBytes file(big_endian);
      file.pcap_header(nanoseconds ? 0xa1b23c4d : 0xa1b2c3d4, 113);
      file.pcap_record(1'700'000'000, 123'456, "hello").pcap_record(4'000'000'000, 7, "");
      const auto reader = open_pcap(file);
      CapturedPacket packet;
      ASSERT_EQ(reader->next(packet), ReadVerdict::kPacket);
      EXPECT_EQ(packet.time_ns, 1'700'000'000'000'000'000 + (nanoseconds ? 123'456 : 123'456'000));
      EXPECT_EQ(as_text(packet.bytes), "hello");
      EXPECT_EQ(packet.link_type, 113);
      EXPECT_EQ(packet.original_length, 5U);
      ASSERT_EQ(reader->next(packet), ReadVerdict::kPacket);  // seconds are unsigned: after 2038
      EXPECT_EQ(packet.time_ns, 4'000'000'000'000'000'000 + (nanoseconds ? 7 : 7'000));
      EXPECT_TRUE(packet.bytes.empty());
      EXPECT_EQ(reader->next(packet), ReadVerdict::kEnd);
      EXPECT_EQ(reader->next(packet), ReadVerdict::kEnd);
    }
  }
}

TEST(Pcap, ReadsTheModifiedVariant) {
  CaptureBytes file;
  file.pcap_header(0xa1b2cd34);
  for (int i = 0; i < 2; ++i) {
    file.u32(1).u32(2).u32(3).u32(60).u32(9).u16(8).u16(0).put_text("abc");
  }
  const auto reader = open_pcap(file);
  CapturedPacket packet;
  for (int i = 0; i < 2; ++i) {
    ASSERT_EQ(reader->next(packet), ReadVerdict::kPacket);
    EXPECT_EQ(as_text(packet.bytes), "abc");
    EXPECT_EQ(packet.original_length, 60U);
  }
  EXPECT_EQ(reader->next(packet), ReadVerdict::kEnd);
}

TEST(Pcap, IgnoresTheFrameCheckBitsOfTheLinkType) {
  CaptureBytes file;
  file.pcap_header(0xa1b2c3d4, 0x24000001).pcap_record(1, 0, "x");
  CapturedPacket packet;
  ASSERT_EQ(open_pcap(file)->next(packet), ReadVerdict::kPacket);
  EXPECT_EQ(packet.link_type, 1);
}

TEST(Pcap, DeliversEverythingBeforeACut) {
  CaptureBytes whole;
  whole.pcap_header(0xa1b2c3d4).pcap_record(1, 0, "first").pcap_record(2, 0, "second");
  constexpr std::size_t kFirstEnds = 24 + 16 + 5;
  for (std::size_t size = kFirstEnds + 1; size < whole.bytes_.size(); ++size) {
    auto reader = CaptureReader::open_memory(whole.view().first(size), "t");
    CapturedPacket packet;
    ASSERT_EQ((*reader)->next(packet), ReadVerdict::kPacket);
    ASSERT_EQ((*reader)->next(packet), ReadVerdict::kTruncated);
    EXPECT_EQ((*reader)->position(), kFirstEnds);
    EXPECT_FALSE((*reader)->reason().empty());
    EXPECT_EQ((*reader)->next(packet), ReadVerdict::kTruncated);
  }
}

TEST(Pcap, RefusesAnImpossibleLength) {
  CaptureBytes file;
  file.pcap_header(0xa1b2c3d4).pcap_record(1, 0, "ok");
  file.u32(1).u32(0).u32(kSnaplenMax + 1).u32(kSnaplenMax + 1);
  file.put_text(std::string(kSnaplenMax + 1, 'x'));
  const auto reader = open_pcap(file);
  CapturedPacket packet;
  EXPECT_EQ(reader->next(packet), ReadVerdict::kPacket);
  EXPECT_EQ(reader->next(packet), ReadVerdict::kCorrupt);
  EXPECT_EQ(reader->position(), 24U + 18U);
}

}  // namespace
}  // namespace tapdeck::engine
