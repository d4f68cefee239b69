#include "storage/store_reader.h"

#include <sys/stat.h>

namespace tapdeck::storage {

Result<CallPage> StoreReader::find_calls(const CallQuery& query) {
  return parts_.calls.find(query);
}

Result<EventPage> StoreReader::find_events(const EventQuery& query) {
  return parts_.calls.find_events(query);
}

Result<CallRecord> StoreReader::get_call(const Uid& uid) { return parts_.calls.get(uid); }

Result<std::vector<CallRecord>> StoreReader::get_versions(const Uid& uid) {
  return parts_.calls.versions(uid);
}

Result<void> StoreReader::read_media(const Uid& uid, const SectionSink& sink) {
  return recordings_.read_media(uid, sink);
}

Result<void> StoreReader::read_messages(const Uid& uid, const MessageSink& sink) {
  return recordings_.read_messages(uid, sink);
}

Result<std::vector<StreamDurability>> StoreReader::durability(const Uid& uid) {
  return recordings_.durability(uid);
}

Result<StoreStatistics> StoreReader::statistics() {
  StoreStatistics statistics;
  auto& figures = statistics.figures;
  std::uint64_t open = 0;
  std::uint64_t bytes = 0;
  const auto segments = parts_.index.segments();
  for (const auto& [id, info] : segments) {
    struct stat status {};

    if (stat(info.path.c_str(), &status) == 0) bytes += static_cast<std::uint64_t>(status.st_size);
    if (!info.sealed) ++open;
  }
  const KeyFigures keys = parts_.keys.figures();
  const WriterFigures& writer = parts_.writer;
  const RecoveryFigures& recovery = parts_.recovery;
  const LedgerFigures ledger = parts_.journal.figures();
  figures = {
      {"segments", segments.size()},
      {"segments_open", open},
      {"segment_bytes", bytes},
      {"recordings_open", parts_.index.recording_count()},
      {"key_slots", keys.slots},
      {"keys_allocated", keys.allocated},
      {"keys_destroyed", keys.destroyed},
      {"keys_bad", keys.bad},
      {"extents_written", writer.extents.value()},
      {"extents_packed", writer.packed_extents.value()},
      {"bytes_written", writer.bytes_staged.value()},
      {"writes", writer.writes.value()},
      {"syncs", writer.syncs.value()},
      {"writer_busy", writer.busy.value()},
      {"io_errors", writer.io_errors.value()},
      {"checkpoints", writer.checkpoints.value()},
      {"checkpoints_failed", writer.checkpoints_failed.value()},
      {"segments_failed", writer.segments_failed.value()},
      {"extents_lost", writer.lost_extents.value()},
      {"appends_failed", writer.failed_appends.value()},
      {"appends_abandoned", writer.abandoned_appends.value()},
      {"o_direct_segments", writer.direct_segments.value()},
      {"o_direct_refused_segments", writer.buffered_segments.value()},
      {"blocking_writes", writer.blocking_writes.value()},
      {"recovered_segments", recovery.segments_recovered},
      {"recovered_extents", recovery.extents},
      {"recovered_from_checkpoints", recovery.checkpointed_extents},
      {"recovered_bytes_dropped", recovery.bytes_dropped},
      {"recovered_rows_of_segments", recovery.segments_reindexed},
      {"recovery_keys_destroyed", recovery.keys_destroyed},
      {"recovery_segments_removed", recovery.segments_removed},
      {"recovery_segments_unreadable", recovery.segments_unreadable},
      {"ledger_entries", ledger.entries},
      {"ledger_files", ledger.files},
      {"erased_again", parts_.erased_again.load(std::memory_order_relaxed)},
  };
  for (const auto& [name, value] : parts_.calls.statistics().figures) {
    figures.emplace_back(name, value);
  }
  return statistics;
}

Result<std::vector<StoreFault>> StoreReader::check() {
  auto faults = parts_.calls.check();
  if (!faults) return faults;
  for (StoreFault& fault : check_segments(parts_)) faults->push_back(std::move(fault));
  return faults;
}

}  // namespace tapdeck::storage
