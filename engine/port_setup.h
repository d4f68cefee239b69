// What capture ports and ring ports are built from.
// Threads: the main thread.  Memory: as the functions say.  Errors: whole sentences.
#pragma once

#include <cstdint>
#include <string>

#include <rte_ethdev.h>
#include <rte_mempool.h>

#include "base/result.h"
#include "engine/port.h"

namespace tapdeck::engine {

struct PoolPlace {
  int socket = 0;               // NUMA node
  bool virtual_device = false;  // no card will write into the buffers
};

// Buffers of `data_bytes` (headroom included); the caller frees the pool.
Result<rte_mempool*> make_mbuf_pool(const std::string& port_name,
                                    std::uint32_t count,
                                    std::uint16_t data_bytes,
                                    const PoolPlace& place);

// What follows the name of a virtual device, as DPDK takes it.  net_af_packet gets a ring where
// none is described: 128 MiB a queue, with slots that hold the packets of most messages that the
// kernel has put together from fragments; the driver's own has 512 slots of 2 KiB.
std::string device_arguments(const PortOptions& options);

// Reception only: symmetric RSS by the hash functions the port has, scattered reception when the
// MTU asks for it, timestamps where offered.
rte_eth_conf receive_configuration(const PortOptions& options, const rte_eth_dev_info& info);

// How a port of several queues shares its packets out, for the log: what the device cannot do of
// what was asked for, too.  Empty with one queue.
std::string describe_spreading(const PortOptions& options,
                               const rte_eth_dev_info& info,
                               const rte_eth_conf& conf);

}  // namespace tapdeck::engine
