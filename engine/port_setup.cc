#include "engine/port_setup.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cerrno>

#include <rte_errno.h>
#include <rte_eth_ring.h>
#include <rte_ether.h>
#include <rte_mbuf.h>
#include <rte_mbuf_pool_ops.h>
#include <rte_mempool.h>

#include "engine/host_memory.h"

namespace tapdeck::engine {
namespace {

// 0x6d5a repeated makes Toeplitz give both directions of a flow the same hash.
constexpr std::size_t kKeyBytesMax = 64;

std::uint8_t* symmetric_key() {
  static std::array<std::uint8_t, kKeyBytesMax> key = [] {
    std::array<std::uint8_t, kKeyBytesMax> bytes{};
    for (std::size_t i = 0; i < bytes.size(); ++i) bytes[i] = (i % 2 == 0) ? 0x6d : 0x5a;
    return bytes;
  }();
  return key.data();
}

// Devices that do not name their largest MTU name their largest frame: net_af_packet takes 1518
// bytes by its own account.
std::uint32_t mtu_limit(const rte_eth_dev_info& info) {
  constexpr std::uint32_t kFrameOverhead = RTE_ETHER_HDR_LEN + RTE_ETHER_CRC_LEN;
  const std::uint32_t by_frame =
      std::max(info.max_rx_pktlen, info.min_mtu + kFrameOverhead) - kFrameOverhead;
  return info.max_mtu == UINT16_MAX ? std::min<std::uint32_t>(UINT16_MAX, by_frame) : info.max_mtu;
}

// Pools and rings need names that are unique in the process.
std::string unique_name(const char* prefix) {
  static std::uint32_t next = 0;
  return prefix + std::to_string(next++);
}

void give_back_memory(rte_mempool_memhdr* header, void*) {
  HostBlock block{header->addr, header->len};
  give_back(block);
}

// What rte_pktmbuf_pool_create() does, but in memory of ours: without hugepages DPDK's heap is of
// small pages, and a worker would miss the TLB with every packet.
rte_mempool* make_pool_in_large_pages(
    const char* name, unsigned count, unsigned cache, std::uint16_t data_bytes, int socket) {
  rte_pktmbuf_pool_private sizes{};
  sizes.mbuf_data_room_size = data_bytes;
  rte_mempool* pool = rte_mempool_create_empty(name,
                                               count,
                                               static_cast<unsigned>(sizeof(rte_mbuf)) + data_bytes,
                                               cache,
                                               sizeof sizes,
                                               socket,
                                               RTE_MEMPOOL_F_NO_IOVA_CONTIG);
  if (pool == nullptr) return nullptr;
  int code = rte_mempool_set_ops_byname(pool, rte_mbuf_best_mempool_ops(), nullptr);
  if (code == 0) {
    rte_pktmbuf_pool_init(pool, &sizes);
    std::size_t chunk = 0;
    std::size_t align = 0;
    const ssize_t bytes = rte_mempool_op_calc_mem_size_default(pool, count, 0, &chunk, &align);
    HostBlock block = take_block(static_cast<std::size_t>(bytes) + align, socket);
    code = block.memory == nullptr ? -ENOMEM
                                   : rte_mempool_populate_iova(pool,
                                                               static_cast<char*>(block.memory),
                                                               RTE_BAD_IOVA,
                                                               block.bytes,
                                                               give_back_memory,
                                                               nullptr);
    if (code < 0) give_back(block);
  }
  if (code < 0 || static_cast<unsigned>(code) < count) {
    rte_mempool_free(pool);
    rte_errno = code < 0 ? -code : ENOMEM;
    return nullptr;
  }
  rte_mempool_obj_iter(pool, rte_pktmbuf_init, nullptr);
  return pool;
}

}  // namespace

Result<rte_mempool*> make_mbuf_pool(const std::string& port_name,
                                    std::uint32_t count,
                                    std::uint16_t data_bytes,
                                    const PoolPlace& place) {
  const unsigned cache = count >= 1'024 ? 256 : 0;
  const std::string name = unique_name("td_mbufs_");
  const bool own_memory = place.virtual_device && rte_eal_has_hugepages() == 0;
  rte_mempool* pool =
      own_memory ? make_pool_in_large_pages(name.c_str(), count, cache, data_bytes, place.socket)
                 : rte_pktmbuf_pool_create(name.c_str(), count, cache, 0, data_bytes, place.socket);
  if (pool == nullptr) {
    return make_errno_error(ErrorCode::kResources,
                            "Port " + port_name + ": no memory for " + std::to_string(count) +
                                " packet buffers on NUMA node " + std::to_string(place.socket),
                            rte_errno);
  }
  return pool;
}

std::string device_arguments(const PortOptions& options) {
  const std::size_t comma = options.device.find(',');
  std::string arguments = comma == std::string::npos ? "" : options.device.substr(comma + 1);
  const bool has_ring = arguments.find("blocksz=") != std::string::npos ||
                        arguments.find("framesz=") != std::string::npos ||
                        arguments.find("framecnt=") != std::string::npos;
  if (!options.device.starts_with("net_af_packet") || has_ring) return arguments;
  constexpr std::uint32_t kRingBytes = 128 << 20;
  constexpr std::uint32_t kBlockBytes = 1 << 20;
  constexpr std::uint32_t kSlotBytesMin = 8'192;
  constexpr std::uint32_t kSlotOverhead = 256;  // the kernel's headers and the link layer
  const std::uint32_t slot = std::max(kSlotBytesMin, std::bit_ceil(options.mtu + kSlotOverhead));
  return arguments + ",blocksz=" + std::to_string(kBlockBytes) +
         ",framesz=" + std::to_string(slot) + ",framecnt=" + std::to_string(kRingBytes / slot);
}

rte_eth_conf receive_configuration(const PortOptions& options, const rte_eth_dev_info& info) {
  rte_eth_conf conf{};
  conf.rxmode.mtu = std::clamp<std::uint32_t>(options.mtu, info.min_mtu, mtu_limit(info));
  const std::uint32_t frame_bytes = options.mtu + 22U;  // Ethernet header and two tags
  if (frame_bytes + RTE_PKTMBUF_HEADROOM > RTE_MBUF_DEFAULT_BUF_SIZE &&
      (info.rx_offload_capa & RTE_ETH_RX_OFFLOAD_SCATTER) != 0) {
    conf.rxmode.offloads |= RTE_ETH_RX_OFFLOAD_SCATTER;
  }
  if (options.hardware_timestamps && (info.rx_offload_capa & RTE_ETH_RX_OFFLOAD_TIMESTAMP) != 0) {
    conf.rxmode.offloads |= RTE_ETH_RX_OFFLOAD_TIMESTAMP;
  }
  const std::uint64_t functions =
      (RTE_ETH_RSS_IP | RTE_ETH_RSS_UDP | RTE_ETH_RSS_TCP) & info.flow_type_rss_offloads;
  const bool key_fits = info.hash_key_size == 0 || info.hash_key_size <= kKeyBytesMax;
  if (options.rx_queue_count > 1 && functions != 0 && key_fits) {
    conf.rxmode.mq_mode = RTE_ETH_MQ_RX_RSS;
    conf.rx_adv_conf.rss_conf.rss_hf = functions;
    conf.rx_adv_conf.rss_conf.rss_key = symmetric_key();
    conf.rx_adv_conf.rss_conf.rss_key_len = info.hash_key_size == 0 ? 40 : info.hash_key_size;
  }
  return conf;
}

std::string describe_spreading(const PortOptions& options,
                               const rte_eth_dev_info& info,
                               const rte_eth_conf& conf) {
  if (options.rx_queue_count == 1) return {};
  const std::string queues = std::to_string(options.rx_queue_count) + " queues, ";
  if ((conf.rxmode.mq_mode & RTE_ETH_MQ_RX_RSS_FLAG) == 0) {
    if (info.hash_key_size > kKeyBytesMax) {
      return queues + "no RSS: its hash key of " + std::to_string(info.hash_key_size) +
             " bytes is longer than ours";
    }
    return queues + "no RSS: the device shares packets out by itself";
  }
  const std::uint64_t hash = conf.rx_adv_conf.rss_conf.rss_hf;
  std::string missing;
  for (const auto& [bits, name] : {std::pair{RTE_ETH_RSS_IP, " IP"},
                                   std::pair{RTE_ETH_RSS_UDP, " UDP"},
                                   std::pair{RTE_ETH_RSS_TCP, " TCP"}}) {
    if ((hash & bits) == 0) missing += name;
  }
  return queues + "symmetric RSS" + (missing.empty() ? "" : ", but not by" + missing);
}

Result<Port> Port::make_ring_port(const RingOptions& options) {
  Port port;
  port.options_.name = options.name;
  port.options_.rx_queue_count = options.queue_count;
  port.options_.mbuf_count = options.mbuf_count;
  port.options_.realm = options.realm;
  port.options_.index = options.index;
  port.socket_ = std::max(
      0,
      static_cast<int>(rte_socket_id()) == SOCKET_ID_ANY ? 0 : static_cast<int>(rte_socket_id()));
  const auto data_bytes =
      static_cast<std::uint16_t>(options.mbuf_data_bytes + RTE_PKTMBUF_HEADROOM);
  Result<rte_mempool*> pool = make_mbuf_pool(options.name,
                                             options.mbuf_count,
                                             data_bytes,
                                             {.socket = port.socket_, .virtual_device = true});
  if (!pool) return pool.error();
  port.pool_ = *pool;
  for (std::uint16_t queue = 0; queue < options.queue_count; ++queue) {
    rte_ring* ring = rte_ring_create(unique_name("td_rx_").c_str(),
                                     options.ring_size,
                                     port.socket_,
                                     RING_F_SP_ENQ | RING_F_SC_DEQ);
    if (ring == nullptr) {
      return make_errno_error(
          ErrorCode::kResources, "Port " + options.name + ": no memory for its rings", rte_errno);
    }
    port.rings_.push_back(ring);
  }
  // The device wants a transmit ring too; it is never used.
  port.device_name_ = unique_name("td");
  const int id = rte_eth_from_rings(port.device_name_.c_str(),
                                    port.rings_.data(),
                                    options.queue_count,
                                    port.rings_.data(),
                                    1,
                                    static_cast<unsigned>(port.socket_));
  if (id < 0) {
    return make_errno_error(ErrorCode::kResources,
                            "Port " + options.name + ": DPDK cannot make a ring port",
                            rte_errno);
  }
  port.port_id_ = static_cast<std::uint16_t>(id);
  rte_eth_conf conf{};
  int code = rte_eth_dev_configure(port.port_id_, options.queue_count, 1, &conf);
  for (std::uint16_t queue = 0; code == 0 && queue < options.queue_count; ++queue) {
    code = rte_eth_rx_queue_setup(port.port_id_, queue, 512, 0, nullptr, port.pool_);
  }
  if (code == 0) code = rte_eth_tx_queue_setup(port.port_id_, 0, 512, 0, nullptr);
  if (code == 0) code = rte_eth_dev_start(port.port_id_);
  if (code != 0) {
    return make_errno_error(
        ErrorCode::kIo, "Port " + options.name + ": the ring port does not start", -code);
  }
  port.started_ = true;
  port.go_live(nullptr);
  return port;
}

}  // namespace tapdeck::engine
