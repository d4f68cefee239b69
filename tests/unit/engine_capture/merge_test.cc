#include "engine/capture/merge.h"

#include <gtest/gtest.h>

#include "tests/unit/engine_capture/capture_bytes.h"

namespace tapdeck::engine {
namespace {

std::string order_of(const std::vector<test::CaptureBytes>& files) {
  std::vector<std::unique_ptr<CaptureReader>> readers;
  for (const auto& file : files) {
    readers.push_back(std::move(*CaptureReader::open_memory(file.view(), "t")));
  }
  CaptureMerge merge(std::move(readers));
  std::string order;
  CapturedPacket packet;
  while (merge.next(packet) == ReadVerdict::kPacket) order += as_text(packet.bytes);
  EXPECT_EQ(merge.next(packet), ReadVerdict::kEnd);
  return order;
}

TEST(Merge, GoesByTimeThenByFile) {
  std::vector<test::CaptureBytes> files(3);
  for (auto& file : files) file.pcap_header(0xa1b2c3d4);
  files[0].pcap_record(5, 0, "c").pcap_record(7, 0, "f").pcap_record(7, 0, "g");
  files[1].pcap_record(1, 0, "a").pcap_record(5, 0, "d").pcap_record(7, 0, "h");
  files[2].pcap_record(3, 0, "b").pcap_record(5, 0, "e");
  EXPECT_EQ(order_of(files), "abcdefgh");
}

TEST(Merge, KeepsAFilesOwnOrder) {
  std::vector<test::CaptureBytes> files(2);
  for (auto& file : files) file.pcap_header(0xa1b2c3d4);
  files[0].pcap_record(9, 0, "b").pcap_record(1, 0, "c");  // runs backwards
  files[1].pcap_record(5, 0, "a").pcap_record(10, 0, "d");
  EXPECT_EQ(order_of(files), "abcd");
}

TEST(Merge, AWildTimeStampDoesNotHoldItsFileBack) {
  std::vector<test::CaptureBytes> files(2);
  for (auto& file : files) file.pcap_header(0xa1b2c3d4);
  files[0].pcap_record(2'000'000'000, 0, "a").pcap_record(1, 0, "b").pcap_record(3, 0, "d");
  files[0].pcap_record(2'000'000'000, 0, "e").pcap_record(4, 0, "f").pcap_record(6, 0, "h");
  files[1].pcap_record(2, 0, "c").pcap_record(5, 0, "g").pcap_record(7, 0, "i");
  EXPECT_EQ(order_of(files), "abcdefghi");
}

TEST(Merge, GoesOnWhenOneFileStops) {
  test::CaptureBytes cut;
  cut.pcap_header(0xa1b2c3d4).pcap_record(1, 0, "a").u32(2);
  test::CaptureBytes whole;
  whole.pcap_header(0xa1b2c3d4).pcap_record(3, 0, "b");
  std::vector<std::unique_ptr<CaptureReader>> readers;
  readers.push_back(std::move(*CaptureReader::open_memory(cut.view(), "cut")));
  readers.push_back(std::move(*CaptureReader::open_memory(whole.view(), "whole")));
  CaptureMerge merge(std::move(readers));
  CapturedPacket packet;
  ASSERT_EQ(merge.next(packet), ReadVerdict::kPacket);
  EXPECT_EQ(merge.current_file(), 0U);
  ASSERT_EQ(merge.next(packet), ReadVerdict::kPacket);
  EXPECT_EQ(merge.current_file(), 1U);
  EXPECT_EQ(merge.next(packet), ReadVerdict::kEnd);
  EXPECT_EQ(merge.verdict_of(0), ReadVerdict::kTruncated);
  EXPECT_EQ(merge.verdict_of(1), ReadVerdict::kEnd);
  EXPECT_EQ(merge.packets_of(0), 1U);
  EXPECT_EQ(merge.bytes_total(), cut.bytes_.size() + whole.bytes_.size());
}

TEST(Merge, OfNothingEnds) { EXPECT_EQ(order_of({}), ""); }

}  // namespace
}  // namespace tapdeck::engine
