// The store of a directory: Store's own implementation, shared by its sources and by nobody else.
// Threads, memory and errors: storage/store.h, storage/retention_store.h.
#pragma once

#include <atomic>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "storage/import_intake.h"
#include "storage/segment_writer_impl.h"
#include "storage/shredder.h"
#include "storage/signing_key.h"
#include "storage/store.h"
#include "storage/store_reader.h"

namespace tapdeck::storage {

constexpr std::string_view kStoreFormat = "tapdeck store format 1\n";  // the file FORMAT

class StoreImpl final : public Store {
 public:
  explicit StoreImpl(StoreOptions options) : options_(std::move(options)) {}

  ~StoreImpl() override;

  Result<void> start();

  SegmentWriter& writer() override { return *writer_; }

  Result<void> put_calls(std::span<const CallRecord> calls) override;

  Result<void> put_events(std::span<const EventRecord> events) override {
    return calls_->put_events(events, wall_now_ns() / kNsPerUs);
  }

  Result<void> put_pending_rows() override { return put_calls({}); }

  Result<CallRecord> get_call(const Uid& uid) override { return calls_->get(uid); }

  Result<Presence> presence_of(const Uid& uid) override;

  // RetentionStore (storage/store_retention.cc, store_reclaim.cc).
  Journal& journal() override { return *journal_; }

  Result<std::uint32_t> details_key(const Uid& uid) override;

  Result<std::vector<DueParts>> due(std::int64_t until_us,
                                    std::size_t most,
                                    const std::optional<DueParts>& after) override {
    return calls_->due(until_us, most, after);
  }

  Result<std::vector<CallRecord>> get_terms(std::span<const Uid> uids) override {
    return calls_->get_terms(uids);
  }

  Result<void> move_expiry(const Uid& uid, const ExtendedTimes& times) override;
  Result<void> retire(std::span<const RecordingPartsOf> what,
                      RecordingLifecycle lifecycle) override;
  Result<void> rewrite(std::span<const CallRecord> calls) override;
  Result<void> purge(std::span<const Uid> calls) override;
  Result<void> purge_everywhere() override;
  Result<Reclaimed> reclaim() override;

  Result<std::uint64_t> bytes_of(const Uid& uid, RecordingParts parts) override {
    return sum_bytes(uid, parts, /*sealed_only=*/false);
  }

  Result<std::uint64_t> reclaimable_bytes_of(const Uid& uid, RecordingParts parts) override {
    return sum_bytes(uid, parts, /*sealed_only=*/true);
  }

  // store_backup.cc
  Result<void> check_backup(const std::string& destination) override;
  Result<CopiedFiles> backup(const std::string& destination) override;

  Result<std::vector<std::string>> set_aside() override;

  Result<SigningKey> signing_key() override { return signing_key_->get(); }

  Result<void> put_value(std::string_view name, std::string_view value) override {
    return calls_->put_meta(name, value);
  }

  Result<std::optional<std::string>> get_value(std::string_view name) override {
    return calls_->get_meta(name);
  }

  Result<void> shred(const Uid& recording, ShredParts parts) override {
    const std::lock_guard lock(put_mutex_);
    return shredder_->shred(recording, parts);
  }

  Result<void> shred_media(const Uid& recording, const MediaSpan& span, CutCause cause) override;
  Result<void> redact(const Uid& recording, const MediaSpan& span, std::int64_t by_us) override;

  Result<std::unique_ptr<RecordIntake>> open_import() override;

  Result<std::vector<CallRecord>> open_calls() override { return calls_->open_calls(); }

  std::unique_ptr<StoreAccess> reader() override {
    return std::make_unique<StoreReader>(StoreParts{options_.directory,
                                                    *keys_,
                                                    *calls_,
                                                    index_,
                                                    writer_->figures(),
                                                    recovery_,
                                                    *journal_,
                                                    erased_again_});
  }

 private:
  Result<void> copy_calls(const std::string& to, CopiedFiles& copied);
  Result<CopiedFiles> copy_parts(const std::string& to);
  Result<std::uint64_t> known_entries();
  Result<void> check_journal();
  void note_journal();
  Result<void> continue_open_calls();
  void finish_cut_imports();
  Result<Presence> find_or_discard(const Uid& uid);
  Result<std::vector<ExtentRow>> merge_rows(const std::vector<SegmentExtents>& ready);
  void mark_indexed();
  Result<std::optional<std::uint32_t>> find_details_key(const Uid& uid);
  Result<void> sync_keys();
  Result<std::uint64_t> sum_bytes(const Uid& uid, RecordingParts parts, bool sealed_only);
  Result<std::uint64_t> punch(const SegmentId& id, const SegmentInfo& info);
  Result<void> forget_removed_segments();

  const StoreOptions options_;
  Descriptor lock_;
  std::unique_ptr<KeyVault> keys_;
  std::unique_ptr<SigningKeyFile> signing_key_;
  std::unique_ptr<Journal> journal_;
  std::unique_ptr<CallStore> calls_;
  OpenIndex index_;
  RecoveryFigures recovery_;
  std::unique_ptr<Shredder> shredder_;  // under put_mutex_
  std::unique_ptr<SegmentWriterImpl> writer_;
  std::vector<std::pair<Uid, MediaSpan>> redactions_begun_;  // journalled, to be tried again
  std::mutex put_mutex_;                      // one batch at a time: rows are read, joined and put
  std::mutex retention_mutex_;                // one at a time; before put_mutex_
  std::map<SegmentId, std::size_t> punched_;  // how much had been discarded; under it
  std::atomic<std::uint64_t> erased_again_{0};
  std::atomic<bool> importing_{false};
};

}  // namespace tapdeck::storage
