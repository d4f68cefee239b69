#include "engine/signal_finder.h"

#include "model/signal.h"

namespace tapdeck::engine {

PayloadKind SignalFinder::classify(const Decoded& packet) const {
  const PayloadKind kind = classify_udp(packet, ports_);
  // What comes on a SIP port is passed on, whatever it is.
  const bool may_be_hep = kind == PayloadKind::kSip && packet.payload[0] == 'H';
  if (kind != PayloadKind::kOther && !may_be_hep) return kind;
  switch (detector_.find(packet.payload)) {
    case Signalling::kSip: return PayloadKind::kSip;
    case Signalling::kHep: return PayloadKind::kHep;
    case Signalling::kWebSocket:
    case Signalling::kOther: break;
  }
  return kind;
}

bool SignalFinder::takes(const Decoded& segment, RealmId realm, std::int64_t time_ns) {
  const bool ends = (segment.tcp_flags & (kTcpSyn | kTcpFin | kTcpRst)) != 0;
  if (segment.payload_length == 0 && !ends) return false;
  if (ports_.contains(segment.source.port) || ports_.contains(segment.destination.port)) {
    return true;
  }
  const TcpFlows::Flow flow{segment.source, segment.destination, realm};
  if (flows_.contains(flow, time_ns)) {
    // Whatever comes next on these ports is another connection.  A RST does not say so: here nobody
    // knows whether it is in sequence or forged.
    if ((segment.tcp_flags & (kTcpSyn | kTcpAck)) == kTcpSyn) flows_.remove(flow);
    return true;
  }
  if (detector_.find_in_stream(segment.payload) == Signalling::kOther) return false;
  flows_.add(flow, time_ns);
  return true;
}

}  // namespace tapdeck::engine
