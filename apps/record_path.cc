#include "apps/record_path.h"

#include <algorithm>
#include <set>

namespace tapdeck::apps {
namespace {

constexpr std::size_t kBatchChunks = 16;     // announced to the segments at once
constexpr std::size_t kCommandsMax = 1'024;  // taken from the queue at once

// The call plane knows what workers lost; what the disk refused is known only now.
void apply_summary(const storage::RecordingSummary& summary, CallRecord& record) {
  RecordingInfo& recording = record.recording;
  recording.sha256 = summary.sha256;
  if (summary.lost.empty()) return;
  for (const storage::LostMedia& lost : summary.lost) {
    recording.gaps.push_back({lost.from_us, lost.to_us, "loss_by_us", lost.packets});
  }
  std::stable_sort(
      recording.gaps.begin(),
      recording.gaps.end(),
      [](const RecordingGap& a, const RecordingGap& b) { return a.from_us < b.from_us; });
  if (recording.state == RecordingState::kNotRecorded) return;
  if (summary.bytes == 0) {
    recording.state = RecordingState::kNotRecorded;
    recording.reasons = {RecordingReason::kResources};
    recording.duration_ms = 0;
    return;
  }
  recording.state = RecordingState::kRecordedWithGaps;
  std::set<RecordingReason> reasons(recording.reasons.begin(), recording.reasons.end());
  reasons.insert(RecordingReason::kLossByUs);
  recording.reasons.assign(reasons.begin(), reasons.end());
}

}  // namespace

void RecordFigures::note(storage::AppendVerdict verdict, Chunk& chunk) {
  switch (verdict) {
    case storage::AppendVerdict::kTaken: chunks_written.add(); break;
    case storage::AppendVerdict::kAbandoned:
      chunks_abandoned.add();
      chunk.section = {};
      chunk.records = {};
      break;
    default: chunks_failed.add();
  }
}

RecordWriter::RecordWriter(storage::SegmentWriter& segments,
                           std::vector<engine::WorkerRings*> workers,
                           RecordQueues& queues,
                           RecordFigures& figures)
    : segments_(segments),
      workers_(std::move(workers)),
      queues_(queues),
      figures_(figures),
      written_(workers_.size(), 0) {
  batch_.reserve(kBatchChunks);
}

bool RecordWriter::is_idle() const {
  if (!commands_.empty() || !endings_.empty() || batch_at_ < batch_.size()) return false;
  if (queues_.to_writer.size() != 0) return false;
  for (const engine::WorkerRings* rings : workers_) {
    if (rings->chunk_count() != 0) return false;
  }
  return true;
}

std::uint32_t RecordWriter::step(std::int64_t timer_now_ns) {
  moved_ = segments_.step(timer_now_ns);
  pass_finals();
  handle_commands();
  write_chunks();
  end_calls();
  return moved_;
}

// Commands first, ring counts second: a chunk that a worker pushed before the call plane spoke is
// then counted, and is written before the call ends.
void RecordWriter::handle_commands() {
  while (commands_.size() < kCommandsMax) {
    std::optional<RecordCommand> command = queues_.to_writer.try_pop();
    if (!command) break;
    if (const auto* order = std::get_if<ShredMedia>(&*command)) note_cut(*order);
    commands_.push_back(std::move(*command));
  }
  Ending ending;
  while (!commands_.empty() && handle(commands_.front(), ending)) {
    commands_.pop_front();
    ++moved_;
  }
  if (ending.records.empty()) return;
  ending.chunks = chunks_so_far();
  endings_.push_back(std::move(ending));
}

bool RecordWriter::handle(RecordCommand& command, Ending& ending) {
  if (auto* messages = std::get_if<KeepMessages>(&command)) return keep_messages(*messages);
  if (const auto* order = std::get_if<ShredRecording>(&command)) return shred(*order);
  if (const auto* order = std::get_if<ShredMedia>(&command)) return shred(*order);
  auto* record = std::get_if<CallRecord>(&command);
  if (record == nullptr) return true;
  if (!record->final) return queues_.to_keeper.try_push(*record);
  if (ending_count_ >= queues_.to_keeper.capacity()) return false;
  ending.records.push_back(std::move(*record));
  ++ending_count_;
  return true;
}

std::vector<std::uint64_t> RecordWriter::chunks_so_far() const {
  std::vector<std::uint64_t> chunks(workers_.size());
  for (std::size_t i = 0; i < workers_.size(); ++i) {
    chunks[i] = written_[i] + workers_[i]->chunk_count();
  }
  for (std::size_t at = batch_at_; at < batch_.size(); ++at) ++chunks[batch_[at]->worker];
  return chunks;
}

// Until the disk is busy.
void RecordWriter::write_chunks() {
  if (!write_batch()) return;
  for (engine::WorkerRings* rings : workers_) {
    for (std::uint32_t left = rings->chunk_count(); left > 0;) {
      left -= take_batch(*rings, left);
      if (!write_batch()) return;
    }
  }
}

std::uint32_t RecordWriter::take_batch(engine::WorkerRings& rings, std::uint32_t most) {
  batch_.clear();
  batch_at_ = 0;
  while (batch_.size() < std::min<std::size_t>(most, kBatchChunks)) {
    batch_.push_back(rings.pop_chunk());
    TD_ASSERT(batch_.back() != nullptr);
    if (!cuts_.empty()) cut(*batch_.back());
  }
  segments_.announce(batch_);
  return static_cast<std::uint32_t>(batch_.size());
}

bool RecordWriter::write_batch() {
  for (; batch_at_ < batch_.size(); ++batch_at_) {
    Chunk* chunk = batch_[batch_at_];
    const storage::AppendVerdict verdict = segments_.try_append(*chunk);
    if (verdict == storage::AppendVerdict::kBusy) return false;
    figures_.note(verdict, *chunk);
    ++moved_;
    ++written_[chunk->worker];
    workers_[chunk->worker]->take_home(chunk);
  }
  return true;
}

bool RecordWriter::keep_messages(const KeepMessages& messages) {
  const storage::AppendVerdict verdict =
      segments_.try_append_messages(messages.recording, messages.retention_class, messages.records);
  note_messages(verdict);
  return verdict != storage::AppendVerdict::kBusy;
}

void RecordWriter::note_messages(storage::AppendVerdict verdict) {
  if (verdict == storage::AppendVerdict::kFailed) figures_.messages_failed.add();
  if (verdict == storage::AppendVerdict::kAbandoned) figures_.messages_abandoned.add();
}

// A tally is of no call: it has no messages, and nothing may stand in files beside those of calls
// of that moment.
bool RecordWriter::keep_beside_messages(CallRecord& record) {
  if (record.call_id.empty()) return true;
  apply_summary(segments_.sum_up(record), record);
  const storage::AppendVerdict verdict = segments_.try_append_record(record);
  note_messages(verdict);
  return verdict != storage::AppendVerdict::kBusy;
}

// Twice is once, when the keeper's queue is full.
bool RecordWriter::shred(const ShredRecording& order) {
  segments_.abandon(order.recording, order.parts);
  ShredOrder passed = order;
  return queues_.shreds.try_push(passed);
}

// As soon as it is heard of: what bounds an earlier order must not wait for what the call store
// holds up, while chunks are written.
void RecordWriter::note_cut(const ShredMedia& order) {
  std::vector<MediaSpan>& cuts = cuts_[order.recording];
  const auto same = std::find_if(cuts.begin(), cuts.end(), [&order](const MediaSpan& known) {
    return known.from_us == order.span.from_us && known.video_only == order.span.video_only;
  });
  if (same == cuts.end()) {
    cuts.push_back(order.span);
  } else {
    *same = order.span;
  }
}

// What has been written is made durable first: nothing else can be found and destroyed.  That waits
// for the disk, but there are few of these, and chunks wait in the rings meanwhile.
bool RecordWriter::shred(const ShredMedia& order) {
  if (queues_.shreds.size() >= queues_.shreds.capacity()) return false;
  const std::span<Chunk*> waiting = std::span(batch_).subspan(batch_at_);
  for (Chunk* chunk : waiting) cut(*chunk);
  if (!waiting.empty()) segments_.announce(waiting);
  static_cast<void>(segments_.flush());  // what the disk refuses is counted where it is told
  ShredOrder passed = order;
  return queues_.shreds.try_push(passed);
}

void RecordWriter::cut(Chunk& chunk) {
  const auto cuts = cuts_.find(chunk.recording);
  if (cuts == cuts_.end()) return;
  for (const MediaSpan& span : cuts->second) {
    if (!span.has(chunk.section.kind)) continue;
    const std::uint32_t packets = cut_packets(chunk, span.from_us, span.to_us).packets;
    figures_.packets_cut.add(packets);
    if (packets == 0 || span.video_only) continue;  // what policy does not want is no gap
    const auto delta_us = static_cast<std::uint32_t>(chunk.last_us - chunk.section.base_us);
    std::uint8_t* at = chunk.append(RecordKind::kGap, delta_us, kGapRecordBytes);
    store_le(at, packets);
    at[4] = static_cast<std::uint8_t>(GapReason::kPaused);
  }
}

// Of the calls whose last media has been written.
void RecordWriter::end_calls() {
  while (!endings_.empty()) {
    Ending& ending = endings_.front();
    for (std::size_t i = 0; i < workers_.size(); ++i) {
      if (written_[i] < ending.chunks[i]) return;
    }
    for (; !ending.records.empty(); ending.records.pop_front(), --ending_count_) {
      if (is_full_of_finals() || !keep_beside_messages(ending.records.front())) return;
      segments_.end_recording(ending.records.front().uid);
      cuts_.erase(ending.records.front().uid);
      finals_.push_back(std::move(ending.records.front()));
      pass_finals();
      ++moved_;
    }
    endings_.pop_front();
  }
}

// In the order in which the calls ended: the disk settles them in that order, or nearly so.
void RecordWriter::pass_finals() {
  while (!finals_.empty() && segments_.is_settled(finals_.front().uid) &&
         queues_.to_keeper.size() < queues_.to_keeper.capacity()) {
    CallRecord& record = finals_.front();
    apply_summary(segments_.take_summary(record.uid), record);
    TD_ASSERT(queues_.to_keeper.try_push(record));
    finals_.pop_front();
    ++moved_;
  }
}

std::size_t RecordWriter::count_left() {
  while (std::optional<RecordCommand> command = queues_.to_writer.try_pop()) {
    commands_.push_back(std::move(*command));
  }
  const auto is_record = [](const RecordCommand& command) {
    return std::holds_alternative<CallRecord>(command);
  };
  return finals_.size() +
         static_cast<std::size_t>(std::count_if(commands_.begin(), commands_.end(), is_record));
}

}  // namespace tapdeck::apps
