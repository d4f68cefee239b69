// One SIP message as kept in a recording's message extents: where it came from, when, and its bytes
// (secrets and keyed digits blanked). A message section is a sequence of these, compressed with
// zstd, then encrypted; layout: docs/formats/segment.md. Threads: plain value.  Memory: one string.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/bytes.h"
#include "model/ids.h"
#include "model/signal.h"

namespace tapdeck::storage {

struct MessageRecord {
  std::int64_t time_us = 0;
  Endpoint source{};
  Endpoint destination{};
  SignalTransport transport = SignalTransport::kUdp;
  std::uint16_t port_index = 0;
  std::uint16_t vlan = 0;
  RealmId realm = 0;
  std::string bytes;
};

// Appends `message` with these bytes in place of its own, so that the caller needs no copy of them.
void append_message_record(const MessageRecord& message, std::string_view bytes, std::string& to);

inline void append_message_record(const MessageRecord& message, std::string& to) {
  append_message_record(message, message.bytes, to);
}

// Reads one record; nullopt at the end or on bad bytes (then cursor.failed()).
std::optional<MessageRecord> read_message_record(Cursor& cursor);

}  // namespace tapdeck::storage
