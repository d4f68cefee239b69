// The hash by which the feeder spreads packets over workers: Toeplitz with a symmetric key over IP
// addresses and UDP or TCP ports, as cards do it, so that both directions of a flow meet.
// Fragments hash on addresses only, and so do other protocols; what is not IP has no hash.
// Threads: any.  Memory: none.
#pragma once

#include <cstdint>
#include <optional>

#include "base/bytes.h"

namespace tapdeck::engine {

std::optional<std::uint32_t> flow_hash(std::uint16_t link_type, ByteView packet);

// 0 for packets without a hash.
std::uint32_t choose_queue(std::uint16_t link_type, ByteView packet, std::uint32_t queue_count);

}  // namespace tapdeck::engine
