#include "pipelines/signalling/hep.h"

#include <string>

#include <gtest/gtest.h>

#include "tests/unit/pipelines_signalling/hep_bytes.h"

namespace tapdeck::sip {
namespace {

using namespace std::string_view_literals;

const std::string kV4 = hep_chunk(3, "\xc0\x00\x02\x01"sv) + hep_chunk(4, "\xc0\x00\x02\x02"sv);

TEST(Hep, ReadsTheChunksOfVendorZero) {
  const std::string bytes =
      hep_packet(hep_chunk(1, "\x02") + hep_chunk(2, "\x11") + kV4 + hep_chunk(7, "\x13\xc4") +
                 hep_chunk(8, "\x13\xc5") + hep_chunk(9, "\x65\x53\xf1\x00"sv) +
                 hep_chunk(10, "\x00\x00\x00\x07"sv) + hep_chunk(11, "\x01") +
                 hep_chunk(12, "\x00\x00\x07\xd1"sv) + hep_chunk(13, "\x00\x0a"sv) +
                 hep_chunk(14, "key") + hep_chunk(15, "vendor's own", 7) + hep_chunk(17, "id") +
                 hep_chunk(18, "\x00\x09"sv) + hep_chunk(15, "INVITE"));
  HepPacket hep;
  ASSERT_EQ(parse_hep(as_bytes(bytes), hep), HepVerdict::kOk);
  EXPECT_EQ(to_string(hep.source), "192.0.2.1:5060");
  EXPECT_EQ(to_string(hep.destination), "192.0.2.2:5061");
  EXPECT_EQ(hep.ip_protocol, 17);
  EXPECT_EQ(hep.protocol, kHepTypeSip);
  EXPECT_EQ(hep.seconds, 1'700'000'000U);
  EXPECT_EQ(hep.microseconds, 7U);
  EXPECT_EQ(hep.agent, 2'001U);
  EXPECT_EQ(hep.vlan, 9);
  EXPECT_EQ(as_text(hep.correlation), "id");
  EXPECT_EQ(as_text(hep.payload), "INVITE");
  EXPECT_FALSE(hep.is_compressed);
  EXPECT_EQ(hep_length(as_bytes(bytes)), bytes.size());
}

TEST(Hep, EachFaultHasItsVerdict) {
  const std::string v6(15, '\0');

  struct Case {
    std::string bytes;
    HepVerdict verdict;
  };

  const Case cases[] = {
      {"", HepVerdict::kNotHep},
      {"HEP2..", HepVerdict::kNotHep},
      {"HEP3", HepVerdict::kTruncated},
      {hep_packet(""), HepVerdict::kNoPayload},
      {hep_packet(hep_chunk(13, "\x00\x0a"sv)), HepVerdict::kNoPayload},
      {hep_packet(hep_chunk(15, "x")), HepVerdict::kNoAddresses},
      {hep_packet(hep_chunk(3, "\x01\x02\x03\x04") + hep_chunk(15, "x")), HepVerdict::kNoAddresses},
      {hep_packet(kV4 + hep_chunk(15, "x")), HepVerdict::kOk},
      {hep_packet(hep_chunk(5, v6 + "a") + hep_chunk(6, v6 + "b") + hep_chunk(15, "x")),
       HepVerdict::kOk},
      {hep_packet(hep_chunk(5, v6) + hep_chunk(15, "x")), HepVerdict::kBadChunk},
      {hep_packet(kV4 + hep_chunk(7, "\x01") + hep_chunk(15, "x")), HepVerdict::kBadChunk},
      {hep_packet(kV4 + be16(0) + be16(15) + be16(5)), HepVerdict::kBadChunk},
      {hep_packet(kV4 + be16(0) + be16(15) + be16(60)), HepVerdict::kBadChunk},
      {hep_packet(kV4 + "abc"), HepVerdict::kBadChunk},
      {hep_packet(kV4 + hep_chunk(15, "INVITE")).substr(0, 35), HepVerdict::kTruncated},
  };
  for (const Case& one : cases) {
    HepPacket hep;
    EXPECT_EQ(parse_hep(as_bytes(one.bytes), hep), one.verdict) << one.bytes;
  }
}

TEST(Hep, ALengthBeyondTheBytesIsNoReasonToLoseWhatIsThere) {
  std::string bytes = hep_packet(kV4 + hep_chunk(16, "zipped"));
  bytes[4] = 2;
  HepPacket hep;
  EXPECT_EQ(parse_hep(as_bytes(bytes), hep), HepVerdict::kOk);
  EXPECT_TRUE(hep.is_compressed);
  EXPECT_EQ(hep_length(as_bytes("HEP3")), std::nullopt);
  EXPECT_EQ(hep_length(as_bytes(std::string("HEP3\0\1", 6))), kHepHeadBytes);
}

}  // namespace
}  // namespace tapdeck::sip
