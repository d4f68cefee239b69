#include "storage/segment_output.h"

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <fcntl.h>

#include "base/assert.h"
#include "base/clock.h"
#include "base/log.h"
#include "storage/disk_room.h"

namespace tapdeck::storage {
namespace {

constexpr std::uint32_t kRequestsMax = 256;
constexpr std::int64_t kRetryNs = kNsPerSecond;

std::uint8_t* allocate_staging(const StoreOptions& options) {
  TD_ASSERT(options.staging_bytes % kBlockBytes == 0 && options.staging_bytes >= 64 * 1024);
  TD_ASSERT(options.staging_buffers >= 2 && options.staging_buffers <= kRequestsMax / 4);
  void* memory =
      std::aligned_alloc(kBlockBytes, std::size_t{options.staging_bytes} * options.staging_buffers);
  TD_ASSERT(memory != nullptr);
  return static_cast<std::uint8_t*>(memory);
}

std::vector<MutableByteView> staging_views(std::uint8_t* memory, const StoreOptions& options) {
  std::vector<MutableByteView> views;
  for (std::uint32_t i = 0; i < options.staging_buffers; ++i) {
    views.emplace_back(memory + std::size_t{i} * options.staging_bytes, options.staging_bytes);
  }
  return views;
}

}  // namespace

SegmentOutput::SegmentOutput(const StoreOptions& options,
                             Keys keys,
                             OpenIndex& index,
                             OnLost on_lost)
    : options_(options),
      keys_(keys),
      index_(index),
      on_lost_(std::move(on_lost)),
      memory_(allocate_staging(options), std::free),
      uring_(kRequestsMax, staging_views(memory_.get(), options)) {
  for (std::uint32_t i = 0; i < options.staging_buffers; ++i) {
    free_buffers_.push_back(static_cast<int>(i));
  }
}

SegmentOutput::~SegmentOutput() = default;

SegmentOutput::Segment* SegmentOutput::find(const SegmentSlot& slot) {
  for (const auto& segment : segments_) {
    if (segment->slot == slot && !segment->closing && !segment->failed) return segment.get();
  }
  return nullptr;
}

SegmentOutput::Segment* SegmentOutput::open(const SegmentSlot& slot) {
  if (refused_ && now_ns_ < retry_at_ns_) return nullptr;
  const std::string directory = segment_directory(options_.directory,
                                                  options_.retention_classes[slot.retention_class],
                                                  slot.kind,
                                                  slot.utc_day);
  auto segment = std::make_unique<Segment>();
  segment->slot = slot;
  segment->id = make_segment_id();
  segment->path = directory + "/" + segment_file_name(segment->id);
  auto made = make_directories(directory);
  auto file = made ? create_segment_file(segment->path) : Error(std::move(made.error()));
  if (!file) {
    figures_.io_errors.add();
    log_error(file.error().message);
    refused_ = true;
    retry_at_ns_ = now_ns_ + kRetryNs;
    return nullptr;
  }
  segment->file = std::move(*file);
  segment->checkpointed_ns = now_ns_;
  if (segment->file.direct) {
    figures_.direct_segments.add();
  } else {
    go_on_buffered(*segment);
  }
  figures_.segments_created.add();
  index_.add_segment(segment->id, {segment->path, slot.kind, 0, false});
  segments_.push_back(std::move(segment));
  return segments_.back().get();
}

void SegmentOutput::go_on_buffered(Segment& segment) {
  segment.file.direct = false;
  if (figures_.buffered_segments.value() == 0) {
    log_warning("The file system of the store refuses O_DIRECT: segments go through its cache.");
  }
  figures_.buffered_segments.add();
}

// The buffer's owner may have to wait for others: then the oldest partial buffer is sent off, so
// that more open segments than buffers cannot block each other.
bool SegmentOutput::take_buffer(Segment& segment) {
  if (free_buffers_.empty()) {
    handle_completions();
    if (free_buffers_.empty() && uring_.in_flight() == 0) write_oldest_partial();
    if (free_buffers_.empty()) {
      uring_.submit();
      figures_.busy.add();
      return false;
    }
  }
  segment.buffer = free_buffers_.back();
  free_buffers_.pop_back();
  segment.buffer_offset = segment.end;
  segment.buffer_used = 0;
  segment.buffer_since_ns = now_ns_;
  if (segment.end > 0) return true;
  SegmentHeader header;
  header.id = segment.id;
  header.kind = segment.slot.kind;
  header.utc_day = segment.slot.utc_day;
  header.created_us = wall_now_ns() / kNsPerUs;
  header.retention_class = options_.retention_classes[segment.slot.retention_class];
  std::uint8_t* to =
      memory_.get() + static_cast<std::size_t>(segment.buffer) * options_.staging_bytes;
  encode_segment_header(header, std::span<std::uint8_t, kBlockBytes>(to, kBlockBytes));
  segment.buffer_used = kBlockBytes;
  segment.end = kBlockBytes;
  return true;
}

void SegmentOutput::write_oldest_partial() {
  Segment* oldest = nullptr;
  for (const auto& segment : segments_) {
    if (segment->buffer < 0) continue;
    if (oldest == nullptr || segment->buffer_since_ns < oldest->buffer_since_ns) {
      oldest = segment.get();
    }
  }
  if (oldest != nullptr) write_out(*oldest);
}

AppendVerdict SegmentOutput::reserve(const SegmentSlot& slot,
                                     std::uint32_t stored_bytes,
                                     Place& place) {
  reserved_in_ = nullptr;
  if (slot.retention_class >= options_.retention_classes.size() ||
      stored_bytes > options_.staging_bytes - kBlockBytes) {
    return AppendVerdict::kFailed;
  }
  Segment* segment = find(slot);
  if (segment != nullptr && segment->end + stored_bytes > options_.segment_bytes &&
      segment->end > kBlockBytes) {
    segment->closing = true;
    segment = nullptr;
  }
  if (segment == nullptr) {
    if (segments_.size() >= options_.open_segments_max) {
      segments_.front()->closing = true;
      step(now_ns_);
      if (segments_.size() >= options_.open_segments_max) return AppendVerdict::kBusy;
    }
    segment = open(slot);
    if (segment == nullptr) return AppendVerdict::kFailed;
  }
  if (segment->buffer >= 0 && segment->buffer_used + stored_bytes > options_.staging_bytes &&
      !write_out(*segment)) {
    return AppendVerdict::kBusy;
  }
  if (segment->buffer < 0 && !take_buffer(*segment)) return AppendVerdict::kBusy;
  // Writing out and taking a buffer may have ended this very segment.
  if (segment->failed || segment->closing) {
    if (segment->buffer >= 0) free_buffers_.push_back(std::exchange(segment->buffer, -1));
    return AppendVerdict::kBusy;
  }
  place.segment = segment->id;
  place.offset = segment->end;
  place.to = memory_.get() + static_cast<std::size_t>(segment->buffer) * options_.staging_bytes +
             segment->buffer_used;
  reserved_in_ = segment;
  reserved_bytes_ = stored_bytes;
  return AppendVerdict::kTaken;
}

void SegmentOutput::commit(OpenIndex::Recording* recording, std::span<const ExtentEntry> entries) {
  TD_ASSERT(reserved_in_ != nullptr && !entries.empty());
  Segment& segment = *std::exchange(reserved_in_, nullptr);
  TD_ASSERT(entries.front().offset == segment.end &&
            entries.front().stored_bytes == reserved_bytes_);
  segment.end += reserved_bytes_;
  segment.buffer_used += reserved_bytes_;
  for (const ExtentEntry& entry : entries) segment.footer.push_back({recording->uid, entry});
  index_.add_extents(recording, segment.id, entries);
  figures_.extents.add();
  figures_.bytes_staged.add(reserved_bytes_);
}

std::uint64_t SegmentOutput::new_request(const Request& request) {
  if (request.segment != nullptr) ++request.segment->requests;
  if (free_requests_.empty()) {
    requests_.push_back(request);
    return requests_.size() - 1;
  }
  const std::uint32_t index = free_requests_.back();
  free_requests_.pop_back();
  requests_[index] = request;
  return index;
}

// False when going on would take the room that call records and keys need: media yields first.
bool SegmentOutput::preallocate(Segment& segment, std::uint64_t end) {
  const std::uint64_t step = std::max<std::uint64_t>(options_.preallocate_bytes, kBlockBytes);
  while (segment.allocated < end) {
    const auto room = read_disk_room(segment.file.descriptor.get(), step);
    if (room && room->free == 0) return false;
    // What cannot be preallocated may still be written; if not, the write says so.
    static_cast<void>(fallocate(segment.file.descriptor.get(),
                                0,
                                static_cast<off_t>(segment.allocated),
                                static_cast<off_t>(step)));
    segment.allocated += step;
  }
  return true;
}

void SegmentOutput::queue_write(Request request) {
  Segment& segment = *request.segment;
  request.direct = segment.file.direct;
  const auto buffer = static_cast<std::size_t>(request.buffer);
  UringWrite write;
  write.file = segment.file.descriptor.get();
  write.buffer_index = request.buffer;
  write.bytes = {memory_.get() + buffer * options_.staging_bytes, request.bytes};
  write.offset = request.offset;
  write.token = new_request(request);
  uring_.queue_write(write);
  uring_.submit();
  figures_.writes.add();
  if (!uring_.uses_ring()) figures_.blocking_writes.add();
}

bool SegmentOutput::write_out(Segment& segment) {
  if (segment.buffer < 0) return true;
  if (!uring_.has_room(1)) return false;
  if (!preallocate(segment, segment.buffer_offset + segment.buffer_used)) {
    end_before_buffer(segment);
    return true;
  }
  const int buffer = std::exchange(segment.buffer, -1);
  Request request;
  request.segment = &segment;
  request.offset = segment.buffer_offset;
  request.bytes = segment.buffer_used;
  request.buffer = buffer;
  segment.writes.push_back({request.offset, request.bytes, false});
  queue_write(request);
  return true;
}

}  // namespace tapdeck::storage
