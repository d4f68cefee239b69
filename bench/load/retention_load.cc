#include "bench/load/retention_load.h"

#include <algorithm>
#include <ctime>
#include <fcntl.h>
#include <filesystem>
#include <map>
#include <memory>
#include <set>
#include <thread>
#include <unistd.h>
#include <utility>

#include "base/clock.h"
#include "bench/load/counted_calls.h"
#include "bench/load/disk_directory.h"
#include "bench/load/retention_maker.h"
#include "bench/load/timed_retention.h"
#include "pipelines/retention/desk.h"
#include "storage/segment_file.h"

namespace tapdeck::load {
namespace {

constexpr std::uint64_t kHeldShare = 4;  // of the calls, the first of which some are held
constexpr std::size_t kFileBytes = 4'096;
constexpr std::size_t kWrongMax = 20;
constexpr const char* kMatter = "bench";

double seconds(std::int64_t ns) { return static_cast<double>(ns) / kNsPerSecond; }

Result<void> make_fresh_directory(const std::string& directory) {
  std::error_code ignored;
  if (std::filesystem::exists(directory, ignored)) {
    return make_error(ErrorCode::kAlreadyExists,
                      directory + " is there already; it would be removed at the end.");
  }
  std::filesystem::create_directories(directory, ignored);
  return check_disk_directory(directory);
}

std::set<std::string> segment_files(const std::string& store) {
  std::set<std::string> paths;
  std::error_code ignored;
  for (const auto& entry :
       std::filesystem::recursive_directory_iterator(store + "/segments", ignored)) {
    if (entry.path().extension() == ".seg") paths.insert(entry.path().string());
  }
  return paths;
}

// The uids in a sealed segment, by what its own footer says.
Result<std::vector<Uid>> recordings_in(const std::string& path) {
  const storage::Descriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  const std::string name = std::filesystem::path(path).stem().string();
  storage::SegmentId id{};
  for (std::size_t i = 0; i < id.size() && 2 * i + 2 <= name.size(); ++i) {
    id[i] = static_cast<std::uint8_t>(std::stoul(name.substr(2 * i, 2), nullptr, 16));
  }
  const auto footer = storage::read_segment_footer(file.get(), id);
  if (!footer) return make_error(ErrorCode::kCorrupt, path + " has no footer: it is not sealed.");
  std::vector<Uid> uids;
  for (const storage::FooterEntry& entry : footer->entries) uids.push_back(entry.recording);
  return uids;
}

std::uint64_t figure(storage::Store& store, std::string_view name) {
  const auto statistics = store.reader()->statistics();
  if (!statistics) return 0;
  for (const auto& [known, value] : statistics->figures) {
    if (known == name) return value;
  }
  return 0;
}

void wait_for_compaction(storage::Store& store) {
  for (int idle = 0; idle < 25; idle = figure(store, "background_jobs") != 0 ? 0 : idle + 1) {
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
  }
}

class RetentionRun {
 public:
  RetentionRun(const RetentionLoadOptions& options, RetentionLoadResult& result)
      : options_(options),
        result_(result),
        maker_(retention_calls(options.recordings)),
        store_options_(retention_store_options(options.directory + "/store", options.recordings)) {
    const auto held = static_cast<std::uint64_t>(static_cast<double>(options.recordings) *
                                                 options.held_pct / 100);
    const std::uint64_t among = options.recordings / kHeldShare;
    if (held > 0) step_ = std::max<std::uint64_t>(1, among / held);
    for (std::uint64_t i = 0; i < held && i * step_ < among; ++i) held_.push_back(i * step_);
    now_.wall_us = maker_.times(options.recordings - 1).start_us + kUsPerDay;
    now_.boottime_us = kUsPerDay;
  }

  Result<void> run() {
    const auto made = make_retention_store(store_options_, maker_);
    if (!made) return Error(made.error());
    result_.recordings = options_.recordings;
    result_.held = held_.size();
    result_.make_seconds = made->seconds;
    result_.payload_bytes = made->payload_bytes;
    TD_TRY(look_at_segments());
    TD_TRY(expire());
    TD_TRY(settle_and_look());
    for (std::string& sentence : what_expiry_did_wrong(result_)) complain(std::move(sentence));
    return {};
  }

 private:
  [[nodiscard]] bool is_held(std::uint64_t call) const {
    return std::binary_search(held_.begin(), held_.end(), call);
  }

  void complain(std::string sentence) {
    if (result_.wrong.size() < kWrongMax) result_.wrong.push_back(std::move(sentence));
  }

  // What files say, not what the store does.
  Result<void> look_at_segments() {
    std::set<Uid> held;
    for (const std::uint64_t call : held_) held.insert(maker_.uid(call));
    for (const std::string& path : segment_files(store_options_.directory)) {
      ++result_.segments;
      const auto uids = recordings_in(path);
      if (!uids) return Error(uids.error());
      const bool needed = std::any_of(
          uids->begin(), uids->end(), [&](const Uid& uid) { return held.contains(uid); });
      (needed ? needed_ : free_).insert(path);
    }
    result_.segments_free = free_.size();
    result_.segment_bytes = bytes_below(store_options_.directory + "/segments");
    result_.log_bytes_before = bytes_below(store_options_.directory + "/calls");
    return {};
  }

  Result<void> open() {
    store_.reset();
    auto store = storage::Store::open(store_options_);
    if (!store) return Error(std::move(store.error()));
    store_ = std::move(*store);
    return {};
  }

  [[nodiscard]] retention::DeskOptions desk_options() const {
    retention::DeskOptions options;
    options.classes["default"] = {"bench", false, 0};
    options.clocks = [this] { return now_; };
    options.boot_id = "bench";
    return options;
  }

  Result<void> hold(retention::RetentionDesk& desk) {
    if (held_.empty()) return {};
    retention::HoldRequest request;
    for (const std::uint64_t call : held_) request.calls.uids.push_back(maker_.uid(call));
    request.matter = kMatter;
    request.reason = "measured";
    const std::int64_t begin_ns = monotonic_now_ns();
    const auto held = desk.hold(request, {0, 0, 0, "bench"});
    result_.hold_seconds = seconds_since(begin_ns);
    if (!held) return Error(held.error());
    if (held->held.count != held_.size()) complain("Not all that was to be held is held.");
    return {};
  }

  Result<void> expire() {
    TD_TRY(open());
    wait_for_compaction(*store_);
    result_.log_bytes_before = bytes_below(store_options_.directory + "/calls");
    TimedRetention timed(*store_);
    retention::RetentionDesk desk(
        timed, [this] { return store_->reader(); }, desk_options());
    TD_TRY(desk.resume());
    TD_TRY(hold(desk));
    now_.wall_us += kKeptUs;
    now_.boottime_us += kKeptUs;
    const CountedCalls before = counted_calls();
    const std::uint64_t destroyed = figure(*store_, "keys_destroyed");
    const std::int64_t begin_ns = monotonic_now_ns();
    const std::clock_t cpu = std::clock();
    const auto done = desk.apply();
    result_.expire_seconds = seconds_since(begin_ns);
    result_.expire_cpu_seconds = static_cast<double>(std::clock() - cpu) / CLOCKS_PER_SEC;
    if (!done) return Error(done.error());
    const CountedCalls after = counted_calls();
    result_.due_seconds = seconds(timed.times().due_ns);
    result_.retire_seconds = seconds(timed.times().retire_ns);
    result_.retire_most_ms = static_cast<double>(timed.times().retire_most_ns) / kNsPerMs;
    result_.reclaim_seconds = seconds(timed.times().reclaim_ns);
    result_.journal_syncs = after.journal_syncs - before.journal_syncs;
    result_.key_syncs = after.key_syncs - before.key_syncs;
    result_.row_syncs = after.row_syncs - before.row_syncs;
    result_.unlinks = after.segment_unlinks - before.segment_unlinks;
    result_.keys_destroyed = figure(*store_, "keys_destroyed") - destroyed;
    result_.expired = done->expired;
    result_.still_held = done->held;
    result_.segments_removed = done->segments_removed;
    result_.bytes_removed = done->bytes_removed;
    result_.bytes_punched = done->bytes_punched;
    result_.log_bytes_after = bytes_below(store_options_.directory + "/calls");
    return {};
  }

  Result<void> settle_and_look() {
    const std::int64_t begin_ns = monotonic_now_ns();
    TD_TRY(open());
    wait_for_compaction(*store_);
    result_.settle_seconds = seconds_since(begin_ns);
    result_.log_bytes_settled = bytes_below(store_options_.directory + "/calls");
    look_at_files();
    TD_TRY(read_back());
    TD_TRY(again());
    store_.reset();
    return {};
  }

  void look_at_files() {
    const std::set<std::string> left = segment_files(store_options_.directory);
    for (const std::string& path : left) {
      if (free_.contains(path)) complain("Nothing in " + path + " is held, and it is there.");
    }
    for (const std::string& path : needed_) {
      if (!left.contains(path)) complain("Something in " + path + " is held, and it is gone.");
    }
  }

  Result<void> read_back() {
    const auto reader = store_->reader();
    const std::size_t held_step = std::max<std::size_t>(1, held_.size() / options_.samples);
    for (std::size_t i = 0; i < held_.size(); i += held_step) {
      const auto wrong = what_is_wrong(*reader, maker_, held_[i]);
      if (!wrong) return Error(wrong.error());
      if (!wrong->empty()) complain("Held call " + std::to_string(held_[i]) + ": " + *wrong + ".");
      result_.held_read += wrong->empty() ? 1 : 0;
    }
    const std::uint64_t step = std::max<std::uint64_t>(1, options_.recordings / options_.samples);
    for (std::uint64_t call = step / 2; call < options_.recordings; call += step) {
      if (is_held(call)) continue;
      const auto left = what_is_left(*reader, maker_.uid(call));
      if (!left) return Error(left.error());
      if (!left->empty()) complain("Call " + std::to_string(call) + " has expired: " + *left + ".");
      ++result_.gone_looked_for;
    }
    return {};
  }

  // Nothing more happens, and what is held stays due.
  Result<void> again() {
    retention::RetentionDesk desk(*store_, desk_options());
    const std::int64_t begin_ns = monotonic_now_ns();
    const auto done = desk.apply();
    result_.again_seconds = seconds_since(begin_ns);
    if (!done) return Error(done.error());
    if (done->expired != 0 || done->segments_removed != 0) {
      complain("What had expired expired again.");
    }
    if (done->held != held_.size()) complain("What is held is not due any more.");
    return {};
  }

  const RetentionLoadOptions& options_;
  RetentionLoadResult& result_;
  const CallMaker maker_;
  const storage::StoreOptions store_options_;
  std::uint64_t step_ = 1;
  std::vector<std::uint64_t> held_;  // ascending
  std::set<std::string> free_;       // segments without a held recording
  std::set<std::string> needed_;     // the others
  retention::ClockReadings now_{};
  std::unique_ptr<storage::Store> store_;
};

}  // namespace

std::vector<std::string> what_expiry_did_wrong(const RetentionLoadResult& result) {
  std::vector<std::string> wrong;
  const auto expect = [&wrong](const char* what, std::uint64_t found, std::uint64_t wanted) {
    if (found == wanted) return;
    wrong.push_back(std::string(what) + ": " + std::to_string(found) + ", not " +
                    std::to_string(wanted) + ".");
  };
  expect("Segments unlinked", result.unlinks, result.segments_free);
  expect("Segments that are said to be unlinked", result.segments_removed, result.unlinks);
  expect("Recordings expired", result.expired, result.recordings - result.held);
  expect("Recordings held back", result.still_held, result.held);
  expect("Keys destroyed", result.keys_destroyed, 2 * (result.recordings - result.held));
  return wrong;
}

Result<RetentionLoadResult> run_retention_load(const RetentionLoadOptions& options) {
  TD_TRY(make_fresh_directory(options.directory));
  RetentionLoadResult result;
  auto done = RetentionRun(options, result).run();
  std::error_code ignored;
  std::filesystem::remove_all(options.directory + "/store", ignored);
  if (done && options.small_files) {
    auto files = measure_small_files(options.directory + "/files", options.recordings, kFileBytes);
    if (!files) done = Error(std::move(files.error()));
    if (files) result.files = *files;
  }
  std::filesystem::remove_all(options.directory, ignored);
  if (!done) return Error(std::move(done.error()));
  return result;
}

}  // namespace tapdeck::load
