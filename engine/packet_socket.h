// The kernel's own drop counters of packet sockets (AF_PACKET): net_af_packet of DPDK 22.11 opens
// such sockets and never asks for them.
//
// PACKET_STATISTICS starts again from zero whenever it is read, so each drop is told exactly once:
// were a driver to read it too, the sum of both would still be right.
// Threads: take_drops() any.  Memory: a short list at start.  Errors: a socket that does not answer
// has dropped nothing.  packet(7).
#pragma once

#include <atomic>
#include <cstdint>
#include <vector>

namespace tapdeck::engine {

// The packet sockets that this process has open, by file descriptor.
std::vector<int> list_packet_sockets();

class PacketSockets {
 public:
  // Borrows the descriptors: they must stay open.
  explicit PacketSockets(std::vector<int> descriptors) : descriptors_(std::move(descriptors)) {}

  [[nodiscard]] bool empty() const { return descriptors_.empty(); }

  // All packets that the kernel dropped for want of room since the sockets were opened.
  std::uint64_t drop_count();

 private:
  std::vector<int> descriptors_;
  std::atomic<std::uint64_t> drops_{0};
};

}  // namespace tapdeck::engine
