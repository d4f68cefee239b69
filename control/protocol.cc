#include "control/protocol.h"

#include <cmath>
#include <cstring>
#include <limits>
#include <utility>

namespace tapdeck::control {
namespace {

constexpr std::uint8_t kIpBytes = 16;

// Appends little-endian fields; its mirror is Reader.
class Writer {
 public:
  template <std::unsigned_integral T>
  void number(T value) {
    const std::size_t at = bytes_.size();
    bytes_.resize(at + sizeof value);
    store_le(bytes_.data() + at, value);
  }

  void text(std::string_view value) {
    number(static_cast<std::uint32_t>(value.size()));
    bytes_ += value;
  }

  void raw(const void* from, std::size_t count) {
    bytes_.append(static_cast<const char*>(from), count);
  }

  template <typename T>
  void optional_number(const std::optional<T>& value) {
    number(static_cast<std::uint8_t>(value.has_value()));
    number(value ? static_cast<std::uint64_t>(*value) : std::uint64_t{0});
  }

  void endpoint(const Endpoint& endpoint) {
    raw(endpoint.ip.bytes.data(), endpoint.ip.bytes.size());
    number(endpoint.port);
  }

  std::string take() { return std::move(bytes_); }

 private:
  std::string bytes_;
};

class Reader {
 public:
  explicit Reader(std::string_view bytes) : cursor_(as_bytes(bytes)) {}

  template <std::unsigned_integral T>
  T number() {
    return cursor_.read_le<T>();
  }

  std::string text() {
    const auto size = number<std::uint32_t>();
    return std::string(as_text(cursor_.read_bytes(size)));
  }

  template <std::size_t N>
  void raw(std::array<std::uint8_t, N>& to) {
    const ByteView bytes = cursor_.read_bytes(N);
    if (bytes.size() == N) std::memcpy(to.data(), bytes.data(), N);
  }

  // A flag byte (0 or 1) and 64 bits that must fit T.
  template <std::integral T>
  std::optional<T> optional_number() {
    const bool present = flag();
    const auto value = number<std::uint64_t>();
    if (!present) return std::nullopt;
    if constexpr (sizeof(T) < sizeof value) {
      if (value > std::uint64_t{std::numeric_limits<T>::max()}) wrong_ = true;
    }
    return static_cast<T>(value);
  }

  template <typename Enum>
  std::optional<Enum> optional_enum(Enum last) {
    const auto value = optional_number<std::uint8_t>();
    if (!value) return std::nullopt;
    if (*value > static_cast<std::uint8_t>(last)) wrong_ = true;
    return static_cast<Enum>(*value);
  }

  bool flag() {
    const auto value = number<std::uint8_t>();
    if (value > 1) wrong_ = true;
    return value == 1;
  }

  Endpoint endpoint() {
    Endpoint endpoint;
    raw(endpoint.ip.bytes);
    endpoint.port = number<std::uint16_t>();
    return endpoint;
  }

  ByteView rest() { return cursor_.read_bytes(cursor_.remaining()); }

  // Everything was there, in range, and nothing is left.
  [[nodiscard]] bool complete() const { return !wrong_ && !cursor_.failed() && cursor_.at_end(); }

  [[nodiscard]] bool failed() const { return wrong_ || cursor_.failed(); }

 private:
  Cursor cursor_;
  bool wrong_ = false;
};

template <typename T>
std::optional<T> when_complete(const Reader& reader, T value) {
  if (!reader.complete()) return std::nullopt;
  return value;
}

bool is_frame_type(std::uint8_t type) {
  return (type >= static_cast<std::uint8_t>(FrameType::kHello) &&
          type <= static_cast<std::uint8_t>(FrameType::kStatusJson)) ||
         (type >= static_cast<std::uint8_t>(FrameType::kWelcome) &&
          type <= static_cast<std::uint8_t>(FrameType::kFault)) ||
         type == static_cast<std::uint8_t>(FrameType::kEnd) ||
         type == static_cast<std::uint8_t>(FrameType::kError);
}

}  // namespace

std::string encode_frame_header(FrameType type, std::size_t payload_bytes) {
  Writer writer;
  writer.number(static_cast<std::uint32_t>(payload_bytes + 1));
  writer.number(static_cast<std::uint8_t>(type));
  return writer.take();
}

std::optional<FrameHeader> decode_frame_header(ByteView bytes, std::size_t payload_bytes_max) {
  Cursor cursor(bytes);
  const auto length = cursor.read_le<std::uint32_t>();
  const auto type = cursor.read_le<std::uint8_t>();
  if (cursor.failed() || length == 0 || length - 1 > payload_bytes_max || !is_frame_type(type)) {
    return std::nullopt;
  }
  return FrameHeader{static_cast<FrameType>(type), length - 1};
}

std::string encode_hello() {
  Writer writer;
  writer.number(kProtocolMagic);
  writer.number(kProtocolVersion);
  return writer.take();
}

// Longer ones of later versions are fine: magic and version stay where they are.
std::optional<std::uint16_t> decode_hello(std::string_view bytes) {
  Reader reader(bytes);
  const auto magic = reader.number<std::uint32_t>();
  const auto version = reader.number<std::uint16_t>();
  if (reader.failed() || magic != kProtocolMagic) return std::nullopt;
  return version;
}

std::string encode_uid(const Uid& uid) {
  Writer writer;
  writer.raw(uid.bytes.data(), uid.bytes.size());
  return writer.take();
}

std::optional<Uid> decode_uid(std::string_view bytes) {
  Reader reader(bytes);
  Uid uid;
  reader.raw(uid.bytes);
  return when_complete(reader, uid);
}

std::string encode_query(const CallQuery& query) {
  Writer writer;
  for (const std::string* text : {&query.number,
                                  &query.caller,
                                  &query.callee,
                                  &query.call_id,
                                  &query.conversation_id,
                                  &query.codec,
                                  &query.trunk,
                                  &query.agent,
                                  &query.client,
                                  &query.marketing_channel,
                                  &query.tag,
                                  &query.cursor}) {
    writer.text(*text);
  }
  writer.optional_number(query.from_us);
  writer.optional_number(query.to_us);
  writer.number(static_cast<std::uint8_t>(query.overlap));
  writer.text(query.uid ? encode_uid(*query.uid) : std::string());
  writer.optional_number(query.outcome);
  writer.optional_number(query.direction);
  writer.text(query.ip ? as_text(query.ip->bytes) : std::string_view());
  writer.optional_number(query.status_code);
  writer.optional_number(query.min_duration_ms);
  // A double travels as its bits.
  writer.optional_number(query.max_mos ? std::optional(std::bit_cast<std::uint64_t>(*query.max_mos))
                                       : std::nullopt);
  writer.optional_number(query.recording);
  writer.number(query.limit);
  return writer.take();
}

std::optional<CallQuery> decode_query(std::string_view bytes) {
  Reader reader(bytes);
  CallQuery query;
  for (std::string* text : {&query.number,
                            &query.caller,
                            &query.callee,
                            &query.call_id,
                            &query.conversation_id,
                            &query.codec,
                            &query.trunk,
                            &query.agent,
                            &query.client,
                            &query.marketing_channel,
                            &query.tag,
                            &query.cursor}) {
    *text = reader.text();
  }
  query.from_us = reader.optional_number<std::int64_t>();
  query.to_us = reader.optional_number<std::int64_t>();
  query.overlap = reader.flag();
  const std::string uid = reader.text();
  query.outcome = reader.optional_enum(CallOutcome::kRedirected);
  query.direction = reader.optional_enum(CallDirection::kTransit);
  const std::string ip = reader.text();
  query.status_code = reader.optional_number<std::uint16_t>();
  query.min_duration_ms = reader.optional_number<std::int64_t>();
  const auto max_mos = reader.optional_number<std::uint64_t>();
  query.recording = reader.optional_enum(RecordingState::kNotRecorded);
  query.limit = reader.number<std::uint32_t>();
  if (!reader.complete()) return std::nullopt;
  if (!uid.empty()) {
    query.uid = decode_uid(uid);
    if (!query.uid) return std::nullopt;
  }
  if (!ip.empty()) {
    if (ip.size() != kIpBytes) return std::nullopt;
    query.ip.emplace();
    std::memcpy(query.ip->bytes.data(), ip.data(), ip.size());
  }
  if (max_mos) {
    query.max_mos = std::bit_cast<double>(*max_mos);
    if (!std::isfinite(*query.max_mos)) return std::nullopt;
  }
  return query;
}

std::string encode_error(const Error& error) {
  Writer writer;
  writer.number(static_cast<std::uint32_t>(error.code));
  writer.number(static_cast<std::uint32_t>(error.system_errno));
  writer.text(error.message);
  return writer.take();
}

std::optional<Error> decode_error(std::string_view bytes) {
  Reader reader(bytes);
  const auto code = reader.number<std::uint32_t>();
  const auto system_errno = reader.number<std::uint32_t>();
  Error error{ErrorCode::kIo, reader.text(), static_cast<int>(system_errno & 0xffff)};
  if (code > static_cast<std::uint32_t>(ErrorCode::kCancelled)) return std::nullopt;
  error.code = static_cast<ErrorCode>(code);
  return when_complete(reader, std::move(error));
}

std::string encode_stream(const storage::StreamDurability& stream) {
  Writer writer;
  writer.endpoint(stream.source);
  writer.endpoint(stream.destination);
  writer.number(stream.ssrc);
  writer.number(static_cast<std::uint64_t>(stream.durable_until_us));
  return writer.take();
}

std::optional<storage::StreamDurability> decode_stream(std::string_view bytes) {
  Reader reader(bytes);
  storage::StreamDurability stream;
  stream.source = reader.endpoint();
  stream.destination = reader.endpoint();
  stream.ssrc = reader.number<std::uint32_t>();
  stream.durable_until_us = static_cast<std::int64_t>(reader.number<std::uint64_t>());
  return when_complete(reader, stream);
}

std::string encode_figure(std::string_view name, std::uint64_t value) {
  Writer writer;
  writer.number(value);
  writer.text(name);
  return writer.take();
}

std::optional<std::pair<std::string, std::uint64_t>> decode_figure(std::string_view bytes) {
  Reader reader(bytes);
  const auto value = reader.number<std::uint64_t>();
  std::pair<std::string, std::uint64_t> figure{reader.text(), value};
  return when_complete(reader, std::move(figure));
}

std::string encode_fault(const storage::StoreFault& fault) {
  Writer writer;
  writer.text(fault.where);
  writer.text(fault.what);
  return writer.take();
}

std::optional<storage::StoreFault> decode_fault(std::string_view bytes) {
  Reader reader(bytes);
  storage::StoreFault fault;
  fault.where = reader.text();
  fault.what = reader.text();
  return when_complete(reader, std::move(fault));
}

std::string encode_section(const SectionHeader& header, ByteView records) {
  Writer writer;
  writer.raw(&header, sizeof header);
  writer.raw(records.data(), records.size());
  return writer.take();
}

std::optional<SectionPayload> decode_section(std::string_view bytes) {
  if (bytes.size() < sizeof(SectionHeader)) return std::nullopt;
  SectionPayload section;
  // The kind is an enumerator: look at its byte before it becomes one.
  const auto kind = static_cast<std::uint8_t>(bytes[offsetof(SectionHeader, kind)]);
  if (kind > static_cast<std::uint8_t>(MediaKind::kText)) return std::nullopt;
  std::memcpy(&section.header, bytes.data(), sizeof section.header);
  section.records = as_bytes(bytes.substr(sizeof section.header));
  if (section.header.record_bytes != section.records.size()) return std::nullopt;
  return section;
}

}  // namespace tapdeck::control
