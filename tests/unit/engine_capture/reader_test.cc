#include "engine/capture/reader.h"

#include <gtest/gtest.h>

#include "tests/unit/engine_capture/capture_bytes.h"

namespace tapdeck::engine {
namespace {

std::string error_of(std::string_view bytes) {
  const auto reader = CaptureReader::open_memory(as_bytes(bytes), "t");
  if (reader) return "";
  EXPECT_EQ(reader.error().code, ErrorCode::kInvalidArgument);
  return reader.error().message;
}

TEST(Reader, TellsWhatIsNoCapture) {
  EXPECT_EQ(error_of(""), "t is empty");
  EXPECT_EQ(error_of("abc"), "t is too short for a capture");
  EXPECT_EQ(error_of("INVITE sip:bob@example.com SIP/2.0\r\n"), "t is no pcap or pcapng capture");
  test::CaptureBytes header;
  header.pcap_header(0xa1b2c3d4);
  for (std::size_t size = 4; size < 24; ++size) {
    EXPECT_EQ(error_of(as_text(header.view().first(size))),
              "t ends inside the header of the capture");
  }
  EXPECT_EQ(error_of(std::string_view("\x1f\x8b\x08\x00garbage", 11)).find("t is too short"), 0U);
}

TEST(Reader, ShowsItsProgress) {
  test::CaptureBytes file;
  file.pcap_header(0xa1b2c3d4).pcap_record(1, 0, "abcd").pcap_record(1, 0, "abcd");
  const auto reader = CaptureReader::open_memory(file.view(), "t");
  CapturedPacket packet;
  ASSERT_EQ((*reader)->next(packet), ReadVerdict::kPacket);
  EXPECT_EQ((*reader)->bytes_read(), 24U + 20U);
  EXPECT_EQ((*reader)->bytes_total(), 24U + 40U);
}

}  // namespace
}  // namespace tapdeck::engine
