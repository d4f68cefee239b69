// The call record beside its messages: so that calls outlive the call store.
#include <algorithm>

#include "model/call_codec.h"
#include "storage/segment_writer_impl.h"

namespace tapdeck::storage {

std::uint16_t SegmentWriterImpl::class_of(const CallRecord& record) const {
  const std::vector<std::string>& names = options_.retention_classes;
  const auto found = std::find(names.begin(), names.end(), record.recording.retention_class);
  return found == names.end() ? 0 : static_cast<std::uint16_t>(found - names.begin());
}

RecordingSummary SegmentWriterImpl::sum_up(const CallRecord& record) {
  Recording& recording = recording_of(record.uid, class_of(record));
  pack_now(record.uid, recording);
  if (is_abandoned(recording, SegmentKind::kMedia)) recording.kept = {};
  const RecordingSummary summary = summarise(recording.kept);
  recording.kept.lost.clear();  // told
  return summary;
}

AppendVerdict SegmentWriterImpl::try_append_record(const CallRecord& record) {
  Recording& recording = recording_of(record.uid, class_of(record));
  if (is_abandoned(recording, SegmentKind::kSip)) return refuse_abandoned();
  const std::string encoded = encode_call(record);
  const ByteView compressed = compressor_.compress(encoded);
  if (stored_extent_bytes(compressed.size()) > options_.staging_bytes) return refuse_messages();
  ExtentHeader header;
  header.kind = ExtentType::kRecord;
  header.sequence = record.version;
  header.first_us = record.key_time_us();
  header.duration_us = static_cast<std::uint32_t>(std::clamp<std::int64_t>(
      record.ended_us.value_or(header.first_us) - header.first_us, 0, UINT32_MAX));
  header.raw_bytes = static_cast<std::uint32_t>(encoded.size());
  ExtentEntry entry;
  entry.sequence = header.sequence;
  entry.first_us = header.first_us;
  entry.duration_us = header.duration_us;
  entries_.assign(1, entry);
  const AppendVerdict verdict =
      write_extent(record.uid, recording, header, {{&compressed, 1}}, entries_);
  return verdict == AppendVerdict::kFailed ? refuse_messages() : verdict;
}

}  // namespace tapdeck::storage
