#include "apps/plane_link.h"

#include <gtest/gtest.h>

#include "tests/support/sample_call.h"
#include "tests/support/tunnel_builder.h"
#include "tests/unit/apps/silent_plane.h"
#include "tests/unit/engine/engine_fixture.h"

namespace tapdeck::apps {
namespace {

constexpr std::uint32_t kBindSlots = 8;

// Counts what it is told; the link's other side.
class CountingPlane final : public SilentPlane {
 public:
  void on_message(const SignalMessage& message) override { lengths_.push_back(message.length); }

  void on_reports(std::span<const StreamReport> reports) override {
    for (const StreamReport& report : reports) ssrcs_.push_back(report.ssrc);
  }

  void advance(std::int64_t timer_now_ns) override { now_ns_ = timer_now_ns; }

  std::vector<std::uint32_t> lengths_;
  std::vector<std::uint32_t> ssrcs_;
  std::int64_t now_ns_ = 0;
};

class PlaneLinkTest : public ::testing::Test {
 protected:
  PlaneLinkTest() {
    engine::test_eal();
    for (std::uint16_t worker = 0; worker < 2; ++worker) {
      auto rings = engine::WorkerRings::create({.worker = worker,
                                                .chunk_count = 8,
                                                .chunk_slots = 8,
                                                .bind_slots = kBindSlots,
                                                .report_slots = 8,
                                                .signal_slots = 8,
                                                .small_messages = 7,
                                                .large_messages = 3});
      TD_ASSERT(rings.has_value());
      rings_.push_back(std::make_unique<engine::WorkerRings>(std::move(*rings)));
      pointers_.push_back(rings_.back().get());
    }
    fragments_ = std::move(FragmentPath::create({}, {}, pointers_).value());
    link_ = std::make_unique<PlaneLink>(pointers_, queues_, *fragments_);
  }

  void send_signal(std::size_t worker, std::uint32_t length) {
    SignalMessage* message = rings_[worker]->take_message(length);
    ASSERT_NE(message, nullptr) << "the pool's buffers were not given back";
    message->length = length;
    ASSERT_TRUE(rings_[worker]->push_signal(message));
  }

  void send_fragment(std::size_t worker, const testing::Bytes& packet) {
    const auto length = static_cast<std::uint32_t>(packet.size());
    SignalMessage* message = rings_[worker]->take_message(length);
    ASSERT_NE(message, nullptr);
    message->kind = SignalKind::kIpFragment;
    message->length = length;
    std::memcpy(engine::WorkerRings::bytes_of(message), packet.data(), length);
    ASSERT_TRUE(rings_[worker]->push_signal(message));
  }

  static BindMessage bind_of(std::uint32_t call) {
    BindMessage message;
    message.call = {call, 1};
    return message;
  }

  std::vector<std::uint32_t> bound_calls(std::size_t worker) {
    std::vector<std::uint32_t> calls;
    BindMessage message;
    while (rings_[worker]->pop_bind(message)) calls.push_back(message.call.index);
    return calls;
  }

  std::vector<std::unique_ptr<engine::WorkerRings>> rings_;
  std::vector<engine::WorkerRings*> pointers_;
  RecordQueues queues_{4};
  std::unique_ptr<FragmentPath> fragments_;
  std::unique_ptr<PlaneLink> link_;
  CountingPlane plane_;
};

TEST_F(PlaneLinkTest, BindingsReachEveryWorkerInOrderThoughRingsAreFull) {
  std::vector<std::uint32_t> expected;
  for (std::uint32_t call = 0; call < 3 * kBindSlots; ++call) {
    link_->bind(bind_of(call));
    expected.push_back(call);
  }
  EXPECT_TRUE(link_->has_backlog());
  std::vector<std::uint32_t> first = bound_calls(0);  // worker 1 stalls meanwhile
  for (int i = 0; i < 5; ++i) {
    link_->step(plane_, 1);
    for (const std::uint32_t call : bound_calls(0)) first.push_back(call);
  }
  EXPECT_EQ(first, expected);
  EXPECT_TRUE(link_->has_backlog());
  std::vector<std::uint32_t> second;
  for (int i = 0; i < 5; ++i) {
    for (const std::uint32_t call : bound_calls(1)) second.push_back(call);
    link_->step(plane_, 1);
  }
  EXPECT_EQ(second, expected);
  EXPECT_FALSE(link_->has_backlog());
}

TEST_F(PlaneLinkTest, RecordsWaitForTheWriterInOrder) {
  for (std::uint8_t i = 0; i < 10; ++i) {
    CallRecord record;
    record.version = i;
    link_->put_call(std::move(record));
  }
  EXPECT_TRUE(link_->has_backlog());
  std::uint32_t expected = 0;
  while (expected < 10) {
    auto command = queues_.to_writer.try_pop();
    if (!command) {
      link_->step(plane_, 1);
      command = queues_.to_writer.try_pop();
    }
    ASSERT_TRUE(command);
    EXPECT_EQ(std::get<CallRecord>(*command).version, expected++);
  }
  EXPECT_FALSE(link_->has_backlog());
}

TEST_F(PlaneLinkTest, AnOrderToShredKeepsItsPlaceAmongRecords) {
  link_->keep_messages({}, 0, "before");
  link_->shred_recording(make_uid(1, {7}));
  link_->put_call({});
  ASSERT_TRUE(std::holds_alternative<KeepMessages>(*queues_.to_writer.try_pop()));
  const auto order = queues_.to_writer.try_pop();
  ASSERT_TRUE(order);
  EXPECT_EQ(std::get<ShredRecording>(*order).recording, make_uid(1, {7}));
  EXPECT_EQ(std::get<ShredRecording>(*order).parts, storage::ShredParts::kMedia);
  EXPECT_TRUE(std::holds_alternative<CallRecord>(*queues_.to_writer.try_pop()));
  EXPECT_EQ(link_->backlog_bytes(), 0U);
}

TEST_F(PlaneLinkTest, EventsThatTheCallStoreDoesNotTakeAreDroppedAndCounted) {
  PlaneLink link(pointers_, queues_, *fragments_, 10'000, 2);
  for (std::uint32_t i = 0; i < 4 + 2 + 3; ++i) {
    EventRecord event;
    event.requests = i;
    link.put_event(std::move(event));
  }
  EXPECT_EQ(link.events_dropped(), 3U);
  EXPECT_TRUE(link.has_backlog());
  for (std::uint32_t i = 0; i < 6; ++i) {
    const auto event = queues_.events.try_pop();
    ASSERT_TRUE(event);
    EXPECT_EQ(event->requests, i);
    link.step(plane_, 1);
  }
  EXPECT_FALSE(link.has_backlog());
}

TEST_F(PlaneLinkTest, ALongBacklogStopsTheIntakeUntilItIsShort) {
  PlaneLink link(pointers_, queues_, *fragments_, 10'000);
  for (int i = 0; i < 4 + 10; ++i) link.keep_messages({}, 0, std::string(1'000, 'x'));
  EXPECT_GE(link.backlog_bytes(), 10'000U);
  send_signal(0, 100);
  link.step(plane_, 1);
  EXPECT_TRUE(plane_.lengths_.empty());
  while (link.backlog_bytes() >= 10'000) {
    EXPECT_TRUE(plane_.lengths_.empty());
    ASSERT_TRUE(queues_.to_writer.try_pop());
    link.step(plane_, 2);
  }
  EXPECT_EQ(plane_.lengths_.size(), 1U);
  while (link.has_backlog()) {
    ASSERT_TRUE(queues_.to_writer.try_pop());
    link.step(plane_, 3);
  }
  EXPECT_EQ(link.backlog_bytes(), 0U);
}

TEST_F(PlaneLinkTest, FragmentsOfTwoWorkersMakeOneMessage) {
  using namespace testing;
  const Bytes datagram = udp(5'060, Bytes(100, 'x'));
  Bytes first = ipv4(17, Bytes(datagram.begin(), datagram.begin() + 64));
  Bytes last = ipv4(17, Bytes(datagram.begin() + 64, datagram.end()));
  store_be(first.data() + 6, std::uint16_t{0x2000});
  store_be(last.data() + 6, std::uint16_t{64 / 8});
  send_fragment(1, last);
  link_->step(plane_, 1);
  EXPECT_TRUE(plane_.lengths_.empty());
  send_fragment(0, first);
  link_->step(plane_, 2);
  EXPECT_EQ(plane_.lengths_, std::vector<std::uint32_t>{100});
  store_be(first.data() + 4, std::uint16_t{7});
  send_fragment(0, first);
  link_->step(plane_, 3);
  link_->step(plane_, 3 + 30'000'000'000);
  EXPECT_EQ(fragments_->counters().value(engine::ReassemblyCount::kTimedOut), 1U);
}

TEST_F(PlaneLinkTest, SignalsAreHandedOnAndTheirBuffersGivenBack) {
  for (std::uint32_t round = 0; round < 20; ++round) {  // more than the pool has
    send_signal(0, 100);
    send_signal(1, 200);
    EXPECT_EQ(link_->step(plane_, round), 2U);
  }
  EXPECT_EQ(plane_.lengths_.size(), 40U);
  EXPECT_EQ(plane_.now_ns_, 19);
}

TEST_F(PlaneLinkTest, AClosingServiceThrowsSignalsAwayButTakesReports) {
  link_->stop_intake();
  for (std::uint32_t round = 0; round < 20; ++round) {
    send_signal(0, 100);
    StreamReport report;
    report.ssrc = round;
    ASSERT_TRUE(rings_[0]->push_report(report));
    link_->step(plane_, round);
  }
  EXPECT_TRUE(plane_.lengths_.empty());
  EXPECT_EQ(plane_.ssrcs_.size(), 20U);
}

TEST_F(PlaneLinkTest, TheObserverSeesFinalReportsOnly) {
  std::vector<std::uint32_t> seen;
  link_->observe_final_reports([&](const StreamReport& report) { seen.push_back(report.ssrc); });
  StreamReport report;
  report.ssrc = 1;
  report.kind = StreamReportKind::kFinal;
  ASSERT_TRUE(rings_[0]->push_report(report));
  report.ssrc = 2;
  report.kind = StreamReportKind::kActivity;
  ASSERT_TRUE(rings_[1]->push_report(report));
  link_->step(plane_, 1);
  EXPECT_EQ(seen, std::vector<std::uint32_t>{1});
  EXPECT_EQ(plane_.ssrcs_.size(), 2U);
}

}  // namespace
}  // namespace tapdeck::apps
