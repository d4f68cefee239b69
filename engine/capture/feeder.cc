#include "engine/capture/feeder.h"

#include <algorithm>
#include <cstring>
#include <utility>

#include <rte_errno.h>
#include <rte_mbuf.h>

#include "base/assert.h"
#include "engine/capture/flow_hash.h"
#include "engine/packet.h"

namespace tapdeck::engine {
namespace {

constexpr std::uint32_t kFeedCacheMbufs = 256;

Result<rte_mempool*> make_pool(const std::string& name,
                               std::uint32_t count,
                               std::uint32_t data_bytes,
                               int socket) {
  const auto room = static_cast<std::uint16_t>(data_bytes + RTE_PKTMBUF_HEADROOM);
  // The mbufs of one round come back in the next, still in the processor's cache.
  const std::uint32_t cache = std::min(kFeedCacheMbufs, count / 2);
  rte_mempool* pool = ::rte_pktmbuf_pool_create(name.c_str(), count, cache, 0, room, socket);
  if (pool == nullptr) {
    return make_errno_error(ErrorCode::kResources,
                            "cannot make the pool " + name + " of " + std::to_string(count) +
                                " packet buffers (see eal.memory_mib)",
                            rte_errno);
  }
  return pool;
}

}  // namespace

static_assert(kFeedBytesMax + RTE_PKTMBUF_HEADROOM <= 0xffff, "the data room is 16 bits");

Feeder::Feeder(CaptureMerge& merge, std::vector<rte_ring*> rings)
    : merge_(merge), rings_(std::move(rings)) {}

Result<std::unique_ptr<Feeder>> Feeder::create(CaptureMerge& merge,
                                               std::vector<rte_ring*> rings,
                                               const FeederOptions& options) {
  TD_ASSERT(!rings.empty());
  std::unique_ptr<Feeder> feeder(new Feeder(merge, std::move(rings)));
  const Result<int> offset = register_packet_note();
  if (!offset) return offset.error();
  feeder->note_offset_ = *offset;
  for (const std::uint16_t port : options.sip_ports) feeder->sip_ports_.add(port);
  const auto small =
      make_pool(options.name + "_small", options.small_count, kFeedBytesSmall, options.socket);
  if (!small) return small.error();
  feeder->small_ = *small;
  const auto large =
      make_pool(options.name + "_large", options.large_count, kFeedBytesMax, options.socket);
  if (!large) return large.error();
  feeder->large_ = *large;
  return feeder;
}

Feeder::~Feeder() {
  ::rte_mempool_free(small_);
  ::rte_mempool_free(large_);
}

namespace {

// A packet of which nothing is understood is no witness of the time either.
bool tells_time(const CapturedPacket& packet) { return link_type_known(packet.link_type); }

}  // namespace

bool Feeder::feed(const CapturedPacket& packet) {
  const bool is_small = packet.bytes.size() <= kFeedBytesSmall;
  rte_mbuf* buffer = ::rte_pktmbuf_alloc(is_small ? small_ : large_);
  if (buffer == nullptr) return false;
  const std::size_t length = std::min<std::size_t>(packet.bytes.size(), kFeedBytesMax);
  if (length > 0) std::memcpy(rte_pktmbuf_mtod(buffer, void*), packet.bytes.data(), length);
  buffer->data_len = static_cast<std::uint16_t>(length);
  buffer->pkt_len = static_cast<std::uint32_t>(length);
  packet_note(buffer, note_offset_) = {.time_ns = packet.time_ns,
                                       .order = order_,
                                       .original_length = packet.original_length,
                                       .link_type = packet.link_type};
  const auto ring_count = static_cast<std::uint32_t>(rings_.size());
  const std::uint32_t queue = choose_queue(packet.link_type, packet.bytes, ring_count);
  if (::rte_ring_enqueue(rings_[queue], buffer) != 0) {
    ::rte_pktmbuf_free(buffer);
    return false;
  }
  if (length < packet.bytes.size()) ++cut_;
  ++order_;
  if (tells_time(packet)) clock_.observe(packet.order_ns);
  return true;
}

bool Feeder::is_signalling(const CapturedPacket& packet) const {
  Decoded decoded;
  decode({packet.bytes, packet.original_length, packet.link_type}, decoded);
  return decoded.is_udp && classify_udp(decoded, sip_ports_) == PayloadKind::kSip;
}

FeedRound Feeder::feed_round(std::uint32_t packets_max, std::int64_t clock_max_ns) {
  FeedRound round;
  while (round.packets < packets_max) {
    if (!has_waiting_ && merge_.next(waiting_) != ReadVerdict::kPacket) {
      round.state = FeedState::kEnd;
      return round;
    }
    has_waiting_ = true;
    PacketClock ahead = clock_;
    if (tells_time(waiting_) && ahead.observe(waiting_.order_ns) > clock_max_ns) {
      round.state = FeedState::kAhead;
      return round;
    }
    if (!feed(waiting_)) {
      round.state = FeedState::kBlocked;
      return round;
    }
    has_waiting_ = false;
    ++round.packets;
    if (is_signalling(waiting_)) return round;
  }
  return round;
}

}  // namespace tapdeck::engine
