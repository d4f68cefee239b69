// SHA-256 of several messages at once with the processor's SHA instructions.  One message keeps
// them half idle, because each round waits for the one before; the rounds of four messages fill the
// gaps.
//
// Threads: any.  Memory: the stack.  Where the processor has no such instructions: usable() is
// false, and crypto.h hashes with OpenSSL.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

#include "base/bytes.h"

namespace tapdeck::storage::sha256_lanes {

constexpr std::size_t kLanes = 4;
constexpr std::size_t kPrefixBytesMax = 63;

bool usable();

struct Message {    // the two pieces, one behind the other
  ByteView prefix;  // at most kPrefixBytesMax
  ByteView body;
};

using Digest = std::array<std::uint8_t, 32>;

// Precondition: usable(), 1 to kLanes messages, as many digests.
void hash(std::span<const Message> messages, std::span<Digest> digests);

}  // namespace tapdeck::storage::sha256_lanes
