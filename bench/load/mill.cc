#include "bench/load/mill.h"

#include <algorithm>
#include <array>
#include <random>
#include <vector>

#include <rte_mbuf.h>

#include "base/assert.h"
#include "bench/load/cpu_time.h"
#include "engine/packet.h"
#include "engine/prefetch.h"

namespace tapdeck::load {

Mill::Mill(const engine::Port& port, std::uint32_t stream_count)
    : port_(port), note_offset_(*engine::register_packet_note()), source_(stream_count) {
  build(port);
}

// Fills all mbufs of the pool with samples of their own, and gives them back in shuffled order.
void Mill::build(const engine::Port& port) {
  std::vector<rte_mbuf*> all(rte_mempool_avail_count(port.pool()));
  TD_ASSERT(all.size() >= kMbufs);
  TD_ASSERT(rte_pktmbuf_alloc_bulk(port.pool(), all.data(), static_cast<unsigned>(all.size())) ==
            0);
  std::uint64_t seed = 2;
  for (rte_mbuf* packet : all) {
    StreamSource::prepare(rte_pktmbuf_mtod(packet, std::uint8_t*), seed++);
  }
  std::shuffle(all.begin(), all.end(), std::mt19937(3));
  rte_pktmbuf_free_bulk(all.data(), static_cast<unsigned>(all.size()));
}

// What rte_pktmbuf_alloc_bulk() does, but all the lines that are written are asked for first: one
// after the other they would cost more than the worker.
bool Mill::take(std::span<rte_mbuf*> packets) {
  if (rte_mempool_get_bulk(port_.pool(),
                           reinterpret_cast<void**>(packets.data()),
                           static_cast<unsigned>(packets.size())) != 0) {
    return false;
  }
  const std::size_t frame_at =
      sizeof(rte_mbuf) + rte_pktmbuf_priv_size(port_.pool()) + RTE_PKTMBUF_HEADROOM;
  for (rte_mbuf* packet : packets) {
    const auto* at = reinterpret_cast<const std::uint8_t*>(packet);
    for (const std::size_t line : {std::size_t{0}, engine::kLineBytes, frame_at}) {
      engine::prefetch_to_write(at + line);
    }
  }
  return true;
}

bool Mill::send(std::uint32_t rank) {
  const std::int64_t begin_ns = thread_cpu_ns();
  source_.set_rank(rank);
  constexpr std::uint32_t kTaken = 64;
  std::array<rte_mbuf*, kTaken> packets{};
  for (std::uint32_t done = 0; done < kMbufs; done += kTaken) {
    if (!take(packets)) return false;
    for (rte_mbuf* packet : packets) {
      rte_pktmbuf_reset(packet);
      source_.write(rte_pktmbuf_mtod(packet, std::uint8_t*));
      packet->data_len = StreamSource::kFrameBytes;
      packet->pkt_len = StreamSource::kFrameBytes;
      engine::packet_note(packet, note_offset_) = {.time_ns = source_.now_ns(),
                                                   .order = ++sent_,
                                                   .original_length = StreamSource::kFrameBytes};
    }
    if (rte_ring_enqueue_bulk(
            port_.rings()[0], reinterpret_cast<void**>(packets.data()), packets.size(), nullptr) ==
        0) {
      return false;
    }
  }
  patch_ns_ += static_cast<std::uint64_t>(thread_cpu_ns() - begin_ns);
  return true;
}

std::uint32_t Mill::wrong_streams() const {
  const StreamSource::Comparison compared = source_.compare();
  return compared.wrong_streams + compared.incomplete_streams + (compared.damaged > 0 ? 1 : 0);
}

}  // namespace tapdeck::load
