#include "pipelines/signalling/tcp_stream.h"

#include <algorithm>
#include <utility>

namespace tapdeck::sip {
namespace {

// No window of a connection that carries signalling is wider; what is farther off is of another
// connection on the same ports.
constexpr std::int32_t kAheadMax = 16 << 20;
constexpr std::int32_t kBehindMax = 4 << 20;
constexpr std::size_t kSegmentOverhead = 64;  // of a held segment, about

}  // namespace

bool TcpStream::is_foreign(const TcpSegment& segment) const {
  if (segment.syn) return is_other_syn(segment) && (over_ || is_fresh());
  if (!synchronised_) return false;
  if (doubtful_ && segment.sequence == *doubtful_ + 1 && !segment.bytes.empty()) return true;
  const std::int32_t ahead = distance(segment.sequence);
  return ahead > kAheadMax || ahead < -kBehindMax;
}

void TcpStream::begin_anew() {
  const std::optional<std::uint32_t> initial = doubtful_;
  *this = TcpStream{};
  if (initial) begin(*initial);
}

bool TcpStream::is_next(std::uint32_t sequence) const {
  if (sequence == next_ || (end_ && sequence == *end_ + 1)) return true;
  if (held_.empty()) return false;
  const Held& last = held_.back();
  const auto length = static_cast<std::uint32_t>(last.bytes.size()) + last.missing_bytes;
  return sequence == last.sequence + length;
}

SegmentVerdict TcpStream::put(const TcpSegment& from, ByteSink& sink) {
  TcpSegment segment = from;
  if (segment.syn) {
    if (is_other_syn(segment)) {
      doubtful_ = segment.sequence;
      return SegmentVerdict::kEmpty;
    }
    ++segment.sequence;
    if (!initial_) begin(from.sequence);
  }
  const auto length = static_cast<std::uint32_t>(segment.bytes.size()) + segment.missing_bytes;
  if (segment.fin && synchronised_ && !end_) end_ = segment.sequence + length;
  if (length == 0) {
    drain(sink, segment.time_ns);
    finish_if_reached(sink);
    return SegmentVerdict::kEmpty;
  }
  if (!synchronised_) {
    if (!sink.begins_here(segment.bytes)) {
      hold(segment);
      return SegmentVerdict::kUnsynchronised;
    }
    synchronise(segment.sequence);
    if (segment.fin) end_ = segment.sequence + length;
  }
  const std::int32_t ahead = distance(segment.sequence);
  if (ahead + static_cast<std::int64_t>(length) <= 0) return SegmentVerdict::kRepeated;
  if (ahead > 0 || !held_.empty()) {
    hold(segment);
    if (ahead > 0) return SegmentVerdict::kHeld;
    drain(sink, segment.time_ns);
  } else {
    deliver(segment, sink);
  }
  finish_if_reached(sink);
  return SegmentVerdict::kInOrder;
}

void TcpStream::begin(std::uint32_t initial) {
  initial_ = initial;
  synchronise(initial + 1);
}

// The stream is understood from here on; what is held from before is of no use.
void TcpStream::synchronise(std::uint32_t sequence) {
  next_ = sequence;
  synchronised_ = true;
  const auto is_before = [this](const Held& held) { return distance(held.sequence) < 0; };
  for (const Held& held : held_) {
    if (is_before(held)) held_bytes_ -= held.bytes.size() + kSegmentOverhead;
  }
  held_.erase(std::remove_if(held_.begin(), held_.end(), is_before), held_.end());
}

// True when nothing that is held ends behind `at`, a distance: so it mostly is.
bool TcpStream::is_behind_held(std::int64_t at) const {
  if (held_.empty()) return true;
  const Held& last = held_.back();
  return distance(last.sequence) + static_cast<std::int64_t>(last.bytes.size()) +
             last.missing_bytes <=
         at;
}

// Keeps of the segment what no other one has brought yet.
void TcpStream::hold(const TcpSegment& segment) {
  if (!synchronised_ && held_.empty()) next_ = segment.sequence;
  const std::int64_t base = distance(segment.sequence);
  std::int64_t from = synchronised_ ? std::max<std::int64_t>(base, 0) : base;
  const std::int64_t end =
      base + static_cast<std::int64_t>(segment.bytes.size()) + segment.missing_bytes;
  std::size_t at = is_behind_held(base) ? held_.size() : 0;
  for (; at < held_.size() && from < end; ++at) {
    const std::int64_t begin = distance(held_[at].sequence);
    const std::int64_t behind =
        begin + static_cast<std::int64_t>(held_[at].bytes.size()) + held_[at].missing_bytes;
    if (behind <= from) continue;
    if (begin > from) {
      const std::int64_t to = std::min(begin, end);
      insert(
          at, segment, static_cast<std::size_t>(from - base), static_cast<std::size_t>(to - base));
      ++at;
    }
    from = std::max(from, behind);
  }
  if (from < end) {
    insert(held_.size(),
           segment,
           static_cast<std::size_t>(from - base),
           static_cast<std::size_t>(end - base));
  }
}

// Holds the bytes [from, to) of the segment, before the held one at `at`.
void TcpStream::insert(std::size_t at,
                       const TcpSegment& segment,
                       std::size_t from,
                       std::size_t to) {
  const std::size_t there = std::min(to, segment.bytes.size());
  Held held;
  held.sequence = segment.sequence + static_cast<std::uint32_t>(from);
  held.time_ns = segment.time_ns;
  held.arrival_ns = segment.arrival_ns;
  if (from < there) held.bytes = as_text(segment.bytes.subspan(from, there - from));
  held.missing_bytes = static_cast<std::uint32_t>(to - std::max(from, there));
  held_bytes_ += held.bytes.size() + kSegmentOverhead;
  held_.insert(held_.begin() + static_cast<std::ptrdiff_t>(at), std::move(held));
}

// Gives out the segment, which begins at or before the next byte and ends behind it.
void TcpStream::deliver(const TcpSegment& segment, ByteSink& sink) {
  const auto length = static_cast<std::uint32_t>(segment.bytes.size()) + segment.missing_bytes;
  const auto known = static_cast<std::size_t>(-distance(segment.sequence));
  next_ = segment.sequence + length;
  if (known < segment.bytes.size()) sink.on_bytes(segment.bytes.subspan(known), segment.time_ns);
  if (segment.missing_bytes > 0) sink.on_cut();
}

// Gives out what is held, up to the next gap.
void TcpStream::drain(ByteSink& sink, std::int64_t time_ns) {
  std::size_t count = 0;
  while (count < held_.size() && distance(held_[count].sequence) <= 0) {
    const Held& held = held_[count++];
    held_bytes_ -= held.bytes.size() + kSegmentOverhead;
    const auto length = static_cast<std::uint32_t>(held.bytes.size()) + held.missing_bytes;
    if (distance(held.sequence + length) <= 0) continue;
    deliver({.sequence = held.sequence,
             .bytes = as_bytes(held.bytes),
             .missing_bytes = held.missing_bytes,
             .time_ns = std::max(time_ns, held.time_ns)},
            sink);
  }
  held_.erase(held_.begin(), held_.begin() + static_cast<std::ptrdiff_t>(count));
}

bool TcpStream::skip_gap(ByteSink& sink) {
  if (held_.empty()) return false;
  if (!synchronised_) {
    held_.clear();
    held_bytes_ = 0;
    return true;
  }
  next_ = held_.front().sequence;
  sink.on_gap();
  drain(sink, 0);
  finish_if_reached(sink);
  return true;
}

void TcpStream::finish_if_reached(ByteSink& sink) {
  if (!end_ || over_ || next_ != *end_) return;
  over_ = true;
  sink.on_end();
}

}  // namespace tapdeck::sip
