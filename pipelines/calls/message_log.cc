#include "pipelines/calls/message_log.h"

#include "pipelines/signalling/dtmf.h"
#include "pipelines/signalling/secrets.h"
#include "storage/message_record.h"

namespace tapdeck::calls {

void MessageLog::add(const SignalMessage& message, bool mask_dtmf) {
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
  if (pending_.empty()) pending_.reserve(kPendingUsual);
  storage::append_message_record(record, as_text(message.view()), pending_);
  auto* const end = reinterpret_cast<std::uint8_t*>(pending_.data() + pending_.size());
  const MutableByteView kept{end - message.length, message.length};
  sip::blank_secrets(kept);
  if (mask_dtmf) sip::blank_dtmf(kept);
  bytes_ += message.length;
  ++count_;
}

}  // namespace tapdeck::calls
