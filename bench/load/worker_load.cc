// A whole worker under a load that no cache holds: packets of 20 ms of G.711 for up to half a
// million streams, received from a ring port, decoded, classified, looked up, counted and copied
// into chunks, which a null writer reads back and gives home.
//
// Nothing of it is a toy: 32 768 mbufs in shuffled order, consecutive numbers per stream, a chunk
// of its own for each stream, and after the run every stream's packets and bytes, as read back from
// the chunks, must be those that were sent.  Only the worker's steps are timed, by the thread's CPU
// time; patching the packets is timed apart.
#include <algorithm>
#include <bit>
#include <cstdio>
#include <cstring>
#include <optional>
#include <string>
#include <vector>

#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>

#include "base/assert.h"
#include "base/clock.h"
#include "bench/load/floors.h"
#include "bench/load/mill.h"
#include "engine/eal.h"
#include "engine/rings.h"
#include "engine/worker.h"

namespace tapdeck::load {
namespace {

struct Settings {
  std::vector<std::uint32_t> streams = {1'000, 10'000, 100'000, 500'000};
  double seconds = 2;
  bool hugepages = true;
  bool floors = true;
  std::string json;
};

struct Measured {
  std::uint32_t streams = 0;
  std::uint64_t packets = 0;
  double worker_ns = 0;  // per packet; median of the batches
  double worker_least_ns = 0;
  double patch_ns = 0;
  Floors floors;
};

engine::RingOptions ring_options(std::uint32_t streams) {
  engine::RingOptions options;
  options.chunk_count = streams + streams / 50 + 4'096;
  options.report_slots = 65'536;
  return options;
}

class Load {
 public:
  explicit Load(std::uint32_t streams)
      : port_(*engine::Port::make_ring_port(
            {.name = "load", .ring_size = 2 * kMbufs, .mbuf_count = kMbufs + 1'023})),
        rings_(*engine::WorkerRings::create(ring_options(streams))),
        worker_(*engine::Worker::create({.sources = {engine::make_source(port_, 0)},
                                         .streams_max = std::bit_ceil(streams),
                                         .claims_max = std::bit_ceil(streams),
                                         .calls_max = streams / 2 + 1},
                                        rings_)),
        mill_(port_, streams) {
    for (std::uint32_t stream = 0; stream < streams; ++stream) bind(stream);
    step();
  }

  // Chunks at all degrees of fullness, as on a network; every page has been used then.
  void warm_up() {
    for (std::uint32_t rank = 0; rank < kChunkPackets; ++rank) {
      const std::int64_t begin_ns = mill_.now_ns();
      while (mill_.now_ns() < begin_ns + kPacketNs) batch(rank);
    }
  }

  // Returns the worker's time for one batch, per packet.
  double batch(std::uint32_t rank_max = kChunkPackets) {
    TD_ASSERT(mill_.send(rank_max));
    const double ns = static_cast<double>(step()) / kMbufs;
    empty();
    return ns;
  }

  void finish() {
    while (!worker_.finish({mill_.now_ns(), mill_.now_ns()})) empty();
    empty();
  }

  [[nodiscard]] const Mill& mill() const { return mill_; }

  [[nodiscard]] const engine::WorkerCounters& counters() const { return worker_.counters(); }

  [[nodiscard]] const engine::Port& port() const { return port_; }

 private:
  // Two streams are a call.
  void bind(std::uint32_t stream) {
    BindMessage message;
    message.kind = MediaKind::kAudio;
    message.call = {stream / 2 + 1, 1};
    message.recording.bytes[15] = 1;
    store_le(message.recording.bytes.data(), stream / 2);
    message.address = mill_.destination(stream);
    message.time_ns = mill_.now_ns();
    while (!rings_.push_bind(message)) step();
  }

  std::int64_t step() {
    const std::int64_t begin_ns = thread_cpu_ns();
    while (worker_.step({mill_.now_ns(), mill_.now_ns()}) > 0) {
    }
    return thread_cpu_ns() - begin_ns;
  }

  // The null writer and a deaf call plane.
  void empty() {
    while (Chunk* chunk = rings_.pop_chunk()) {
      mill_.read_back(*chunk);
      rings_.take_home(chunk);
    }
    StreamReport report;
    while (rings_.pop_report(report)) {
    }
  }

  engine::Port port_;
  engine::WorkerRings rings_;
  engine::Worker worker_;
  Mill mill_;
};

// Nothing if the worker lost or changed anything.
std::optional<Measured> measure(std::uint32_t streams, const Settings& settings) {
  Measured out;
  out.streams = streams;
  Load load(streams);
  load.warm_up();
  const std::uint64_t sent = load.mill().sent();
  const std::uint64_t patch_ns = load.mill().patch_ns();
  std::vector<double> batches;
  double spent_ns = 0;
  while (spent_ns < settings.seconds * 1e9 || batches.size() < 8) {
    batches.push_back(load.batch());
    spent_ns += batches.back() * kMbufs;
  }
  out.packets = load.mill().sent() - sent;
  out.patch_ns =
      static_cast<double>(load.mill().patch_ns() - patch_ns) / static_cast<double>(out.packets);
  std::sort(batches.begin(), batches.end());
  out.worker_ns = batches[batches.size() / 2];
  out.worker_least_ns = batches.front();
  load.finish();
  std::uint64_t drops = 0;
  for (const Counter& counter : load.counters().drops) drops += counter.value();
  const std::uint64_t bound = load.counters().value(engine::PacketClass::kRtpBound);
  const std::uint32_t wrong = load.mill().wrong_streams();
  if (drops != 0 || bound != load.mill().sent() || wrong != 0) {
    std::fprintf(stderr,
                 "%u streams: %llu packets were dropped, %u streams are not what was sent.\n",
                 streams,
                 static_cast<unsigned long long>(drops),
                 wrong);
    return std::nullopt;
  }
  if (settings.floors) out.floors = measure_floors(load.port(), streams);
  return out;
}

void print(const Measured& row) {
  const Floors& floors = row.floors;
  std::printf("%8u %9.1f %9.1f %7.2f %7.1f",
              row.streams,
              row.worker_ns,
              row.worker_least_ns,
              1e3 / row.worker_ns,
              row.patch_ns);
  for (const double ns : floors.all()) std::printf(" %7.1f", ns);
  std::printf(
      " %7.1f %6.2f\n", floors.sum(), floors.sum() > 0 ? row.worker_ns / floors.sum() : 0.0);
  std::fflush(stdout);
}

nlohmann::json to_json(const Measured& row) {
  nlohmann::json out = {{"streams", row.streams},
                        {"packets", row.packets},
                        {"worker_ns", row.worker_ns},
                        {"worker_least_ns", row.worker_least_ns},
                        {"patch_ns", row.patch_ns},
                        {"floor_sum_ns", row.floors.sum()}};
  for (std::size_t i = 0; i < kFloorNames.size(); ++i) {
    out["floors_ns"][std::string(kFloorNames[i])] = row.floors.all()[i];
  }
  return out;
}

int run(const Settings& settings) {
  const auto eal = engine::Eal::start(
      {.hugepages = settings.hugepages ? engine::HugepageUse::kAuto : engine::HugepageUse::kNo,
       .memory_mib = 1'024});
  if (!eal) {
    std::fprintf(stderr, "%s\n", eal.error().message.c_str());
    return 1;
  }
  std::printf("memory: %s\n", eal->explanation().c_str());
  std::printf("ns a packet; nothing else of it is real: no card, no disk, the writer is null\n");
  std::printf("%8s %9s %9s %7s %7s", "streams", "worker", "least", "Mpps", "patch");
  for (const std::string_view name : kFloorNames) std::printf(" %7s", std::string(name).c_str());
  std::printf(" %7s %6s\n", "floors", "ratio");
  nlohmann::json rows = nlohmann::json::array();
  for (const std::uint32_t streams : settings.streams) {
    const std::optional<Measured> row = measure(streams, settings);
    if (!row) return 1;
    print(*row);
    rows.push_back(to_json(*row));
  }
  if (!settings.json.empty()) {
    std::FILE* file = std::fopen(settings.json.c_str(), "w");
    if (file == nullptr) return 1;
    std::fprintf(file, "%s\n", rows.dump(1).c_str());
    std::fclose(file);
  }
  return 0;
}

}  // namespace
}  // namespace tapdeck::load

int main(int argc, char** argv) {
  tapdeck::load::Settings settings;
  CLI::App app("A whole worker under a load that no cache holds.");
  app.add_option("--streams", settings.streams, "How many at once")->delimiter(',');
  app.add_option("--seconds", settings.seconds, "Of the worker's time, for each");
  app.add_flag("!--no-hugepages", settings.hugepages, "Take none even if there are some");
  app.add_flag("!--no-floors", settings.floors, "Measure the worker only");
  app.add_option("--json", settings.json, "Write all figures here");
  CLI11_PARSE(app, argc, argv);
  return tapdeck::load::run(settings);
}
