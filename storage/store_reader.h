// StoreAccess over an open store: what Store::reader() gives to a query thread.
// Threads: one caller at a time per object; any number of objects.  Memory: see RecordingReader.
#pragma once

#include <atomic>
#include <cstdint>
#include <vector>

#include "storage/journal.h"
#include "storage/recording_reader.h"
#include "storage/recovery.h"
#include "storage/segment_output.h"
#include "storage/store_access.h"

namespace tapdeck::storage {

// What the parts of an open store share; all of it outlives the readers.
struct StoreParts {
  std::string directory;
  KeyVault& keys;
  CallStore& calls;
  OpenIndex& index;
  WriterFigures& writer;
  const RecoveryFigures& recovery;
  const Journal& journal;
  const std::atomic<std::uint64_t>& erased_again;
};

class StoreReader final : public StoreAccess {
 public:
  explicit StoreReader(const StoreParts& parts)
      : parts_(parts), recordings_(parts.keys, parts.calls, parts.index) {}

  Result<CallPage> find_calls(const CallQuery& query) override;
  Result<EventPage> find_events(const EventQuery& query) override;
  Result<CallRecord> get_call(const Uid& uid) override;
  Result<std::vector<CallRecord>> get_versions(const Uid& uid) override;
  Result<void> read_media(const Uid& uid, const SectionSink& sink) override;
  Result<void> read_messages(const Uid& uid, const MessageSink& sink) override;
  Result<std::vector<StreamDurability>> durability(const Uid& uid) override;
  Result<StoreStatistics> statistics() override;
  Result<std::vector<StoreFault>> check() override;

 private:
  StoreParts parts_;
  RecordingReader recordings_;
};

// Every fault of segments, extents, rows and keys (storage/store_check.cc).
std::vector<StoreFault> check_segments(const StoreParts& parts);

}  // namespace tapdeck::storage
