// Where a sender puts its packets: the rings of a port in this process, an interface of the kernel,
// or a port of DPDK's.
//
// Threads: the sender's one.  Memory: at least 32 768 different packets, at start.  When it is
// full: a ring port loses the packet, as a card does whose descriptors are all in use; the others
// make the sender wait, and it falls behind.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "base/result.h"
#include "bench/load/stream_source.h"
#include "engine/port.h"

namespace tapdeck::load {

constexpr std::uint32_t kBurst = 32;
constexpr std::uint32_t kPacketBuffers = 32'768;

class Outlet {
 public:
  virtual ~Outlet() = default;

  // Sends the next `count` packets, at most kBurst.
  virtual Result<void> send(StreamSource& source, std::uint32_t count) = 0;

  // Whether a burst would be taken without loss, as far as the sender can see.
  [[nodiscard]] virtual bool has_room() const = 0;

  [[nodiscard]] virtual std::uint64_t ring_full() const { return 0; }  // packets lost for that

  [[nodiscard]] virtual std::uint64_t no_buffer() const { return 0; }
};

// Stream s goes to queue s % (number of rings).  All mbufs of `port` are free.
std::unique_ptr<Outlet> make_ring_outlet(const engine::Port& port);

// Needs CAP_NET_RAW.
Result<std::unique_ptr<Outlet>> make_interface_outlet(const std::string& interface);

// `device`: a PCI address, or a virtual device with its arguments.
Result<std::unique_ptr<Outlet>> make_port_outlet(const std::string& device);

}  // namespace tapdeck::load
