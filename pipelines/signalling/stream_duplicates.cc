#include "pipelines/signalling/stream_duplicates.h"

#include <cstdlib>

#include "base/hash.h"

namespace tapdeck::sip {

bool DuplicateFilter::is_duplicate(const SignalMessage& packet) {
  std::uint64_t hash = hash_bytes(packet.view(), seed_);
  hash = hash_bytes(packet.source.ip.bytes, hash);
  hash = hash_bytes(packet.destination.ip.bytes, hash);
  const std::uint64_t ports = std::uint64_t{packet.source.port} << 32U |
                              std::uint64_t{packet.destination.port} << 16U | packet.realm;
  hash =
      mix64(hash ^ ports,
            0xd6e8feb86659fd93ULL ^ packet.tcp_sequence ^ std::uint64_t{packet.tcp_flags} << 32U);
  Slot& slot = slots_[hash % kSlots];
  const bool seen = slot.hash == hash && std::abs(packet.time_ns - slot.time_ns) <= kWindowNs;
  if (seen && (slot.ip_id == packet.ip_id || slot.port_index != packet.port_index ||
               slot.vlan != packet.vlan)) {
    return true;
  }
  slot = {hash, packet.time_ns, packet.ip_id, packet.port_index, packet.vlan};
  return false;
}

}  // namespace tapdeck::sip
