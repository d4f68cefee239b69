// One capture file, read ahead far enough to tell wild time stamps from true ones.
//
// A packet is wild when it is more than an hour ahead of the file's clock and one of the next
// seven is not; then order_ns and clock_ns are the file's clock, so that it neither moves the time
// nor holds its file back in the merge.  A true jump is put in order by its own time; it moves the
// time when two packets behind it confirm it, so that a last stray packet ends no call.
// Up to three packets at the beginning do not start the clock when most of the first 32 are more
// than an hour from them; those that are ahead of the others are wild, those before them may be
// true and keep their place.
// Threads: one owner.  Memory: copies of the first 32 packets, later of eight where one jumps; all
// else is passed through.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <vector>

#include "engine/capture/reader.h"

namespace tapdeck::engine {

class Lookahead {
 public:
  explicit Lookahead(std::unique_ptr<CaptureReader> reader) : reader_(std::move(reader)) {}

  // The next packet with order_ns set, valid until the next call; else the reader's verdict.
  ReadVerdict next(CapturedPacket& packet);

  // With which time the file begins: known after the first next(), INT64_MAX when nothing tells it.
  [[nodiscard]] std::int64_t clock_start_ns() const { return clock_start_ns_; }

  // Packets of more than a second before the file's clock: a few have wrong times, many make a file
  // whose pieces are not in order.
  [[nodiscard]] std::uint64_t late_packets() const { return late_packets_; }

  [[nodiscard]] const CaptureReader& reader() const { return *reader_; }

 private:
  struct Kept {
    CapturedPacket packet;
    std::vector<std::uint8_t> bytes;
  };

  void keep(const CapturedPacket& packet);
  bool read_ahead(std::size_t count);  // false when the file has fewer packets
  void start();
  [[nodiscard]] std::size_t strangers_at_start() const;
  [[nodiscard]] bool is_ahead(const CapturedPacket& packet) const;
  void take_kept(CapturedPacket& packet);
  void date(CapturedPacket& packet);
  void date_jump(CapturedPacket& packet);

  std::unique_ptr<CaptureReader> reader_;
  std::deque<Kept> kept_;
  Kept current_;  // whose bytes were handed out last
  ReadVerdict verdict_ = ReadVerdict::kPacket;
  bool started_ = false;
  std::size_t strangers_left_ = 0;  // of the packets at the beginning
  std::int64_t clock_start_ns_ = INT64_MAX;
  std::int64_t clock_ns_ = 0;
  std::uint64_t late_packets_ = 0;
};

}  // namespace tapdeck::engine
