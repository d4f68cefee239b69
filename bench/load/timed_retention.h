// A store for the retention desk that takes the time of what the desk asks of it.
// Threads: one.  Memory: none.  Errors: the store's.
#pragma once

#include <algorithm>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "storage/retention_store.h"

namespace tapdeck::load {

struct RetentionTimes {
  std::int64_t due_ns = 0;
  std::int64_t retire_ns = 0;
  std::int64_t retire_most_ns = 0;  // for so long a record may have to wait to be put
  std::int64_t reclaim_ns = 0;
};

class TimedRetention final : public storage::RetentionStore {
 public:
  explicit TimedRetention(storage::RetentionStore& store) : store_(store) {}

  [[nodiscard]] const RetentionTimes& times() const { return times_; }

  storage::Journal& journal() override { return store_.journal(); }

  Result<std::uint32_t> details_key(const Uid& uid) override { return store_.details_key(uid); }

  Result<std::vector<storage::DueParts>> due(
      std::int64_t until_us,
      std::size_t most,
      const std::optional<storage::DueParts>& after) override {
    const Timer timer(times_.due_ns);
    return store_.due(until_us, most, after);
  }

  Result<std::vector<CallRecord>> get_terms(std::span<const Uid> uids) override {
    const Timer timer(times_.due_ns);
    return store_.get_terms(uids);
  }

  Result<void> move_expiry(const Uid& uid, const storage::ExtendedTimes& times) override {
    return store_.move_expiry(uid, times);
  }

  Result<void> retire(std::span<const storage::RecordingPartsOf> what,
                      RecordingLifecycle lifecycle) override {
    const std::int64_t before_ns = times_.retire_ns;
    Result<void> done;
    {
      const Timer timer(times_.retire_ns);
      done = store_.retire(what, lifecycle);
    }
    times_.retire_most_ns = std::max(times_.retire_most_ns, times_.retire_ns - before_ns);
    return done;
  }

  Result<void> redact(const Uid& recording, const MediaSpan& span, std::int64_t by_us) override {
    return store_.redact(recording, span, by_us);
  }

  Result<void> rewrite(std::span<const CallRecord> calls) override { return store_.rewrite(calls); }

  Result<void> purge(std::span<const Uid> calls) override { return store_.purge(calls); }

  Result<void> purge_everywhere() override { return store_.purge_everywhere(); }

  Result<storage::Reclaimed> reclaim() override {
    const Timer timer(times_.reclaim_ns);
    return store_.reclaim();
  }

  Result<std::uint64_t> bytes_of(const Uid& uid, RecordingParts parts) override {
    return store_.bytes_of(uid, parts);
  }

  Result<std::uint64_t> reclaimable_bytes_of(const Uid& uid, RecordingParts parts) override {
    return store_.reclaimable_bytes_of(uid, parts);
  }

  Result<std::vector<std::string>> set_aside() override { return store_.set_aside(); }

  Result<storage::SigningKey> signing_key() override { return store_.signing_key(); }

  Result<void> check_backup(const std::string& destination) override {
    return store_.check_backup(destination);
  }

  Result<storage::CopiedFiles> backup(const std::string& destination) override {
    return store_.backup(destination);
  }

  Result<void> put_value(std::string_view name, std::string_view value) override {
    return store_.put_value(name, value);
  }

  Result<std::optional<std::string>> get_value(std::string_view name) override {
    return store_.get_value(name);
  }

 private:
  class Timer {
   public:
    explicit Timer(std::int64_t& ns) : ns_(ns) {}

    ~Timer() { ns_ += monotonic_now_ns() - begin_ns_; }

    Timer(const Timer&) = delete;
    Timer& operator=(const Timer&) = delete;

   private:
    std::int64_t& ns_;
    const std::int64_t begin_ns_ = monotonic_now_ns();
  };

  storage::RetentionStore& store_;
  RetentionTimes times_;
};

}  // namespace tapdeck::load
