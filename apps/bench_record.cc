#include <algorithm>
#include <string>
#include <vector>

#include <fmt/format.h>

#include "apps/bench.h"
#include "apps/bench_output.h"
#include "bench/load/interrupt.h"
#include "bench/load/record_load.h"
#include "bench/load/record_rig.h"
#include "bench/load/scratch.h"

namespace tapdeck::apps {
namespace {

constexpr std::uint32_t kRecordMemoryMib =
    1'024;  // DPDK's heap: mbufs, rings; not chunks and tables

constexpr std::uint64_t kStoreBytes = 256ULL << 20;  // staging, RocksDB, keys and rows of streams

std::vector<report::Column> record_columns() {
  return {{"streams", "streams"},
          {"seconds", "seconds", 2},
          {"packets", "packets"},
          {"mpps", "Mpps", 2},
          {"stored_gbytes_per_s", "GB/s", 3},
          {"disk_limit_gbytes_per_s", "fio GB/s", 2},
          {"cipher_limit_gbytes_per_s", "cipher GB/s", 2},
          {"hash_limit_gbytes_per_s", "hash GB/s", 2},
          {"efficiency", "of limit", 2},
          {"writer_cpu", "writer CPU", 2},
          {"keeper_cpu", "keeper CPU", 2},
          {"worker_ns", "worker ns", 1},
          {"patch_ns", "patch ns", 1},
          {"waited", "waited", 2},
          {"waiting_chunks_most", "waiting most"},
          {"missed_packets", "missed"},
          {"sent_packets", "sent"},
          {"drops", "drops"},
          {"read_back_packets", "read back"},
          {"lost_packets", "lost"},
          {"uncounted_packets", "uncounted"},
          {"lost_late_packets", "lost late"}};
}

std::string drops_of(const load::RecordResult& r) {
  std::string text;
  for (const auto& [name, count] : r.drops) {
    text += (text.empty() ? "" : " ") + name + ":" + std::to_string(count);
  }
  return text;
}

std::vector<report::Value> row(std::uint32_t streams, bool limits, const load::RecordResult& r) {
  const auto limit = [limits](double bytes_per_s) {
    return limits ? report::Value{bytes_per_s / 1e9} : report::Value{};
  };
  return {std::uint64_t{streams},
          r.seconds,
          r.packets,
          r.mpps(),
          r.bytes_per_second() / 1e9,
          limit(r.limits.disk),
          limit(r.limits.encrypt),
          limit(r.limits.hash),
          limits ? report::Value{r.efficiency()} : report::Value{},
          r.writer_cpu,
          r.keeper_cpu,
          r.worker_ns,
          r.patch_ns,
          r.waited,
          std::uint64_t{r.waiting_most},
          r.missed,
          r.sent,
          drops_of(r),
          r.packets_read,
          r.lost(),
          r.unexplained,
          r.lost_late};
}

// What makes the figures worth nothing, and what must be told beside them.
void add_wrong(const load::RecordResult& r, report::Report& out) {
  if (!r.is_intact()) {
    out.wrong.push_back(
        fmt::format("Of {} packets sent {} were read back, {} of them damaged; {} are missing, or "
                    "too many, without a reason, and {} streams are not what was sent.",
                    r.sent,
                    r.packets_read,
                    r.damaged,
                    r.unexplained,
                    r.wrong_streams));
  }
  if (r.chunks_failed > 0) {
    out.wrong.push_back(std::to_string(r.chunks_failed) + " chunks were refused by the disk.");
  }
  if (!r.stayed) {
    out.simulated.emplace_back("Threads could not be kept on their CPUs: they ran on any.");
  }
  if (!r.direct) out.simulated.emplace_back("Not all was written by O_DIRECT and io_uring.");
}

}  // namespace

int bench_record(const control::BenchRecordRequest& request) {
  const load::InterruptGuard guard;
  auto scratch = load::Scratch::make(request.directory);
  if (!scratch) return bench_failed(scratch.error());
  tell_notes(**scratch);
  const std::vector<unsigned> cpus = allowed_cpus();  // before DPDK pins this thread
  const auto [worker_cpu, writer_cpu] = two_cpus(cpus, control::HostFiles());
  const std::uint32_t most = *std::max_element(request.streams.begin(), request.streams.end());
  const std::uint32_t chunks = load::RecordRig::chunks_of(
      most,
      request.writer_only ? load::RecordRig::Feed::kPrepared : load::RecordRig::Feed::kPackets);
  const engine::EalOptions eal_options = bench_eal(request.output, kRecordMemoryMib, chunks);
  const Result<void> fits =
      check_memory(kBenchBaseBytes + kBenchPortBytes + kStoreBytes + chunk_bytes(chunks),
                   eal_options,
                   control::HostFiles());
  if (!fits) return bench_failed(fits.error());
  const auto eal = engine::Eal::start(eal_options);
  if (!eal) return bench_failed(eal.error());
  report::Report out = start_report("record", *eal);
  out.host.push_back(disk_fact((*scratch)->path()));
  out.simulated = {
      request.writer_only
          ? "No worker: full chunks are made beforehand and given again and again."
          : "No card: packets come from a ring in memory, patched by the worker's core.",
      "No calls: each pair of streams was bound at the start, and messages are none."};
  if (request.stall_s > 0) {
    out.simulated.emplace_back("The disk's stall: the writer stands still and takes nothing.");
  }
  out.simulated.push_back(fmt::format(
      "Worker and generator run on CPU {}, the writer on CPU {}{}",
      worker_cpu,
      writer_cpu,
      worker_cpu == writer_cpu ? ": there are fewer CPUs than threads, they take turns." : "."));
  out.columns = record_columns();
  for (const std::uint32_t streams : request.streams) {
    const auto found = load::run_record_load(
        {.directory = (*scratch)->path(),
         .feed = request.writer_only ? load::RecordFeed::kPrepared : load::RecordFeed::kWorker,
         .streams = streams,
         .seconds = request.seconds,
         .mpps = request.mpps,
         .stall_s = request.stall_s,
         .limits = request.limits,
         .worker_cpu = worker_cpu,
         .writer_cpu = writer_cpu});
    if (!found && (out.rows.empty() || !load::is_interrupted())) {
      return bench_failed(found.error());
    }
    if (!found) break;
    out.rows.push_back(row(streams, request.limits, *found));
    add_wrong(*found, out);
  }
  scratch->reset();
  return print_report(request.output, wanted_of_host(1, &eal_options, cpus), out);
}

}  // namespace tapdeck::apps
