#include "engine/capture/feeder.h"

#include <algorithm>
#include <cstring>
#include <utility>

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
                               std::uint32_t room_bytes,
                               int socket) {
  const auto room = static_cast<std::uint16_t>(room_bytes);
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

Feeder::Feeder(CaptureMerge& merge, const std::vector<rte_ring*>& rings, SipDetector detector)
    : merge_(merge),
      lane_count_(static_cast<std::uint32_t>(rings.size())),
      arena_(-1),
      finder_(std::move(detector), arena_, 0) {
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
  Result<SipDetector> detector = SipDetector::create();
  if (!detector) return detector.error();
  std::unique_ptr<Feeder> feeder(new Feeder(merge, rings, std::move(*detector)));
  if (feeder->arena_.failed()) {
    return make_error(ErrorCode::kResources, "No memory for the feeder's table of connections.");
  }
  const Result<int> offset = register_packet_note();
  if (!offset) return offset.error();
  feeder->note_offset_ = *offset;
  for (const std::uint16_t port : options.sip_ports) feeder->finder_.add_port(port);
  for (const std::uint16_t port : options.sip_tls_ports) feeder->finder_.add_tls_port(port);
  feeder->rules_ = options.decode;
  feeder->realms_ = options.realms;
  const auto add_pool = [&options](const char* kind, std::uint32_t count, std::uint32_t room) {
    return make_pool(options.name + kind, count, room, options.socket);
  };
  const auto small =
      add_pool("_small", options.small_count, kFeedBytesSmall + RTE_PKTMBUF_HEADROOM);
  if (!small) return small.error();
  feeder->small_ = *small;
  const auto large = add_pool("_large", options.large_count, kFeedBytesMax + RTE_PKTMBUF_HEADROOM);
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

// With the packet's bytes; nullptr when a pool is empty.
rte_mbuf* Feeder::make_buffer(const CapturedPacket& packet) {
  const std::size_t length = std::min<std::size_t>(packet.bytes.size(), kFeedBytesMax);
  rte_mbuf* buffer = ::rte_pktmbuf_alloc(packet.bytes.size() <= kFeedBytesSmall ? small_ : large_);
  if (buffer == nullptr) return nullptr;
  if (length > 0) std::memcpy(rte_pktmbuf_mtod(buffer, void*), packet.bytes.data(), length);
  buffer->data_len = static_cast<std::uint16_t>(length);
  buffer->pkt_len = static_cast<std::uint32_t>(length);
  return buffer;
}

// False when a ring or a pool is full.
bool Feeder::feed(const CapturedPacket& packet) {
  Lane& lane = lanes_[choose_queue(packet.link_type, packet.bytes, lane_count_)];
  if (lane.staged.size() == lane.room) return false;
  rte_mbuf* buffer = make_buffer(packet);
  if (buffer == nullptr) return false;
  packet_note(buffer, note_offset_) = {.time_ns = packet.time_ns,
                                       .order = order_,
                                       .original_length = packet.original_length,
                                       .link_type = packet.link_type};
  lane.staged.push_back(buffer);
  if (packet.bytes.size() > kFeedBytesMax) ++cut_;
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

bool Feeder::is_signalling(const CapturedPacket& packet) {
  const FrameView frame{packet.bytes, packet.original_length, packet.link_type};
  RtpFrame rtp;
  if (decode_rtp_frame(frame, finder_.ports(), rtp)) return false;  // as nearly all are
  Decoded decoded;
  decode(frame, rules_, decoded);
  if (is_wanted_fragment(decoded)) return true;  // it may be the last of a message
  if (!decoded.is_udp) {
    if (finder_.classify_stream(decoded) != PacketClass::kTcp) return false;
    const RealmId realm = realms_ == nullptr ? RealmId{0} : realms_->of(0, decoded);
    return finder_.takes(decoded, realm, packet.time_ns);
  }
  const PayloadKind kind = finder_.classify(decoded);
  return kind == PayloadKind::kSip || kind == PayloadKind::kHep;
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
