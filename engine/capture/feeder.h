// Feeds captured packets to workers: each goes into an mbuf with its note (engine/packet.h) and by
// ring to the worker that a card with symmetric RSS would have chosen.  It feeds in rounds, so that
// between them everything that follows from a packet can be done before the next one is seen: a
// round ends after each packet of signalling, and before the clock would go too far ahead.
// Threads: one, which also steps the workers between rounds; nothing but them reads the mbufs, and
// nothing writes to their bytes.  Memory: two pools of single-segment mbufs, made in create(). Most
// packets fit the small ones; the few large ones hold up to kFeedBytesMax.  Longer captures are cut
// there (no IP packet is longer).
// When a pool or a ring is full: the round ends early and the packet waits; nothing is ever
// dropped.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include <rte_mbuf.h>
#include <rte_mempool.h>
#include <rte_ring.h>

#include "base/result.h"
#include "engine/arena.h"
#include "engine/capture/merge.h"
#include "engine/decode/realm_map.h"
#include "engine/decode/rules.h"
#include "engine/signal_finder.h"

namespace tapdeck::engine {

constexpr std::uint32_t kFeedBytesSmall = 2'048;
constexpr std::uint32_t kFeedBytesMax = 65'400;  // data_len and the room with headroom are 16 bits

struct FeederOptions {
  std::string name = "feed";               // of the pools: unique in the process, at most 20 bytes
  std::uint32_t small_count = 1'023;       // mbufs of kFeedBytesSmall: for several rounds
  std::uint32_t large_count = 31;          // mbufs of kFeedBytesMax
  int socket = -1;                         // NUMA node; -1: any
  std::vector<std::uint16_t> sip_ports{};  // whose packets end a round
  // As the workers have them.
  std::vector<std::uint16_t> sip_tls_ports{};
  DecodeRules decode{};
  std::shared_ptr<const RealmMap> realms{};
};

enum class FeedState : std::uint8_t {
  kMore,     // the round's packets were fed
  kAhead,    // the next packet would move the clock past the limit
  kBlocked,  // a pool or a ring was full: step the workers and come again
  kEnd,      // every file has stopped
};

struct FeedRound {
  std::uint32_t packets = 0;  // enqueued by this round
  FeedState state = FeedState::kMore;
};

class Feeder {
 public:
  // Borrows the merge and the rings, one per worker, at least one.  Needs a started EAL.
  static Result<std::unique_ptr<Feeder>> create(CaptureMerge& merge,
                                                const std::vector<rte_ring*>& rings,
                                                const FeederOptions& options = {});

  Feeder(const Feeder&) = delete;
  Feeder& operator=(const Feeder&) = delete;
  ~Feeder();  // the mbufs must have come back

  // Feeds up to `packets_max` in order, none of which moves the clock past `clock_max_ns`.  With
  // rings and pools of at least packets_max and all packets consumed between rounds, a round holds
  // the same packets whatever the number of rings.
  FeedRound feed_round(std::uint32_t packets_max, std::int64_t clock_max_ns = INT64_MAX);

  [[nodiscard]] std::uint64_t packets_fed() const { return order_; }

  // What `ingest` takes for the time of day: the running maximum of packet time, wild times left
  // out (engine/capture/lookahead.h).
  [[nodiscard]] std::int64_t clock_ns() const { return clock_ns_; }

  // Packets that were longer than kFeedBytesMax and were cut.
  [[nodiscard]] std::uint64_t packets_cut() const { return cut_; }

 private:
  // The way to one worker.  A round's packets are handed over together, at its end.
  struct Lane {
    rte_ring* ring = nullptr;
    std::uint32_t room = 0;  // at the beginning of the round
    std::vector<rte_mbuf*> staged;
  };

  Feeder(CaptureMerge& merge, const std::vector<rte_ring*>& rings, SipDetector detector);

  void begin_round();
  FeedState feed_packets(std::uint32_t packets_max,
                         std::int64_t clock_max_ns,
                         std::uint32_t& packets);
  void end_round();
  bool feed(const CapturedPacket& packet);
  rte_mbuf* make_buffer(const CapturedPacket& packet);
  [[nodiscard]] std::int64_t clock_with(const CapturedPacket& packet) const;
  [[nodiscard]] bool is_signalling(const CapturedPacket& packet);

  CaptureMerge& merge_;
  std::vector<Lane> lanes_;
  std::uint32_t lane_count_;
  Arena arena_;
  SignalFinder finder_;  // decides as those of the workers do
  DecodeRules rules_;
  std::shared_ptr<const RealmMap> realms_;  // may be none
  rte_mempool* small_ = nullptr;
  rte_mempool* large_ = nullptr;
  int note_offset_ = -1;
  CapturedPacket waiting_;  // taken from the merge, not yet fed
  bool has_waiting_ = false;
  std::uint64_t order_ = 0;
  std::uint64_t cut_ = 0;
  std::int64_t clock_ns_ = 0;
  bool clock_started_ = false;
};

}  // namespace tapdeck::engine
