#include "bench/load/record_load.h"

#include <algorithm>
#include <array>
#include <fcntl.h>
#include <filesystem>
#include <memory>
#include <optional>
#include <unistd.h>

#include "base/clock.h"
#include "bench/load/disk_directory.h"
#include "bench/load/interrupt.h"
#include "bench/load/packet_counts.h"
#include "bench/load/record_rig.h"
#include "bench/load/recorder.h"

namespace tapdeck::load {
namespace {

constexpr double kLate = 0.75;  // of the time: a stall begins after a third

// Figures of which the difference between two moments tells what happened between them.
struct Moment {
  std::int64_t ns = 0;
  std::uint64_t chunks = 0;
  std::uint64_t sent = 0;
  std::uint64_t patch_ns = 0;
  std::int64_t worker_ns = 0;
  double writer = 0;
  double keeper = 0;
  std::uint64_t bytes = 0;
  bool direct = false;
};

Moment look(storage::Store& store, const Recorder& recorder, const RecordRig& rig) {
  Moment now;
  now.chunks = recorder.chunks();
  now.sent = rig.mill().sent();
  now.patch_ns = rig.mill().patch_ns();
  now.worker_ns = rig.worker_ns();
  now.writer = recorder.writer_seconds();
  now.keeper = recorder.keeper_seconds();
  const auto statistics = store.reader()->statistics();
  const auto figure = [&](std::string_view name) -> std::uint64_t {
    for (const auto& [known, value] : statistics->figures) {
      if (known == name) return value;
    }
    return 0;
  };
  now.bytes = figure("bytes_written");
  now.direct = figure("o_direct_refused_segments") == 0 && figure("blocking_writes") == 0;
  now.ns = monotonic_now_ns();
  return now;
}

class Feeder {
 public:
  Feeder(const RecordOptions& options, RecordRig& rig) : options_(options), rig_(rig) {}

  // As fast as the writer takes it, until `chunks` are written.
  void settle(const Recorder& recorder, std::uint64_t chunks) {
    while (recorder.chunks() < chunks && !is_interrupted()) feed();
  }

  void run(Recorder& recorder, RecordResult& result) {
    const std::int64_t begin_ns = monotonic_now_ns();
    bool stall_due = options_.stall_s > 0;
    std::int64_t waited_ns = 0;
    std::int64_t batches = 0;
    std::optional<std::uint64_t> lost_early;
    while (true) {
      const std::int64_t elapsed_ns = monotonic_now_ns() - begin_ns;
      const double elapsed = static_cast<double>(elapsed_ns) / 1e9;
      if (elapsed >= options_.seconds || is_interrupted()) break;
      if (stall_due && elapsed >= options_.seconds / 3) {
        recorder.stall(options_.stall_s);
        stall_due = false;
      }
      if (!lost_early && elapsed >= options_.seconds * kLate) {
        lost_early = lost_packets(rig_.counters());
      }
      result.waiting_most = std::max(result.waiting_most, rig_.rings().chunk_count());
      if (options_.mpps > 0) {
        const auto due = static_cast<std::int64_t>(elapsed * options_.mpps * 1e6 / kMbufs);
        if (batches == due) continue;
        constexpr std::int64_t kLateMax = 8;
        result.missed +=
            static_cast<std::uint64_t>(std::max<std::int64_t>(0, due - batches - kLateMax)) *
            kMbufs;
        batches = std::max(batches, due - kLateMax) + 1;
        rig_.feed_packets();
        continue;
      }
      if (!feed()) waited_ns += monotonic_now_ns() - begin_ns - elapsed_ns;
    }
    if (lost_early) result.lost_late = lost_packets(rig_.counters()) - *lost_early;
    result.waited = static_cast<double>(waited_ns) / 1e9 / options_.seconds;
  }

 private:
  // False: waited for the writer instead.
  bool feed() {
    if (is_writer_behind()) {
      usleep(50);
      return false;
    }
    options_.feed == RecordFeed::kPrepared ? rig_.feed_prepared() : rig_.feed_packets();
    return true;
  }

  // Few streams have few chunks: some must be free for the next packets.  When none waits for the
  // writer there is nothing to wait for.
  [[nodiscard]] bool is_writer_behind() const {
    const std::uint32_t waiting = rig_.rings().chunk_count();
    if (waiting > options_.streams / 8 + 1'024) return true;
    return options_.feed == RecordFeed::kWorker && waiting > 0 &&
           rig_.free_chunks() < rig_.chunks_a_batch();
  }

  const RecordOptions& options_;
  RecordRig& rig_;
};

// Reading extents in the order of recordings is reading at random: the files are read once in
// their own order before, into the page cache.
void warm_page_cache(const std::string& directory) {
  std::vector<char> buffer(4U << 20);
  for (const auto& entry : std::filesystem::recursive_directory_iterator(directory + "/segments")) {
    if (!entry.is_regular_file()) continue;
    const int file = open(entry.path().c_str(), O_RDONLY | O_CLOEXEC);
    while (file >= 0 && read(file, buffer.data(), buffer.size()) > 0) {
    }
    if (file >= 0) close(file);
  }
}

Result<void> read_back(storage::Store& store, RecordRig& rig, RecordResult& result) {
  const std::unique_ptr<storage::StoreAccess> reader = store.reader();
  for (std::uint32_t stream = 0; stream < rig.mill().streams().stream_count(); stream += 2) {
    TD_TRY(reader->read_media(RecordRig::recording_of(stream),
                              [&](const SectionHeader& section, ByteView records) {
                                rig.read_back(section, records);
                                return true;
                              }));
    TD_TRY(go_on());
    ++result.recordings;
  }
  const RecordRig::Balance balance = rig.balance();
  result.sent = balance.sent;
  result.packets_read = balance.read_back;
  result.unexplained = balance.unexplained();
  result.damaged = balance.damaged;
  result.wrong_streams = balance.wrong_streams;
  return {};
}

void note_drops(const engine::WorkerCounters& counters, RecordResult& result) {
  for (const engine::DropReason reason : kPacketDrops) {
    if (counters.value(reason) == 0) continue;
    result.drops.emplace_back(engine::kDropReasonNames[static_cast<std::size_t>(reason)].name,
                              counters.value(reason));
  }
}

void note_difference(const Moment& begin, const Moment& end, RecordResult& result) {
  result.seconds = static_cast<double>(end.ns - begin.ns) / 1e9;
  result.chunks = end.chunks - begin.chunks;
  result.packets = result.chunks * StreamSource::kRanks;
  result.stored_bytes = end.bytes - begin.bytes;
  result.writer_cpu = (end.writer - begin.writer) / result.seconds;
  result.keeper_cpu = (end.keeper - begin.keeper) / result.seconds;
  result.direct = end.direct;
  const auto sent = static_cast<double>(std::max<std::uint64_t>(1, end.sent - begin.sent));
  result.patch_ns = static_cast<double>(end.patch_ns - begin.patch_ns) / sent;
  result.worker_ns = static_cast<double>(end.worker_ns - begin.worker_ns) / sent;
}

std::vector<Uid> recordings_of(std::uint32_t streams) {
  std::vector<Uid> recordings;
  for (std::uint32_t stream = 0; stream < streams; stream += 2) {
    recordings.push_back(RecordRig::recording_of(stream));
  }
  return recordings;
}

Result<void> record(const RecordOptions& options, const std::string& path, RecordResult& result) {
  result.stayed = stay_on(options.writer_cpu);  // what the store starts stays with the writer
  storage::StoreOptions store_options = options.store;
  store_options.directory = path;
  auto store = storage::Store::open(store_options);
  if (!store) return Error(std::move(store.error()));
  result.stayed = stay_on(options.worker_cpu) && result.stayed;
  const bool prepared = options.feed == RecordFeed::kPrepared;
  auto made = RecordRig::create(options.streams,
                                prepared ? RecordRig::Feed::kPrepared : RecordRig::Feed::kPackets);
  if (!made) return Error(std::move(made.error()));
  RecordRig& rig = **made;
  prepared ? rig.prepare() : rig.warm_up();
  TD_TRY(go_on());
  {
    Recorder recorder(**store, rig.rings(), recordings_of(options.streams), options.writer_cpu);
    Feeder feeder(options, rig);
    feeder.settle(recorder, options.streams);  // all recordings have their keys then
    const Moment begin = look(**store, recorder, rig);
    feeder.run(recorder, result);
    recorder.settle();
    note_difference(begin, look(**store, recorder, rig), result);
    rig.finish();
    recorder.settle();
    recorder.stop();
    result.chunks_failed = recorder.failed();
  }
  TD_TRY(go_on());
  if (!prepared) note_drops(rig.counters(), result);
  TD_TRY((*store)->put_pending_rows());
  warm_page_cache(path);
  return read_back(**store, rig, result);
}

}  // namespace

Result<RecordResult> run_record_load(const RecordOptions& options) {
  TD_TRY(check_disk_directory(options.directory));
  RecordResult result;
  if (options.limits) {
    auto limits = measure_record_limits({.directory = options.directory,
                                         .block_bytes = options.store.staging_bytes,
                                         .depth = options.store.staging_buffers});
    TD_TRY(go_on());
    if (!limits) return Error(std::move(limits.error()));
    result.limits = *limits;
  }
  const std::string path = options.directory + "/store";
  const Result<void> done = record(options, path, result);
  std::error_code ignored;
  std::filesystem::remove_all(path, ignored);
  if (!done) return Error(done.error());
  return result;
}

}  // namespace tapdeck::load
