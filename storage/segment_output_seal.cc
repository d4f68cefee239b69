// Checkpoints and seals of SegmentOutput: what is written beside the extents, through the same
// ring, so that the writer's thread does not wait for it.
#include <cerrno>
#include <fcntl.h>
#include <string>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "storage/segment_checkpoint.h"
#include "storage/segment_output.h"

namespace tapdeck::storage {

// Queues segment.aside.bytes and a sync behind it.
void SegmentOutput::start_aside(Segment& segment,
                                RequestKind kind,
                                int file,
                                std::uint64_t offset) {
  Request request;
  request.kind = kind;
  request.segment = &segment;
  request.bytes = static_cast<std::uint32_t>(segment.aside.bytes.size());
  UringWrite write;
  write.file = file;
  write.bytes = segment.aside.bytes;
  write.offset = offset;
  write.link = UringLink::kNextWaits;
  write.token = new_request(request);
  uring_.queue_write(write);
  request.bytes = 0;
  uring_.queue_sync(file, new_request(request), UringLink::kNone);
  uring_.submit();
  segment.aside.requests = 2;
  segment.aside.failed = false;
}

void SegmentOutput::on_aside(const Request& request, std::int32_t result) {
  Segment& segment = *request.segment;
  if (result != static_cast<std::int32_t>(request.bytes)) {
    figures_.io_errors.add(result == -ECANCELED ? 0 : 1);
    segment.aside.failed = true;
  }
  if (--segment.aside.requests > 0) return;
  segment.aside.bytes = {};
  if (request.kind == RequestKind::kFooter) {
    finish_seal(segment, segment.aside.failed ? SegmentFooter::kMissing : SegmentFooter::kWritten);
    return;
  }
  segment.checkpoints_failed = segment.aside.failed;
  Counter& counter = segment.aside.failed ? figures_.checkpoints_failed : figures_.checkpoints;
  counter.add();
}

// Checkpoints are a shortcut only: after the first one that fails the segment does without.
void SegmentOutput::start_checkpoint(Segment& segment) {
  if (segment.durable <= segment.checkpointed || segment.aside.requests > 0 ||
      segment.checkpoints_failed || segment.closing || !uring_.has_room(64)) {
    return;
  }
  const std::int64_t interval = std::int64_t{options_.checkpoint_interval_ms} * kNsPerMs;
  if (segment.durable - segment.checkpointed < options_.checkpoint_bytes &&
      now_ns_ - segment.checkpointed_ns < interval) {
    return;
  }
  if (!segment.checkpoints.valid()) {
    segment.checkpoints = Descriptor(::open(checkpoint_path(segment.path).c_str(),
                                            O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW,
                                            0600));
    if (!segment.checkpoints.valid()) {
      figures_.checkpoints_failed.add();
      segment.checkpoints_failed = true;
      return;
    }
  }
  const auto all = std::span<const FooterEntry>(segment.footer);
  std::size_t count = segment.checkpointed_entries;
  while (count < all.size() && all[count].entry.end() <= segment.durable) ++count;
  const std::size_t fresh = count - segment.checkpointed_entries;
  segment.aside.bytes = encode_checkpoint(segment.id,
                                          segment.checkpointed,
                                          segment.durable,
                                          all.subspan(segment.checkpointed_entries, fresh));
  start_aside(
      segment, RequestKind::kCheckpoint, segment.checkpoints.get(), segment.checkpoint_file_bytes);
  segment.checkpoint_file_bytes += segment.aside.bytes.size();
  segment.checkpointed = segment.durable;
  segment.checkpointed_entries = count;
  segment.checkpointed_ns = now_ns_;
}

void SegmentOutput::seal_finished() {
  for (const auto& segment : segments_) {
    const bool complete = segment->closing && segment->buffer < 0 && segment->writes.empty() &&
                          segment->durable == segment->end;
    if (segment->requests > 0 || segment->sealing || (!segment->failed && !complete)) continue;
    segment->sealing = start_seal(*segment);
  }
  std::erase_if(segments_,
                [](const auto& segment) { return segment->sealing && segment->requests == 0; });
}

void SegmentOutput::abandon_behind(Segment& segment, std::uint64_t end) {
  std::uint64_t last = 0;  // sections of a packed extent are one loss
  for (const FooterEntry& entry : segment.footer) {
    if (entry.entry.end() <= end || entry.entry.offset == last) continue;
    last = entry.entry.offset;
    figures_.lost_extents.add();
    on_lost_({entry.recording, segment.id, last});
  }
  std::erase_if(segment.footer, [&](const FooterEntry& entry) { return entry.entry.end() > end; });
  index_.drop_behind(segment.id, end);
}

// The disk has no room for the buffer: what was written before it is kept and sealed.
void SegmentOutput::end_before_buffer(Segment& segment) {
  if (segment.buffer_offset == 0) {
    fail(segment, ENOSPC, "making room");
    return;
  }
  figures_.io_errors.add();
  log_error("Segment " + segment.path + ": the disk is full; media is lost until it has room.");
  refused_ = true;
  retry_at_ns_ = now_ns_ + kNsPerSecond;
  free_buffers_.push_back(std::exchange(segment.buffer, -1));
  segment.end = segment.buffer_offset;
  segment.closing = true;
  abandon_behind(segment, segment.end);
}

// False: no room in the ring, try again.
bool SegmentOutput::start_seal(Segment& segment) {
  if (!uring_.has_room(2)) return false;
  if (segment.failed) abandon_behind(segment, segment.durable);
  if (segment.durable < kSegmentHeaderBytes) {
    index_.remove_segment(segment.id);
    unlink(segment.path.c_str());
    return true;
  }
  const int file = segment.file.descriptor.get();
  const auto cut = cut_for_footer(file, segment.durable);
  if (!cut) {
    figures_.io_errors.add();
    log_error(segment.path + ": " + cut.error().message);
    finish_seal(segment, SegmentFooter::kMissing);
    return true;
  }
  segment.aside.bytes = encode_footer(segment.id, segment.durable, segment.footer);
  start_aside(segment, RequestKind::kFooter, file, segment.durable);
  return true;
}

void SegmentOutput::finish_seal(Segment& segment, SegmentFooter footer) {
  if (footer == SegmentFooter::kWritten) {
    unlink(checkpoint_path(segment.path).c_str());
  } else {
    // Its extents are durable all the same; the next opening of the store seals it.
    log_error("Segment " + segment.path + ": its footer cannot be written.");
  }
  index_.seal(segment.id, segment.durable, footer);
  figures_.segments_sealed.add();
}

}  // namespace tapdeck::storage
