#include "engine/worker.h"

#include <cstdlib>
#include <cstring>
#include <new>

#include <gtest/gtest.h>
#include <rte_mbuf_dyn.h>
#include <rte_ring.h>

#include "engine/worker_state.h"
#include "tests/unit/engine/engine_fixture.h"

namespace {

thread_local bool counting_allocations = false;
thread_local int counted_allocations = 0;

}  // namespace

void* operator new(std::size_t size) {
  if (counting_allocations) ++counted_allocations;
  if (void* memory = std::malloc(size)) return memory;
  std::abort();
}

// Hyperscan's; the library's own would not fit to the delete below.
void* operator new(std::size_t size, const std::nothrow_t&) noexcept { return std::malloc(size); }

void operator delete(void* memory) noexcept { std::free(memory); }

void operator delete(void* memory, std::size_t) noexcept { std::free(memory); }

namespace tapdeck::engine {
namespace {

using testing::PacketBuilder;

PacketBuilder to_sip_port() {
  return PacketBuilder().ipv4("192.0.2.1", "192.0.2.2").udp(5060, 5060);
}

TEST(Worker, SipIsCopiedWithItsTimeAndAddresses) {
  Bench bench;
  bench.time_ms_ = 5;
  const std::string text = "OPTIONS sip:x SIP/2.0\r\n\r\n";
  bench.send(
      PacketBuilder().vlan(9).ipv4("192.0.2.1", "192.0.2.2").udp(5060, 5061).text(text).bytes());
  bench.step();
  SignalMessage* message = bench.rings_->pop_signal();
  ASSERT_NE(message, nullptr);
  EXPECT_EQ(as_text(message->view()), text);
  EXPECT_EQ(message->time_ns, kStartNs + 5 * kNsPerMs);
  EXPECT_EQ(message->order, 1U);
  EXPECT_EQ(message->vlan, 9);
  EXPECT_EQ(to_string(message->source), "192.0.2.1:5060");
  EXPECT_EQ(to_string(message->destination), "192.0.2.2:5061");
  WorkerRings::release(message);
  EXPECT_EQ(bench.count(PacketClass::kSip), 1U);
}

TEST(Worker, ATcpSegmentOfSignallingIsCopiedWithItsPlaceInTheStream) {
  Bench bench;
  const auto segment = [](std::uint32_t sequence, std::uint8_t flags, std::string_view text) {
    return tcp_frame({.sequence = sequence, .flags = flags}, text);
  };
  auto cut = segment(100, kTcpAck, "part of a message");
  cut.resize(cut.size() - 7);
  bench.send(cut, static_cast<std::uint32_t>(cut.size() + 7));
  bench.send(segment(117, kTcpAck, ""));
  bench.send(segment(117, kTcpFin | kTcpAck, ""));
  bench.step();
  SignalMessage* message = bench.rings_->pop_signal();
  ASSERT_NE(message, nullptr);
  EXPECT_EQ(message->transport, SignalTransport::kTcp);
  EXPECT_EQ(as_text(message->view()), "part of a ");
  EXPECT_EQ(message->missing_bytes, 7U);
  EXPECT_EQ(message->tcp_sequence, 100U);
  EXPECT_EQ(message->tcp_flags, kTcpAck);
  EXPECT_EQ(to_string(message->source), "192.0.2.1:40000");
  WorkerRings::release(message);
  message = bench.rings_->pop_signal();
  ASSERT_NE(message, nullptr);
  EXPECT_EQ(message->tcp_flags, kTcpFin | kTcpAck);
  EXPECT_EQ(message->length, 0U);
  WorkerRings::release(message);
  EXPECT_EQ(bench.rings_->pop_signal(), nullptr) << "nothing is learnt from an acknowledgement";
  EXPECT_EQ(bench.count(PacketClass::kSipTcp), 2U);
  EXPECT_EQ(bench.count(PacketClass::kTcp), 1U);
  EXPECT_EQ(bench.class_sum(), 3U);
}

TEST(Worker, ASixtyKilobyteMessageInAChainOfBuffersArrivesWhole) {
  Bench bench;
  std::string text = "INVITE sip:x SIP/2.0\r\n";
  while (text.size() < 60'000) text += std::to_string(text.size()) + ' ';
  bench.send(to_sip_port().text(text).bytes());
  bench.step();
  SignalMessage* message = bench.rings_->pop_signal();
  ASSERT_NE(message, nullptr);
  EXPECT_TRUE(as_text(message->view()) == text);
  WorkerRings::release(message);
}

TEST(Worker, MessagesBeyondTheBuffersAreCountedAndBuffersComeBack) {
  Bench bench;
  const auto frame = to_sip_port().text("BYE sip:x SIP/2.0\r\n").bytes();
  constexpr unsigned kBuffers = 127 + 7;
  for (unsigned i = 0; i < kBuffers + 3; ++i) {
    bench.send(frame);
    bench.step();
  }
  EXPECT_EQ(bench.count(DropReason::kNoMessageBuffer), 3U);
  unsigned popped = 0;
  while (SignalMessage* message = bench.rings_->pop_signal()) {
    WorkerRings::release(message);
    ++popped;
  }
  EXPECT_EQ(popped, kBuffers);
  bench.send(frame);
  bench.step();
  SignalMessage* message = bench.rings_->pop_signal();
  ASSERT_NE(message, nullptr);
  WorkerRings::release(message);
  EXPECT_EQ(bench.count(PacketClass::kSip), kBuffers + 4U) << "dropped ones have a class too";
}

TEST(Worker, MessagesBeyondTheRingAreCounted) {
  BenchOptions options;
  options.rings.signal_slots = 16;  // of which one stays free
  Bench bench(options);
  for (int i = 0; i < 20; ++i) bench.send(to_sip_port().text("BYE sip:x SIP/2.0\r\n").bytes());
  bench.step();
  EXPECT_EQ(bench.count(DropReason::kSignalRingFull), 5U);
  EXPECT_EQ(bench.count(DropReason::kNoMessageBuffer), 0U) << "their buffers come back";
  while (SignalMessage* message = bench.rings_->pop_signal()) WorkerRings::release(message);
}

TEST(Worker, AHardwareClockThatJumpsIsCounted) {
  Bench bench;
  int offset = 0;
  std::uint64_t flag = 0;
  ASSERT_EQ(rte_mbuf_dyn_rx_timestamp_register(&offset, &flag), 0);
  WorkerOptions options = BenchOptions().worker;
  options.sources = {make_source(*bench.port_, 0)};
  options.sources[0].has_notes = false;
  options.sources[0].timestamp_offset = offset;
  options.sources[0].timestamp_flag = flag;
  Result<Worker> worker = Worker::create(options, *bench.rings_);
  ASSERT_TRUE(worker);
  for (const std::uint64_t ticks : {1'000U, 2'000U, 3'000'000'000U}) {
    rte_mbuf* packet = rte_pktmbuf_alloc(bench.port_->pool());
    ASSERT_NE(packet, nullptr);
    packet->data_len = 60;
    packet->pkt_len = 60;
    std::memset(rte_pktmbuf_mtod(packet, void*), 0, 60);
    packet->ol_flags |= flag;
    *RTE_MBUF_DYNFIELD(packet, offset, rte_mbuf_timestamp_t*) = ticks;
    ASSERT_EQ(rte_ring_enqueue(bench.port_->rings()[0], packet), 0);
    worker->step({kStartNs, kStartNs});
  }
  EXPECT_EQ(worker->counters().value(DropReason::kClockAlarm), 1U);
}

TEST(Worker, EveryPacketHasExactlyOneClass) {
  Bench bench;
  const auto udp = [] { return PacketBuilder().ipv4("192.0.2.1", "192.0.2.2").udp(1000, 2000); };
  bench.send(to_sip_port().text("\r\n").bytes());
  bench.send(to_sip_port().text("x").bytes());
  bench.send(udp().text("hello").bytes());
  bench.send(udp().text("HEP3....").bytes());
  bench.send(tcp_frame({.source_port = 1'000, .destination_port = 2'000}, ""));
  bench.send(udp().rtp({.sequence = 1}).bytes());
  bench.send(udp().rtp({.sequence = 2}).bytes());
  bench.send(udp().rtcp_sender_report(1, 2, 3, 4).bytes());
  bench.send(PacketBuilder().ipv4("192.0.2.1", "192.0.2.2").protocol(1).udp(5060, 5060).bytes());
  bench.send({1, 2, 3});
  bench.step();
  EXPECT_EQ(bench.worker_->counters().rx_packets.value(), 10U);
  EXPECT_EQ(bench.class_sum(), 10U);
  for (const PacketClass one : {PacketClass::kSipKeepalive,
                                PacketClass::kSip,
                                PacketClass::kOtherUdp,
                                PacketClass::kHep,
                                PacketClass::kTcp,
                                PacketClass::kRtpProbation,
                                PacketClass::kRtpQuarantined,
                                PacketClass::kRtcp,
                                PacketClass::kIcmp,
                                PacketClass::kMalformedLink}) {
    EXPECT_EQ(bench.count(one), 1U) << static_cast<int>(one);
  }
  while (SignalMessage* message = bench.rings_->pop_signal()) WorkerRings::release(message);
}

TEST(Worker, StepAllocatesNothing) {
  Bench bench;
  std::vector<std::vector<std::uint8_t>> frames;
  for (std::uint16_t i = 0; i < 400; ++i) {
    frames.push_back(PacketBuilder()
                         .ipv4("192.0.2.1", "192.0.2.2")
                         .udp(4'000, static_cast<std::uint16_t>(5'000 + i % 40))
                         .rtp({.sequence = static_cast<std::uint16_t>(i / 40)})
                         .bytes());
  }
  frames.push_back(to_sip_port().text("BYE sip:x SIP/2.0\r\n").bytes());
  const BindMessage bind = bench.message(BindOperation::kBind, 1, "192.0.2.2:5001");
  const BindMessage release = bench.message(BindOperation::kRelease, 1, nullptr);
  counting_allocations = true;
  for (const auto& frame : frames) {
    bench.send(frame);
    bench.step();
    if (&frame == &frames[200]) TD_ASSERT(bench.rings_->push_bind(bind));
    if (&frame == &frames[350]) TD_ASSERT(bench.rings_->push_bind(release));
  }
  bench.wait_ms(60'000);
  bench.step();
  counting_allocations = false;
  EXPECT_EQ(counted_allocations, 0);
  EXPECT_GT(bench.count(PacketClass::kRtpBound), 0U);
  WorkerRings::release(bench.rings_->pop_signal());
}

// What the call plane's thread sends back: an RTP packet of the bench's stream, or an RTCP report.
void give_back(Bench& bench, SignalKind kind, ByteView payload, std::int64_t time_ms) {
  SignalMessage* message = bench.rings_->returned().take();
  ASSERT_NE(message, nullptr);
  message->kind = kind;
  message->time_ns = kStartNs + time_ms * kNsPerMs;
  message->source = *parse_endpoint("192.0.2.1:4000");
  message->destination = *parse_endpoint("192.0.2.2:5000");
  message->length = static_cast<std::uint32_t>(payload.size());
  std::memcpy(const_cast<std::uint8_t*>(message->bytes), payload.data(), payload.size());
  bench.rings_->returned().push(message);
}

TEST(Worker, RtpThatComesBackJoinsItsStreamAndCountsAsNoPacket) {
  Bench bench;
  bench.tell(BindOperation::kBind, 1, "192.0.2.2:5000");
  bench.rtp(1);
  bench.wait_ms(40);
  bench.rtp(3);
  std::array<std::uint8_t, 1'500> packet{};
  packet[0] = 0x80;
  packet[3] = 2;   // sequence
  packet[11] = 1;  // SSRC
  give_back(bench, SignalKind::kRtp, packet, 20);
  bench.wait_ms(20);
  bench.rtp(4);
  EXPECT_EQ(bench.class_sum(), 3U);
  bench.tell(BindOperation::kRelease, 1, nullptr);
  const StreamReport final = bench.reports().at(1);
  EXPECT_EQ(final.kind, StreamReportKind::kFinal);
  EXPECT_EQ(final.statistics.packet_count, 4U);
  EXPECT_EQ(final.statistics.lost_count(), 0);
  EXPECT_EQ(final.statistics.reordered_count, 0U) << "it was late on its way to us only";
  const auto chunks = bench.chunks();
  ASSERT_EQ(chunks.size(), 1U);
  EXPECT_EQ(records_of(*chunks[0]).at(2).bytes.size(), 1'500U);
}

TEST(Worker, RtcpThatComesBackIsRead) {
  Bench bench;
  bench.tell(BindOperation::kBind, 1, "192.0.2.2:5000");
  const std::array<std::uint8_t, 32> report{0x81, 201, 0, 7, 0, 0, 0, 5, 0, 0, 0, 77, 64};
  give_back(bench, SignalKind::kRtcp, report, 0);
  bench.step();
  const auto reports = bench.reports();
  ASSERT_EQ(reports.size(), 1U);
  EXPECT_EQ(reports[0].kind, StreamReportKind::kRtcp);
  EXPECT_EQ(reports[0].ssrc, 77U);
  EXPECT_EQ(reports[0].rtcp.fraction_lost, 64);
  EXPECT_EQ(bench.class_sum(), 0U);
}

TEST(Worker, ATooSmallHeapIsAnErrorNotACrash) {
  Bench bench;
  WorkerOptions options;
  options.streams_max = 1U << 27;  // some 100 GiB of tables: more than the kernel promises
  const Result<Worker> worker = Worker::create(options, *bench.rings_);
  ASSERT_FALSE(worker);
  EXPECT_EQ(worker.error().code, ErrorCode::kResources);
}

TEST(PortClock, TheFastestPacketSetsTheOffsetAndAJumpIsAnAlarm) {
  PortClock clock;
  std::int64_t utc = 0;
  const std::int64_t host = kStartNs;
  EXPECT_TRUE(hardware_to_host(clock, 1'000, host + 5'000, utc));  // waited 4 us
  EXPECT_TRUE(hardware_to_host(clock, 2'000, host + 2'000, utc));  // waited 0
  EXPECT_EQ(utc, host + 2'000);
  EXPECT_TRUE(hardware_to_host(clock, 3'000, host + 9'000, utc));
  EXPECT_EQ(utc, host + 3'000);
  EXPECT_FALSE(hardware_to_host(clock, 4'000, host + 3 * kNsPerSecond, utc));
  EXPECT_EQ(utc, host + 3 * kNsPerSecond);
  EXPECT_TRUE(hardware_to_host(clock, 5'000, host + 3 * kNsPerSecond + 1'000, utc));
  EXPECT_FALSE(hardware_to_host(clock, 9 * kNsPerSecond, host + 3 * kNsPerSecond, utc));
}

}  // namespace
}  // namespace tapdeck::engine
