#include "pipelines/signalling/signal_assembler.h"

#include <cstdlib>
#include <utility>

#include "base/hash.h"
#include "pipelines/signalling/hep.h"
#include "pipelines/signalling/rtcp_json.h"

namespace tapdeck::sip {
namespace {

// A capture agent's clock that is farther off says nothing about when media passed here.
constexpr std::int64_t kHepTimeSlackNs = 10'000'000'000;
constexpr std::int64_t kNsPerSecond = 1'000'000'000;

// Never the wire.
std::uint64_t agent_of(const HepPacket& hep, const Endpoint& sender) {
  return mix64(hash_bytes(sender.ip.bytes, hep.agent), sender.port) | 1U;
}

}  // namespace

SignalAssembler::SignalAssembler(Output output,
                                 RtcpOutput rtcp_output,
                                 std::uint64_t seed,
                                 const TcpLimits& limits)
    : output_(std::move(output)),
      rtcp_output_(std::move(rtcp_output)),
      duplicates_(seed),
      retold_(seed),
      connections_(limits, seed, *this, counters_) {}

void SignalAssembler::take(const SignalMessage& packet, std::int64_t timer_now_ns) {
  const bool is_segment = packet.transport == SignalTransport::kTcp;
  if (duplicates_.is_duplicate(packet)) {
    counters_.add(is_segment ? StreamCount::kDuplicateSegment : StreamCount::kDuplicateMessage);
  } else if (is_segment) {
    connections_.take(packet, timer_now_ns);
  } else if (begins_hep(packet.view())) {
    on_hep(packet.view(), packet);
  } else {
    tell(packet, RetoldFilter::kWire);
  }
}

void SignalAssembler::tell(const SignalMessage& message, std::uint64_t teller) {
  if (has_agents_ && retold_.is_retold(message, teller)) {
    return counters_.add(StreamCount::kDuplicateMessage);
  }
  output_(message);
}

void SignalAssembler::on_sip(ByteView message, const SignalMessage& around) {
  SignalMessage whole = around;
  whole.bytes = message.data();
  whole.length = static_cast<std::uint32_t>(message.size());
  tell(whole, RetoldFilter::kWire);
}

void SignalAssembler::on_hep(ByteView packet, const SignalMessage& around) {
  counters_.add(StreamCount::kHepPackets);
  HepPacket hep;
  const HepVerdict verdict = parse_hep(packet, hep);
  if (verdict == HepVerdict::kNoPayload) return counters_.add(StreamCount::kKeepAlive);
  if (verdict != HepVerdict::kOk) return counters_.add(StreamCount::kHepBad);
  if (hep.is_compressed) return counters_.add(StreamCount::kHepCompressed);
  if (hep.protocol != kHepTypeSip && hep.protocol != kHepTypeRtcp) {
    return counters_.add(StreamCount::kHepOther);
  }
  SignalMessage inside = around;
  inside.source = hep.source;
  inside.destination = hep.destination;
  inside.vlan = hep.vlan;
  inside.transport = SignalTransport::kHep;
  if (hep.seconds) {
    const std::int64_t time_ns =
        std::int64_t{*hep.seconds} * kNsPerSecond + std::int64_t{hep.microseconds} * 1'000;
    if (std::abs(time_ns - around.time_ns) <= kHepTimeSlackNs) {
      inside.time_ns = time_ns;
    } else {
      counters_.add(StreamCount::kHepWildTime);
    }
  }
  if (hep.protocol == kHepTypeRtcp) return on_rtcp(hep.payload, inside);
  inside.bytes = hep.payload.data();
  inside.length = static_cast<std::uint32_t>(hep.payload.size());
  has_agents_ = true;
  tell(inside, agent_of(hep, around.source));
}

// As it was sent, or retold in JSON.
void SignalAssembler::on_rtcp(ByteView payload, SignalMessage& inside) {
  counters_.add(StreamCount::kHepRtcp);
  RetoldRtcp retold;
  ByteView packet = payload;
  if (payload[0] == '{') {
    packet = ByteView{retold.data(), rtcp_of_json(as_text(payload), retold)};
  }
  inside.bytes = packet.data();
  inside.length = static_cast<std::uint32_t>(packet.size());
  inside.missing_bytes = 0;
  if (packet.empty() || !rtcp_output_(inside)) counters_.add(StreamCount::kHepRtcpLost);
}

}  // namespace tapdeck::sip
