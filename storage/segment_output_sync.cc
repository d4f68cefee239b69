// Completions and syncs of SegmentOutput: how written bytes become durable ones.
#include <algorithm>
#include <cerrno>
#include <string>

#include "base/assert.h"
#include "base/clock.h"
#include "base/log.h"
#include "storage/segment_file.h"
#include "storage/segment_output.h"

namespace tapdeck::storage {
namespace {

constexpr std::uint64_t kSyncBytes = 16U << 20;  // at most this much written and not synced

}  // namespace

// Keys first: the slots that these extents need are synced in front of them, linked, and no other
// sync starts until they are.
bool SegmentOutput::start_sync(Segment& segment) {
  if (segment.syncing || segment.failed || key_syncs_ > 0) return false;
  if (!uring_.has_room(64)) return false;
  const auto key_files = keys_.vault.take_unsynced_files(keys_.user);
  if (!key_files) {
    log_error(key_files.error().message);
    fail(segment, EIO, "syncing its keys");
    return false;
  }
  for (const int file : *key_files) {
    Request request;
    request.kind = RequestKind::kKeySync;
    request.file = file;
    request.segment = &segment;
    uring_.queue_sync(file, new_request(request), UringLink::kNextWaits);
    ++key_syncs_;
  }
  Request request;
  request.kind = RequestKind::kSync;
  request.segment = &segment;
  request.offset = segment.written;
  uring_.queue_sync(segment.file.descriptor.get(), new_request(request), UringLink::kNone);
  uring_.submit();
  segment.syncing = true;
  figures_.syncs.add();
  return true;
}

std::uint32_t SegmentOutput::handle_completions() {
  if (!uring_.usable_here() || uring_.in_flight() == 0) return 0;
  std::uint32_t handled = 0;
  for (const UringCompletion& completion : uring_.reap()) {
    const auto index = static_cast<std::uint32_t>(completion.token);
    const Request request = requests_[index];
    free_requests_.push_back(index);
    --request.segment->requests;
    if (request.kind == RequestKind::kWrite) on_write(request, completion.result);
    if (request.kind == RequestKind::kSync) on_sync(request, completion.result);
    if (request.kind == RequestKind::kCheckpoint || request.kind == RequestKind::kFooter) {
      on_aside(request, completion.result);
    }
    if (request.kind == RequestKind::kKeySync) {
      --key_syncs_;
      if (completion.result < 0) {
        keys_.vault.mark_unsynced(request.file);
        fail(*request.segment, -completion.result, "syncing its keys");
      }
    }
    ++handled;
  }
  return handled;
}

void SegmentOutput::on_write(const Request& request, std::int32_t result) {
  Segment& segment = *request.segment;
  if (result == -EINVAL && request.direct && clear_direct(segment.file.descriptor.get())) {
    // Some file systems take O_DIRECT at open() and refuse it here.
    if (segment.file.direct) go_on_buffered(segment);
    queue_write(request);
    return;
  }
  free_buffers_.push_back(request.buffer);
  if (result != static_cast<std::int32_t>(request.bytes)) {
    // A short write is a full disk, or as good as one.
    fail(segment, result < 0 ? -result : ENOSPC, "writing");
    return;
  }
  for (Write& write : segment.writes) {
    if (write.offset == request.offset) write.done = true;
  }
  while (!segment.writes.empty() && segment.writes.front().done) {
    if (segment.written == segment.durable) segment.unsynced_since_ns = now_ns_;
    segment.written = segment.writes.front().offset + segment.writes.front().bytes;
    segment.writes.pop_front();
  }
}

void SegmentOutput::on_sync(const Request& request, std::int32_t result) {
  Segment& segment = *request.segment;
  segment.syncing = false;
  if (result < 0) {
    fail(segment, -result, "syncing");
    return;
  }
  segment.durable = request.offset;
  segment.unsynced_since_ns = now_ns_;
  index_.set_durable(segment.id, segment.durable);
}

void SegmentOutput::fail(Segment& segment, int error, const char* what) {
  figures_.io_errors.add();
  if (std::exchange(segment.failed, true)) return;
  figures_.segments_failed.add();
  const std::string failed = "Segment " + segment.path + ": " + what + " failed";
  log_error(make_errno_error(ErrorCode::kIo, failed, error).message +
            "; it ends at its durable part.");
  refused_ = true;
  retry_at_ns_ = now_ns_ + kNsPerSecond;
  if (segment.buffer >= 0) free_buffers_.push_back(std::exchange(segment.buffer, -1));
}

std::uint32_t SegmentOutput::step(std::int64_t timer_now_ns) {
  now_ns_ = timer_now_ns;
  const std::uint32_t handled = handle_completions();
  const std::int64_t interval = std::int64_t{options_.flush_interval_ms} * kNsPerMs;
  for (const auto& segment : segments_) {
    if (segment->failed) continue;
    start_checkpoint(*segment);
    const bool aged = now_ns_ - segment->buffer_since_ns >= interval;
    if (segment->buffer >= 0 && (segment->closing || aged)) write_out(*segment);
    if (segment->written == segment->durable) continue;
    const bool due = segment->closing || segment->written - segment->durable >= kSyncBytes ||
                     now_ns_ - segment->unsynced_since_ns >= interval || aged;
    if (due) start_sync(*segment);
  }
  seal_finished();
  return handled;
}

void SegmentOutput::wait() {
  uring_.wait();
  handle_completions();
}

bool SegmentOutput::all_settled() const {
  return std::all_of(segments_.begin(), segments_.end(), [](const auto& segment) {
    return segment->requests == 0 && (segment->failed || segment->durable == segment->end);
  });
}

Result<void> SegmentOutput::flush() {
  if (!usable_here()) {
    return make_error(ErrorCode::kBusy, "Another thread's segment writes are still in flight.");
  }
  while (true) {
    for (const auto& segment : segments_) {
      if (segment->failed) continue;
      write_out(*segment);
      if (segment->writes.empty() && segment->written != segment->durable) start_sync(*segment);
    }
    seal_finished();
    if (all_settled()) break;
    wait();
  }
  if (std::exchange(refused_, false)) {
    return make_error(ErrorCode::kIo,
                      "The disk refused a part of what was to be recorded: the calls that lost "
                      "media say so in their recording state.");
  }
  return {};
}

void SegmentOutput::seal_all() {
  for (const auto& segment : segments_) segment->closing = true;
  for (seal_finished(); !segments_.empty(); seal_finished()) wait();
}

}  // namespace tapdeck::storage
