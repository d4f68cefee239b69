// The part of SegmentWriterImpl that gathers chunks which are not full into one extent.
#include <algorithm>
#include <array>
#include <cstring>
#include <span>
#include <tuple>

#include "base/clock.h"
#include "model/media_span.h"
#include "storage/segment_writer_impl.h"

namespace tapdeck::storage {
namespace {

// Policy may destroy the video of a recording alone, and does so by whole extents.
constexpr MediaSpan kVideoAlone{.video_only = true};

}  // namespace

void SegmentWriterImpl::hold(const Uid& uid,
                             Recording& recording,
                             const Chunk& chunk,
                             std::uint16_t stream) {
  if (recording.held.empty()) holding_.emplace_back(now_ns_, uid);
  Held held;
  held.stream = stream;
  held.sequence = chunk.sequence;
  held.duration_us = duration_between(chunk.section.base_us, chunk.last_us);
  held.may_go_alone = kVideoAlone.has(chunk.section.kind);
  const ByteView section = chunk.section_view();
  held.section.assign(section.begin(), section.end());
  recording.held.push_back(std::move(held));
  recording.held_bytes += section.size() + kPackedEntryBytes;
  held_bytes_ += section.size() + kPackedEntryBytes;
  index_.hold(recording.indexed, stream, chunk.sequence);
}

// The first `count` sections are held no more.
void SegmentWriterImpl::release_held(Recording& recording, std::size_t count) {
  const auto end = recording.held.begin() + static_cast<std::ptrdiff_t>(count);
  for (auto held = recording.held.begin(); held != end; ++held) {
    recording.held_bytes -= held->section.size() + kPackedEntryBytes;
    held_bytes_ -= held->section.size() + kPackedEntryBytes;
  }
  recording.held.erase(recording.held.begin(), end);
}

// Writes the held sections, audio and the rest as an extent each.  kBusy: some are still held;
// else none is, those that failed are lost and counted.
AppendVerdict SegmentWriterImpl::pack(const Uid& uid, Recording& recording) {
  if (is_abandoned(recording, SegmentKind::kMedia)) drop_held(recording);
  std::ranges::sort(recording.held, {}, [](const Held& held) {
    return std::tuple(held.may_go_alone, held.stream, held.sequence);
  });
  while (!recording.held.empty()) {
    if (pack_alike(uid, recording) == AppendVerdict::kBusy) return AppendVerdict::kBusy;
  }
  return AppendVerdict::kTaken;
}

// Writes the first sections of those that are held, as many as are of one kind.
AppendVerdict SegmentWriterImpl::pack_alike(const Uid& uid, Recording& recording) {
  const auto begin = recording.held.begin();
  const auto end = std::ranges::find_if(
      recording.held, [&](const Held& held) { return held.may_go_alone != begin->may_go_alone; });
  const std::span<const Held> held(begin, end);
  ExtentHeader header;
  header.kind = held.size() == 1 ? ExtentType::kMedia : ExtentType::kMediaPacked;
  header.section_count = static_cast<std::uint16_t>(held.size());
  std::vector<std::array<std::uint8_t, kPackedEntryBytes>> heads(held.size());
  std::vector<ByteView> plaintext;
  content_ = {INT64_MAX, INT64_MIN, header.section_count, 0};
  entries_.clear();
  for (std::size_t i = 0; i < held.size(); ++i) {
    SectionView section;
    std::memcpy(&section.header, held[i].section.data(), kSectionHeaderBytes);
    section.stream = held[i].stream;
    section.sequence = held[i].sequence;
    section.duration_us = held[i].duration_us;
    section.records = ByteView(held[i].section).subspan(kSectionHeaderBytes);
    encode_packed_entry(section, heads[i].data());
    if (header.kind == ExtentType::kMediaPacked) plaintext.emplace_back(heads[i]);
    plaintext.emplace_back(held[i].section);
    header.stream = section.stream;
    header.sequence = section.sequence;
    header.first_us = section.header.base_us;
    header.duration_us = section.duration_us;
    entries_.push_back(entry_of(header));
    content_.first_us = std::min(content_.first_us, entries_.back().first_us);
    content_.last_us = std::max(content_.last_us, entries_.back().last_us());
    content_.packets += section.header.packet_count;
  }
  header.stream = held.front().stream;
  header.sequence = held.front().sequence;
  header.first_us = content_.first_us;
  header.duration_us = duration_between(content_.first_us, content_.last_us);
  const AppendVerdict verdict = write_extent(uid, recording, header, {plaintext}, entries_);
  if (verdict == AppendVerdict::kBusy) return verdict;
  if (verdict == AppendVerdict::kAbandoned) {
    drop_held(recording);
    return verdict;
  }
  if (verdict == AppendVerdict::kFailed) {
    index_.drop_held(recording.indexed, entries_);
    refuse(recording.kept, content_);
  } else if (header.kind == ExtentType::kMediaPacked) {
    output_.figures().packed_extents.add();
  }
  release_held(recording, held.size());
  return verdict;
}

// Waits for room, so that what is held does not depend on another call.
void SegmentWriterImpl::pack_now(const Uid& uid, Recording& recording) {
  while (pack(uid, recording) == AppendVerdict::kBusy) output_.wait();
}

void SegmentWriterImpl::pack_aged() {
  const std::int64_t interval = std::int64_t{options_.flush_interval_ms} * kNsPerMs;
  while (!holding_.empty() && now_ns_ - holding_.front().first >= interval) {
    const auto found = recordings_.find(holding_.front().second);
    if (found != recordings_.end() && pack(found->first, found->second) == AppendVerdict::kBusy) {
      return;
    }
    holding_.pop_front();
  }
}

}  // namespace tapdeck::storage
