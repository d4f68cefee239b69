// One direction of a TCP connection as a tap sees it: segments in any order, cut, repeated and
// missing, become bytes in order (RFC 9293 sequence arithmetic).  Where copies of a byte differ the
// first one counts.
// Threads: the call-plane thread.  Memory: copies of the segments that came too early, at most
// kHeldBytesMax; in order nothing is copied.  Full, or a gap stays open: the caller skips it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/bytes.h"

namespace tapdeck::sip {

constexpr std::size_t kHeldBytesMax = 256U << 10;
constexpr std::size_t kHeldSegmentsMax = 512;

struct TcpSegment {
  std::uint32_t sequence = 0;  // of the SYN where there is one, else of the first byte
  ByteView bytes{};
  std::uint32_t missing_bytes = 0;  // of the segment, behind `bytes`: cut by the capture
  bool syn = false;
  bool fin = false;
  std::int64_t time_ns = 0;
  std::int64_t arrival_ns = 0;  // by the timer
};

// Takes what a TcpStream puts in order.
class ByteSink {
 public:
  virtual ~ByteSink() = default;

  // True when a stream whose beginning was not seen can be understood from `bytes` on.
  virtual bool begins_here(ByteView bytes) = 0;

  // The next bytes; `time_ns` is when the last of what leads up to them came.
  virtual void on_bytes(ByteView bytes, std::int64_t time_ns) = 0;
  virtual void on_gap() = 0;  // bytes are missing before the next ones
  virtual void on_cut() = 0;  // likewise, as the capture cut the segment of the last ones
  virtual void on_end() = 0;  // FIN: there are no more bytes
};

enum class SegmentVerdict : std::uint8_t {
  kInOrder,         // its bytes went to the sink, and what it made complete
  kEmpty,           // no bytes: a SYN, a FIN, an ACK
  kHeld,            // it came too early
  kRepeated,        // nothing of it is new
  kUnsynchronised,  // held until the beginning of a message comes
};

class TcpStream {
 public:
  SegmentVerdict put(const TcpSegment& segment, ByteSink& sink);

  // Goes on behind the gap: its bytes are given up.  Where nothing has been understood yet, what is
  // held is thrown away.  Returns false when there is no gap.
  bool skip_gap(ByteSink& sink);

  // True when something waits for bytes before it.
  [[nodiscard]] bool has_gap() const { return !held_.empty(); }

  // The receiver has all bytes before `sequence`.
  void acknowledge(std::uint32_t sequence) { acknowledged_ = sequence; }

  // True when the bytes that are missing were received: nobody sends them again.
  [[nodiscard]] bool is_gap_acknowledged() const {
    return synchronised_ && !held_.empty() && acknowledged_ &&
           static_cast<std::int32_t>(*acknowledged_ - held_.front().sequence) >= 0;
  }

  // When the bytes behind the gap came, by the timer; nothing: there is no gap.
  [[nodiscard]] std::optional<std::int64_t> gap_since_ns() const {
    return held_.empty() ? std::nullopt : std::optional(held_.front().arrival_ns);
  }

  [[nodiscard]] bool is_full() const {
    return held_bytes_ > kHeldBytesMax || held_.size() > kHeldSegmentsMax;
  }

  [[nodiscard]] std::size_t held_bytes() const { return held_bytes_; }

  [[nodiscard]] bool is_synchronised() const { return synchronised_; }

  [[nodiscard]] bool is_over() const { return over_; }  // the FIN has been reached

  // True when a RST with this number is what its sender would send now: it stands behind all that
  // has been seen, or behind all that has come without a gap (RFC 5961 3.2).  Precondition:
  // is_synchronised().
  [[nodiscard]] bool is_next(std::uint32_t sequence) const;

  // True when the segment belongs to another connection than what has been seen: to be said before
  // put(), and answered by begin_anew().  Of a SYN in the midst of a connection bytes behind it are
  // the proof: whoever knows the addresses alone can send one, which its receiver only asks about
  // (RFC 5961 4).
  [[nodiscard]] bool is_foreign(const TcpSegment& segment) const;

  // put() would only take note of this SYN.
  [[nodiscard]] bool is_doubtful(const TcpSegment& segment) const {
    return segment.syn && is_other_syn(segment) && !is_foreign(segment);
  }

  [[nodiscard]] bool has_doubtful_syn() const { return doubtful_.has_value(); }

  // Forgets everything but a SYN that it took note of, with which it begins.
  void begin_anew();

 private:
  struct Held {
    std::uint32_t sequence = 0;
    std::uint32_t missing_bytes = 0;
    std::int64_t time_ns = 0;
    std::int64_t arrival_ns = 0;
    std::string bytes;
  };

  [[nodiscard]] std::int32_t distance(std::uint32_t sequence) const {
    return static_cast<std::int32_t>(sequence - next_);
  }

  [[nodiscard]] bool is_other_syn(const TcpSegment& segment) const {
    return initial_ ? *initial_ != segment.sequence : synchronised_;
  }

  // The SYN is all that there was.
  [[nodiscard]] bool is_fresh() const {
    return initial_ && next_ == *initial_ + 1 && held_.empty();
  }

  [[nodiscard]] bool is_behind_held(std::int64_t at) const;
  void hold(const TcpSegment& segment);
  void insert(std::size_t at, const TcpSegment& segment, std::size_t from, std::size_t to);
  void begin(std::uint32_t initial);
  void synchronise(std::uint32_t sequence);
  void deliver(const TcpSegment& segment, ByteSink& sink);
  void drain(ByteSink& sink, std::int64_t time_ns);
  void finish_if_reached(ByteSink& sink);

  bool synchronised_ = false;
  bool over_ = false;
  std::uint32_t next_ = 0;  // sequence number of the next byte in order; where nothing is
                            // synchronised, of some byte near what is held
  std::optional<std::uint32_t> initial_;   // of the SYN
  std::optional<std::uint32_t> doubtful_;  // of another SYN, since
  std::optional<std::uint32_t> end_;       // of the FIN
  std::optional<std::uint32_t> acknowledged_;
  std::vector<Held> held_;  // by sequence number, without overlaps
  std::size_t held_bytes_ = 0;
};

}  // namespace tapdeck::sip
