#include <algorithm>
#include <array>
#include <random>
#include <vector>

#include <rte_mbuf.h>

#include "base/assert.h"
#include "bench/load/outlet.h"
#include "engine/packet.h"
#include "engine/prefetch.h"

namespace tapdeck::load {
namespace {

class RingOutlet : public Outlet {
 public:
  explicit RingOutlet(const engine::Port& port)
      : port_(port), note_offset_(*engine::register_packet_note()), queues_(port.rings().size()) {
    std::vector<rte_mbuf*> all(rte_mempool_avail_count(port.pool()));
    const auto count = static_cast<unsigned>(all.size());
    TD_ASSERT(count >= kPacketBuffers);
    TD_ASSERT(rte_pktmbuf_alloc_bulk(port.pool(), all.data(), count) == 0);
    std::uint64_t seed = 0;
    for (rte_mbuf* packet : all) {
      StreamSource::prepare(rte_pktmbuf_mtod(packet, std::uint8_t*), ++seed);
    }
    std::shuffle(all.begin(), all.end(), std::mt19937(3));
    rte_pktmbuf_free_bulk(all.data(), count);
  }

  Result<void> send(StreamSource& source, std::uint32_t count) override {
    std::array<rte_mbuf*, kBurst> packets{};
    if (rte_pktmbuf_alloc_bulk(port_.pool(), packets.data(), count) != 0) {
      for (std::uint32_t i = 0; i < count; ++i) source.skip();
      no_buffer_ += count;
      return {};
    }
    for (std::uint32_t i = 0; i < count; ++i) {
      engine::prefetch_to_write(rte_pktmbuf_mtod(packets[i], std::uint8_t*));
      engine::prefetch_to_write(reinterpret_cast<std::uint8_t*>(packets[i]) + note_offset_);
    }
    for (std::uint32_t i = 0; i < count; ++i) {
      rte_mbuf* packet = packets[i];
      const std::uint32_t stream = source.write(rte_pktmbuf_mtod(packet, std::uint8_t*));
      packet->data_len = StreamSource::kFrameBytes;
      packet->pkt_len = StreamSource::kFrameBytes;
      engine::packet_note(packet, note_offset_) = {.time_ns = source.now_ns(),
                                                   .order = ++order_,
                                                   .original_length = StreamSource::kFrameBytes};
      Queue& queue = queues_[stream % queues_.size()];
      queue.packets[queue.count++] = packet;
    }
    for (std::size_t i = 0; i < queues_.size(); ++i) enqueue(source, i);
    return {};
  }

  [[nodiscard]] bool has_room() const override {
    return std::all_of(port_.rings().begin(), port_.rings().end(), [](const rte_ring* ring) {
      return rte_ring_free_count(ring) >= 2 * kBurst;
    });
  }

  [[nodiscard]] std::uint64_t ring_full() const override { return ring_full_; }

  [[nodiscard]] std::uint64_t no_buffer() const override { return no_buffer_; }

 private:
  struct Queue {
    std::array<rte_mbuf*, kBurst> packets{};
    std::uint32_t count = 0;
  };

  void enqueue(StreamSource& source, std::size_t number) {
    Queue& queue = queues_[number];
    const unsigned taken = rte_ring_enqueue_burst(port_.rings()[number],
                                                  reinterpret_cast<void**>(queue.packets.data()),
                                                  queue.count,
                                                  nullptr);
    for (std::uint32_t i = taken; i < queue.count; ++i) {
      source.take_back(rte_pktmbuf_mtod(queue.packets[i], const std::uint8_t*));
    }
    rte_pktmbuf_free_bulk(queue.packets.data() + taken, queue.count - taken);
    ring_full_ += queue.count - taken;
    queue.count = 0;
  }

  const engine::Port& port_;
  int note_offset_;
  std::vector<Queue> queues_;
  std::uint64_t order_ = 0;
  std::uint64_t ring_full_ = 0;
  std::uint64_t no_buffer_ = 0;
};

}  // namespace

std::unique_ptr<Outlet> make_ring_outlet(const engine::Port& port) {
  return std::make_unique<RingOutlet>(port);
}

}  // namespace tapdeck::load
