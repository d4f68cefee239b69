#include "pipelines/signalling/stream_duplicates.h"

#include <gtest/gtest.h>

namespace tapdeck::sip {
namespace {

constexpr std::int64_t kMs = 1'000'000;

SignalMessage packet(std::string_view bytes, std::int64_t time_ms, std::uint16_t ip_id) {
  SignalMessage message;
  message.time_ns = time_ms * kMs;
  message.source = *parse_endpoint("192.0.2.1:5060");
  message.destination = *parse_endpoint("192.0.2.2:5060");
  message.ip_id = ip_id;
  message.bytes = as_bytes(bytes).data();
  message.length = static_cast<std::uint32_t>(bytes.size());
  return message;
}

TEST(DuplicateFilter, TellsAMirrorsDuplicateFromARetransmission) {
  struct Case {
    const char* name;
    SignalMessage second;
    bool duplicate;
  };

  SignalMessage other_vlan = packet("INVITE", 3, 99);
  other_vlan.vlan = 7;
  SignalMessage other_port = packet("INVITE", 3, 99);
  other_port.port_index = 1;
  SignalMessage other_realm = packet("INVITE", 3, 1);
  other_realm.realm = 1;
  SignalMessage other_address = packet("INVITE", 3, 1);
  other_address.source.port = 5061;
  SignalMessage other_sequence = packet("INVITE", 3, 1);
  other_sequence.tcp_sequence = 5;
  SignalMessage other_flags = packet("INVITE", 3, 1);
  other_flags.tcp_flags = kTcpFin;
  const Case cases[] = {
      {"same packet", packet("INVITE", 3, 1), true},
      {"a little earlier", packet("INVITE", -3, 1), true},
      {"sent again at once", packet("INVITE", 3, 2), false},
      {"sent again after T1", packet("INVITE", 500, 1), false},
      {"another message", packet("INVITF", 3, 1), false},
      {"by another VLAN", other_vlan, true},
      {"by another port", other_port, true},
      {"another address plan", other_realm, false},
      {"another source", other_address, false},
      {"another place in the stream", other_sequence, false},
      {"a FIN", other_flags, false},
  };
  for (const Case& one : cases) {
    DuplicateFilter filter(1);
    EXPECT_FALSE(filter.is_duplicate(packet("INVITE", 0, 1))) << one.name;
    EXPECT_EQ(filter.is_duplicate(one.second), one.duplicate) << one.name;
  }
}

TEST(DuplicateFilter, ARetransmissionMayBeDuplicatedItself) {
  DuplicateFilter filter(1);
  EXPECT_FALSE(filter.is_duplicate(packet("INVITE", 0, 1)));
  EXPECT_TRUE(filter.is_duplicate(packet("INVITE", 1, 1)));
  EXPECT_FALSE(filter.is_duplicate(packet("INVITE", 500, 2)));
  EXPECT_TRUE(filter.is_duplicate(packet("INVITE", 501, 2)));
}

TEST(RetoldFilter, TellsAnotherTellersMessageFromARetransmission) {
  constexpr std::uint64_t kOne = 5;
  constexpr std::uint64_t kTwo = 7;
  RetoldFilter filter(1);
  EXPECT_FALSE(filter.is_retold(packet("INVITE", 0, 1), kOne));
  EXPECT_TRUE(filter.is_retold(packet("INVITE", 0, 2), kOne)) << "told again";
  EXPECT_TRUE(filter.is_retold(packet("INVITE", -150, 3), kTwo)) << "by another clock";
  EXPECT_TRUE(filter.is_retold(packet("INVITE", 1, 4), RetoldFilter::kWire));
  EXPECT_FALSE(filter.is_retold(packet("INVITF", 1, 4), kTwo)) << "another message";
  EXPECT_FALSE(filter.is_retold(packet("INVITE", 500, 5), kOne)) << "sent again";
  EXPECT_TRUE(filter.is_retold(packet("INVITE", 530, 6), kTwo)) << "and that told again";
  EXPECT_FALSE(filter.is_retold(packet("OPTIONS", 0, 1), RetoldFilter::kWire));
  EXPECT_FALSE(filter.is_retold(packet("OPTIONS", 0, 2), RetoldFilter::kWire))
      << "that is for DuplicateFilter to say";
}

}  // namespace
}  // namespace tapdeck::sip
