// The control socket's protocol: frames of u32 length (of what follows), u8 type and a payload,
// little endian.  A client opens with kHello and gets kWelcome (or kError); then each request is
// answered by any number of data frames and one kEnd or kError.  Within an import (kImport...) most
// frames are not answered.  docs/formats/control_socket.md.
// Threads: any; pure functions.  Memory: returns values.  Bad bytes: nullopt, never a partial
// value.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/bytes.h"
#include "base/result.h"
#include "model/call_query.h"
#include "model/ledger_content.h"
#include "model/media_span.h"
#include "model/pause.h"
#include "storage/segment_id.h"
#include "storage/store_access.h"

namespace tapdeck::control {

constexpr std::uint32_t kProtocolMagic = 0x31434454;  // "TDC1"
constexpr std::uint16_t kProtocolVersion = 8;
constexpr std::size_t kFrameHeaderBytes = 5;
constexpr std::size_t kRequestBytesMax = 64UL << 10;  // what a server accepts in one frame
constexpr std::size_t kAnswerBytesMax = 16UL << 20;   // what a client accepts in one frame
constexpr std::size_t kImportBytesMax = 16UL << 20;   // what a server accepts in one of an import
constexpr std::uint32_t kPageCallsMax = 1'000;  // what kFindCalls or kFindEvents yields at most

enum class FrameType : std::uint8_t {
  // Requests.
  kHello = 1,
  kFindCalls = 2,
  kGetCall = 3,
  kGetVersions = 4,
  kReadMedia = 5,
  kReadMessages = 6,
  kDurability = 7,
  kStatistics = 8,
  kCheck = 9,
  kStatsJson = 10,
  kStatusJson = 11,
  kImportBegin = 12,     // text: the retention class; the next six, kImportEvent, kImportShred and
                         // kImportPause only until its end
  kImportAsk = 13,       // uid: is it there already?
  kImportChunk = 14,     // ImportedChunk; not answered, as the next three
  kImportMessages = 15,  // ImportedMessages
  kImportCall = 16,      // encode_call bytes
  kImportTick = 17,      // nothing came for a while
  kImportFinish = 18,    // everything is to be durable before the answer
  kImportEvent = 19,     // encode_event bytes; within an import, not answered
  kFindEvents = 20,
  kPause = 21,        // uid: the recordings of its conversation
  kResume = 22,       // likewise
  kImportShred = 23,  // ImportedShred; within an import, not answered
  kAdminister = 24,   // a RetentionRequest (control/retention_codec.h)
  kImportPause = 25,  // PauseTold; within an import, not answered
  // Answers.
  kWelcome = 64,
  kCall = 65,     // encode_call bytes
  kSection = 66,  // SectionHeader and records, as on disk
  kMessage = 67,  // one message record
  kStream = 68,   // StreamDurability
  kFigure = 69,   // name and value
  kFault = 70,    // StoreFault
  kEvent = 71,    // encode_event bytes
  kEnd = 126,     // text: the next cursor, the JSON asked for, or kImport…
  kError = 127,
};

struct Frame {
  FrameType type = FrameType::kEnd;
  std::string payload;
};

// The five bytes before a payload; nullopt: a type that nobody sends, or longer than allowed.
struct FrameHeader {
  FrameType type = FrameType::kEnd;
  std::size_t payload_bytes = 0;
};

std::string encode_frame_header(FrameType type, std::size_t payload_bytes);
std::optional<FrameHeader> decode_frame_header(ByteView bytes, std::size_t payload_bytes_max);

// Also the payload of kWelcome, where the purpose says nothing.
std::string encode_hello(AccessKind purpose = AccessKind::kShow);
std::optional<std::uint16_t> decode_hello(std::string_view bytes);  // the peer's version
// Of a hello of this version: what its peer reads recordings for; never kSearch.
std::optional<AccessKind> decode_purpose(std::string_view bytes);

std::string encode_uid(const Uid& uid);
std::optional<Uid> decode_uid(std::string_view bytes);

std::string encode_query(const CallQuery& query);
std::optional<CallQuery> decode_query(std::string_view bytes);

std::string encode_event_query(const EventQuery& query);
std::optional<EventQuery> decode_event_query(std::string_view bytes);

std::string encode_error(const Error& error);
std::optional<Error> decode_error(std::string_view bytes);

std::string encode_stream(const storage::StreamDurability& stream);
std::optional<storage::StreamDurability> decode_stream(std::string_view bytes);

std::string encode_figure(std::string_view name, std::uint64_t value);
std::optional<std::pair<std::string, std::uint64_t>> decode_figure(std::string_view bytes);

std::string encode_fault(const storage::StoreFault& fault);
std::optional<storage::StoreFault> decode_fault(std::string_view bytes);

// kEnd of kImportAsk; of an absent call it is empty.
constexpr std::string_view kImportPresent = "present";
constexpr std::string_view kImportErased = "erased";

std::string encode_section(const SectionHeader& header, ByteView records);

struct SectionPayload {
  SectionHeader header{};
  ByteView records;  // borrows from `bytes`
};

std::optional<SectionPayload> decode_section(std::string_view bytes);

// What of a chunk matters to a segment: its recording, its place in its stream, its section.
std::string encode_import_chunk(const Chunk& chunk);
bool decode_import_chunk(std::string_view bytes, Chunk& chunk);  // false: chunk is undefined

struct ImportedMessages {
  Uid recording{};
  std::string_view records;  // storage/message_record.h; borrows from `bytes`
};

std::string encode_import_messages(const ImportedMessages& messages);
std::optional<ImportedMessages> decode_import_messages(std::string_view bytes);

// What was handed over of it is to be destroyed, and what comes is not to be kept.
struct ImportedShred {
  Uid recording{};
  storage::ShredParts parts = storage::ShredParts::kNone;  // kNone: of its media `span`
  MediaSpan span;
  CutCause cause = CutCause::kPolicy;  // of that
};

std::string encode_import_shred(const ImportedShred& shred);
std::optional<ImportedShred> decode_import_shred(std::string_view bytes);

std::string encode_import_pause(const PauseTold& told);
std::optional<PauseTold> decode_import_pause(std::string_view bytes);

}  // namespace tapdeck::control
