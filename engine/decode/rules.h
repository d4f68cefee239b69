// What decode() is told by the configuration: how many headers it opens around a packet, and on
// which UDP ports tunnels are expected.
//
// Threads: any; filled at start, then only read.  Memory: in itself.  Full: add() says so.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

namespace tapdeck::engine {

enum class UdpTunnel : std::uint8_t { kNoTunnel, kVxlan, kGeneve, kGtpU };

constexpr std::uint16_t kEspPort = 4'500;  // of ESP and IKE behind NAT (RFC 3948)

constexpr std::size_t kTunnelPortsMax = 24;  // of all kinds together

// Tunnels by their destination port.
class TunnelPorts {
 public:
  // False when there is no room.
  constexpr bool add(std::uint16_t port, UdpTunnel tunnel) {
    if (count_ == kTunnelPortsMax) return false;
    ports_[count_] = port;
    tunnels_[count_++] = tunnel;
    summary_ |= std::uint64_t{1} << (port % 64U);
    return true;
  }

  [[nodiscard]] constexpr UdpTunnel find(std::uint16_t port) const {
    if ((summary_ >> (port % 64U) & 1U) == 0) return UdpTunnel::kNoTunnel;
    for (std::size_t i = 0; i < count_; ++i) {
      if (ports_[i] == port) return tunnels_[i];
    }
    return UdpTunnel::kNoTunnel;
  }

 private:
  std::uint64_t summary_ = 0;  // a bit for each port modulo 64: spares most looks
  std::array<std::uint16_t, kTunnelPortsMax> ports_{};
  std::array<UdpTunnel, kTunnelPortsMax> tunnels_{};
  std::size_t count_ = 0;
};

constexpr TunnelPorts usual_tunnel_ports() {
  TunnelPorts ports;
  ports.add(4'789, UdpTunnel::kVxlan);
  ports.add(8'472, UdpTunnel::kVxlan);
  ports.add(6'081, UdpTunnel::kGeneve);
  ports.add(2'152, UdpTunnel::kGtpU);
  return ports;
}

struct DecodeRules {
  // Encapsulations around the innermost packet: tags, label stacks and tunnels, one each.
  std::uint32_t depth_max = 8;
  TunnelPorts tunnels = usual_tunnel_ports();
};

}  // namespace tapdeck::engine
