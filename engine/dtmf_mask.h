// The keys that a person pressed, in RTP packets: the event codes of RFC 4733, in packets of their
// own or in blocks of RFC 2198.  They are read, or made unreadable in packets that are kept.
// Length, times, volume, duration and end of an event stay, and so do events that are no keys.
//
// What is masked already stays as it is, so that a packet may be masked again.
// Threads: any.  Memory: none.  Bad input: nothing is read or written beyond the packet.
#pragma once

#include <cstdint>
#include <optional>

#include "base/bytes.h"
#include "engine/counters.h"
#include "engine/stream.h"
#include "model/chunk.h"
#include "model/dtmf.h"

namespace tapdeck::engine {

enum class MaskVerdict : std::uint8_t {
  kDone,  // masked, or there was nothing to mask
  // RFC 2198: the packet names telephone events, but its blocks do not fit into it, so that nobody
  // knows where they are.  All behind the block headers was overwritten.
  kBadBlocks,
};

// `packet` begins with its RTP header.
MaskVerdict mask_dtmf(MutableByteView packet, const DtmfTypes& types);

// Every packet among the records of a chunk; kBadBlocks is counted.
void mask_records(Chunk& chunk,
                  std::size_t record_bytes,
                  const DtmfTypes& types,
                  WorkerCounters& counters);

// False when keys stay, or none of the stream's packets so far can have told any.
bool may_need_masking(const StreamCold& cold);

// The key that the packet is about: its first event, or that of the newest block; nullopt: none.
std::optional<std::uint8_t> newest_key(ByteView packet, const DtmfTypes& types);

}  // namespace tapdeck::engine
