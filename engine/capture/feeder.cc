#include "engine/capture/feeder.h"

#include <algorithm>
#include <cstring>

#include <rte_errno.h>
#include <rte_mbuf.h>

#include "base/assert.h"
#include "engine/capture/flow_hash.h"
#include "engine/decode/rtp_frame.h"
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

Feeder::Feeder(CaptureMerge& merge, const std::vector<rte_ring*>& rings)
    : merge_(merge), lane_count_(static_cast<std::uint32_t>(rings.size())) {
  for (rte_ring* ring : rings) {
    Lane& lane = lanes_.emplace_back();
    lane.ring = ring;
    lane.staged.reserve(::rte_ring_get_capacity(ring));
  }
}

Result<std::unique_ptr<Feeder>> Feeder::create(CaptureMerge& merge,
                                               const std::vector<rte_ring*>& rings,
                                               const FeederOptions& options) {
  TD_ASSERT(!rings.empty());
  std::unique_ptr<Feeder> feeder(new Feeder(merge, rings));
  const Result<int> offset = register_packet_note();
  if (!offset) return offset.error();
  feeder->note_offset_ = *offset;
  for (const std::uint16_t port : options.sip_ports) feeder->sip_ports_.add(port);
  feeder->rules_ = options.decode;
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

// False when a ring or a pool is full.
bool Feeder::feed(const CapturedPacket& packet) {
  Lane& lane = lanes_[choose_queue(packet.link_type, packet.bytes, lane_count_)];
  if (lane.staged.size() == lane.room) return false;
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
  lane.staged.push_back(buffer);
  if (length < packet.bytes.size()) ++cut_;
  ++order_;
  if (tells_time(packet)) {
    clock_ns_ = clock_with(packet);
    clock_started_ = true;
  }
  return true;
}

void Feeder::begin_round() {
  for (Lane& lane : lanes_) lane.room = ::rte_ring_free_count(lane.ring);
}

// Hands over what the round has staged, for which there is room.
void Feeder::end_round() {
  for (Lane& lane : lanes_) {
    if (lane.staged.empty()) continue;
    const auto count = static_cast<unsigned>(lane.staged.size());
    const unsigned taken = ::rte_ring_enqueue_bulk(
        lane.ring, reinterpret_cast<void* const*>(lane.staged.data()), count, nullptr);
    TD_ASSERT(taken == count);
    lane.staged.clear();
  }
}

// What the clock shows once `packet` has been seen.
std::int64_t Feeder::clock_with(const CapturedPacket& packet) const {
  if (clock_started_) return std::max(clock_ns_, packet.clock_ns);
  const std::int64_t start_ns = merge_.clock_start_ns();
  return start_ns == INT64_MAX ? packet.clock_ns : std::max(start_ns, packet.clock_ns);
}

bool Feeder::is_signalling(const CapturedPacket& packet) const {
  const FrameView frame{packet.bytes, packet.original_length, packet.link_type};
  RtpFrame rtp;
  if (decode_rtp_frame(frame, sip_ports_, rtp)) return false;  // as nearly all are
  Decoded decoded;
  decode(frame, rules_, decoded);
  if (!decoded.is_udp) return is_wanted_fragment(decoded);  // it may be the last of a message
  return classify_udp(decoded, sip_ports_) == PayloadKind::kSip;
}

FeedRound Feeder::feed_round(std::uint32_t packets_max, std::int64_t clock_max_ns) {
  FeedRound round;
  begin_round();
  round.state = feed_packets(packets_max, clock_max_ns, round.packets);
  end_round();
  return round;
}

FeedState Feeder::feed_packets(std::uint32_t packets_max,
                               std::int64_t clock_max_ns,
                               std::uint32_t& packets) {
  while (packets < packets_max) {
    if (!has_waiting_ && merge_.next(waiting_) != ReadVerdict::kPacket) return FeedState::kEnd;
    has_waiting_ = true;
    if (tells_time(waiting_) && clock_with(waiting_) > clock_max_ns) return FeedState::kAhead;
    if (!feed(waiting_)) return FeedState::kBlocked;
    has_waiting_ = false;
    ++packets;
    if (is_signalling(waiting_)) break;
  }
  return FeedState::kMore;
}

}  // namespace tapdeck::engine
