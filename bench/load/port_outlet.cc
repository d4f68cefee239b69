#include <algorithm>
#include <array>
#include <random>
#include <vector>

#include <rte_dev.h>
#include <rte_ethdev.h>
#include <rte_mbuf.h>

#include "base/clock.h"
#include "bench/load/outlet.h"

namespace tapdeck::load {
namespace {

constexpr std::uint16_t kDescriptors = 1'024;
constexpr unsigned kCache = 256;
constexpr std::int64_t kSendPatienceNs = kNsPerSecond;

Error port_error(const std::string& device, const std::string& what, int code) {
  return make_errno_error(ErrorCode::kIo, "Port " + device + ": " + what, code < 0 ? -code : code);
}

class PortOutlet : public Outlet {
 public:
  explicit PortOutlet(std::string device) : device_(std::move(device)) {}

  PortOutlet(const PortOutlet&) = delete;
  PortOutlet& operator=(const PortOutlet&) = delete;

  ~PortOutlet() override {
    if (started_) rte_eth_dev_stop(id_);
    if (id_ != RTE_MAX_ETHPORTS) rte_eth_dev_close(id_);
    rte_mempool_free(pool_);
  }

  Result<void> open() {
    const std::string name = device_.substr(0, device_.find(','));
    if (rte_eth_dev_get_port_by_name(name.c_str(), &id_) != 0) {
      const std::string arguments =
          device_.size() > name.size() ? device_.substr(name.size() + 1) : "";
      const int code = rte_eal_hotplug_add("vdev", name.c_str(), arguments.c_str());
      if (code != 0 || rte_eth_dev_get_port_by_name(name.c_str(), &id_) != 0) {
        return port_error(device_, "DPDK has no such device and cannot create it", code);
      }
    }
    rte_eth_conf conf{};
    int code = rte_eth_dev_configure(id_, 1, 1, &conf);  // many insist on a receive queue
    if (code != 0) return port_error(device_, "the device refuses its configuration", code);
    std::uint16_t rx_count = kDescriptors;
    std::uint16_t tx_count = kDescriptors;
    rte_eth_dev_adjust_nb_rx_tx_desc(id_, &rx_count, &tx_count);
    pool_ = rte_pktmbuf_pool_create("bench_tx",
                                    2 * kPacketBuffers - 1,
                                    kCache,
                                    0,
                                    RTE_MBUF_DEFAULT_BUF_SIZE,
                                    std::max(rte_eth_dev_socket_id(id_), 0));
    if (pool_ == nullptr) return port_error(device_, "no memory for its packets", rte_errno);
    const int socket = rte_eth_dev_socket_id(id_);
    code = rte_eth_rx_queue_setup(
        id_, 0, rx_count, static_cast<unsigned>(std::max(socket, 0)), nullptr, pool_);
    if (code == 0) {
      code = rte_eth_tx_queue_setup(
          id_, 0, tx_count, static_cast<unsigned>(std::max(socket, 0)), nullptr);
    }
    if (code == 0) code = rte_eth_dev_start(id_);
    if (code != 0) return port_error(device_, "the device does not start", code);
    started_ = true;
    prepare();
    return {};
  }

  Result<void> send(StreamSource& source, std::uint32_t count) override {
    std::array<rte_mbuf*, kBurst> packets{};
    if (rte_pktmbuf_alloc_bulk(pool_, packets.data(), count) != 0) {
      return make_error(ErrorCode::kResources, "Port " + device_ + " keeps what it has sent.");
    }
    for (std::uint32_t i = 0; i < count; ++i) {
      static_cast<void>(source.write(rte_pktmbuf_mtod(packets[i], std::uint8_t*)));
      packets[i]->data_len = StreamSource::kFrameBytes;
      packets[i]->pkt_len = StreamSource::kFrameBytes;
    }
    const std::int64_t patience_ns = monotonic_now_ns() + kSendPatienceNs;
    for (std::uint16_t sent = 0; sent < count;) {
      const auto left = static_cast<std::uint16_t>(count - sent);
      const std::uint16_t taken = rte_eth_tx_burst(id_, 0, packets.data() + sent, left);
      if (taken == 0 && monotonic_now_ns() > patience_ns) {
        return make_error(ErrorCode::kIo, "Port " + device_ + " sends nothing: is its link up?");
      }
      sent = static_cast<std::uint16_t>(sent + taken);
    }
    return {};
  }

  [[nodiscard]] bool has_room() const override { return true; }  // send() waits

 private:
  void prepare() {
    std::vector<rte_mbuf*> all(rte_mempool_avail_count(pool_));
    const auto count = static_cast<unsigned>(all.size());
    if (rte_pktmbuf_alloc_bulk(pool_, all.data(), count) != 0) return;
    std::uint64_t seed = 0;
    for (rte_mbuf* packet : all) {
      StreamSource::prepare(rte_pktmbuf_mtod(packet, std::uint8_t*), ++seed);
    }
    std::shuffle(all.begin(), all.end(), std::mt19937(3));
    rte_pktmbuf_free_bulk(all.data(), count);
  }

  std::string device_;
  std::uint16_t id_ = RTE_MAX_ETHPORTS;
  bool started_ = false;
  rte_mempool* pool_ = nullptr;
};

}  // namespace

Result<std::unique_ptr<Outlet>> make_port_outlet(const std::string& device) {
  auto outlet = std::make_unique<PortOutlet>(device);
  const Result<void> opened = outlet->open();
  if (!opened) return opened.error();
  return std::unique_ptr<Outlet>(std::move(outlet));
}

}  // namespace tapdeck::load
