#include "storage/message_record.h"

#include <array>
#include <cstring>

#include "base/assert.h"

namespace tapdeck::storage {
namespace {

// Layout in docs/formats/segment.md, "Message records".
constexpr std::size_t kFixedBytes = 52;  // behind the u32 length
constexpr std::uint8_t kVersion = 1;
constexpr std::size_t kKeptBytesMax = 16U << 20;

constexpr std::size_t kHeadBytes = sizeof(std::uint32_t) + kFixedBytes;

// Writes fields one behind the other.
class HeadWriter {
 public:
  explicit HeadWriter(char* at) : at_(at) {}

  template <typename T>
  void put(T value) {
    store_le(at_, value);
    at_ += sizeof value;
  }

  void put(const Endpoint& endpoint) {
    std::memcpy(at_, endpoint.ip.bytes.data(), endpoint.ip.bytes.size());
    at_ += endpoint.ip.bytes.size();
    put(endpoint.port);
  }

  [[nodiscard]] const char* end() const { return at_; }

 private:
  char* at_;
};

Endpoint read_endpoint(Cursor& cursor) {
  Endpoint endpoint;
  const ByteView ip = cursor.read_bytes(endpoint.ip.bytes.size());
  if (!ip.empty()) std::memcpy(endpoint.ip.bytes.data(), ip.data(), ip.size());
  endpoint.port = cursor.read_le<std::uint16_t>();
  return endpoint;
}

}  // namespace

void append_message_record(const MessageRecord& message, std::string_view bytes, std::string& to) {
  TD_ASSERT(bytes.size() <= kKeptBytesMax);
  std::array<char, kHeadBytes> head;
  HeadWriter writer(head.data());
  writer.put(static_cast<std::uint32_t>(kFixedBytes + bytes.size()));
  writer.put(static_cast<std::uint64_t>(message.time_us));
  writer.put(message.source);
  writer.put(message.destination);
  writer.put(kVersion);
  writer.put(static_cast<std::uint8_t>(message.transport));
  writer.put(message.port_index);
  writer.put(message.vlan);
  writer.put(message.realm);
  TD_DCHECK(writer.end() == head.data() + head.size());
  to.append(head.data(), head.size());
  to.append(bytes);
}

std::optional<MessageRecord> read_message_record(Cursor& cursor) {
  if (cursor.at_end() || cursor.failed()) return std::nullopt;
  const std::uint32_t length = cursor.read_le<std::uint32_t>();
  // Asking for more than there is marks the cursor as failed.
  const bool sane = length >= kFixedBytes && length <= kFixedBytes + kKeptBytesMax;
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
  if (version != kVersion || transport > kSignalTransportMax) {
    cursor.skip(SIZE_MAX);
    return std::nullopt;
  }
  message.transport = static_cast<SignalTransport>(transport);
  message.bytes = as_text(fields.read_bytes(fields.remaining()));
  return message;
}

}  // namespace tapdeck::storage
