// The journal on a real file system, beside this program (the build tree): entries appended in
// groups, what a plain write and fdatasync of the same bytes takes, and how fast they are read
// back.
#include <cstdlib>
#include <fcntl.h>
#include <filesystem>
#include <memory>
#include <string>
#include <unistd.h>
#include <vector>

#include <benchmark/benchmark.h>

#include "bench/micro/allocations.h"
#include "model/ledger_codec.h"
#include "storage/ledger_state.h"

namespace tapdeck::storage {
namespace {

constexpr std::int64_t kTimeUs = 1'790'000'000'000'000;
constexpr std::uint64_t kReplayed = 100'000;

class TemporaryLedger {
 public:
  TemporaryLedger() {
    path_ = std::filesystem::read_symlink("/proc/self/exe").parent_path();
    path_ += "/bench-ledger-XXXXXX";
    if (mkdtemp(path_.data()) == nullptr) return;
    std::filesystem::create_directory(path_ + "/keys");
    auto keys = KeyVault::open(path_ + "/keys", MasterKey());
    if (!keys) return;
    keys_ = std::move(*keys);
    auto ledger = Ledger::open(path_ + "/ledger", {.master = MasterKey(), .keys = keys_.get()});
    if (ledger) ledger_ = std::move(*ledger);
  }

  ~TemporaryLedger() {
    ledger_.reset();
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }

  TemporaryLedger(const TemporaryLedger&) = delete;
  TemporaryLedger& operator=(const TemporaryLedger&) = delete;

  [[nodiscard]] Ledger* ledger() { return ledger_.get(); }

  [[nodiscard]] KeyVault& keys() { return *keys_; }

  [[nodiscard]] const std::string& path() const { return path_; }

 private:
  std::string path_;
  std::unique_ptr<KeyVault> keys_;
  std::unique_ptr<Ledger> ledger_;
};

// What `show` writes for each call, before it gives anything out.
std::vector<LedgerEntry> accesses(KeyVault& keys, std::size_t count) {
  const Uid uid = make_uid(kTimeUs / 1'000, {1, 2, 3});
  const auto key = keys.allocate(uid, SegmentKind::kSip);
  if (!key) return {};
  const Access access{{1'000, 1'000, 4'242, "clerk"}, AccessKind::kShow, "media, messages"};
  return std::vector<LedgerEntry>(count, LedgerEntry{uid, kTimeUs, key->id, access});
}

void append_groups(benchmark::State& state) {
  TemporaryLedger temporary;
  if (temporary.ledger() == nullptr) return state.SkipWithError("no ledger");
  const auto group = accesses(temporary.keys(), static_cast<std::size_t>(state.range(0)));
  const std::uint64_t before = bench::allocations;
  for (auto _ : state) {
    if (!temporary.ledger()->append(group)) return state.SkipWithError("the disk refused");
  }
  state.SetItemsProcessed(state.iterations() * state.range(0));
  state.counters["allocations/op"] = static_cast<double>(bench::allocations - before) /
                                     static_cast<double>(state.iterations() * state.range(0));
}

// The least that a group costs: its bytes, appended and synced.
void write_plainly(benchmark::State& state) {
  TemporaryLedger temporary;
  if (temporary.ledger() == nullptr) return state.SkipWithError("no ledger");
  const auto group = accesses(temporary.keys(), static_cast<std::size_t>(state.range(0)));
  if (!temporary.ledger()->append(group)) return state.SkipWithError("the disk refused");
  const std::uint64_t bytes =
      std::filesystem::file_size(temporary.path() + "/ledger/00000000.ledger") -
      kLedgerFileHeaderBytes;
  const Descriptor file(::open((temporary.path() + "/plain").c_str(), O_WRONLY | O_CREAT, 0600));
  const std::vector<std::uint8_t> content(bytes, 0x5a);
  std::uint64_t at = 0;
  for (auto _ : state) {
    if (!write_fully(file.get(), content, at) || fdatasync(file.get()) != 0) {
      return state.SkipWithError("the disk refused");
    }
    at += bytes;
  }
  state.SetItemsProcessed(state.iterations() * state.range(0));
}

// What is left of append_groups() without the disk.
void seal_entries(benchmark::State& state) {
  TemporaryLedger temporary;
  if (temporary.ledger() == nullptr) return state.SkipWithError("no ledger");
  LedgerSealer sealer(MasterKey(), {}, temporary.keys());
  sealer.set_file(0);
  const Access access{{1'000, 1'000, 4'242, "clerk"}, AccessKind::kShow, "media, messages"};
  std::vector<std::uint8_t> bytes;
  for (auto _ : state) {
    bytes.clear();
    sealer.seal(sealer.file_key(), LedgerEntryHeader(), encode_ledger_content(access), bytes);
    benchmark::DoNotOptimize(bytes.data());
  }
  state.SetItemsProcessed(state.iterations());
}

void fill(TemporaryLedger& temporary) {
  std::uint32_t number = 0;
  while (temporary.ledger() != nullptr && temporary.ledger()->next_sequence() < kReplayed) {
    std::vector<LedgerEntry> group;
    for (int i = 0; i < 1'000; ++i) {
      const Uid uid = make_uid(kTimeUs / 1'000 + number, {static_cast<std::uint8_t>(number)});
      ++number;
      group.push_back({uid, kTimeUs, kNoKey, Erasure{{0, 0, 1, "clerk"}, "request", kPartsAll}});
    }
    if (!temporary.ledger()->append(group)) return;
  }
}

void replay(benchmark::State& state) {
  static TemporaryLedger temporary;  // filled once, read in every run
  fill(temporary);
  if (temporary.ledger() == nullptr) return state.SkipWithError("no ledger");
  for (auto _ : state) {
    std::uint64_t entries = 0;
    const auto replayed =
        temporary.ledger()->replay(0, [&](const LedgerRecord& record) -> Result<bool> {
          entries += record.state == LedgerContentState::kReadable ? 1 : 0;
          return true;
        });
    if (!replayed || entries < kReplayed) return state.SkipWithError("not all were read");
  }
  state.SetItemsProcessed(state.iterations() * static_cast<std::int64_t>(kReplayed));
}

void restore(benchmark::State& state) {
  static TemporaryLedger temporary;
  fill(temporary);
  if (temporary.ledger() == nullptr) return state.SkipWithError("no ledger");
  for (auto _ : state) {
    const auto restored = LedgerState::restore(*temporary.ledger());
    if (!restored || restored->erased().size() < kReplayed) {
      return state.SkipWithError("not all were restored");
    }
  }
  state.SetItemsProcessed(state.iterations() * static_cast<std::int64_t>(kReplayed));
}

BENCHMARK(append_groups)
    ->Name("ledger/append")
    ->Arg(1)
    ->Arg(16)
    ->Arg(256)
    ->UseRealTime()
    ->Unit(benchmark::kMicrosecond);
BENCHMARK(write_plainly)
    ->Name("ledger/plain_write")
    ->Arg(1)
    ->Arg(16)
    ->Arg(256)
    ->UseRealTime()
    ->Unit(benchmark::kMicrosecond);
BENCHMARK(seal_entries)->Name("ledger/seal");
BENCHMARK(replay)->Name("ledger/replay")->UseRealTime()->Unit(benchmark::kMillisecond);
BENCHMARK(restore)->Name("ledger/restore_state")->UseRealTime()->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace tapdeck::storage

BENCHMARK_MAIN();
