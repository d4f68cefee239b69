// Ethernet, IPv4 and UDP around a payload.
// Threads: any.  Memory: the caller's buffer.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "base/bytes.h"
#include "model/ids.h"

namespace tapdeck::traffic {

constexpr std::size_t kFrameHeaderBytes = 42;
constexpr std::size_t kPayloadBytesMax = 1'472;

using FrameBuffer = std::array<std::uint8_t, kFrameHeaderBytes + kPayloadBytesMax>;

// Writes the headers before a payload of `payload_bytes` that stands, or will stand, at
// kFrameHeaderBytes.  Returns the bytes of the whole frame.  Addresses must be IPv4.
std::size_t write_headers(std::uint8_t* frame,
                          const Endpoint& source,
                          const Endpoint& destination,
                          std::size_t payload_bytes);

}  // namespace tapdeck::traffic
