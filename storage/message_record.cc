#include "storage/message_record.h"

#include <cstring>

#include "base/assert.h"

namespace tapdeck::storage {
namespace {

// Layout in docs/formats/segment.md, "Message records".
constexpr std::size_t kFixedBytes = 52;  // behind the u32 length
constexpr std::uint8_t kVersion = 1;
constexpr std::size_t kMessageBytesMax = 16U << 20;

template <typename T>
void append_le(std::string& to, T value) {
  char bytes[sizeof value];
  store_le(bytes, value);
  to.append(bytes, sizeof bytes);
}

void append_endpoint(std::string& to, const Endpoint& endpoint) {
  to.append(as_text(endpoint.ip.bytes));
  append_le(to, endpoint.port);
}

Endpoint read_endpoint(Cursor& cursor) {
  Endpoint endpoint;
  const ByteView ip = cursor.read_bytes(endpoint.ip.bytes.size());
  if (!ip.empty()) std::memcpy(endpoint.ip.bytes.data(), ip.data(), ip.size());
  endpoint.port = cursor.read_le<std::uint16_t>();
  return endpoint;
}

}  // namespace

void append_message_record(const MessageRecord& message, std::string& to) {
  TD_ASSERT(message.bytes.size() <= kMessageBytesMax);
  append_le(to, static_cast<std::uint32_t>(kFixedBytes + message.bytes.size()));
  append_le(to, static_cast<std::uint64_t>(message.time_us));
  append_endpoint(to, message.source);
  append_endpoint(to, message.destination);
  append_le(to, kVersion);
  append_le(to, static_cast<std::uint8_t>(message.transport));
  append_le(to, message.port_index);
  append_le(to, message.vlan);
  append_le(to, message.realm);
  to.append(message.bytes);
}

std::optional<MessageRecord> read_message_record(Cursor& cursor) {
  if (cursor.at_end() || cursor.failed()) return std::nullopt;
  const std::uint32_t length = cursor.read_le<std::uint32_t>();
  // Asking for more than there is marks the cursor as failed.
  const bool sane = length >= kFixedBytes && length <= kFixedBytes + kMessageBytesMax;
  const ByteView body = cursor.read_bytes(sane ? length : SIZE_MAX);
  if (cursor.failed()) return std::nullopt;
  Cursor fields(body);
  MessageRecord message;
  message.time_us = static_cast<std::int64_t>(fields.read_le<std::uint64_t>());
  message.source = read_endpoint(fields);
  message.destination = read_endpoint(fields);
  const std::uint8_t version = fields.read_le<std::uint8_t>();
  const std::uint8_t transport = fields.read_le<std::uint8_t>();
  message.port_index = fields.read_le<std::uint16_t>();
  message.vlan = fields.read_le<std::uint16_t>();
  message.realm = fields.read_le<std::uint16_t>();
  if (version != kVersion || transport > static_cast<std::uint8_t>(SignalTransport::kWebSocket)) {
    cursor.skip(SIZE_MAX);
    return std::nullopt;
  }
  message.transport = static_cast<SignalTransport>(transport);
  message.bytes = as_text(fields.read_bytes(fields.remaining()));
  return message;
}

}  // namespace tapdeck::storage
