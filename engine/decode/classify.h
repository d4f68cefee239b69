// What a UDP payload is: STUN, DTLS, ZRTP, RTP, RTCP or something else by its first bytes, SIP by
// the configured ports.  RTP here means "has the shape of RTP"; streams decide.
//
// Threads: any.  Memory: none.  RFC 3261, RFC 8489, RFC 7983, RFC 5761, RFC 6189,
// RFC 8446, RFC 9260.
#pragma once

#include <array>
#include <cstdint>
#include <span>

#include "base/bytes.h"
#include "engine/decode/decode.h"

namespace tapdeck::engine {

enum class PayloadKind : std::uint8_t {
  kSip,
  kSipKeepalive,
  kHep,
  kRtp,
  kRtcp,
  kStun,
  kDtls,
  kZrtp,
  kOther
};

// A set of a few port numbers: one bit each, 8 KiB, of which a summary spares most looks.
class PortSet {
 public:
  void add(std::uint16_t port) {
    words_[port / 64U] |= std::uint64_t{1} << (port % 64U);
    summary_ |= std::uint64_t{1} << (port % 64U);
  }

  [[nodiscard]] bool contains(std::uint16_t port) const {
    return (summary_ >> (port % 64U) & 1U) != 0 && (words_[port / 64U] >> (port % 64U) & 1U) != 0;
  }

 private:
  std::uint64_t summary_ = 0;
  std::array<std::uint64_t, 1'024> words_{};
};

// SIP on other ports, and HEP, are kOther here: SignalFinder knows them.
PayloadKind classify_udp(const Decoded& packet, const PortSet& sip_ports);

// True for the messages of a ZRTP handshake that have keys: Confirm1, Confirm2 and Conf2ACK.
bool confirms_zrtp(ByteView payload);

// TCP and SCTP, told apart by whether they carry SIP that is counted and not read: the first byte
// of TLS on a port of SIP, any segment on a port of SIP over TLS, SCTP on either or with SIP in its
// first chunk of data.  Other classes stay as they are.
PacketClass classify_stream(const Decoded& packet,
                            const PortSet& sip_ports,
                            const PortSet& tls_ports);

// True for a fragment of a datagram that may hold signalling or a tunnel: what is worth putting
// together.
bool is_wanted_fragment(const Decoded& packet);

}  // namespace tapdeck::engine
