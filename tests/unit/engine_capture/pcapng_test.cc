#include "engine/capture/pcapng.h"

#include <gtest/gtest.h>

#include "tests/unit/engine_capture/capture_bytes.h"

namespace tapdeck::engine {
namespace {

using test::CaptureBytes;

std::unique_ptr<CaptureReader> open_pcapng(const CaptureBytes& file) {
  auto reader = CaptureReader::open_memory(file.view(), "t.pcapng");
  EXPECT_TRUE(reader) << reader.error().message;
  return std::move(*reader);
}

ReadVerdict only_verdict(const CaptureBytes& file) {
  CapturedPacket packet;
  return open_pcapng(file)->next(packet);
}

TEST(Pcapng, ReadsSectionsOfBothByteOrders) {
  CaptureBytes file;
  CaptureBytes second(true);
  file.section().interface(1).interface(113).enhanced(1, 1'700'000'000'123'456, "one");
  second.section().interface(101).enhanced(0, 5, "two");
  file.put_text(as_text(second.view()));
  const auto reader = open_pcapng(file);
  CapturedPacket packet;
  ASSERT_EQ(reader->next(packet), ReadVerdict::kPacket);
  EXPECT_EQ(packet.time_ns, 1'700'000'000'123'456'000);
  EXPECT_EQ(packet.link_type, 113);
  EXPECT_EQ(packet.interface_index, 1U);
  EXPECT_EQ(as_text(packet.bytes), "one");
  ASSERT_EQ(reader->next(packet), ReadVerdict::kPacket);
  EXPECT_EQ(packet.time_ns, 5'000);
  EXPECT_EQ(packet.link_type, 101);
  EXPECT_EQ(packet.interface_index, 2U);  // the first section had two
  EXPECT_EQ(as_text(packet.bytes), "two");
  EXPECT_EQ(reader->next(packet), ReadVerdict::kEnd);
}

std::int64_t time_with(std::uint8_t resolution, std::uint64_t offset_s, std::uint64_t ticks) {
  CaptureBytes file;
  CaptureBytes options;
  options.u16(1).u16(0).u32(0);                                // link type, snaplen
  options.u16(2).u16(3).put_text("if0").put(std::uint8_t{0});  // a name to skip
  options.u16(9).u16(1).put(resolution).put_text(std::string_view("\0\0\0", 3));
  options.u16(14).u16(8).put(offset_s).u32(0);
  file.section().block(1, options).enhanced(0, ticks, "x");
  CapturedPacket packet;
  EXPECT_EQ(open_pcapng(file)->next(packet), ReadVerdict::kPacket);
  return packet.time_ns;
}

TEST(Pcapng, KnowsEveryClock) {
  EXPECT_EQ(time_with(9, 0, 1'700'000'000'123'456'789), 1'700'000'000'123'456'789);
  EXPECT_EQ(time_with(0, 0, 17), 17'000'000'000);
  EXPECT_EQ(time_with(3, 1'000, 1'500), 1'001'500'000'000);
  EXPECT_EQ(time_with(0x80 | 10, 0, 1'536), 1'500'000'000);  // 1024 ticks a second
  EXPECT_EQ(time_with(0x80 | 32, 0, (std::uint64_t{3} << 32) | 0x40000000), 3'250'000'000);
  EXPECT_EQ(time_with(6, static_cast<std::uint64_t>(-10), 4'000'000), -6'000'000'000);
  EXPECT_EQ(time_with(12, 0, 1'999), 1);  // finer than a nanosecond is cut
}

TEST(Pcapng, RefusesImpossibleClocks) {
  for (const std::uint8_t resolution : {std::uint8_t{20}, std::uint8_t{0x80 | 64}}) {
    CaptureBytes options;
    options.u16(1).u16(0).u32(0).u16(9).u16(1).put(resolution);
    EXPECT_EQ(only_verdict(CaptureBytes().section().block(1, options)), ReadVerdict::kCorrupt);
  }
}

TEST(Pcapng, AnImpossibleTimeLosesNoPacketAndLeavesRoomForSums) {
  constexpr std::int64_t kLimitNs = 7'258'118'400LL * 1'000'000'000;  // the year 2200
  constexpr std::uint64_t kMost = ~std::uint64_t{0};
  EXPECT_EQ(time_with(0, 0, kMost), kLimitNs);
  EXPECT_EQ(time_with(6, std::uint64_t{INT64_MAX}, kMost) / 1'000'000'000,
            kLimitNs / 1'000'000'000);
  EXPECT_EQ(time_with(0, static_cast<std::uint64_t>(INT64_MIN), kMost), -kLimitNs);
  EXPECT_EQ(time_with(0, static_cast<std::uint64_t>(INT64_MIN), 0), -kLimitNs);
  EXPECT_EQ(time_with(0, 0, 7'258'118'399), kLimitNs - 1'000'000'000);
}

TEST(Pcapng, ReadsSimpleAndObsoletePacketsAndSkipsOtherBlocks) {
  CaptureBytes file;
  file.section().interface(1, 4).block(4, CaptureBytes().u32(0)).block(0x0bad, CaptureBytes());
  CaptureBytes obsolete;
  obsolete.u16(0).u16(9).u32(0).u32(8'000).u32(3).u32(70).put_text("old");
  file.block(2, obsolete);
  file.block(3, CaptureBytes().u32(6).put_text("cuts"));  // the interface's snaplen is 4
  const auto reader = open_pcapng(file);
  CapturedPacket packet;
  ASSERT_EQ(reader->next(packet), ReadVerdict::kPacket);
  EXPECT_EQ(as_text(packet.bytes), "old");
  EXPECT_EQ(packet.original_length, 70U);
  EXPECT_EQ(packet.time_ns, 8'000'000);
  ASSERT_EQ(reader->next(packet), ReadVerdict::kPacket);
  EXPECT_EQ(as_text(packet.bytes), "cuts");
  EXPECT_EQ(packet.original_length, 6U);
  EXPECT_EQ(packet.time_ns, 8'000'000);  // it has none: that of the packet before
  EXPECT_EQ(reader->next(packet), ReadVerdict::kEnd);
}

TEST(Pcapng, RefusesBrokenStructure) {
  const auto section = [] { return CaptureBytes().section(); };
  EXPECT_EQ(only_verdict(section().enhanced(0, 0, "x")), ReadVerdict::kCorrupt);  // no interface
  EXPECT_EQ(only_verdict(section().u32(6).u32(0).u32(0)), ReadVerdict::kCorrupt);
  EXPECT_EQ(only_verdict(section().u32(6).u32(13).u32(13)), ReadVerdict::kCorrupt);
  EXPECT_EQ(only_verdict(section().u32(9).u32(0xfffffffc).u32(0)), ReadVerdict::kCorrupt);
  EXPECT_EQ(only_verdict(section().u32(9).u32(12).u32(16)), ReadVerdict::kCorrupt);
  EXPECT_EQ(only_verdict(section().block(1, CaptureBytes().u32(1))), ReadVerdict::kCorrupt);
  EXPECT_EQ(only_verdict(section().block(6, CaptureBytes().u32(0))), ReadVerdict::kCorrupt);
  // 100 bytes captured in a block that has 4.
  EXPECT_EQ(only_verdict(section().interface(1).block(
                6, CaptureBytes().u32(0).u32(0).u32(0).u32(100).u32(100).put_text("abcd"))),
            ReadVerdict::kCorrupt);
  EXPECT_EQ(only_verdict(CaptureBytes().u32(0x0a0d0d0a).u32(28).u32(0x12345678)),
            ReadVerdict::kCorrupt);
}

TEST(Pcapng, DeliversEverythingBeforeACut) {
  CaptureBytes whole;
  whole.section().interface(1).enhanced(0, 1, "first");
  const std::size_t first_ends = whole.bytes_.size();
  whole.enhanced(0, 2, "second");
  for (std::size_t size = first_ends + 1; size < whole.bytes_.size(); ++size) {
    auto reader = CaptureReader::open_memory(whole.view().first(size), "t");
    CapturedPacket packet;
    ASSERT_EQ((*reader)->next(packet), ReadVerdict::kPacket);
    ASSERT_EQ((*reader)->next(packet), ReadVerdict::kTruncated);
    EXPECT_EQ((*reader)->position(), first_ends);
  }
}

}  // namespace
}  // namespace tapdeck::engine
