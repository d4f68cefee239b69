// One capture file, read ahead far enough to tell wild time stamps from true ones.
//
// A packet is wild when it is more than an hour ahead of the file's clock and one of the next
// seven is not; then CapturedPacket::order_ns is the file's clock, so that it neither moves the
// time nor holds its file back in the merge.  Up to three packets at the beginning are wild when
// most of the first 32 are more than an hour from them; the clock starts with the first of the
// others.
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

  [[nodiscard]] const CaptureReader& reader() const { return *reader_; }

 private:
  struct Kept {
    CapturedPacket packet;
    std::vector<std::uint8_t> bytes;
  };

  void keep(const CapturedPacket& packet);
  bool read_ahead(std::size_t count);  // false when the file has fewer packets
  void start();
  [[nodiscard]] std::size_t wild_at_start() const;
  [[nodiscard]] bool is_ahead(const CapturedPacket& packet) const;
  void take_kept(CapturedPacket& packet);
  void date(CapturedPacket& packet);

  std::unique_ptr<CaptureReader> reader_;
  std::deque<Kept> kept_;
  Kept current_;  // whose bytes were handed out last
  ReadVerdict verdict_ = ReadVerdict::kPacket;
  bool started_ = false;
  std::size_t wild_left_ = 0;  // of the packets at the beginning
  std::int64_t clock_ns_ = 0;
};

}  // namespace tapdeck::engine
