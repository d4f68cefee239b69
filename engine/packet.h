// What travels with a packet from a feeder (capture files, tests) to a worker: a note in the mbuf's
// dynamic area.  Packets of live ports carry none; the worker then uses the port's timestamp or the
// host's clock.
//
// Threads: the feeder writes the note before it enqueues the mbuf, the worker reads it.
// Memory: 24 of the 36 dynamic bytes of each mbuf, registered once after the EAL has started.
#pragma once

#include <cstdint>
#include <type_traits>

#include <rte_mbuf.h>
#include <rte_mbuf_dyn.h>

#include "base/result.h"

namespace tapdeck::engine {

// Link types by their pcap LINKTYPE_ numbers.
enum class LinkType : std::uint16_t {
  kNull = 0,
  kEthernet = 1,
  kPpp = 9,
  kRawBsd = 12,
  kRawOpenBsd = 14,
  kPppSerial = 50,
  kPppEthernet = 51,
  kRaw = 101,
  kCiscoHdlc = 104,
  kIeee80211 = 105,
  kLoop = 108,
  kLinuxCooked = 113,
  kPflog = 117,
  kRadiotap = 127,
  kErf = 197,
  kPppDirected = 204,
  kIpv4 = 228,
  kIpv6 = 229,
  kNflog = 239,
  kLinuxCooked2 = 276,
};

// True for the link types above: what decode() understands.
bool link_type_known(std::uint16_t link_type);

struct PacketNote {
  std::int64_t time_ns = 0;           // packet time, UTC
  std::uint64_t order = 0;            // arrival order within the capture; breaks ties
  std::uint32_t original_length = 0;  // on the wire; the mbuf may hold less (snaplen)
  std::uint16_t link_type = 1;        // LINKTYPE_ number
  std::uint16_t reserved = 0;
};

static_assert(sizeof(PacketNote) == 24 && std::is_trivially_copyable_v<PacketNote>);

// Offset of the note within an mbuf; asking again gives the same.  Needs a started EAL.
Result<int> register_packet_note();

inline PacketNote& packet_note(rte_mbuf* packet, int offset) {
  return *RTE_MBUF_DYNFIELD(packet, offset, PacketNote*);
}

}  // namespace tapdeck::engine
