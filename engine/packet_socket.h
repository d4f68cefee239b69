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
  explicit PacketSockets(std::vector<int> descriptors)
      : descriptors_(std::move(descriptors)), drops_(descriptors_.size()) {}

  [[nodiscard]] bool empty() const { return descriptors_.empty(); }

  // All packets that the kernel dropped for want of room since the sockets were opened.
  std::uint64_t drop_count();

  [[nodiscard]] std::size_t size() const { return descriptors_.size(); }

  // Of one socket, in order of their descriptors, as of the last drop_count().
  [[nodiscard]] std::uint64_t drops_of(std::size_t index) const {
    return drops_[index].load(std::memory_order_relaxed);
  }

 private:
  std::vector<int> descriptors_;
  std::vector<std::atomic<std::uint64_t>> drops_;
};

}  // namespace tapdeck::engine
