// RTP of G.711 for many streams at once, as a card would hand it to a worker: mbufs built before,
// in shuffled order, of which only what differs from packet to packet is written anew.  It knows
// what it has sent and compares that with what stands in chunks.
//
// Threads: the benchmark's one.  Memory: all at start.
#pragma once

#include <cstdint>
#include <vector>

#include "base/hash.h"
#include "engine/port.h"
#include "model/chunk.h"

namespace tapdeck::load {

constexpr std::uint32_t kMbufs = 32'768;  // of a batch, all different
constexpr std::size_t kRtpBytes = 172;
constexpr std::size_t kFrameBytes = 42 + kRtpBytes;
constexpr std::int64_t kPacketNs = 20'000'000;
constexpr std::uint32_t kChunkPackets = 90;  // about as many fill one

// What a section holds: as much of it as tells it from every other.
struct Tally {
  std::uint64_t packets = 0;
  std::uint64_t checksum = 0;
};

Tally tally_section(const SectionHeader& section, ByteView records);

class Mill {
 public:
  // `port` has one queue and at least kMbufs mbufs, all of them free.
  Mill(const engine::Port& port, std::uint32_t stream_count);

  // The address of a stream's receiver.
  [[nodiscard]] Endpoint destination(std::uint32_t stream) const;

  [[nodiscard]] std::uint32_t stream_count() const {
    return static_cast<std::uint32_t>(streams_.size());
  }

  // Patches kMbufs packets, the next of each stream in turn, and enqueues them.  False when the
  // mbufs have not all come back.  Streams whose number modulo kChunkPackets is above `rank_max`
  // are silent: so chunks begin at different times.
  [[nodiscard]] bool send(std::uint32_t rank_max = kChunkPackets);

  [[nodiscard]] std::int64_t now_ns() const { return now_ns_; }  // time of the last packet

  [[nodiscard]] std::uint64_t sent() const { return sent_; }

  [[nodiscard]] std::uint64_t patch_ns() const { return patch_ns_; }  // CPU time in send() so far

  // Takes in what a section holds.
  void read_back(const SectionHeader& section, ByteView records);

  void read_back(const Chunk& chunk) {
    read_back(chunk.section, ByteView{chunk.records}.first(chunk.section.record_bytes));
  }

  // Streams whose count or checksum read back is not what was sent.
  [[nodiscard]] std::uint32_t wrong_streams() const;

 private:
  struct Stream {
    std::uint32_t sequence = 0;  // packets sent
    std::uint32_t found = 0;
    std::uint64_t checksum = 0;  // of those sent, minus those found
  };

  void build(const engine::Port& port);
  std::uint32_t next_stream(std::uint32_t rank_max);

  const engine::Port& port_;
  int note_offset_;
  std::vector<Stream> streams_;
  std::vector<std::uint32_t> order_;  // in which streams send
  std::uint32_t at_ = 0;
  std::int64_t cycle_ns_;
  std::int64_t now_ns_;
  std::uint64_t sent_ = 0;
  std::uint64_t patch_ns_ = 0;
};

// CPU time of the calling thread.
std::int64_t thread_cpu_ns();

}  // namespace tapdeck::load
