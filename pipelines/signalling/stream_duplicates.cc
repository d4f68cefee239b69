#include "pipelines/signalling/stream_duplicates.h"

#include <cstdlib>

#include "base/hash.h"

namespace tapdeck::sip {
namespace {

// Bytes, addresses and realm, and what else tells one from another.
std::uint64_t hash_of(const SignalMessage& packet, std::uint64_t seed, std::uint64_t more) {
  std::uint64_t hash = hash_bytes(packet.view(), seed);
  hash = hash_bytes(packet.source.ip.bytes, hash);
  hash = hash_bytes(packet.destination.ip.bytes, hash);
  const std::uint64_t ports = std::uint64_t{packet.source.port} << 32U |
                              std::uint64_t{packet.destination.port} << 16U | packet.realm;
  return mix64(hash ^ ports, 0xd6e8feb86659fd93ULL ^ more);
}

}  // namespace

bool DuplicateFilter::is_duplicate(const SignalMessage& packet) {
  const std::uint64_t hash =
      hash_of(packet, seed_, packet.tcp_sequence ^ std::uint64_t{packet.tcp_flags} << 32U);
  Slot& slot = slots_[hash % kSlots];
  const bool seen = slot.hash == hash && std::abs(packet.time_ns - slot.time_ns) <= kWindowNs;
  if (seen && (slot.ip_id == packet.ip_id || slot.port_index != packet.port_index ||
               slot.vlan != packet.vlan)) {
    return true;
  }
  slot = {hash, packet.time_ns, packet.ip_id, packet.port_index, packet.vlan};
  return false;
}

bool RetoldFilter::is_retold(const SignalMessage& message, std::uint64_t teller) {
  const std::uint64_t hash = hash_of(message, seed_, 0);
  Slot& slot = slots_[hash % kSlots];
  const std::int64_t away_ns = std::abs(message.time_ns - slot.time_ns);
  const bool same = slot.teller == teller;
  if (slot.hash == hash && away_ns <= kWindowNs && (!same || (teller != kWire && away_ns == 0))) {
    return true;
  }
  slot = {hash, message.time_ns, teller};
  return false;
}

}  // namespace tapdeck::sip
