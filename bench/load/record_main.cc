// Prints run_record_load().
#include <cstdio>

#include <CLI/CLI.hpp>

#include "bench/load/record_load.h"
#include "engine/eal.h"

int main(int argc, char** argv) {
  using namespace tapdeck::load;
  RecordOptions options;
  options.directory = ".";
  bool prepared = false;
  CLI::App app("A worker's media, recorded to a disk.");
  app.add_option("--dir", options.directory, "On the disk to be measured");
  app.add_option("--streams", options.streams, "How many at once");
  app.add_option("--seconds", options.seconds, "How long");
  app.add_option("--mpps", options.mpps, "Open loop at this rate");
  app.add_flag("--writer-only", prepared, "Chunks made beforehand");
  app.add_flag("!--no-limits", options.limits, "Do not measure fio and openssl");
  app.add_option("--staging-bytes", options.store.staging_bytes, "Of a buffer");
  app.add_option("--staging-buffers", options.store.staging_buffers, "How many");
  app.add_option("--segment-bytes", options.store.segment_bytes, "Of a segment");
  CLI11_PARSE(app, argc, argv);
  if (prepared) options.feed = RecordFeed::kPrepared;
  const auto eal = tapdeck::engine::Eal::start({.memory_mib = 1'024});
  if (!eal) {
    std::fprintf(stderr, "%s\n", eal.error().message.c_str());
    return 1;
  }
  const auto done = run_record_load(options);
  if (!done) {
    std::fprintf(stderr, "%s\n", done.error().message.c_str());
    return 1;
  }
  const RecordResult& r = *done;
  std::printf("%.2f Mpps, %.3f GB/s, %.2f us a chunk in %.2f s%s\n",
              r.mpps(),
              r.bytes_per_second() / 1e9,
              r.seconds * 1e6 / static_cast<double>(r.chunks),
              r.seconds,
              r.direct ? "" : " NOT DIRECT");
  std::printf("cpu: writer %.2f keeper %.2f; worker %.1f ns, patch %.1f ns a packet; waited %.2f\n",
              r.writer_cpu,
              r.keeper_cpu,
              r.worker_ns,
              r.patch_ns,
              r.waited);
  if (options.limits) {
    std::printf("limits: disk %.3f GB/s, gcm %.3f, sha256 %.3f, both %.3f: %.0f %% of the lower\n",
                r.limits.disk / 1e9,
                r.limits.encrypt / 1e9,
                r.limits.hash / 1e9,
                r.limits.crypto() / 1e9,
                100 * r.efficiency());
  }
  std::printf("missed %llu, failed %llu",
              static_cast<unsigned long long>(r.missed),
              static_cast<unsigned long long>(r.chunks_failed));
  for (const auto& [name, count] : r.drops) {
    std::printf(", %s %llu", name.c_str(), static_cast<unsigned long long>(count));
  }
  std::printf("; read back %llu recordings, %llu packets, %u wrong streams\n",
              static_cast<unsigned long long>(r.recordings),
              static_cast<unsigned long long>(r.packets_read),
              r.wrong_streams);
  return 0;
}
