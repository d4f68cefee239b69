#include "bench/traffic/traffic.h"

#include <utility>

#include "base/assert.h"
#include "base/clock.h"

namespace tapdeck::traffic {
namespace {

std::int64_t gap_ns(Random& random, double per_second) {
  return static_cast<std::int64_t>(random.exponential(1e9 / per_second));
}

}  // namespace

Traffic::Traffic(const TrafficOptions& options) : options_(options), random_(options.seed) {
  const std::int64_t start_ns = options_.start_us * kNsPerUs;
  if (options_.call_count == 0) return;
  push(start_ns, EventKind::kCall, 0, {});
  if (options_.registrations_per_call > 0) push(start_ns, EventKind::kRegistration, 0, {});
}

void Traffic::push(std::int64_t time_ns,
                   EventKind kind,
                   std::uint32_t number,
                   const RtpPacket& packet) {
  // Captures count microseconds.
  events_.push({time_ns / kNsPerUs * kNsPerUs, order_++, kind, number, packet});
}

bool Traffic::next(Frame& frame) {
  while (!events_.empty()) {
    const Event event = events_.top();
    events_.pop();
    switch (event.kind) {
      case EventKind::kCall:
      case EventKind::kRegistration: begin_call(event); continue;
      case EventKind::kSend: send(event); continue;
      case EventKind::kSip: write_sip(event, frame); return true;
      case EventKind::kArrival: write_arrival(event, frame); return true;
    }
  }
  return false;
}

// A call or registration begins, and the next of its kind is planned.
void Traffic::begin_call(const Event& event) {
  const bool registration = event.kind == EventKind::kRegistration;
  const double rate =
      options_.calls_per_second * (registration ? options_.registrations_per_call : 1);
  if (!registration) ++call_count_;
  if (call_count_ < options_.call_count) {
    push(event.time_ns + gap_ns(random_, rate), event.kind, 0, {});
  }
  const std::uint32_t dialog = dialog_count_++;
  const auto call = static_cast<std::uint32_t>(truth_.calls.size());
  const Codec& codec = pick_codec(random_, options_);
  const auto placed = open_.emplace(dialog,
                                    OpenCall{.sip = SipCall({.number = registration ? dialog : call,
                                                             .begin_ns = event.time_ns,
                                                             .registration = registration},
                                                            options_,
                                                            codec,
                                                            random_),
                                             .registration = registration});
  const SipCall& sip = placed.first->second.sip;
  if (!registration) {
    truth_.calls.push_back(sip.truth());
    if (sip.media().end_ns != 0) {
      begin_stream(call, sip, codec, true);
      begin_stream(call, sip, codec, false);
    }
  }
  push(sip.steps().front().time_ns, EventKind::kSip, dialog, {});
}

void Traffic::begin_stream(std::uint32_t call,
                           const SipCall& sip,
                           const Codec& codec,
                           bool of_caller) {
  const std::uint32_t number = sender_count_++;
  Sender sender{RtpStream(codec, options_, random_.next()), call, of_caller};
  const SipCall::MediaTimes& times = sip.media();
  sender.stream.start(of_caller ? times.caller_begin_ns : times.callee_begin_ns,
                      times.end_ns,
                      static_cast<std::uint32_t>(truth_.streams.size()));
  add_row(sender, sip);
  push(sender.stream.next_ns(), EventKind::kSend, number, {});
  senders_.emplace(number, std::move(sender));
}

void Traffic::add_row(const Sender& sender, const SipCall& call) {
  StreamTruth row;
  row.call = sender.call;
  row.source = sender.from_caller ? call.caller_media() : call.callee_media();
  row.destination = sender.from_caller ? call.callee_media() : call.caller_media();
  row.ssrc = sender.stream.ssrc();
  row.codec = sender.stream.codec().name;
  truth_.streams.push_back(row);
  highest_.push_back(0);
  payload_types_.push_back(sender.stream.codec().payload_type);
}

void Traffic::send(const Event& event) {
  const auto at = senders_.find(event.number);
  TD_ASSERT(at != senders_.end());
  RtpStream& stream = at->second.stream;
  if (stream.over()) {
    senders_.erase(at);
    return;
  }
  if (stream.changes_ssrc()) {
    const auto row = static_cast<std::uint32_t>(truth_.streams.size());
    StreamTruth next = truth_.streams[stream.truth()];
    stream.change_ssrc(row);
    next = {.call = next.call,
            .source = next.source,
            .destination = next.destination,
            .ssrc = stream.ssrc(),
            .codec = next.codec};
    truth_.streams.push_back(next);
    highest_.push_back(0);
    payload_types_.push_back(stream.codec().payload_type);
  }
  std::int64_t copy_ns = 0;
  std::optional<RtpPacket> packet = stream.send(copy_ns);
  if (packet) {
    push(packet->time_ns, EventKind::kArrival, event.number, *packet);
    if (copy_ns != 0) {
      packet->duplicate = true;
      push(copy_ns, EventKind::kArrival, event.number, *packet);
    }
  }
  push(stream.next_ns(), EventKind::kSend, event.number, {});
}

void Traffic::write_sip(const Event& event, Frame& frame) {
  const auto at = open_.find(event.number);
  TD_ASSERT(at != open_.end());
  OpenCall& call = at->second;
  const SipKind kind = call.sip.steps()[call.step].kind;
  const std::string text = call.sip.text(kind);
  const std::size_t bytes = write_headers(
      buffer_.data(), call.sip.source_of(kind), call.sip.destination_of(kind), text.size());
  std::memcpy(buffer_.data() + kFrameHeaderBytes, text.data(), text.size());
  frame = {event.time_ns, ByteView{buffer_}.first(bytes)};
  ++truth_.packets;
  ++truth_.sip_messages;
  if (++call.step < call.sip.steps().size()) {
    push(call.sip.steps()[call.step].time_ns, EventKind::kSip, event.number, {});
  } else {
    open_.erase(at);
  }
}

void Traffic::write_arrival(const Event& event, Frame& frame) {
  const RtpPacket& packet = event.packet;
  StreamTruth& row = truth_.streams[packet.truth];
  const std::size_t payload_bytes =
      write_rtp(packet, payload_types_[packet.truth], row.ssrc, buffer_.data() + kFrameHeaderBytes);
  const std::size_t bytes =
      write_headers(buffer_.data(), row.source, row.destination, payload_bytes);
  frame = {event.time_ns, ByteView{buffer_}.first(bytes)};
  count_rtp(packet, frame.bytes.subspan(kFrameHeaderBytes), row, highest_[packet.truth]);
  ++truth_.packets;
  ++truth_.rtp_packets;
}

}  // namespace tapdeck::traffic
