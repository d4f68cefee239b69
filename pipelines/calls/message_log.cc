#include "pipelines/calls/message_log.h"

#include "pipelines/signalling/secrets.h"
#include "storage/message_record.h"

namespace tapdeck::calls {

void MessageLog::add(const SignalMessage& message) {
  if (count_ >= kMessagesMax || bytes_ + message.length > kMessageBytesMax) {
    ++dropped_;
    return;
  }
  storage::MessageRecord record;
  record.time_us = message.time_ns / 1000;
  record.source = message.source;
  record.destination = message.destination;
  record.transport = message.transport;
  record.port_index = message.port_index;
  record.vlan = message.vlan;
  record.realm = message.realm;
  record.bytes = as_text(message.view());
  sip::blank_secrets({reinterpret_cast<std::uint8_t*>(record.bytes.data()), record.bytes.size()});
  storage::append_message_record(record, pending_);
  bytes_ += message.length;
  ++count_;
}

}  // namespace tapdeck::calls
