#include "engine/worker.h"

#include <algorithm>

#include <rte_ethdev.h>

#include "base/clock.h"
#include "engine/decode/ip_header.h"
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
  std::uint32_t handled = handle_messages() + handle_returned();
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

// Media in fragments, or told of by a capture agent.  It counts as no packet: what brought it did.
std::uint32_t WorkerState::handle_returned() {
  std::uint32_t handled = 0;
  for (; handled < kMessagesPerStep; ++handled) {
    SignalMessage* message = rings_.returned().pop();
    if (message == nullptr) break;
    act_on_returned(*message);
    WorkerRings::release(message);
  }
  return handled;
}

void WorkerState::act_on_returned(const SignalMessage& message) {
  Item item{};
  item.kind = message.kind == SignalKind::kRtcp ? PayloadKind::kRtcp : PayloadKind::kRtp;
  item.time_ns = message.time_ns;
  item.realm = message.realm;
  item.decoded.source = message.source;
  item.decoded.destination = message.destination;
  item.decoded.vlan = message.vlan;
  item.decoded.payload = message.view();
  item.decoded.payload_length = message.length + message.missing_bytes;
  prepare_media({.port_index = message.port_index}, item);
  if (item.kind == PayloadKind::kRtcp) return media_.on_rtcp(item.media);
  media_.prefetch_stream(item.media);
  media_.on_rtp(item.media);
}

namespace {

bool concerns_media(PayloadKind kind) {
  return kind == PayloadKind::kRtp || kind == PayloadKind::kRtcp || kind == PayloadKind::kZrtp;
}

}  // namespace

ByteView WorkerState::linear_bytes(const rte_mbuf* packet, Burst& burst) {
  const std::uint32_t length = rte_pktmbuf_pkt_len(packet);
  if (rte_pktmbuf_is_contiguous(packet)) {
    return {rte_pktmbuf_mtod(packet, const std::uint8_t*), length};
  }
  // Longer than any IP packet: the rest is padding at best, and not looked at.
  const std::size_t wanted = std::min<std::size_t>(length, kLargeMessageBytes);
  std::uint8_t* at = burst.scratch.data() + burst.scratch_used;
  const void* bytes = rte_pktmbuf_read(packet, 0, static_cast<std::uint32_t>(wanted), at);
  if (bytes == nullptr) return {};
  burst.scratch_used += wanted;
  return {static_cast<const std::uint8_t*>(bytes), wanted};
}

void WorkerState::decode_one(std::size_t source,
                             std::uint16_t index,
                             const StepTime& now,
                             Burst& burst) {
  rte_mbuf* packet = burst.packets[index];
  Item& item = burst.items[index];
  const QueueSource& from = sources_[source];
  FrameView frame;
  frame.bytes = linear_bytes(packet, burst);
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
  RtpFrame rtp;
  if (decode_rtp_frame(frame, finder_.ports(), rtp)) return prepare_rtp(from, rtp, item);
  decode(frame, options_.decode, item.decoded);
  item.kind = PayloadKind::kOther;
  item.realm = realms_.of(from.realm, item.decoded);
  if (!item.decoded.is_udp) {
    item.decoded.packet_class = finder_.classify_stream(item.decoded);
    return;
  }
  item.kind = finder_.classify(item.decoded);
  if (concerns_media(item.kind)) prepare_media(from, item);
}

void WorkerState::prepare_rtp(const QueueSource& source, const RtpFrame& frame, Item& item) {
  item.kind = PayloadKind::kRtp;
  item.decoded.is_udp = true;
  MediaPacket& media = item.media;
  media.key.source_ip = mapped_ipv4(frame.addresses);
  media.key.destination_ip = mapped_ipv4(frame.addresses + 4);
  media.key.source_port = frame.source_port;
  media.key.destination_port = frame.destination_port;
  media.key.ssrc = frame.header.ssrc;
  media.key.realm = source.realm;
  media.key.aside = 0;
  media.key.is_fax = 0;
  media.payload = frame.payload;
  media.arrival.header = frame.header;
  media.arrival.time_ns = item.time_ns;
  media.arrival.payload_length = static_cast<std::uint32_t>(frame.payload.size());
  media.port_index = source.port_index;
  media.vlan = 0;
  media.hash = media_.streams().hash(media.key);
  media_.streams().prefetch(media.hash);
}

void WorkerState::prepare_media(const QueueSource& source, Item& item) {
  const Decoded& decoded = item.decoded;
  MediaPacket& media = item.media;
  media.key = {.source_ip = decoded.source.ip.bytes,
               .destination_ip = decoded.destination.ip.bytes,
               .source_port = decoded.source.port,
               .destination_port = decoded.destination.port,
               .ssrc = 0,
               .realm = item.realm,
               .aside = 0,
               .is_fax = 0};
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

void WorkerState::decode_burst(std::size_t source, const StepTime& now, Burst& burst) {
  burst.scratch_used = 0;
  std::uint64_t bytes = 0;
  for (std::uint16_t i = 0; i < burst.count; ++i) {
    bytes += rte_pktmbuf_pkt_len(burst.packets[i]);
    decode_one(source, i, now, burst);
  }
  counters_.rx_bytes.add(bytes);
}

void WorkerState::prefetch_streams(Burst& burst) const {
  for (Item& item : burst.used()) {
    if (item.kind == PayloadKind::kRtp) media_.prefetch_stream(item.media);
  }
}

void WorkerState::prefetch_chunks(const Burst& burst) const {
  for (const Item& item : burst.used()) {
    if (item.kind == PayloadKind::kRtp) media_.prefetch_chunk(item.media);
  }
}

// Takes a burst from the port and asks memory for its descriptors.
void WorkerState::receive(std::uint16_t port_id, const QueueSource& from, Burst& burst) {
  burst.count = rte_eth_rx_burst(port_id, from.queue, burst.packets.data(), kBurst);
  for (std::uint16_t i = 0; i < burst.count; ++i) {
    const auto* packet = reinterpret_cast<const std::uint8_t*>(burst.packets[i]);
    rte_prefetch0(packet);
    rte_prefetch0(packet + RTE_CACHE_LINE_SIZE);
  }
}

// Asks memory for the bytes of a burst: of longer packets only the beginning, the processor sees
// by itself where that leads.
void WorkerState::prefetch_bytes(const Burst& burst) {
  constexpr std::uint32_t kBytes = 256;
  for (std::uint16_t i = 0; i < burst.count; ++i) {
    const rte_mbuf* packet = burst.packets[i];
    const auto* bytes = rte_pktmbuf_mtod(packet, const std::uint8_t*);
    const std::uint32_t end = std::min<std::uint32_t>(packet->data_len, kBytes);
    for (std::uint32_t at = 0; at < end; at += RTE_CACHE_LINE_SIZE) rte_prefetch0(bytes + at);
  }
}

void WorkerState::act_on(const QueueSource& from, Burst& burst) {
  for (Item& item : burst.used()) counters_.count(act(from, item));
  counters_.rx_packets.add(burst.count);
  rte_pktmbuf_free_bulk(burst.packets.data(), burst.count);
  burst.count = 0;
}

// The worker waits for memory more than for anything else.  So bursts go through stages, each of
// which asks for what the next one needs, and while memory answers for one burst, the stages of its
// neighbours are worked on.  Packets are acted on in the order they came.
std::uint32_t WorkerState::poll(std::size_t source, const StepTime& now) {
  const QueueSource& from = sources_[source];
  const std::uint16_t port_id = from.port_id->load(std::memory_order_acquire);
  if (port_id == kNoPort) return 0;
  std::uint32_t handled = 0;
  std::uint32_t in_flight = 0;  // bursts
  bool more = true;
  for (std::uint32_t tick = 0; more || in_flight > 0; ++tick) {
    Burst& newest = bursts_[tick % kStages];
    Burst& second = bursts_[(tick + kStages - 1) % kStages];
    Burst& third = bursts_[(tick + kStages - 2) % kStages];
    Burst& oldest = bursts_[(tick + kStages - 3) % kStages];
    decode_burst(source, now, third);
    if (oldest.count > 0) {
      act_on(from, oldest);
      --in_flight;
    }
    prefetch_streams(third);
    if (more) {
      receive(port_id, from, newest);
      handled += newest.count;
      in_flight += newest.count > 0 ? 1 : 0;
      more = newest.count == kBurst && tick + 1 < kBurstsPerPoll;
    }
    prefetch_bytes(second);
    prefetch_chunks(third);
  }
  return handled;
}

PacketClass WorkerState::act(const QueueSource& source, Item& item) {
  if (!item.decoded.is_udp) {
    const PacketClass packet_class = item.decoded.packet_class;
    if (packet_class == PacketClass::kTcp) return act_on_segment(source, item);
    if (packet_class == PacketClass::kIpFragment) pass_fragment(source, item);
    return packet_class;
  }
  switch (item.kind) {
    case PayloadKind::kSip: pass_signal(source, item); return PacketClass::kSip;
    case PayloadKind::kHep: pass_signal(source, item); return PacketClass::kHep;
    case PayloadKind::kSipKeepalive: return PacketClass::kSipKeepalive;
    case PayloadKind::kRtp: return media_.on_rtp(item.media);
    case PayloadKind::kRtcp:
      if (takes_fax(source, item)) return PacketClass::kFaxBound;
      media_.on_rtcp(item.media);
      return PacketClass::kRtcp;
    case PayloadKind::kStun: return PacketClass::kStun;
    case PayloadKind::kDtls: return PacketClass::kDtls;
    case PayloadKind::kZrtp: media_.on_zrtp(item.media); return PacketClass::kZrtp;
    case PayloadKind::kOther: break;
  }
  return takes_fax(source, item) ? PacketClass::kFaxBound : PacketClass::kOtherUdp;
}

bool WorkerState::takes_fax(const QueueSource& source, Item& item) {
  if (!media_.expects_fax()) return false;
  if (item.kind == PayloadKind::kOther) prepare_media(source, item);
  return media_.on_fax(item.media);
}

PacketClass WorkerState::act_on_segment(const QueueSource& source, const Item& item) {
  if (!finder_.takes(item.decoded, item.realm, item.time_ns)) return PacketClass::kTcp;
  pass_signal(source, item);
  return PacketClass::kSipTcp;
}

// A copy of `bytes` to the call plane; false when it was lost, which is counted.
bool WorkerState::pass(const QueueSource& source,
                       const Item& item,
                       ByteView bytes,
                       SignalKind kind) {
  SignalMessage* message = rings_.take_message(static_cast<std::uint32_t>(bytes.size()));
  if (message == nullptr) {
    counters_.drop(DropReason::kNoMessageBuffer);
    return false;
  }
  message->time_ns = item.time_ns;
  message->order = item.order;
  message->source = item.decoded.source;
  message->destination = item.decoded.destination;
  message->realm = item.realm;
  message->port_index = source.port_index;
  message->vlan = item.decoded.vlan;
  message->ip_id = item.decoded.ip_id;
  message->transport = item.decoded.is_tcp ? SignalTransport::kTcp : SignalTransport::kUdp;
  message->kind = kind;
  message->tcp_flags = item.decoded.tcp_flags;
  message->tcp_sequence = item.decoded.tcp_sequence;
  message->tcp_acknowledgement = item.decoded.tcp_acknowledgement;
  message->missing_bytes = item.decoded.payload_length - static_cast<std::uint32_t>(bytes.size());
  message->length = static_cast<std::uint32_t>(bytes.size());
  if (!bytes.empty()) std::memcpy(WorkerRings::bytes_of(message), bytes.data(), bytes.size());
  if (rings_.push_signal(message)) return true;
  WorkerRings::release(message);
  counters_.drop(DropReason::kSignalRingFull);
  return false;
}

void WorkerState::pass_signal(const QueueSource& source, const Item& item) {
  const ByteView payload = item.decoded.payload;
  TD_DCHECK(payload.size() <= kLargeMessageBytes);  // lengths of IP have 16 bits
  if (payload.size() < item.decoded.payload_length) {
    counters_.drop(DropReason::kMessageTruncated);
  }
  if (pass(source, item, payload, SignalKind::kMessage)) counters_.messages_out.add();
}

// Fragments of one packet may come to any worker, so the call plane's thread puts them together.
// They give way to messages: a flood of them must not cost signalling.
void WorkerState::pass_fragment(const QueueSource& source, const Item& item) {
  const ByteView packet = item.decoded.payload;
  if (!is_wanted_fragment(item.decoded)) {
    counters_.drop(DropReason::kFragmentUnwanted);
  } else if (packet.size() < item.decoded.payload_length || packet.size() > kLargeMessageBytes) {
    counters_.drop(DropReason::kFragmentCut);
  } else if (!rings_.has_room_for_fragments()) {
    counters_.drop(DropReason::kFragmentShed);
  } else {
    pass(source, item, packet, SignalKind::kIpFragment);
  }
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
