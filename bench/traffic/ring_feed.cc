#include "bench/traffic/ring_feed.h"

#include <rte_mbuf.h>

#include "base/assert.h"
#include "engine/packet.h"

namespace tapdeck::traffic {

RingFeed::RingFeed(const engine::Port& port) : port_(port) {
  const Result<int> offset = engine::register_packet_note();
  TD_ASSERT(offset.has_value());
  note_offset_ = *offset;
}

bool RingFeed::put(const Frame& frame) {
  rte_mbuf* packet = rte_pktmbuf_alloc(port_.pool());
  if (packet == nullptr) return false;
  const auto length = static_cast<std::uint16_t>(frame.bytes.size());
  TD_ASSERT(length <= rte_pktmbuf_tailroom(packet));
  std::memcpy(rte_pktmbuf_mtod(packet, void*), frame.bytes.data(), length);
  packet->data_len = length;
  packet->pkt_len = length;
  engine::packet_note(packet, note_offset_) = {
      .time_ns = frame.time_ns, .order = order_ + 1, .original_length = length};
  if (rte_ring_enqueue(port_.rings()[0], packet) != 0) {
    rte_pktmbuf_free(packet);
    return false;
  }
  ++order_;
  return true;
}

}  // namespace tapdeck::traffic
