// What a configuration takes of a machine: the memory of real rings and a real worker made of it.
#include "apps/options.h"

#include <fstream>
#include <string>
#include <unistd.h>

#include <gtest/gtest.h>
#include <rte_malloc.h>

#include "base/clock.h"
#include "base/sanitizer.h"
#include "config/schema.h"
#include "engine/rings.h"
#include "engine/worker.h"
#include "tests/unit/engine/engine_fixture.h"

namespace tapdeck::apps {
namespace {

constexpr std::uint32_t kStreams = 100'000;

// What was asked of the kernel, touched or not.
std::uint64_t address_space() {
  std::uint64_t pages = 0;
  std::ifstream("/proc/self/statm") >> pages;
  return pages * static_cast<std::uint64_t>(sysconf(_SC_PAGESIZE));
}

std::uint64_t heap_in_use() {
  rte_malloc_socket_stats stats{};
  EXPECT_EQ(rte_malloc_get_socket_stats(0, &stats), 0);
  return stats.heap_allocsz_bytes;
}

// Live, a power cut costs at most so much; a capture is read again.
TEST(Options, OnlyLiveChunksAreInAHurry) {
  const config::Config config;
  EXPECT_EQ(live_options(config, 0).worker.flush_interval_ns, 5 * kNsPerSecond);
  EXPECT_EQ(offline_options(config, 0, 1).worker.flush_interval_ns, 60 * kNsPerSecond);
}

TEST(Options, TcpAndFragmentsTakeWhatIsConfigured) {
  config::Config config;
  config.decode.tcp_connections_max = 17;
  config.decode.tcp_memory_mib = 5'000;
  config.decode.tcp_gap_ms = 30;
  config.decode.tcp_idle_s = 40;
  config.decode.fragment_packets_max = 18;
  config.decode.fragment_memory_mib = 2;
  for (const PipelineOptions& options : {live_options(config, 0), offline_options(config, 0, 1)}) {
    EXPECT_EQ(options.calls.tcp.connections_max, 17U);
    EXPECT_EQ(options.calls.tcp.bytes_max, std::size_t{5'000} << 20);
    EXPECT_EQ(options.calls.tcp.gap_ns, 30 * kNsPerMs);
    EXPECT_EQ(options.calls.tcp.idle_ns, 40 * kNsPerSecond);
    EXPECT_EQ(options.fragments.packets_max, 18U);
    EXPECT_EQ(options.fragments.block_count, 1'024U);
  }
}

// A 10GbE port's worth of streams, with as many chunks for each as the defaults have: those that
// absorb a second of stalled disk included.
TEST(Options, AStreamTakesAtMost28KiB) {
  if (kAddressSanitizer) return;  // takes address space of its own for every block
  engine::test_eal();
  config::Config config;
  config.streams.chunk_count = static_cast<std::uint32_t>(
      std::uint64_t{kStreams} * config.streams.chunk_count / config.streams.stream_count_max);
  config.streams.stream_count_max = kStreams;
  config.calls.calls_max = kStreams / 2;
  config.capture.workers = 1;
  const PipelineOptions options = live_options(config, 0);
  const std::uint64_t space_before = address_space();
  const std::uint64_t heap_before = heap_in_use();
  auto rings = engine::WorkerRings::create(options.rings);
  ASSERT_TRUE(rings) << rings.error().message;
  const auto worker = engine::Worker::create(options.worker, *rings);
  ASSERT_TRUE(worker) << worker.error().message;
  const std::uint64_t space = address_space() - space_before;
  const std::uint64_t heap = heap_in_use() - heap_before;
  RecordProperty("bytes_per_stream", std::to_string((space + heap) / kStreams));
  EXPECT_LE((space + heap) / kStreams, 28U * 1'024) << space << " + " << heap << " bytes";
  EXPECT_GT(space, std::uint64_t{config.streams.chunk_count} * sizeof(Chunk));  // it was measured
}

}  // namespace
}  // namespace tapdeck::apps
