// After a worker's creation nothing is allocated, whatever packets come.
#include <cstdlib>

#include <gtest/gtest.h>

#include "tests/unit/engine/engine_fixture.h"

namespace {

std::uint64_t allocations = 0;

}  // namespace

// g++ names its sanitizers by macros, clang by features.  They have an allocator of their own.
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define TD_COUNTS_ALLOCATIONS 0
#elif defined(__has_feature)
#define TD_COUNTS_ALLOCATIONS \
  (!__has_feature(address_sanitizer) && !__has_feature(thread_sanitizer))
#else
#define TD_COUNTS_ALLOCATIONS 1
#endif

// glibc's own allocator under a counter: operator new, and DPDK's C code, end here.
#if TD_COUNTS_ALLOCATIONS
extern "C" {
void* __libc_malloc(std::size_t);
void* __libc_calloc(std::size_t, std::size_t);

void* malloc(std::size_t bytes) noexcept {
  ++allocations;
  return __libc_malloc(bytes);
}

void* calloc(std::size_t count, std::size_t bytes) noexcept {
  ++allocations;
  return __libc_calloc(count, bytes);
}
}
#endif

namespace tapdeck::engine {
namespace {

#if TD_COUNTS_ALLOCATIONS
// Enqueues one frame of each kind that takes another way through the worker.
void send_all_kinds(Bench& bench, std::uint16_t round) {
  using testing::PacketBuilder;
  const auto rtp = [&](std::uint16_t port, std::uint32_t ssrc, std::uint16_t sequence) {
    bench.send(PacketBuilder()
                   .ipv4("192.0.2.1", "192.0.2.2")
                   .udp(4'000, port)
                   .rtp({.sequence = sequence, .timestamp = sequence * 160U, .ssrc = ssrc})
                   .bytes());
  };
  rtp(5'000, 1, round);                                  // of a call
  rtp(5'000, 2, static_cast<std::uint16_t>(round * 2));  // of a call, with losses
  rtp(5'000, round + 100U, round);                       // a new stream each time
  rtp(6'000, 3, round);                                  // quarantined
  rtp(6'000, round + 100U, round);                       // never proven
  bench.send(PacketBuilder()
                 .ipv4("192.0.2.1", "192.0.2.2")
                 .udp(4'001, 5'001)
                 .rtcp_sender_report(1, 2, 3, 4)
                 .bytes());
  bench.send(PacketBuilder()
                 .vlan(5)
                 .ipv6("2001:db8::1", "2001:db8::2")
                 .udp(4'000, 5'000)
                 .rtp({.sequence = round, .ssrc = 9})
                 .bytes());
  bench.send(PacketBuilder()
                 .ipv4("192.0.2.1", "192.0.2.2")
                 .udp(5'060, 5'060)
                 .text("OPTIONS sip:a SIP/2.0\r\n\r\n")
                 .bytes());
  bench.send(PacketBuilder()
                 .ipv4("192.0.2.1", "192.0.2.2")
                 .udp(7'000, 8'000)
                 .text("OPTIONS sip:a SIP/2.0\r\n\r\n")
                 .bytes());
  bench.send(tcp_frame({.source_port = round, .destination_port = 8'000},
                       "OPTIONS sip:a SIP/2.0\r\n\r\n"));
}

TEST(HotPath, AllocatesNothing) {
  Bench bench({.rings = {.chunk_count = 512,
                         .chunk_slots = 512,
                         .bind_slots = 256,
                         .report_slots = 4'096,
                         .signal_slots = 256,
                         .small_messages = 127,
                         .large_messages = 7}});
  bench.tell(BindOperation::kBind, 1, "192.0.2.2:5000");
  const std::uint64_t at_start = allocations;
  EXPECT_GT(at_start, 0U);  // the counter is in place
  std::uint64_t spent = 0;
  for (std::uint16_t round = 1; round <= 400; ++round) {
    send_all_kinds(bench, round);
    const auto message = bench.message(BindOperation::kBind, 2, "192.0.2.2:7000");
    ASSERT_TRUE(bench.rings_->push_bind(message));
    bench.wait_ms(50);
    const std::uint64_t before = allocations;
    bench.step();
    while (SignalMessage* signal = bench.rings_->pop_signal()) WorkerRings::release(signal);
    while (Chunk* chunk = bench.rings_->pop_chunk()) bench.rings_->take_home(chunk);
    StreamReport report;
    while (bench.rings_->pop_report(report)) {
    }
    spent += allocations - before;
  }
  EXPECT_EQ(spent, 0U);
  EXPECT_GT(bench.count(PacketClass::kRtpBound), 1'000U);
  EXPECT_GT(bench.count(PacketClass::kRtpQuarantined), 0U);
}

#endif

}  // namespace
}  // namespace tapdeck::engine
