#include "engine/capture/merge.h"

#include <algorithm>
#include <utility>

#include "base/assert.h"

namespace tapdeck::engine {

CaptureMerge::CaptureMerge(std::vector<std::unique_ptr<CaptureReader>> readers) {
  files_.reserve(readers.size());
  heap_.reserve(readers.size());
  for (std::unique_ptr<CaptureReader>& reader : readers) {
    TD_ASSERT(reader != nullptr);
    files_.push_back({Lookahead(std::move(reader)), {}, ReadVerdict::kPacket, 0});
  }
}

bool CaptureMerge::later(std::size_t a, std::size_t b) const {
  const std::int64_t time_a = files_[a].head.order_ns;
  const std::int64_t time_b = files_[b].head.order_ns;
  return time_a != time_b ? time_a > time_b : a > b;
}

void CaptureMerge::advance(std::size_t file) {
  File& from = files_[file];
  from.verdict = from.ahead.next(from.head);
}

void CaptureMerge::push(std::size_t file) {
  heap_.push_back(file);
  std::ranges::push_heap(heap_, [this](std::size_t a, std::size_t b) { return later(a, b); });
}

bool CaptureMerge::pop() {
  if (heap_.empty()) return false;
  std::ranges::pop_heap(heap_, [this](std::size_t a, std::size_t b) { return later(a, b); });
  current_ = heap_.back();
  heap_.pop_back();
  return true;
}

// Makes the file with the earliest head the current one; false when every file has stopped.
bool CaptureMerge::choose() {
  if (!started_) {
    started_ = true;
    for (std::size_t file = 0; file < files_.size(); ++file) {
      advance(file);
      if (files_[file].verdict == ReadVerdict::kPacket) push(file);
    }
    return pop();
  }
  if (files_.empty() || files_[current_].verdict != ReadVerdict::kPacket) return false;
  // Only now: the bytes handed out last were valid until this call.
  advance(current_);
  if (files_[current_].verdict != ReadVerdict::kPacket) return pop();
  // Most often the same file goes on: it always does when there is one.
  if (heap_.empty() || !later(current_, heap_.front())) return true;
  push(current_);
  return pop();
}

ReadVerdict CaptureMerge::next(CapturedPacket& packet) {
  if (!choose()) return ReadVerdict::kEnd;
  packet = files_[current_].head;
  ++files_[current_].packets;
  return ReadVerdict::kPacket;
}

std::int64_t CaptureMerge::clock_start_ns() const {
  std::int64_t start_ns = INT64_MAX;
  for (const File& file : files_) start_ns = std::min(start_ns, file.ahead.clock_start_ns());
  return start_ns;
}

std::uint64_t CaptureMerge::bytes_read() const {
  std::uint64_t sum = 0;
  for (const File& file : files_) sum += file.ahead.reader().bytes_read();
  return sum;
}

std::uint64_t CaptureMerge::bytes_total() const {
  std::uint64_t sum = 0;
  for (const File& file : files_) sum += file.ahead.reader().bytes_total();
  return sum;
}

}  // namespace tapdeck::engine
