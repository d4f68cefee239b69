#include "engine/port.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <iterator>
#include <string_view>
#include <sys/socket.h>
#include <unistd.h>
#include <utility>

#include <rte_dev.h>
#include <rte_errno.h>
#include <rte_ethdev.h>
#include <rte_mbuf.h>
#include <rte_mbuf_dyn.h>

#include "base/clock.h"
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
  const std::string arguments = device_arguments(options);
  const std::size_t at = arguments.find(kSlot);
  if (at != std::string::npos) {
    const std::size_t slot = std::strtoul(arguments.c_str() + at + kSlot.size(), nullptr, 10);
    bytes = std::max(bytes, RTE_PKTMBUF_HEADROOM + std::min<std::size_t>(slot, 32'768));
  }
  return static_cast<std::uint16_t>(bytes);
}

// Why the device could not be made, where that can be told: DPDK's own code says nothing.
Error no_device_error(const PortOptions& options) {
  const std::string port = "Port " + options.name + " (" + options.device + "): ";
  const bool takes_interface =
      options.device.starts_with("net_af_packet") || options.device.starts_with("net_af_xdp");
  const std::string name = interface_of(options.device);
  if (takes_interface && !name.empty() && look_at_interface(name).index == 0) {
    return make_error(ErrorCode::kNotFound,
                      port + "there is no network interface \"" + name + "\"; see `ip link`.");
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

void add_to(PortStatistics& sum, const PortStatistics& figures) {
  sum.packets += figures.packets;
  sum.bytes += figures.bytes;
  sum.missed += figures.missed;
  sum.errors += figures.errors;
  sum.no_buffer += figures.no_buffer;
  sum.early += figures.early;
  sum.queues.resize(std::max(sum.queues.size(), figures.queues.size()));
  for (std::size_t i = 0; i < figures.queues.size(); ++i) {
    sum.queues[i].packets += figures.queues[i].packets;
    sum.queues[i].missed += figures.queues[i].missed;
  }
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
  port.interface_ = interface_of(options.device);
  const Result<bool> opened = port.open_device();
  if (!opened) return opened.error();
  return port;
}

// Makes the device, if it is a virtual one, and starts it.
Result<bool> Port::open_device() {
  std::unique_ptr<PacketSockets> opened;
  if (rte_eth_dev_get_port_by_name(device_name_.c_str(), &port_id_) != 0) {
    if (is_pci_address(options_.device)) {
      return make_error(ErrorCode::kNotFound,
                        "Port " + options_.name + ": there is no usable PCI device " +
                            options_.device +
                            "; is it bound to vfio-pci (or its own driver for "
                            "mlx5), and named in the configuration before start?");
    }
    const std::string arguments = device_arguments(options_);
    const std::vector<int> before = list_packet_sockets();
    const int code = rte_eal_hotplug_add("vdev", device_name_.c_str(), arguments.c_str());
    if (code != 0) return no_device_error(options_);
    created_vdev_ = true;
    std::vector<int> sockets;
    const std::vector<int> after = list_packet_sockets();
    std::set_difference(
        after.begin(), after.end(), before.begin(), before.end(), std::back_inserter(sockets));
    if (!sockets.empty()) opened = std::make_unique<PacketSockets>(std::move(sockets));
    if (rte_eth_dev_get_port_by_name(device_name_.c_str(), &port_id_) != 0) {
      return port_error(options_, "the device gives no Ethernet port", ENODEV);
    }
  }
  if (!interface_.empty()) interface_index_ = look_at_interface(interface_).index;
  TD_TRY(configure());
  go_live(std::move(opened));
  return true;
}

// net_af_packet (DPDK 22.11) makes sockets that receive from every interface until it binds them,
// and each receives all of its interface until it joins the others: what came by now may belong to
// another port, or lie in two queues.  Returns the number of packets left out.
std::uint64_t Port::leave_out_early() {
  constexpr std::uint16_t kBurst = 64;
  constexpr int kBurstsMax = 16'384;  // a port under full load need not run dry
  std::uint64_t count = 0;
  for (std::uint16_t queue = 0; queue < options_.rx_queue_count; ++queue) {
    for (int i = 0; i < kBurstsMax; ++i) {
      std::array<rte_mbuf*, kBurst> packets;
      const std::uint16_t received = rte_eth_rx_burst(port_id_, queue, packets.data(), kBurst);
      rte_pktmbuf_free_bulk(packets.data(), received);
      count += received;
      if (received < kBurst) break;
    }
  }
  rte_eth_stats_reset(port_id_);
  return count;
}

void Port::go_live(std::unique_ptr<PacketSockets> sockets) {
  const std::uint64_t early = sockets == nullptr ? 0 : leave_out_early();
  const std::lock_guard<std::mutex> lock(link_->device);
  before_.early += early;
  sockets_ = std::move(sockets);
  is_live_ = true;
  link_->port_id.store(port_id_);
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
  if (pool_ == nullptr) {
    const PoolPlace place{.socket = socket_, .virtual_device = !is_pci_address(options_.device)};
    Result<rte_mempool*> pool =
        make_mbuf_pool(options_.name, options_.mbuf_count, mbuf_bytes(options_, info), place);
    if (!pool) return pool.error();
    pool_ = *pool;
  }
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
      link_(std::exchange(other.link_, std::make_unique<PortLink>())),
      interface_(std::move(other.interface_)),
      interface_index_(other.interface_index_),
      looked_ns_(other.looked_ns_),
      before_(std::move(other.before_)),
      is_live_(std::exchange(other.is_live_, false)),
      port_id_(std::exchange(other.port_id_, kNoPort)),
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
  take_away();
  close_device();
  for (rte_ring* ring : rings_) {
    void* packet = nullptr;
    while (rte_ring_dequeue(ring, &packet) == 0) rte_pktmbuf_free(static_cast<rte_mbuf*>(packet));
    rte_ring_free(ring);
  }
  rings_.clear();
  rte_mempool_free(std::exchange(pool_, nullptr));
}

void Port::close_device() {
  {
    const std::lock_guard<std::mutex> lock(link_->device);
    add_to(before_, device_statistics());
    sockets_.reset();
    is_live_ = false;
  }
  if (port_id_ == kNoPort) return;
  if (std::exchange(started_, false)) rte_eth_dev_stop(port_id_);
  if (!rings_.empty() || !created_vdev_) {
    rte_eth_dev_close(port_id_);
  } else {
    rte_eal_hotplug_remove("vdev", device_name_.c_str());
  }
  created_vdev_ = false;
  port_id_ = kNoPort;
}

LinkState Port::ask_for_link() const {
  if (!interface_.empty()) {
    const InterfaceState now = look_at_interface(interface_);
    if (port_id_ == kNoPort || now.index != interface_index_) return LinkState::kGone;
    return now.running ? LinkState::kUp : LinkState::kDown;
  }
  if (!is_pci_address(options_.device)) return LinkState::kUp;
  if (rte_eth_dev_is_removed(port_id_) != 0) return LinkState::kGone;
  rte_eth_link link{};
  if (rte_eth_link_get_nowait(port_id_, &link) != 0) return LinkState::kUp;
  return link.link_status == RTE_ETH_LINK_UP ? LinkState::kUp : LinkState::kDown;
}

LinkState Port::look_at_link(std::int64_t now_ns) {
  const LinkState before = link_->state.load();
  const LinkState now = ask_for_link();
  const bool was_away = before != LinkState::kUp;
  const bool is_away = now != LinkState::kUp;
  if (is_away && !was_away) link_->losses.add();
  // What lies between two looks counts whole: it may have been away all of the time.
  if ((is_away || was_away) && looked_ns_ != 0) {
    link_->lost_ms.add(static_cast<std::uint64_t>((now_ns - looked_ns_) / kNsPerMs));
  }
  looked_ns_ = now_ns;
  link_->state.store(now);
  return now;
}

bool Port::can_reopen() const {
  return !interface_.empty() && link_->state.load() == LinkState::kGone &&
         look_at_interface(interface_).index != 0;
}

Result<bool> Port::reopen() {
  close_device();
  Result<bool> opened = open_device();
  if (!opened) close_device();
  return opened;
}

PortStatistics Port::device_statistics() const {
  rte_eth_stats stats{};
  if (!is_live_ || rte_eth_stats_get(port_id_, &stats) != 0) return {};
  const std::uint64_t by_kernel = sockets_ == nullptr ? 0 : sockets_->drop_count();
  PortStatistics figures;
  figures.packets = stats.ipackets;
  figures.bytes = stats.ibytes;
  figures.missed = stats.imissed + by_kernel;
  figures.errors = stats.ierrors;
  figures.no_buffer = stats.rx_nombuf;
  figures.queues.resize(
      std::min<std::size_t>(options_.rx_queue_count, RTE_ETHDEV_QUEUE_STAT_CNTRS));
  const bool by_queue = sockets_ != nullptr && sockets_->size() == options_.rx_queue_count;
  for (std::size_t i = 0; i < figures.queues.size(); ++i) {
    figures.queues[i] = {stats.q_ipackets[i], by_queue ? sockets_->drops_of(i) : 0};
  }
  return figures;
}

PortStatistics Port::statistics() const {
  const std::lock_guard<std::mutex> lock(link_->device);
  PortStatistics figures = device_statistics();
  add_to(figures, before_);
  figures.link = link_->state.load();
  figures.link_losses = link_->losses.value();
  figures.link_lost_ms = link_->lost_ms.value();
  return figures;
}

}  // namespace tapdeck::engine
