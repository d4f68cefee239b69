// Joins the call plane to the workers' rings and to the record path: what it says goes out, what
// they say comes in, fragments put together on the way.
//
// Threads: all methods on the call plane's thread.  Memory: a backlog for what a full ring refused.
// Full: bindings and records are retried, never dropped.  The backlog is what signalling lives on
// while the disk stands still, long after media has run out of chunks; when it is as large as it
// may become no more signalling is taken in, and the workers count what they must drop.  Events
// hold nothing up: more than may wait are dropped and counted.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "apps/fragment_path.h"
#include "apps/record_path.h"
#include "engine/rings.h"
#include "pipelines/calls/call_plane.h"

namespace tapdeck::apps {

class PlaneLink final : public calls::CallPlaneSink {
 public:
  static constexpr std::size_t kBacklogBytesMax = std::size_t{256} << 20;
  static constexpr std::size_t kEventsMax = 65'536;  // that wait for the call store

  PlaneLink(std::vector<engine::WorkerRings*> workers,
            RecordQueues& queues,
            FragmentPath& fragments,
            std::size_t backlog_bytes_max = kBacklogBytesMax,
            std::size_t events_max = kEventsMax);

  void bind(const BindMessage& message) override;
  void keep_messages(const Uid& recording,
                     std::uint16_t retention_class,
                     std::string records) override;
  void put_call(CallRecord record) override;
  void put_event(EventRecord event) override;
  void tell_pause(const PauseTold& told) override;
  void shred_recording(const Uid& recording) override;
  void shred_messages(const Uid& recording) override;
  void shred_media(const Uid& recording, const MediaSpan& span, CutCause cause) override;

  [[nodiscard]] bool pass_rtcp(const SignalMessage& packet) override {
    return fragments_.media().give_rtcp(packet);
  }

  // Feeds `plane` with what the workers sent, moves its timers, and sends what it answered.
  // Returns how many things it moved.
  std::uint32_t step(calls::CallPlane& plane, std::int64_t timer_now_ns);

  // Shows `observer` the last report of every stream of a call, before the call plane gets it.
  void observe_final_reports(std::function<void(const StreamReport&)> observer) {
    observer_ = std::move(observer);
  }

  // Shows `observer` what is paused and what goes on.
  void observe_pauses(std::function<void(const PauseTold&)> observer) {
    pause_observer_ = std::move(observer);
  }

  // From now on signalling is thrown away: the service is closing its calls.
  void stop_intake() { intake_ = false; }

  [[nodiscard]] bool has_backlog() const;

  // Call records that have not been passed on.
  [[nodiscard]] std::size_t count_records_left() const;

  // More waited than may.  Any thread.
  [[nodiscard]] std::uint64_t events_dropped() const { return events_dropped_.value(); }

  // Messages and records that wait for the writer, about.
  [[nodiscard]] std::size_t backlog_bytes() const { return backlog_bytes_; }

 private:
  std::uint32_t take_reports(calls::CallPlane& plane);
  std::uint32_t take_signals(calls::CallPlane& plane, std::int64_t timer_now_ns);
  void flush_binds(std::size_t worker);
  void push_command(RecordCommand command);
  void flush_commands();
  void flush_events();

  std::vector<engine::WorkerRings*> workers_;
  RecordQueues& queues_;
  FragmentPath& fragments_;
  bool intake_ = true;
  std::function<void(const StreamReport&)> observer_;
  std::function<void(const PauseTold&)> pause_observer_;
  std::vector<std::deque<BindMessage>> bind_backlog_;  // by worker
  std::deque<RecordCommand> command_backlog_;
  std::size_t backlog_bytes_ = 0;
  const std::size_t backlog_bytes_max_;
  std::deque<EventRecord> event_backlog_;
  const std::size_t events_max_;
  Counter events_dropped_;
};

}  // namespace tapdeck::apps
