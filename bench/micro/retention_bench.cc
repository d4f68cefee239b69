// What retention does in bulk, on a real file system beside this program (the build tree): a hold
// of a hundred thousand calls until it is acknowledged, by uid and by a filter, and the keys of one
// batch of expiry destroyed for good.  The journal's groups by themselves: ledger_bench.
#include <cstdlib>
#include <filesystem>
#include <memory>
#include <string>
#include <unistd.h>
#include <utility>
#include <vector>

#include <benchmark/benchmark.h>

#include "base/clock.h"
#include "bench/micro/allocations.h"
#include "pipelines/retention/desk.h"

namespace tapdeck::retention {
namespace {

constexpr std::int64_t kStartMs = 1'790'000'000'000;
constexpr std::uint32_t kCalls = 100'000;
constexpr std::size_t kGroup = 512;

class TemporaryDirectory {
 public:
  TemporaryDirectory() {
    path_ = std::filesystem::read_symlink("/proc/self/exe").parent_path();
    path_ += "/bench-retention-XXXXXX";
    made_ = mkdtemp(path_.data()) != nullptr;
  }

  ~TemporaryDirectory() {
    std::error_code ignored;
    if (made_) std::filesystem::remove_all(path_, ignored);
  }

  TemporaryDirectory(const TemporaryDirectory&) = delete;
  TemporaryDirectory& operator=(const TemporaryDirectory&) = delete;

  [[nodiscard]] const std::string& path() const { return path_; }

 private:
  std::string path_;
  bool made_ = false;
};

Uid uid_of(std::uint32_t number) {
  std::array<std::uint8_t, 10> hash{};
  store_be(hash.data(), number * 2'654'435'761U);
  return make_uid(kStartMs + number, hash);
}

// Every second call is one of number 200.
CallRecord call_of(std::uint32_t number) {
  CallRecord call;
  call.uid = uid_of(number);
  call.start_us = (kStartMs + number) * kUsPerMs;
  call.first_seen_us = *call.start_us;
  call.ended_us = *call.start_us + 60 * kUsPerSecond;
  call.state = CallState::kEnded;
  call.outcome = CallOutcome::kAnswered;
  call.final = true;
  call.call_id = std::to_string(number) + "@a.example";
  CallParty party;
  party.role = PartyRole::kCaller;
  party.number = std::to_string(1'000'000 + number);
  call.parties.push_back(party);
  party.id = 1;
  party.role = PartyRole::kCallee;
  party.number = number % 2 == 0 ? "200" : "300";
  call.parties.push_back(party);
  call.caller = 0;
  call.callee = 1;
  call.recording.state = RecordingState::kRecorded;
  call.recording.retention_class = "default";
  return call;
}

// A store with the records of kCalls, made once.
class FilledStore {
 public:
  FilledStore() {
    auto store =
        storage::Store::open({.directory = directory_.path() + "/store", .master_key_file = {}});
    if (!store) return;
    std::vector<CallRecord> group;
    for (std::uint32_t number = 0; number < kCalls; ++number) {
      group.push_back(call_of(number));
      if (group.size() < kGroup && number + 1 < kCalls) continue;
      if (!(*store)->put_calls(group)) return;
      group.clear();
    }
    store_ = std::move(*store);
  }

  [[nodiscard]] storage::Store* store() { return store_.get(); }

 private:
  TemporaryDirectory directory_;
  std::unique_ptr<storage::Store> store_;
};

storage::Store* filled_store() {
  static FilledStore filled;
  return filled.store();
}

// Of this thread, for each of `each` things that were done in a round.
void tell_allocations(benchmark::State& state, std::uint64_t made, std::uint64_t each) {
  state.counters["allocations/op"] = static_cast<double>(made) /
                                     static_cast<double>(state.iterations()) /
                                     static_cast<double>(each);
}

void hold(benchmark::State& state, const Selection& calls, std::uint64_t count) {
  storage::Store* store = filled_store();
  if (store == nullptr) return state.SkipWithError("no store");
  RetentionDesk desk(*store, {});
  if (!desk.resume()) return state.SkipWithError("the store is not ready");
  static int matters = 0;
  std::uint64_t made = 0;
  for (auto _ : state) {
    HoldRequest request;
    request.calls = calls;
    request.matter = "matter " + std::to_string(++matters);
    request.reason = "measured";
    const std::uint64_t before = bench::allocations;
    const auto held = desk.hold(request, {0, 0, 0, "bench"});
    made += bench::allocations - before;
    if (!held || held->held.count != count) return state.SkipWithError("not all are held");
    state.PauseTiming();  // the next one begins with a journal that holds nothing
    const auto released = desk.release({request.matter, "measured", {}}, {0, 0, 0, "bench"});
    if (!released) return state.SkipWithError("not released");
    state.ResumeTiming();
  }
  tell_allocations(state, made, count);
  state.SetItemsProcessed(state.iterations() * static_cast<std::int64_t>(count));
}

void hold_uids(benchmark::State& state) {
  Selection calls;
  for (std::uint32_t number = 0; number < kCalls; ++number) calls.uids.push_back(uid_of(number));
  hold(state, calls, kCalls);
}

void hold_number(benchmark::State& state) {
  Selection calls;
  calls.query.emplace().number = "200";
  hold(state, calls, kCalls / 2);
}

// So many slots, side by side as those of calls that began together.
void destroy_keys(benchmark::State& state) {
  const TemporaryDirectory directory;
  const auto keys = storage::KeyVault::open(directory.path(), storage::MasterKey());
  if (!keys) return state.SkipWithError("no keys");
  std::vector<storage::KeyOwner> owners;
  std::uint32_t number = 0;
  std::uint64_t made = 0;
  for (auto _ : state) {
    state.PauseTiming();
    owners.clear();
    for (std::int64_t i = 0; i < state.range(0); ++i) {
      const Uid uid = uid_of(number++);
      const auto key = (*keys)->allocate(uid, storage::SegmentKind::kMedia);
      if (!key) return state.SkipWithError("no key");
      owners.push_back({key->id, uid});
    }
    (*keys)->settle(owners);
    state.ResumeTiming();
    const std::uint64_t before = bench::allocations;
    if (!(*keys)->destroy_many(owners)) return state.SkipWithError("the disk refused");
    made += bench::allocations - before;
  }
  tell_allocations(state, made, static_cast<std::uint64_t>(state.range(0)));
  state.SetItemsProcessed(state.iterations() * state.range(0));
}

BENCHMARK(hold_uids)
    ->Name("retention/hold_uids/100000")
    ->UseRealTime()
    ->Unit(benchmark::kMillisecond);
BENCHMARK(hold_number)
    ->Name("retention/hold_number/50000")
    ->UseRealTime()
    ->Unit(benchmark::kMillisecond);
BENCHMARK(destroy_keys)
    ->Name("retention/destroy_keys")
    ->Arg(1)
    ->Arg(4'096)
    ->UseRealTime()
    ->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace tapdeck::retention

BENCHMARK_MAIN();
