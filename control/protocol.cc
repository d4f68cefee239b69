#include "control/protocol.h"

#include <bit>
#include <cmath>
#include <cstring>
#include <utility>

#include "control/wire.h"

namespace tapdeck::control {
namespace {

// Of a stretch that is to be destroyed.
constexpr unsigned kShredVideoOnly = 1;
constexpr unsigned kShredForPause = 2;

constexpr std::uint8_t kIpBytes = 16;

// The texts of a query in the order in which they travel.
constexpr std::string CallQuery::*kQueryTexts[] = {&CallQuery::number,
                                                   &CallQuery::caller,
                                                   &CallQuery::callee,
                                                   &CallQuery::number_e164,
                                                   &CallQuery::caller_e164,
                                                   &CallQuery::callee_e164,
                                                   &CallQuery::call_id,
                                                   &CallQuery::conversation_id,
                                                   &CallQuery::codec,
                                                   &CallQuery::trunk,
                                                   &CallQuery::agent,
                                                   &CallQuery::client,
                                                   &CallQuery::marketing_channel,
                                                   &CallQuery::tag,
                                                   &CallQuery::cursor};

bool is_frame_type(std::uint8_t type) {
  return (type >= static_cast<std::uint8_t>(FrameType::kHello) &&
          type <= static_cast<std::uint8_t>(FrameType::kImportPause)) ||
         (type >= static_cast<std::uint8_t>(FrameType::kWelcome) &&
          type <= static_cast<std::uint8_t>(FrameType::kEvent)) ||
         type == static_cast<std::uint8_t>(FrameType::kEnd) ||
         type == static_cast<std::uint8_t>(FrameType::kError);
}

// Nothing stands for none; false for what is no address.
bool read_ip(std::string_view bytes, std::optional<IpAddress>& ip) {
  if (bytes.empty()) return true;
  if (bytes.size() != kIpBytes) return false;
  ip.emplace();
  std::memcpy(ip->bytes.data(), bytes.data(), bytes.size());
  return true;
}

}  // namespace

std::string encode_frame_header(FrameType type, std::size_t payload_bytes) {
  WireWriter writer;
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

std::string encode_hello(AccessKind purpose) {
  WireWriter writer;
  writer.number(kProtocolMagic);
  writer.number(kProtocolVersion);
  writer.number(static_cast<std::uint8_t>(purpose));
  return writer.take();
}

// Longer ones of later versions are fine: magic and version stay where they are.
std::optional<std::uint16_t> decode_hello(std::string_view bytes) {
  WireReader reader(bytes);
  const auto magic = reader.number<std::uint32_t>();
  const auto version = reader.number<std::uint16_t>();
  if (reader.failed() || magic != kProtocolMagic) return std::nullopt;
  return version;
}

std::optional<AccessKind> decode_purpose(std::string_view bytes) {
  WireReader reader(bytes);
  reader.number<std::uint32_t>();
  reader.number<std::uint16_t>();
  const auto purpose = static_cast<AccessKind>(reader.number<std::uint8_t>());
  const bool is_one = purpose == AccessKind::kShow || purpose == AccessKind::kExport ||
                      purpose == AccessKind::kListen;
  return is_one ? std::optional(purpose) : std::nullopt;
}

std::string encode_uid(const Uid& uid) {
  WireWriter writer;
  writer.uid(uid);
  return writer.take();
}

std::optional<Uid> decode_uid(std::string_view bytes) {
  WireReader reader(bytes);
  const Uid uid = reader.uid();
  return when_complete(reader, uid);
}

std::string encode_query(const CallQuery& query) {
  WireWriter writer;
  for (const auto text : kQueryTexts) writer.text(query.*text);
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
  WireReader reader(bytes);
  CallQuery query;
  for (const auto text : kQueryTexts) query.*text = reader.text();
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
  if (!read_ip(ip, query.ip)) return std::nullopt;
  if (max_mos) {
    query.max_mos = std::bit_cast<double>(*max_mos);
    if (!std::isfinite(*query.max_mos)) return std::nullopt;
  }
  return query;
}

std::string encode_event_query(const EventQuery& query) {
  WireWriter writer;
  writer.text(query.number);
  writer.text(query.number_e164);
  writer.text(query.cursor);
  writer.text(query.ip ? as_text(query.ip->bytes) : std::string_view());
  writer.optional_number(query.method);
  writer.optional_number(query.status_code);
  writer.optional_number(query.from_us);
  writer.optional_number(query.to_us);
  writer.number(query.limit);
  return writer.take();
}

std::optional<EventQuery> decode_event_query(std::string_view bytes) {
  WireReader reader(bytes);
  EventQuery query;
  query.number = reader.text();
  query.number_e164 = reader.text();
  query.cursor = reader.text();
  const std::string ip = reader.text();
  query.method = reader.optional_enum(EventMethod::kPublish);
  query.status_code = reader.optional_number<std::uint16_t>();
  query.from_us = reader.optional_number<std::int64_t>();
  query.to_us = reader.optional_number<std::int64_t>();
  query.limit = reader.number<std::uint32_t>();
  if (!reader.complete() || !read_ip(ip, query.ip)) return std::nullopt;
  return query;
}

std::string encode_error(const Error& error) {
  WireWriter writer;
  writer.number(static_cast<std::uint32_t>(error.code));
  writer.number(static_cast<std::uint32_t>(error.system_errno));
  writer.text(error.message);
  return writer.take();
}

std::optional<Error> decode_error(std::string_view bytes) {
  WireReader reader(bytes);
  const auto code = reader.number<std::uint32_t>();
  const auto system_errno = reader.number<std::uint32_t>();
  Error error{ErrorCode::kIo, reader.text(), static_cast<int>(system_errno & 0xffff)};
  if (code > static_cast<std::uint32_t>(ErrorCode::kCancelled)) return std::nullopt;
  error.code = static_cast<ErrorCode>(code);
  return when_complete(reader, std::move(error));
}

std::string encode_stream(const storage::StreamDurability& stream) {
  WireWriter writer;
  writer.endpoint(stream.source);
  writer.endpoint(stream.destination);
  writer.number(stream.ssrc);
  writer.number(static_cast<std::uint64_t>(stream.durable_until_us));
  return writer.take();
}

std::optional<storage::StreamDurability> decode_stream(std::string_view bytes) {
  WireReader reader(bytes);
  storage::StreamDurability stream;
  stream.source = reader.endpoint();
  stream.destination = reader.endpoint();
  stream.ssrc = reader.number<std::uint32_t>();
  stream.durable_until_us = static_cast<std::int64_t>(reader.number<std::uint64_t>());
  return when_complete(reader, stream);
}

std::string encode_figure(std::string_view name, std::uint64_t value) {
  WireWriter writer;
  writer.number(value);
  writer.text(name);
  return writer.take();
}

std::optional<std::pair<std::string, std::uint64_t>> decode_figure(std::string_view bytes) {
  WireReader reader(bytes);
  const auto value = reader.number<std::uint64_t>();
  std::pair<std::string, std::uint64_t> figure{reader.text(), value};
  return when_complete(reader, std::move(figure));
}

std::string encode_fault(const storage::StoreFault& fault) {
  WireWriter writer;
  writer.text(fault.where);
  writer.text(fault.what);
  return writer.take();
}

std::optional<storage::StoreFault> decode_fault(std::string_view bytes) {
  WireReader reader(bytes);
  storage::StoreFault fault;
  fault.where = reader.text();
  fault.what = reader.text();
  return when_complete(reader, std::move(fault));
}

std::string encode_section(const SectionHeader& header, ByteView records) {
  WireWriter writer;
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

std::string encode_import_chunk(const Chunk& chunk) {
  WireWriter writer;
  writer.uid(chunk.recording);
  writer.number(chunk.sequence);
  writer.number(static_cast<std::uint64_t>(chunk.last_us));
  const ByteView section = chunk.section_view();
  writer.raw(section.data(), section.size());
  return writer.take();
}

bool decode_import_chunk(std::string_view bytes, Chunk& chunk) {
  WireReader reader(bytes);
  chunk.recording = reader.uid();
  chunk.sequence = reader.number<std::uint32_t>();
  chunk.last_us = static_cast<std::int64_t>(reader.number<std::uint64_t>());
  const auto section = decode_section(as_text(reader.rest()));
  if (!reader.complete() || !section || section->records.size() > kRecordBytesMax) return false;
  chunk.section = section->header;
  if (!section->records.empty()) {
    std::memcpy(chunk.records.data(), section->records.data(), section->records.size());
  }
  return true;
}

std::string encode_import_messages(const ImportedMessages& messages) {
  WireWriter writer;
  writer.uid(messages.recording);
  writer.raw(messages.records.data(), messages.records.size());
  return writer.take();
}

std::optional<ImportedMessages> decode_import_messages(std::string_view bytes) {
  WireReader reader(bytes);
  ImportedMessages messages;
  messages.recording = reader.uid();
  messages.records = as_text(reader.rest());
  return when_complete(reader, messages);
}

std::string encode_import_shred(const ImportedShred& shred) {
  WireWriter writer;
  writer.uid(shred.recording);
  writer.number(static_cast<std::uint8_t>(shred.parts));
  if (shred.parts != storage::ShredParts::kNone) return writer.take();
  writer.number(static_cast<std::uint64_t>(shred.span.from_us));
  writer.number(static_cast<std::uint64_t>(shred.span.to_us));
  const unsigned flags = (shred.span.video_only ? kShredVideoOnly : 0) |
                         (shred.cause == CutCause::kPause ? kShredForPause : 0);
  writer.number(static_cast<std::uint8_t>(flags));
  return writer.take();
}

std::optional<ImportedShred> decode_import_shred(std::string_view bytes) {
  WireReader reader(bytes);
  ImportedShred shred;
  shred.recording = reader.uid();
  const auto parts = reader.number<std::uint8_t>();
  if (parts > static_cast<std::uint8_t>(storage::ShredParts::kAll)) return std::nullopt;
  shred.parts = static_cast<storage::ShredParts>(parts);
  if (parts == 0) {
    shred.span.from_us = static_cast<std::int64_t>(reader.number<std::uint64_t>());
    shred.span.to_us = static_cast<std::int64_t>(reader.number<std::uint64_t>());
    const auto flags = reader.number<std::uint8_t>();
    shred.span.video_only = (flags & kShredVideoOnly) != 0;
    shred.cause = (flags & kShredForPause) != 0 ? CutCause::kPause : CutCause::kPolicy;
  }
  return when_complete(reader, shred);
}

std::string encode_import_pause(const PauseTold& told) {
  WireWriter writer;
  writer.uid(told.uid);
  writer.number(static_cast<std::uint8_t>(told.change));
  writer.number(static_cast<std::uint8_t>(told.cause));
  writer.number(static_cast<std::uint64_t>(told.time_ns));
  return writer.take();
}

std::optional<PauseTold> decode_import_pause(std::string_view bytes) {
  WireReader reader(bytes);
  PauseTold told;
  told.uid = reader.uid();
  const auto change = reader.number<std::uint8_t>();
  const auto cause = reader.number<std::uint8_t>();
  told.time_ns = static_cast<std::int64_t>(reader.number<std::uint64_t>());
  if (change > static_cast<std::uint8_t>(PauseChange::kEndedByLimit) || cause == 0 ||
      cause > kPauseCauseMax) {
    return std::nullopt;
  }
  told.change = static_cast<PauseChange>(change);
  told.cause = static_cast<PauseCause>(cause);
  return when_complete(reader, told);
}

}  // namespace tapdeck::control
