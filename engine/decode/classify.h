// What a UDP payload is: STUN, DTLS, RTP, RTCP or something else by its first bytes, SIP by the
// configured ports.  RTP here means "has the shape of RTP"; streams decide.
//
// Threads: any.  Memory: none.  RFC 3261, RFC 8489, RFC 7983, RFC 5761.
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

}  // namespace tapdeck::engine
