// What a Worker is made of; apart from worker.h so that the program need not see it.
// Threads: the owning worker.  Memory: one object and an Arena, at start.
#pragma once

#include <array>
#include <cstdint>

#include <rte_mbuf.h>

#include "engine/arena.h"
#include "engine/decode/classify.h"
#include "engine/decode/decode.h"
#include "engine/decode/rtp_frame.h"
#include "engine/media.h"
#include "engine/packet.h"
#include "engine/signal_finder.h"
#include "engine/worker.h"

namespace tapdeck::engine {

constexpr std::uint16_t kBurst = 32;
constexpr std::uint32_t kBurstsPerPoll = 8;  // then messages and timers have their turn
constexpr std::size_t kSourcesMax = 64;

// The time of a port's packets in UTC, from its hardware clock.
struct PortClock {
  std::int64_t offset_ns = 0;  // host - hardware, by the fastest packet seen
  bool known = false;
};

// UTC of a hardware timestamp.  The offset follows the smallest difference seen, which is the
// packet that waited least.  More than a second off `host_now_ns` is an alarm: false, the host's
// time is to be used, and the offset is estimated anew.
bool hardware_to_host(PortClock& clock,
                      std::int64_t hardware_ns,
                      std::int64_t host_now_ns,
                      std::int64_t& utc_ns);

class WorkerState {
 public:
  WorkerState(const WorkerOptions& options,
              WorkerRings& rings,
              int note_offset,
              SipDetector detector);

  [[nodiscard]] bool out_of_memory() const { return arena_.failed(); }

  std::uint32_t step(const StepTime& now);
  bool finish(const StepTime& now);
  void visit_streams(StreamVisitor visitor, void* context) const;

  [[nodiscard]] const WorkerCounters& counters() const { return counters_; }

 private:
  struct Item {
    Decoded decoded;
    RealmId realm;  // of what is not media: that has it in its key
    PayloadKind kind;
    std::int64_t time_ns;
    std::uint64_t order;
    MediaPacket media;
  };

  struct Burst {
    std::uint16_t count = 0;
    std::array<rte_mbuf*, kBurst> packets{};
    std::array<Item, kBurst> items{};
    std::span<std::uint8_t> scratch{};  // chained packets, made contiguous
    std::size_t scratch_used = 0;

    [[nodiscard]] std::span<Item> used() { return std::span<Item>(items).first(count); }

    [[nodiscard]] std::span<const Item> used() const {
      return std::span<const Item>(items).first(count);
    }
  };

  static constexpr std::uint32_t kStages = 4;  // bursts under way at once

  std::uint32_t handle_messages();
  std::uint32_t handle_returned();
  void act_on_returned(const SignalMessage& message);
  std::uint32_t poll(std::size_t source, const StepTime& now);
  static void receive(std::uint16_t port_id, const QueueSource& from, Burst& burst);
  static void prefetch_bytes(const Burst& burst);
  void decode_burst(std::size_t source, const StepTime& now, Burst& burst);
  void decode_one(std::size_t source, std::uint16_t index, const StepTime& now, Burst& burst);
  void prepare_rtp(const QueueSource& source, const RtpFrame& frame, Item& item);
  void prepare_media(const QueueSource& source, Item& item);
  void prefetch_streams(Burst& burst) const;
  void prefetch_chunks(const Burst& burst) const;
  void act_on(const QueueSource& from, Burst& burst);
  PacketClass act(const QueueSource& source, Item& item);
  bool takes_fax(const QueueSource& source, Item& item);
  PacketClass act_on_segment(const QueueSource& source, const Item& item);
  bool pass(const QueueSource& source, const Item& item, ByteView bytes, SignalKind kind);
  void pass_signal(const QueueSource& source, const Item& item);
  void pass_fragment(const QueueSource& source, const Item& item);
  [[nodiscard]] static ByteView linear_bytes(const rte_mbuf* packet, Burst& burst);

  WorkerOptions options_;
  WorkerRings& rings_;
  int note_offset_;
  Arena arena_;
  WorkerCounters counters_;
  Media media_;
  SignalFinder finder_;
  RealmMap realms_;
  std::array<QueueSource, kSourcesMax> sources_{};
  std::array<PortClock, kSourcesMax> clocks_{};
  std::size_t source_count_ = 0;
  std::array<Burst, kStages> bursts_{};
  std::uint64_t next_order_ = 0;
  BindMessage pending_message_{};
  bool has_pending_message_ = false;
};

}  // namespace tapdeck::engine
