#include "engine/worker.h"

#include <algorithm>

#include <rte_ethdev.h>

#include "base/clock.h"
#include "engine/worker_state.h"

namespace tapdeck::engine {
namespace {

constexpr std::uint32_t kMessagesPerStep = 64;
constexpr std::int64_t kClockAlarmNs = kNsPerSecond;

}  // namespace

bool hardware_to_host(PortClock& clock,
                      std::int64_t hardware_ns,
                      std::int64_t host_now_ns,
                      std::int64_t& utc_ns) {
  const std::int64_t offset = host_now_ns - hardware_ns;
  if (!clock.known || offset < clock.offset_ns) {
    const bool jumped = clock.known && clock.offset_ns - offset > kClockAlarmNs;
    clock = {offset, true};
    utc_ns = host_now_ns;
    return !jumped;
  }
  // Let the estimate follow a slow drift: a millionth of the difference per packet.
  clock.offset_ns += (offset - clock.offset_ns) >> 20;
  utc_ns = hardware_ns + clock.offset_ns;
  if (host_now_ns - utc_ns <= kClockAlarmNs) return true;
  clock.known = false;
  utc_ns = host_now_ns;
  return false;
}

std::uint32_t WorkerState::step(const StepTime& now) {
  media_.set_now(now.timer_now_ns);
  std::uint32_t handled = handle_messages();
  for (std::size_t source = 0; source < source_count_; ++source) handled += poll(source, now);
  media_.age();
  media_.update_gauges();
  counters_.steps.add();
  if (handled > 0) counters_.busy_steps.add();
  return handled;
}

std::uint32_t WorkerState::handle_messages() {
  std::uint32_t handled = 0;
  while (handled < kMessagesPerStep) {
    if (!has_pending_message_) {
      if (!rings_.pop_bind(pending_message_)) break;
      has_pending_message_ = true;
    }
    if (!media_.on_message(pending_message_)) break;  // the report ring is full: wait for room
    has_pending_message_ = false;
    ++handled;
  }
  return handled;
}

ByteView WorkerState::linear_bytes(rte_mbuf* packet) {
  const std::uint32_t length = rte_pktmbuf_pkt_len(packet);
  if (rte_pktmbuf_is_contiguous(packet)) {
    return {rte_pktmbuf_mtod(packet, const std::uint8_t*), length};
  }
  // Longer than any IP packet: the rest is padding at best, and not looked at.
  const std::size_t wanted = std::min<std::size_t>(length, kLargeMessageBytes);
  std::uint8_t* at = scratch_.data() + scratch_used_;
  const void* bytes = rte_pktmbuf_read(packet, 0, static_cast<std::uint32_t>(wanted), at);
  if (bytes == nullptr) return {};
  scratch_used_ += wanted;
  return {static_cast<const std::uint8_t*>(bytes), wanted};
}

void WorkerState::decode_one(std::size_t source,
                             rte_mbuf* packet,
                             const StepTime& now,
                             Item& item) {
  const QueueSource& from = sources_[source];
  FrameView frame;
  frame.bytes = linear_bytes(packet);
  frame.original_length = rte_pktmbuf_pkt_len(packet);
  item.time_ns = now.host_now_ns;
  if (from.has_notes) {
    const PacketNote& note = packet_note(packet, note_offset_);
    frame.original_length = std::max(frame.original_length, note.original_length);
    frame.link_type = note.link_type;
    item.time_ns = note.time_ns;
    item.order = note.order;
  } else {
    item.order = ++next_order_;
    if (from.timestamp_offset >= 0 && (packet->ol_flags & from.timestamp_flag) != 0) {
      const auto ticks =
          *RTE_MBUF_DYNFIELD(packet, from.timestamp_offset, const rte_mbuf_timestamp_t*);
      const auto hardware_ns = static_cast<std::int64_t>(ticks * from.timestamp_unit_ns);
      if (!hardware_to_host(clocks_[source], hardware_ns, now.host_now_ns, item.time_ns)) {
        counters_.drop(DropReason::kClockAlarm);
      }
    }
  }
  counters_.rx_bytes.add(rte_pktmbuf_pkt_len(packet));
  decode(frame, item.decoded);
  item.kind = PayloadKind::kOther;
  if (!item.decoded.is_udp) return;
  item.kind = classify_udp(item.decoded, sip_ports_);
  if (item.kind == PayloadKind::kRtp || item.kind == PayloadKind::kRtcp) prepare_media(from, item);
}

void WorkerState::prepare_media(const QueueSource& source, Item& item) {
  const Decoded& decoded = item.decoded;
  MediaPacket& media = item.media;
  media.key = {.source_ip = decoded.source.ip.bytes,
               .destination_ip = decoded.destination.ip.bytes,
               .source_port = decoded.source.port,
               .destination_port = decoded.destination.port,
               .ssrc = 0,
               .realm = source.realm,
               .zero = 0};
  media.payload = decoded.payload;
  media.arrival.time_ns = item.time_ns;
  media.arrival.payload_length = decoded.payload_length;
  media.port_index = source.port_index;
  media.vlan = decoded.vlan;
  if (item.kind != PayloadKind::kRtp) return;
  const bool parsed = parse_rtp(decoded.payload, decoded.payload_length, media.arrival.header);
  TD_DCHECK(parsed);
  static_cast<void>(parsed);
  media.key.ssrc = media.arrival.header.ssrc;
  media.hash = media_.streams().hash(media.key);
  media_.streams().prefetch(media.hash);
}

// The worker waits for memory more than for anything else: each stage asks for what the next one
// needs, for the whole burst.
void WorkerState::prefetch_media(std::uint16_t count) {
  const std::span<Item> items(items_.data(), count);
  for (Item& item : items) {
    if (item.kind == PayloadKind::kRtp) media_.prefetch_stream(item.media);
  }
  for (const Item& item : items) {
    if (item.kind == PayloadKind::kRtp) media_.prefetch_chunk(item.media);
  }
  for (const Item& item : items) {
    if (item.kind == PayloadKind::kRtp) media_.prefetch_record(item.media);
  }
}

// One burst in stages: receive, decode all, prefetch all, act on all in order.
std::uint32_t WorkerState::poll(std::size_t source, const StepTime& now) {
  const QueueSource& from = sources_[source];
  const std::uint16_t count = rte_eth_rx_burst(from.port_id, from.queue, packets_.data(), kBurst);
  if (count == 0) return 0;
  scratch_used_ = 0;
  for (std::uint16_t i = 0; i < count; ++i) {
    rte_prefetch0(packets_[i]);
    rte_prefetch0(reinterpret_cast<const std::uint8_t*>(packets_[i]) + 64);
  }
  for (std::uint16_t i = 0; i < count; ++i) {
    const auto* bytes = rte_pktmbuf_mtod(packets_[i], const std::uint8_t*);
    rte_prefetch0(bytes);
    rte_prefetch0(bytes+64);
    rte_prefetch0(bytes+128);
    rte_prefetch0(bytes+192);
  }
  for (std::uint16_t i = 0; i < count; ++i) decode_one(source, packets_[i], now, items_[i]);
  prefetch_media(count);
  for (std::uint16_t i = 0; i < count; ++i) counters_.count(act(from, items_[i]));
  counters_.rx_packets.add(count);
  rte_pktmbuf_free_bulk(packets_.data(), count);
  return count;
}

PacketClass WorkerState::act(const QueueSource& source, const Item& item) {
  if (!item.decoded.is_udp) return item.decoded.packet_class;
  switch (item.kind) {
    case PayloadKind::kSip: pass_signal(source, item); return PacketClass::kSip;
    case PayloadKind::kSipKeepalive: return PacketClass::kSipKeepalive;
    case PayloadKind::kRtp: return media_.on_rtp(item.media);
    case PayloadKind::kRtcp: media_.on_rtcp(item.media); return PacketClass::kRtcp;
    case PayloadKind::kStun: return PacketClass::kStun;
    case PayloadKind::kDtls: return PacketClass::kDtls;
    case PayloadKind::kOther: return PacketClass::kOtherUdp;
  }
  return PacketClass::kOtherUdp;
}

void WorkerState::pass_signal(const QueueSource& source, const Item& item) {
  const ByteView payload = item.decoded.payload;
  if (payload.size() > kLargeMessageBytes) {
    counters_.drop(DropReason::kMessageTooLong);
    return;
  }
  SignalMessage* message = rings_.take_message(static_cast<std::uint32_t>(payload.size()));
  if (message == nullptr) {
    counters_.drop(DropReason::kNoMessageBuffer);
    return;
  }
  if (payload.size() < item.decoded.payload_length) {
    counters_.drop(DropReason::kMessageTruncated);
  }
  message->time_ns = item.time_ns;
  message->order = item.order;
  message->source = item.decoded.source;
  message->destination = item.decoded.destination;
  message->realm = source.realm;
  message->port_index = source.port_index;
  message->vlan = item.decoded.vlan;
  message->transport = SignalTransport::kUdp;
  message->length = static_cast<std::uint32_t>(payload.size());
  std::memcpy(WorkerRings::bytes_of(message), payload.data(), payload.size());
  if (!rings_.push_signal(message)) {
    WorkerRings::release(message);
    counters_.drop(DropReason::kSignalRingFull);
    return;
  }
  counters_.messages_out.add();
}

bool WorkerState::finish(const StepTime& now) {
  media_.set_now(now.timer_now_ns);
  media_.discard_quarantine();
  const bool done = media_.flush_open();
  media_.update_gauges();
  return done;
}

void WorkerState::visit_streams(StreamVisitor visitor, void* context) const {
  media_.visit(visitor, context);
}

std::uint32_t Worker::step(const StepTime& now) { return state_->step(now); }

bool Worker::finish(const StepTime& now) { return state_->finish(now); }

void Worker::visit_streams(StreamVisitor visitor, void* context) const {
  state_->visit_streams(visitor, context);
}

const WorkerCounters& Worker::counters() const { return state_->counters(); }

}  // namespace tapdeck::engine
