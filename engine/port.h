// Capture ports: opening NICs and virtual devices for reception, and ring ports that a feeder
// fills in-process.
// Threads: the main thread opens, closes and looks at the link; any reads statistics.  Memory: one
// NUMA-local mbuf pool per port.  Errors: whole sentences naming the port.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include <rte_mempool.h>
#include <rte_ring.h>

#include "base/result.h"
#include "engine/packet_socket.h"
#include "engine/port_link.h"
#include "model/ids.h"

namespace tapdeck::engine {

struct PortOptions {
  std::string name{};    // as configured, for messages and reports
  std::string device{};  // PCI address "0000:3b:00.0" or vdev "net_af_packet0,iface=veth0,..."
  std::uint16_t rx_queue_count = 1;
  std::uint16_t descriptor_count = 1'024;  // per queue; the driver may round it
  std::uint16_t mtu = 1'500;               // up to 9 000
  bool promiscuous = true;
  bool hardware_timestamps = true;  // where the port offers them
  RealmId realm = 0;
  std::uint16_t index = 0;            // into the configured ports; travels with messages
  std::uint32_t mbuf_count = 16'384;  // of the port's pool
};

struct QueueStatistics {
  std::uint64_t packets = 0;
  std::uint64_t missed = 0;  // by the kernel; 0 where the device counts for all of its queues only
};

struct PortStatistics {
  std::uint64_t packets = 0;
  std::uint64_t bytes = 0;
  std::uint64_t missed = 0;               // by the device or the kernel: no descriptor was free
  std::uint64_t errors = 0;               // frames the device refused
  std::uint64_t no_buffer = 0;            // no mbuf was free
  std::uint64_t early = 0;                // came while the device was opened: left out
  std::vector<QueueStatistics> queues{};  // those that DPDK counts, at most 16
  LinkState link = LinkState::kUp;
  std::uint64_t link_losses = 0;   // how often there was none, as look_at_link() saw it
  std::uint64_t link_lost_ms = 0;  // how long, in all
};

// One opened port.  Movable; closes itself.
class Port {
 public:
  static Result<Port> open(const PortOptions& options);

  // A port of rings in this process: the feeder enqueues mbufs (with notes, engine/packet.h) of
  // `pool` into rings()[q], workers receive them from queue q.  Rings are single producer, single
  // consumer.
  struct RingOptions {
    std::string name{};
    std::uint16_t queue_count = 1;
    std::uint32_t ring_size = 1'024;  // power of two; one less usable
    std::uint32_t mbuf_count = 8'191;
    std::uint16_t mbuf_data_bytes = 2'048;  // longer frames become chains of mbufs
    RealmId realm = 0;
    std::uint16_t index = 0;
  };

  static Result<Port> make_ring_port(const RingOptions& options);

  Port(Port&& other) noexcept;
  Port& operator=(Port&&) = delete;
  ~Port();

  void close();  // idempotent

  // kNoPort while it has no device.
  [[nodiscard]] std::uint16_t port_id() const { return link_->port_id.load(); }

  [[nodiscard]] PortLink& link() const { return *link_; }

  [[nodiscard]] const std::string& interface() const { return interface_; }  // the kernel's, if any

  // Looks whether packets can come, and counts.  Main thread, a few times a second.
  LinkState look_at_link(std::int64_t now_ns);

  // True when the device is gone and there is one of the same name to open in its place.
  [[nodiscard]] bool can_reopen() const;

  // Lets go of the device and opens the new one, with the pool and the counts of the old one.  From
  // take_away() on workers must have made a step each before reopen().  Main thread.
  void take_away() { link_->port_id.store(kNoPort); }

  Result<bool> reopen();

  [[nodiscard]] const PortOptions& options() const { return options_; }

  [[nodiscard]] int socket() const { return socket_; }

  [[nodiscard]] rte_mempool* pool() const { return pool_; }

  [[nodiscard]] const std::vector<rte_ring*>& rings() const { return rings_; }

  [[nodiscard]] bool has_notes() const { return !rings_.empty(); }  // packets carry PacketNote

  // Offset of the timestamp in an mbuf and its flag; offset is -1 without hardware timestamps.
  [[nodiscard]] int timestamp_offset() const { return timestamp_offset_; }

  [[nodiscard]] std::uint64_t timestamp_flag() const { return timestamp_flag_; }

  [[nodiscard]] std::uint32_t timestamp_unit_ns() const { return timestamp_unit_ns_; }

  // See describe_spreading().
  [[nodiscard]] const std::string& spreading() const { return spreading_; }

  // `missed` is what the driver counts and, where it receives through packet sockets, what the
  // kernel counts.
  [[nodiscard]] PortStatistics statistics() const;

 private:
  Port() = default;
  Result<bool> open_device();
  Result<bool> configure();
  std::uint64_t leave_out_early();
  void go_live(std::unique_ptr<PacketSockets> sockets);
  void close_device();
  [[nodiscard]] LinkState ask_for_link() const;
  [[nodiscard]] PortStatistics device_statistics() const;

  PortOptions options_;
  std::unique_ptr<PortLink> link_ = std::make_unique<PortLink>();
  std::string interface_{};
  unsigned interface_index_ = 0;
  std::int64_t looked_ns_ = 0;
  // Under link_->device, as is `sockets_`.
  PortStatistics before_{};  // of the devices that were let go
  bool is_live_ = false;     // `port_id_` may be asked
  std::uint16_t port_id_ = kNoPort;
  int socket_ = 0;
  bool started_ = false;
  bool created_vdev_ = false;
  std::string device_name_{};
  std::string spreading_{};
  rte_mempool* pool_ = nullptr;
  std::vector<rte_ring*> rings_{};
  std::unique_ptr<PacketSockets> sockets_;  // null without any
  int timestamp_offset_ = -1;
  std::uint64_t timestamp_flag_ = 0;
  std::uint32_t timestamp_unit_ns_ = 1;
};

}  // namespace tapdeck::engine
