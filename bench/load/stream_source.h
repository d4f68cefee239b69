// RTP of G.711 for many streams, packet by packet, for a sender that may lose some: each packet
// tells of which stream it is, which number it has there and what its samples must be.  So a
// recording is compared with what was sent while some of it was lost on the way.
//
// Threads: write(), skip() and take_back() are the sender's, read_back() the reader's; begin() and
// compare() while both rest.  Memory: 44 bytes a stream.
#pragma once

#include <cstdint>
#include <vector>

#include "base/bytes.h"
#include "model/chunk.h"
#include "model/ids.h"

namespace tapdeck::load {

// What a section holds: as much of it as tells it from every other.
struct Tally {
  std::uint64_t packets = 0;
  std::uint64_t checksum = 0;
  std::uint64_t damaged = 0;  // of them, not whole; and what is no record
  std::uint64_t gaps = 0;     // packets that gap records tell as lost
};

// Of a section of a StreamSource's packets.
Tally tally_section(const SectionHeader& section, ByteView records);

class StreamSource {
 public:
  static constexpr std::size_t kRtpBytes = 172;
  static constexpr std::size_t kFrameBytes = 42 + kRtpBytes;
  static constexpr std::size_t kWireBytes = kFrameBytes + 24;  // check sequence, preamble, gap
  static constexpr std::int64_t kPacketNs = 20'000'000;
  static constexpr std::uint32_t kRanks = 90;  // packets that fill a chunk

  explicit StreamSource(std::uint32_t stream_count);

  // Once for each buffer of kFrameBytes: headers, and samples made of `seed`.
  static void prepare(std::uint8_t* frame, std::uint64_t seed);

  // The next packet into a prepared buffer.  Returns its stream.
  std::uint32_t write(std::uint8_t* frame);

  void skip();  // the next packet is lost: there was no buffer

  void take_back(const std::uint8_t* frame);  // a packet that was written is lost: nobody took it

  // Streams whose number modulo kRanks is above `rank` are silent: so chunks begin at different
  // times.
  void set_rank(std::uint32_t rank) { rank_ = rank; }

  // What was sent before is not compared.
  void begin();

  [[nodiscard]] std::int64_t now_ns() const { return now_ns_; }  // time of the last packet, UTC

  [[nodiscard]] std::uint32_t stream_count() const {
    return static_cast<std::uint32_t>(sent_.size());
  }

  [[nodiscard]] Endpoint destination(std::uint32_t stream) const;

  void read_back(const SectionHeader& section, ByteView records);

  // Of the packets since begin().
  struct Comparison {
    std::uint64_t sent = 0;                // those that were taken back or skipped not counted
    std::uint64_t missing = 0;             // sent, not read back
    std::uint64_t damaged = 0;             // read back, but never sent so
    std::uint64_t gaps = 0;                // told as lost by gap records, earlier ones included
    std::uint32_t incomplete_streams = 0;  // streams with a missing packet
    std::uint32_t wrong_streams = 0;       // of streams without a missing packet: not what was sent
  };

  [[nodiscard]] Comparison compare() const;

  // Packets that were read back since begin().  Reader's side.
  [[nodiscard]] std::uint64_t found() const { return found_count_; }

  // Packets that were ever read back.  Reader's side.
  [[nodiscard]] std::uint64_t found_ever() const { return found_ever_; }

 private:
  struct Sent {
    std::uint32_t number = 0;  // of the last packet; from 1
    std::uint32_t count = 0;
    std::uint64_t checksum = 0;
  };

  struct Found {
    std::uint32_t count = 0;
    std::uint64_t checksum = 0;
  };

  Sent& next();

  std::vector<Sent> sent_;
  std::vector<Found> found_;
  std::vector<std::uint32_t> base_;   // number of the last packet before begin()
  std::vector<std::uint32_t> order_;  // in which streams send
  std::uint32_t at_ = 0;
  std::uint32_t stream_ = 0;  // of the last packet
  std::uint32_t rank_ = kRanks;
  std::uint32_t header_sum_;  // of an IPv4 header without its addresses
  std::int64_t cycle_ns_;
  std::int64_t now_ns_;
  std::uint64_t damaged_ = 0;
  std::uint64_t gaps_ = 0;
  std::uint64_t found_count_ = 0;
  std::uint64_t found_ever_ = 0;
};

}  // namespace tapdeck::load
