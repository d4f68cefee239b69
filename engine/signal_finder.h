// Which packets are signalling: those on the configured ports, and those whose first bytes say so
// on any other; of TCP, all segments of a connection that was once known by its first bytes.
//
// Threads: the owner's, a worker or a feeder.  Memory: a detector and a table, at creation.
#pragma once

#include <cstdint>

#include "engine/decode/classify.h"
#include "engine/decode/decode.h"
#include "engine/sip_detector.h"
#include "engine/tcp_flows.h"

namespace tapdeck::engine {

constexpr std::uint32_t kTcpFlowsMax = 16'384;  // known by their first bytes, per worker

class SignalFinder {
 public:
  SignalFinder(SipDetector detector, Arena& arena, std::uint64_t seed)
      : detector_(std::move(detector)), flows_(arena, kTcpFlowsMax, seed) {}

  void add_port(std::uint16_t port) { ports_.add(port); }

  void add_tls_port(std::uint16_t port) { tls_ports_.add(port); }

  [[nodiscard]] const PortSet& ports() const { return ports_; }

  // The kind of a UDP payload, signalling on any port included.
  [[nodiscard]] PayloadKind classify(const Decoded& packet) const;

  // The class of what is no UDP: of TCP and SCTP whether they carry SIP that is counted and not
  // read.  A segment of class kTcp may be signalling that is read: takes() says so.
  [[nodiscard]] PacketClass classify_stream(const Decoded& packet) const {
    return engine::classify_stream(packet, ports_, tls_ports_);
  }

  // True when the segment, of class kTcp, is to be passed to the call plane: it carries bytes, or
  // begins or ends a connection, of signalling.
  [[nodiscard]] bool takes(const Decoded& segment, RealmId realm, std::int64_t time_ns);

 private:
  SipDetector detector_;
  PortSet ports_;
  PortSet tls_ports_;
  TcpFlows flows_;
};

}  // namespace tapdeck::engine
