// Which address plan a packet belongs to: by the innermost VNI of its tunnels, else by its
// innermost or outermost VLAN id, else by its port, each as far as the configuration names it.
//
// Threads: filled at start, then only read, by any.  Memory: in itself, 20 KiB.  Full: add_vnis()
// says so.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "engine/decode/decode.h"
#include "model/ids.h"

namespace tapdeck::engine {

constexpr std::size_t kVniRangesMax = 1'024;

class RealmMap {
 public:
  RealmMap();

  // Bounds included.  VLAN ids are 1 to 4094.
  void add_vlans(std::uint16_t first, std::uint16_t last, RealmId realm);

  // False when there is no room.  Precondition: no range overlaps another.
  bool add_vnis(std::uint32_t first, std::uint32_t last, RealmId realm);

  [[nodiscard]] RealmId of(RealmId port_realm, const Decoded& packet) const {
    const bool is_plain = packet.vlan == 0 && packet.vni == kNoVni;
    return is_plain || is_empty_ ? port_realm : look_up(port_realm, packet);
  }

 private:
  static constexpr RealmId kUnnamed = 0xffff;
  static constexpr std::size_t kVlanCount = 4'096;

  struct VniRange {
    std::uint32_t first = 0;
    std::uint32_t last = 0;
    RealmId realm = 0;
  };

  [[nodiscard]] RealmId look_up(RealmId port_realm, const Decoded& packet) const;
  [[nodiscard]] RealmId of_vni(std::uint32_t vni) const;

  bool is_empty_ = true;
  std::size_t vni_count_ = 0;
  std::array<RealmId, kVlanCount> vlans_{};
  std::array<VniRange, kVniRangesMax> vnis_{};  // by `first`
};

}  // namespace tapdeck::engine
