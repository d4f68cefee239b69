#include "bench/load/retention_maker.h"

#include <algorithm>
#include <cstring>
#include <memory>

#include "base/clock.h"
#include "bench/traffic/random.h"
#include "model/call_codec.h"
#include "model/extent.h"
#include "storage/segment_format.h"

namespace tapdeck::load {
namespace {

constexpr std::size_t kBatchCalls = 4'096;  // whose media is synced at once
constexpr std::size_t kPutCalls = 512;      // as the recorder groups them
constexpr std::uint32_t kPackets = 4;
constexpr std::size_t kPacketBytes = 172;
constexpr std::uint64_t kSegmentBytesMin = 1ULL << 20;
constexpr std::uint64_t kSegmentBytesMax = 1ULL << 30;

std::unique_ptr<Chunk> chunk_of(const CallMaker& maker, std::uint64_t call) {
  traffic::Random random(call);
  auto made = std::make_unique<Chunk>();
  Chunk& chunk = *made;
  chunk.recording = maker.uid(call);
  chunk.stream_ended = 1;
  chunk.section.kind = MediaKind::kAudio;
  chunk.section.sender = 0;
  chunk.section.receiver = 1;
  chunk.section.ssrc = static_cast<std::uint32_t>(call);
  chunk.section.base_us = maker.times(call).answered_us;
  chunk.section.packet_count = kPackets;
  for (std::uint32_t i = 0; i < kPackets; ++i) {
    std::uint8_t* to = chunk.append(RecordKind::kRtp, i * 20'000, kPacketBytes);
    for (std::size_t at = 0; at < kPacketBytes; at += 4) {
      store_le(to + at, static_cast<std::uint32_t>(random.next()));
    }
  }
  chunk.last_us = chunk.section.base_us + std::int64_t{kPackets - 1} * 20'000;
  return made;
}

storage::MessageRecord message_of(const CallMaker& maker, std::uint64_t call) {
  storage::MessageRecord message;
  message.time_us = maker.times(call).start_us;
  message.bytes = "INVITE sip:" + maker.callee(call) + "@pbx7.example.net SIP/2.0\r\nFrom: <sip:+" +
                  maker.caller(call) + "@sbc1.example.net>\r\nCSeq: 1 INVITE\r\n\r\n";
  return message;
}

CallRecord record_of(const CallMaker& maker, std::uint64_t call) {
  CallRecord record = maker.record(call, true);
  record.version = 1;
  record.recording.expires_us = record.key_time_us() + kKeptUs;
  record.recording.sip_expires_us = record.recording.expires_us;
  record.recording.cdr_expires_us = record.recording.expires_us;
  return record;
}

class Builder {
 public:
  Builder(storage::Store& store, const CallMaker& maker) : store_(store), maker_(maker) {}

  Result<void> run(MadeStore& made) {
    const std::uint64_t calls = maker_.options().calls;
    for (std::uint64_t from = 0; from < calls; from += kBatchCalls) {
      const std::uint64_t to = std::min<std::uint64_t>(from + kBatchCalls, calls);
      for (std::uint64_t call = from; call < to; ++call) TD_TRY(append(call, made));
      TD_TRY(store_.writer().flush());
      TD_TRY(put(from, to));
    }
    return store_.put_pending_rows();
  }

 private:
  template <typename Append>
  Result<void> until_taken(Append append) {
    storage::AppendVerdict verdict = append();
    while (verdict == storage::AppendVerdict::kBusy) {
      store_.writer().step(monotonic_now_ns());
      verdict = append();
    }
    if (verdict == storage::AppendVerdict::kTaken) return {};
    return make_error(ErrorCode::kIo, "The disk refused what was to be recorded.");
  }

  Result<void> append(std::uint64_t call, MadeStore& made) {
    storage::SegmentWriter& writer = store_.writer();
    const auto chunk = chunk_of(maker_, call);
    const storage::MessageRecord message = message_of(maker_, call);
    messages_.clear();
    storage::append_message_record(message, messages_);
    TD_TRY(until_taken([&] { return writer.try_append(*chunk); }));
    TD_TRY(until_taken([&] { return writer.try_append_messages(chunk->recording, 0, messages_); }));
    writer.end_recording(chunk->recording);
    made.payload_bytes += kPackets * kPacketBytes + message.bytes.size();
    return {};
  }

  Result<void> put(std::uint64_t from, std::uint64_t to) {
    std::vector<CallRecord> records;
    for (std::uint64_t call = from; call < to; ++call) {
      CallRecord& record = records.emplace_back(record_of(maker_, call));
      static_cast<void>(store_.writer().take_summary(record.uid));
      if (records.size() < kPutCalls && call + 1 < to) continue;
      TD_TRY(store_.put_calls(records));
      records.clear();
    }
    return {};
  }

  storage::Store& store_;
  const CallMaker& maker_;
  std::string messages_;
};

Result<void> read_all(storage::StoreAccess& reader,
                      const Uid& uid,
                      std::string& sections,
                      std::string& messages) {
  const auto media = reader.read_media(uid, [&](const SectionHeader& header, ByteView records) {
    sections.append(reinterpret_cast<const char*>(&header), sizeof header);
    sections.append(as_text(records));
    return true;
  });
  if (!media && media.error().code != ErrorCode::kNotFound) return Error(media.error());
  const auto read = reader.read_messages(uid, [&](const storage::MessageRecord& message) {
    messages.append(message.bytes);
    return true;
  });
  if (!read && read.error().code != ErrorCode::kNotFound) return Error(read.error());
  return {};
}

}  // namespace

CallMaker retention_calls(std::uint64_t calls) {
  return CallMaker({.calls = calls, .days = 0.9, .answered_pct = 100, .rows = false});
}

storage::StoreOptions retention_store_options(const std::string& directory, std::uint64_t calls) {
  storage::StoreOptions options;
  options.directory = directory;
  options.segment_bytes = std::clamp(calls * kBlockBytes / 30 / kSegmentBytesMin * kSegmentBytesMin,
                                     kSegmentBytesMin,
                                     kSegmentBytesMax);
  options.preallocate_bytes = std::min(options.preallocate_bytes, options.segment_bytes);
  return options;
}

Result<MadeStore> make_retention_store(const storage::StoreOptions& options,
                                       const CallMaker& maker) {
  MadeStore made;
  const std::int64_t begin_ns = monotonic_now_ns();
  {
    auto store = storage::Store::open(options);
    if (!store) return Error(std::move(store.error()));
    TD_TRY(Builder(**store, maker).run(made));
  }
  made.seconds = static_cast<double>(monotonic_now_ns() - begin_ns) / kNsPerSecond;
  return made;
}

Result<std::string> what_is_left(storage::StoreAccess& reader, const Uid& uid) {
  const auto call = reader.get_call(uid);
  if (call) return std::string("its record is there");
  if (call.error().code != ErrorCode::kNotFound) return Error(call.error());
  std::string sections;
  std::string messages;
  TD_TRY(read_all(reader, uid, sections, messages));
  if (!sections.empty()) return std::string("its media is readable");
  if (!messages.empty()) return std::string("its messages are readable");
  return std::string();
}

Result<std::string> what_is_wrong(storage::StoreAccess& reader,
                                  const CallMaker& maker,
                                  std::uint64_t call) {
  const Uid uid = maker.uid(call);
  auto stored = reader.get_call(uid);
  if (!stored) return "its record: " + stored.error().message;
  stored->recording.legal_holds.clear();
  stored->recording.lifecycle = RecordingLifecycle::kPresent;
  if (encode_call(*stored) != encode_call(record_of(maker, call))) {
    return std::string("its record is another one");
  }
  std::string sections;
  std::string messages;
  if (auto read = read_all(reader, uid, sections, messages); !read) return read.error().message;
  const auto chunk = chunk_of(maker, call);
  if (sections != as_text(chunk->section_view()))
    return std::string("its media is not what it was");
  if (messages != message_of(maker, call).bytes) {
    return std::string("its message is not what it was");
  }
  return std::string();
}

}  // namespace tapdeck::load
