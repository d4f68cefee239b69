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

// Buffers of `data_bytes` (headroom included) on `socket`; the caller frees the pool.
Result<rte_mempool*> make_mbuf_pool(const std::string& port_name,
                                    std::uint32_t count,
                                    std::uint16_t data_bytes,
                                    int socket);

// Reception only: symmetric RSS by the hash functions the port has, scattered reception when the
// MTU asks for it, timestamps where offered.
rte_eth_conf receive_configuration(const PortOptions& options, const rte_eth_dev_info& info);

}  // namespace tapdeck::engine
