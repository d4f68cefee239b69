#include "apps/plane_link.h"

#include <algorithm>
#include <array>
#include <utility>

#include "base/log.h"

namespace tapdeck::apps {
namespace {

constexpr std::size_t kRecordBytes = 2'048;  // a call record with all it holds, about
constexpr std::uint32_t kTakenAtOnceMax =
    256;  // per worker and step, so that timers move in between
constexpr std::uint32_t kReportsTogether = 16;

std::size_t bytes_of(const RecordCommand& command) {
  const auto* messages = std::get_if<KeepMessages>(&command);
  return messages == nullptr ? kRecordBytes : sizeof(RecordCommand) + messages->records.size();
}

}  // namespace

PlaneLink::PlaneLink(std::vector<engine::WorkerRings*> workers,
                     RecordQueues& queues,
                     FragmentPath& fragments,
                     std::size_t backlog_bytes_max,
                     std::size_t events_max)
    : workers_(std::move(workers)),
      queues_(queues),
      fragments_(fragments),
      bind_backlog_(workers_.size()),
      backlog_bytes_max_(backlog_bytes_max),
      events_max_(events_max) {}

void PlaneLink::bind(const BindMessage& message) {
  for (std::size_t i = 0; i < workers_.size(); ++i) {
    if (!bind_backlog_[i].empty() || !workers_[i]->push_bind(message)) {
      bind_backlog_[i].push_back(message);
    }
  }
}

void PlaneLink::keep_messages(const Uid& recording,
                              std::uint16_t retention_class,
                              std::string records) {
  push_command(KeepMessages{recording, retention_class, std::move(records)});
}

void PlaneLink::put_call(CallRecord record) { push_command(std::move(record)); }

void PlaneLink::shred_recording(const Uid& recording) { push_command(ShredRecording{recording}); }

void PlaneLink::shred_messages(const Uid& recording) {
  push_command(ShredRecording{recording, storage::ShredParts::kMessages});
}

void PlaneLink::shred_media(const Uid& recording, const MediaSpan& span, CutCause cause) {
  push_command(ShredMedia{recording, span, cause});
}

void PlaneLink::put_event(EventRecord event) {
  if (event_backlog_.size() >= events_max_) return events_dropped_.add();
  event_backlog_.push_back(std::move(event));
  flush_events();
}

void PlaneLink::tell_pause(const PauseTold& told) {
  if (pause_observer_) pause_observer_(told);
  if (told.change != PauseChange::kEndedByLimit) return;
  log_warning(
      "the recording of call " + to_string(told.uid) +
      " goes on: its pause has lasted as long as it may (calls.pause_limit_s, or limit_s of the "
      "rule)");
}

void PlaneLink::push_command(RecordCommand command) {
  backlog_bytes_ += bytes_of(command);
  command_backlog_.push_back(std::move(command));
  flush_commands();
}

std::uint32_t PlaneLink::step(calls::CallPlane& plane, std::int64_t timer_now_ns) {
  for (std::size_t i = 0; i < workers_.size(); ++i) flush_binds(i);
  flush_commands();
  flush_events();
  std::uint32_t moved = take_reports(plane);
  plane.advance(timer_now_ns);  // what is due comes before what is said now
  if (backlog_bytes_ < backlog_bytes_max_) moved += take_signals(plane, timer_now_ns);
  plane.advance(timer_now_ns);
  return moved;
}

bool PlaneLink::has_backlog() const {
  for (const auto& backlog : bind_backlog_) {
    if (!backlog.empty()) return true;
  }
  return !command_backlog_.empty() || !event_backlog_.empty();
}

std::size_t PlaneLink::count_records_left() const {
  const auto is_record = [](const RecordCommand& command) {
    return std::holds_alternative<CallRecord>(command);
  };
  return static_cast<std::size_t>(
      std::count_if(command_backlog_.begin(), command_backlog_.end(), is_record));
}

std::uint32_t PlaneLink::take_reports(calls::CallPlane& plane) {
  std::uint32_t taken = 0;
  std::array<StreamReport, kReportsTogether> reports;
  for (engine::WorkerRings* rings : workers_) {
    for (std::uint32_t left = kTakenAtOnceMax; left > 0;) {
      std::uint32_t count = 0;
      while (count < std::min(left, kReportsTogether) && rings->pop_report(reports[count])) ++count;
      if (count == 0) break;
      left -= count;
      taken += count;
      for (std::uint32_t i = 0; i < count; ++i) {
        if (observer_ && reports[i].kind == StreamReportKind::kFinal) observer_(reports[i]);
        fragments_.media().observe(reports[i]);
      }
      plane.on_reports({reports.data(), count});
    }
  }
  return taken;
}

std::uint32_t PlaneLink::take_signals(calls::CallPlane& plane, std::int64_t timer_now_ns) {
  fragments_.expire(timer_now_ns, plane);
  std::uint32_t taken = 0;
  for (engine::WorkerRings* rings : workers_) {
    for (std::uint32_t i = 0; i < kTakenAtOnceMax; ++i, ++taken) {
      SignalMessage* message = rings->pop_signal();
      if (message == nullptr) break;
      if (!intake_) {
        // Thrown away.
      } else if (message->kind == SignalKind::kIpFragment) {
        fragments_.take(*message, timer_now_ns, plane);
      } else {
        plane.on_message(*message);
      }
      engine::WorkerRings::release(message);
    }
  }
  return taken;
}

void PlaneLink::flush_binds(std::size_t worker) {
  std::deque<BindMessage>& backlog = bind_backlog_[worker];
  while (!backlog.empty() && workers_[worker]->push_bind(backlog.front())) backlog.pop_front();
}

void PlaneLink::flush_events() {
  while (!event_backlog_.empty() && queues_.events.try_push(event_backlog_.front())) {
    event_backlog_.pop_front();
  }
}

void PlaneLink::flush_commands() {
  while (!command_backlog_.empty()) {
    const std::size_t bytes = bytes_of(command_backlog_.front());
    if (!queues_.to_writer.try_push(command_backlog_.front())) return;
    backlog_bytes_ -= bytes;
    command_backlog_.pop_front();
  }
}

}  // namespace tapdeck::apps
