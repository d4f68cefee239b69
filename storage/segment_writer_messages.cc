// The message half of SegmentWriterImpl: SIP records go compressed into the SIP segments.
#include <algorithm>

#include "storage/message_record.h"
#include "storage/segment_writer_impl.h"

namespace tapdeck::storage {
namespace {

struct MessageSpan {
  std::size_t bytes = 0;  // whole records from the start
  std::int64_t first_us = 0;
  std::int64_t last_us = 0;
};

// As many whole records as fit into `bytes_max`, at least one; no bytes when the first one is bad.
MessageSpan first_group(std::string_view records, std::size_t bytes_max) {
  Cursor cursor(as_bytes(records));
  MessageSpan span;
  while (const auto message = read_message_record(cursor)) {
    if (span.bytes > 0 && cursor.position() > bytes_max) break;
    span.first_us = span.bytes == 0 ? message->time_us : std::min(span.first_us, message->time_us);
    span.last_us = span.bytes == 0 ? message->time_us : std::max(span.last_us, message->time_us);
    span.bytes = cursor.position();
  }
  return span;
}

}  // namespace

AppendVerdict SegmentWriterImpl::append_group(const Uid& uid,
                                              Recording& recording,
                                              std::string_view records) {
  const MessageSpan span = first_group(records, records.size());
  const ByteView compressed = compressor_.compress(records);
  ExtentHeader header;
  header.kind = ExtentType::kMessages;
  header.stream = kNoStream;
  header.sequence = recording.next_message;
  header.first_us = span.first_us;
  header.duration_us = duration_between(span.first_us, span.last_us);
  header.raw_bytes = static_cast<std::uint32_t>(records.size());
  entries_.assign(1, entry_of(header));
  const AppendVerdict verdict = write_extent(uid, recording, header, {{&compressed, 1}}, entries_);
  if (verdict == AppendVerdict::kTaken) ++recording.next_message;
  return verdict;
}

// The recording's media is whole all the same: only the count tells.
AppendVerdict SegmentWriterImpl::refuse_messages() {
  output_.figures().failed_appends.add();
  return AppendVerdict::kFailed;
}

AppendVerdict SegmentWriterImpl::try_append_messages(const Uid& uid,
                                                     std::uint16_t retention_class,
                                                     std::string_view records) {
  Recording& recording = recording_of(uid, retention_class);
  if (is_abandoned(recording, SegmentKind::kSip)) return refuse_abandoned();
  // Half a staging buffer: however badly it compresses, a group fits into one.
  const std::size_t group_bytes = options_.staging_bytes / 2;
  bool first = true;
  while (!records.empty()) {
    const MessageSpan span = first_group(records, group_bytes);
    if (span.bytes == 0) return refuse_messages();
    const std::string_view group = records.substr(0, span.bytes);
    AppendVerdict verdict = append_group(uid, recording, group);
    if (verdict == AppendVerdict::kBusy && first) return verdict;
    // Half of it must not be taken: the rest waits here for a buffer.
    while (verdict == AppendVerdict::kBusy) {
      output_.wait();
      verdict = append_group(uid, recording, group);
    }
    if (verdict == AppendVerdict::kAbandoned) return verdict;
    if (verdict == AppendVerdict::kFailed) return refuse_messages();
    first = false;
    records.remove_prefix(span.bytes);
  }
  return AppendVerdict::kTaken;
}

}  // namespace tapdeck::storage
