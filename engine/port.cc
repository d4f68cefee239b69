#include "engine/port.h"

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <iterator>
#include <net/if.h>
#include <string_view>
#include <sys/socket.h>
#include <unistd.h>
#include <utility>

#include <rte_dev.h>
#include <rte_errno.h>
#include <rte_ethdev.h>
#include <rte_mbuf.h>
#include <rte_mbuf_dyn.h>

#include "engine/port_setup.h"

namespace tapdeck::engine {
namespace {

constexpr std::uint16_t kMtuMax = 9'000;

Error port_error(const PortOptions& options, const std::string& what, int code) {
  return make_errno_error(ErrorCode::kIo,
                          "Port " + options.name + " (" + options.device + "): " + what,
                          code < 0 ? -code : code);
}

// "net_af_packet0,iface=veth0" -> "net_af_packet0"
std::string device_name_of(const std::string& device) { return device.substr(0, device.find(',')); }

// Room of one mbuf.  A device that cannot scatter needs a whole frame in it; net_af_packet wants
// room for its whole ring slot.
std::uint16_t mbuf_bytes(const PortOptions& options, const rte_eth_dev_info& info) {
  std::size_t bytes = RTE_MBUF_DEFAULT_BUF_SIZE;
  if ((info.rx_offload_capa & RTE_ETH_RX_OFFLOAD_SCATTER) == 0) {
    bytes = std::max<std::size_t>(bytes, RTE_PKTMBUF_HEADROOM + options.mtu + 64U);
  }
  constexpr std::string_view kSlot = "framesz=";
  const std::size_t at = options.device.find(kSlot);
  if (at != std::string::npos) {
    const std::size_t slot = std::strtoul(options.device.c_str() + at + kSlot.size(), nullptr, 10);
    bytes = std::max(bytes, RTE_PKTMBUF_HEADROOM + std::min<std::size_t>(slot, 32'768));
  }
  return static_cast<std::uint16_t>(bytes);
}

// Why the device could not be made, where that can be told: DPDK's own code says nothing.
Error no_device_error(const PortOptions& options) {
  const std::string port = "Port " + options.name + " (" + options.device + "): ";
  const bool takes_interface =
      options.device.starts_with("net_af_packet") || options.device.starts_with("net_af_xdp");
  constexpr std::string_view kInterface = "iface=";
  const std::size_t at = options.device.find(kInterface);
  if (takes_interface && at != std::string::npos) {
    const std::size_t begin = at + kInterface.size();
    const std::string name = options.device.substr(begin, options.device.find(',', begin) - begin);
    if (if_nametoindex(name.c_str()) == 0) {
      return make_error(ErrorCode::kNotFound,
                        port + "there is no network interface \"" + name + "\"; see `ip link`.");
    }
  }
  if (takes_interface) {
    const int probe = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0);
    const bool denied = probe < 0 && errno == EPERM;
    if (probe >= 0) close(probe);
    if (denied) {
      return make_error(ErrorCode::kPermission,
                        port + "capturing needs root, or the capability CAP_NET_RAW.");
    }
  }
  return make_error(ErrorCode::kIo,
                    port + "DPDK cannot create this device; what it says about it is above.");
}

bool is_pci_address(const std::string& device) {
  return device.find(':') != std::string::npos && device.find("net_") != 0;
}

}  // namespace

Result<Port> Port::open(const PortOptions& options) {
  if (options.mtu > kMtuMax || options.rx_queue_count == 0) {
    return make_error(ErrorCode::kInvalidArgument,
                      "Port " + options.name +
                          ": the MTU is at most 9000 and there is at least "
                          "one queue.");
  }
  Port port;
  port.options_ = options;
  port.device_name_ = device_name_of(options.device);
  if (rte_eth_dev_get_port_by_name(port.device_name_.c_str(), &port.port_id_) != 0) {
    if (is_pci_address(options.device)) {
      return make_error(ErrorCode::kNotFound,
                        "Port " + options.name + ": there is no usable PCI device " +
                            options.device +
                            "; is it bound to vfio-pci (or its own driver for "
                            "mlx5), and named in the configuration before start?");
    }
    const std::string arguments = options.device.size() > port.device_name_.size()
                                      ? options.device.substr(port.device_name_.size() + 1)
                                      : "";
    const std::vector<int> before = list_packet_sockets();
    const int code = rte_eal_hotplug_add("vdev", port.device_name_.c_str(), arguments.c_str());
    if (code != 0) {
      return no_device_error(options);
    }
    port.created_vdev_ = true;
    std::vector<int> sockets;
    const std::vector<int> after = list_packet_sockets();
    std::set_difference(
        after.begin(), after.end(), before.begin(), before.end(), std::back_inserter(sockets));
    if (!sockets.empty()) port.sockets_ = std::make_unique<PacketSockets>(std::move(sockets));
    if (rte_eth_dev_get_port_by_name(port.device_name_.c_str(), &port.port_id_) != 0) {
      return port_error(options, "the device gives no Ethernet port", ENODEV);
    }
  }
  Result<bool> configured = port.configure();
  if (!configured) return configured.error();
  return port;
}

Result<bool> Port::configure() {
  socket_ = std::max(rte_eth_dev_socket_id(port_id_), 0);
  rte_eth_dev_info info{};
  int code = rte_eth_dev_info_get(port_id_, &info);
  if (code != 0) return port_error(options_, "no device information", code);
  if (options_.rx_queue_count > info.max_rx_queues) {
    return make_error(ErrorCode::kInvalidArgument,
                      "Port " + options_.name + " has " + std::to_string(info.max_rx_queues) +
                          " receive queues at most; " + std::to_string(options_.rx_queue_count) +
                          " are configured.");
  }
  Result<rte_mempool*> pool =
      make_mbuf_pool(options_.name,
                     options_.mbuf_count,
                     mbuf_bytes(options_, info),
                     {.socket = socket_, .virtual_device = !is_pci_address(options_.device)});
  if (!pool) return pool.error();
  pool_ = *pool;

  rte_eth_conf conf = receive_configuration(options_, info);
  spreading_ = describe_spreading(options_, info, conf);
  if ((conf.rxmode.offloads & RTE_ETH_RX_OFFLOAD_TIMESTAMP) != 0 &&
      rte_mbuf_dyn_rx_timestamp_register(&timestamp_offset_, &timestamp_flag_) != 0) {
    timestamp_offset_ = -1;
    conf.rxmode.offloads &= ~RTE_ETH_RX_OFFLOAD_TIMESTAMP;
  }
  const bool is_pcap = std::strcmp(info.driver_name, "net_pcap") == 0;
  if (is_pcap && options_.hardware_timestamps && timestamp_offset_ < 0 &&
      rte_mbuf_dyn_rx_timestamp_register(&timestamp_offset_, &timestamp_flag_) != 0) {
    timestamp_offset_ = -1;
  }
  timestamp_unit_ns_ = is_pcap ? 1'000 : 1;

  // Some devices insist on a transmit queue, net_tap on as many as it receives from.
  for (const std::uint16_t transmit :
       {std::uint16_t{0}, std::uint16_t{1}, options_.rx_queue_count}) {
    code = rte_eth_dev_configure(port_id_, options_.rx_queue_count, transmit, &conf);
    if (code != -EINVAL && code != -ENOTSUP && code != -EPERM) break;
  }
  if (code != 0) return port_error(options_, "the device refuses its configuration", code);
  std::uint16_t rx_count = options_.descriptor_count;
  rte_eth_dev_adjust_nb_rx_tx_desc(port_id_, &rx_count, nullptr);
  for (std::uint16_t queue = 0; queue < options_.rx_queue_count; ++queue) {
    code = rte_eth_rx_queue_setup(
        port_id_, queue, rx_count, static_cast<unsigned>(socket_), nullptr, pool_);
    if (code != 0) return port_error(options_, "cannot set up a receive queue", code);
  }
  rte_eth_dev_info_get(port_id_, &info);
  for (std::uint16_t queue = 0; queue < info.nb_tx_queues; ++queue) {
    code = rte_eth_tx_queue_setup(port_id_, queue, 512, static_cast<unsigned>(socket_), nullptr);
    if (code != 0) return port_error(options_, "cannot set up the unused transmit queue", code);
  }
  code = rte_eth_dev_start(port_id_);
  if (code != 0) return port_error(options_, "the device does not start", code);
  started_ = true;
  if (options_.promiscuous) {
    code = rte_eth_promiscuous_enable(port_id_);
    if (code != 0 && code != -ENOTSUP) {
      return port_error(options_, "cannot be made promiscuous", code);
    }
  }
  return true;
}

Port::Port(Port&& other) noexcept
    : options_(std::move(other.options_)),
      port_id_(std::exchange(other.port_id_, std::uint16_t{0xffff})),
      socket_(other.socket_),
      started_(std::exchange(other.started_, false)),
      created_vdev_(std::exchange(other.created_vdev_, false)),
      device_name_(std::move(other.device_name_)),
      spreading_(std::move(other.spreading_)),
      pool_(std::exchange(other.pool_, nullptr)),
      rings_(std::exchange(other.rings_, {})),
      sockets_(std::move(other.sockets_)),
      timestamp_offset_(other.timestamp_offset_),
      timestamp_flag_(other.timestamp_flag_),
      timestamp_unit_ns_(other.timestamp_unit_ns_) {}

Port::~Port() { close(); }

void Port::close() {
  sockets_.reset();
  if (port_id_ != 0xffff) {
    if (std::exchange(started_, false)) rte_eth_dev_stop(port_id_);
    if (!rings_.empty() || !created_vdev_) {
      rte_eth_dev_close(port_id_);
    } else {
      rte_eal_hotplug_remove("vdev", device_name_.c_str());
    }
    created_vdev_ = false;
    port_id_ = 0xffff;
  }
  for (rte_ring* ring : rings_) {
    void* packet = nullptr;
    while (rte_ring_dequeue(ring, &packet) == 0) rte_pktmbuf_free(static_cast<rte_mbuf*>(packet));
    rte_ring_free(ring);
  }
  rings_.clear();
  rte_mempool_free(std::exchange(pool_, nullptr));
}

PortStatistics Port::statistics() const {
  rte_eth_stats stats{};
  if (port_id_ == 0xffff || rte_eth_stats_get(port_id_, &stats) != 0) return {};
  const std::uint64_t by_kernel = sockets_ == nullptr ? 0 : sockets_->drop_count();
  return {stats.ipackets, stats.ibytes, stats.imissed + by_kernel, stats.ierrors, stats.rx_nombuf};
}

}  // namespace tapdeck::engine
