#include "engine/decode/realm_map.h"

#include <algorithm>

namespace tapdeck::engine {

RealmMap::RealmMap() { vlans_.fill(kUnnamed); }

void RealmMap::add_vlans(std::uint16_t first, std::uint16_t last, RealmId realm) {
  is_empty_ = false;
  for (std::size_t id = first; id <= last && id < kVlanCount; ++id) vlans_[id] = realm;
}

bool RealmMap::add_vnis(std::uint32_t first, std::uint32_t last, RealmId realm) {
  if (vni_count_ == kVniRangesMax) return false;
  is_empty_ = false;
  auto* end = vnis_.data() + vni_count_;
  auto* place =
      std::upper_bound(vnis_.data(), end, first, [](std::uint32_t vni, const VniRange& at) {
        return vni < at.first;
      });
  std::move_backward(place, end, end + 1);
  *place = {first, last, realm};
  ++vni_count_;
  return true;
}

RealmId RealmMap::of_vni(std::uint32_t vni) const {
  const auto* begin = vnis_.data();
  const auto* behind = std::upper_bound(
      begin, begin + vni_count_, vni, [](std::uint32_t wanted, const VniRange& at) {
        return wanted < at.first;
      });
  if (behind == begin || (behind - 1)->last < vni) return kUnnamed;
  return (behind - 1)->realm;
}

RealmId RealmMap::look_up(RealmId port_realm, const Decoded& packet) const {
  RealmId realm = packet.vni == kNoVni ? kUnnamed : of_vni(packet.vni);
  if (realm == kUnnamed) realm = vlans_[packet.inner_vlan % kVlanCount];
  if (realm == kUnnamed) realm = vlans_[packet.vlan % kVlanCount];
  return realm == kUnnamed ? port_realm : realm;
}

}  // namespace tapdeck::engine
