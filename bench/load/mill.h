// RTP of G.711 for many streams at once, as a card would hand it to a worker: mbufs built before,
// in shuffled order, of which only what differs from packet to packet is written anew.  It knows
// what it has sent and compares that with what stands in chunks.
//
// Threads: the benchmark's one.  Memory: all at start.
#pragma once

#include <cstdint>
#include <span>

#include <rte_mbuf.h>

#include "bench/load/stream_source.h"
#include "engine/port.h"

namespace tapdeck::load {

constexpr std::uint32_t kMbufs = 32'768;  // of a batch, all different

class Mill {
 public:
  // `port` has one queue and at least kMbufs mbufs, all of them free.
  Mill(const engine::Port& port, std::uint32_t stream_count);

  // Who they are and where they go.
  [[nodiscard]] const StreamSource& streams() const { return source_; }

  // Patches kMbufs packets, the next of each stream in turn, and enqueues them.  False when the
  // mbufs have not all come back.  Streams whose number modulo StreamSource::kRanks is above
  // `rank` are silent: so chunks begin at different times.
  [[nodiscard]] bool send(std::uint32_t rank = StreamSource::kRanks);

  [[nodiscard]] std::int64_t now_ns() const { return source_.now_ns(); }  // of the last packet

  [[nodiscard]] std::uint64_t sent() const { return sent_; }

  [[nodiscard]] std::uint64_t patch_ns() const { return patch_ns_; }  // CPU time in send() so far

  // Takes in what a section holds.
  void read_back(const SectionHeader& section, ByteView records) {
    source_.read_back(section, records);
  }

  void read_back(const Chunk& chunk) {
    read_back(chunk.section, ByteView{chunk.records}.first(chunk.section.record_bytes));
  }

  // Streams of which not all, or not what was sent, was read back.
  [[nodiscard]] std::uint32_t wrong_streams() const;

 private:
  void build(const engine::Port& port);
  bool take(std::span<rte_mbuf*> packets);

  const engine::Port& port_;
  int note_offset_;
  StreamSource source_;
  std::uint64_t sent_ = 0;
  std::uint64_t patch_ns_ = 0;
};

}  // namespace tapdeck::load
