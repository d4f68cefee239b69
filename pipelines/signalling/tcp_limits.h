// What TCP connections with signalling may take.
// Threads: plain value.  Memory: none.
#pragma once

#include <cstddef>
#include <cstdint>

namespace tapdeck::sip {

struct TcpLimits {
  std::uint32_t connections_max = 131'072;        // followed at once
  std::size_t bytes_max = std::size_t{64} << 20;  // of what all of them hold
  std::int64_t gap_ns = 2'000'000'000;            // missing bytes are waited for as long
  std::int64_t idle_ns = 3'600'000'000'000;       // silent connections are forgotten after it
};

}  // namespace tapdeck::sip
