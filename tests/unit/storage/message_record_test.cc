#include "storage/message_record.h"

#include <gtest/gtest.h>

namespace tapdeck::storage {
namespace {

MessageRecord sample() {
  MessageRecord message;
  message.time_us = 1'700'000'000'123'456;
  message.source = {make_ipv4(0xc0000201), 5060};
  message.destination = {*parse_ip("2001:db8::2"), 5061};
  message.transport = SignalTransport::kTcp;
  message.port_index = 3;
  message.vlan = 42;
  message.realm = 7;
  message.bytes = std::string("OPTIONS sip:a SIP/2.0\r\n\r\n\0x", 28);
  return message;
}

ByteView view_of(const std::string& text) {
  return {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()};
}

TEST(MessageRecord, ReadsBackEveryField) {
  std::string bytes;
  append_message_record(sample(), bytes);
  append_message_record(MessageRecord{}, bytes);
  Cursor cursor(view_of(bytes));
  const auto first = read_message_record(cursor);
  ASSERT_TRUE(first);
  const MessageRecord expected = sample();
  EXPECT_EQ(first->time_us, expected.time_us);
  EXPECT_EQ(first->source, expected.source);
  EXPECT_EQ(first->destination, expected.destination);
  EXPECT_EQ(first->transport, expected.transport);
  EXPECT_EQ(first->port_index, expected.port_index);
  EXPECT_EQ(first->vlan, expected.vlan);
  EXPECT_EQ(first->realm, expected.realm);
  EXPECT_EQ(first->bytes, expected.bytes);
  const auto second = read_message_record(cursor);
  ASSERT_TRUE(second);
  EXPECT_TRUE(second->bytes.empty());
  EXPECT_FALSE(read_message_record(cursor));
  EXPECT_FALSE(cursor.failed()) << "the end is no error";
}

TEST(MessageRecord, EveryCutIsAnError) {
  std::string bytes;
  append_message_record(sample(), bytes);
  for (std::size_t size = 1; size < bytes.size(); ++size) {
    Cursor cursor(view_of(bytes).first(size));
    EXPECT_FALSE(read_message_record(cursor));
    EXPECT_TRUE(cursor.failed()) << size;
  }
}

TEST(MessageRecord, RefusesWhatItDoesNotKnow) {
  std::string good;
  append_message_record(sample(), good);
  const std::size_t version_at = 4 + 8 + 18 + 18;
  for (const auto& [at, value] : {std::pair<std::size_t, char>{version_at, 2},
                                  {version_at + 1, 99},  // transport
                                  {0, 51},               // shorter than the fixed part
                                  {3, 0x7f}}) {          // 2 GB
    std::string bad = good;
    bad[at] = value;
    Cursor cursor(view_of(bad));
    EXPECT_FALSE(read_message_record(cursor));
    EXPECT_TRUE(cursor.failed()) << at;
  }
}

}  // namespace
}  // namespace tapdeck::storage
