#include "bench/load/mill.h"

#include <algorithm>
#include <array>
#include <ctime>
#include <numeric>
#include <random>

#include <rte_mbuf.h>

#include "base/assert.h"
#include "base/clock.h"
#include "bench/traffic/frame.h"
#include "engine/packet.h"

namespace tapdeck::load {
namespace {

constexpr std::int64_t kStartNs = 1'700'000'000 * kNsPerSecond;
constexpr std::size_t kIpAt = 14;
constexpr std::size_t kUdpAt = 34;
constexpr std::size_t kRtpAt = 42;
constexpr std::uint32_t kSourceNetwork = 0x0b000000;
constexpr std::uint32_t kDestinationNetwork = 0x0a000000;

std::uint16_t port_of(std::uint32_t stream) {
  return static_cast<std::uint16_t>(10'000U + (stream & 0xffU) * 2U);
}

// One packet's share of its stream's checksum.  `samples` stands for the 160 bytes behind the
// header, `header` for the first 8 of it, which differ from packet to packet.
std::uint64_t share(std::uint64_t samples, std::uint64_t header) {
  return mix64(samples ^ 0x9e3779b97f4a7c15ULL, header ^ 0xd6e8feb86659fd93ULL);
}

std::uint64_t hash_samples(const std::uint8_t* rtp) { return hash_bytes({rtp + 12, 160}, 1); }

}  // namespace

std::int64_t thread_cpu_ns() {
  timespec now{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return now.tv_sec * kNsPerSecond + now.tv_nsec;
}

Mill::Mill(const engine::Port& port, std::uint32_t stream_count)
    : port_(port),
      note_offset_(*engine::register_packet_note()),
      streams_(stream_count),
      order_(stream_count),
      cycle_ns_(kStartNs),
      now_ns_(kStartNs) {
  std::iota(order_.begin(), order_.end(), 0U);
  std::shuffle(order_.begin(), order_.end(), std::mt19937(1));
  build(port);
}

Endpoint Mill::destination(std::uint32_t stream) const {
  return {make_ipv4(kDestinationNetwork | (stream >> 8)), port_of(stream)};
}

// Fills all mbufs of the pool with samples of their own, and gives them back in shuffled order.
// The hash of the samples stands at the begin of the headroom, which no worker touches.
void Mill::build(const engine::Port& port) {
  std::vector<rte_mbuf*> all(rte_mempool_avail_count(port.pool()));
  TD_ASSERT(all.size() >= kMbufs);
  TD_ASSERT(rte_pktmbuf_alloc_bulk(port.pool(), all.data(), static_cast<unsigned>(all.size())) ==
            0);
  std::mt19937_64 random(2);
  for (rte_mbuf* packet : all) {
    auto* frame = rte_pktmbuf_mtod(packet, std::uint8_t*);
    traffic::write_headers(frame, destination(0), destination(0), kRtpBytes);
    frame[kRtpAt] = 0x80;
    frame[kRtpAt + 1] = 8;
    for (std::size_t at = kRtpAt + 12; at < kFrameBytes; at += 8) {
      store_le(frame + at, static_cast<std::uint64_t>(random()));
    }
    store_le(static_cast<std::uint8_t*>(packet->buf_addr), hash_samples(frame + kRtpAt));
  }
  std::shuffle(all.begin(), all.end(), std::mt19937(3));
  rte_pktmbuf_free_bulk(all.data(), static_cast<unsigned>(all.size()));
}

std::uint32_t Mill::next_stream(std::uint32_t rank_max) {
  for (;;) {
    if (at_ == order_.size()) {
      at_ = 0;
      cycle_ns_ += kPacketNs;
    }
    const std::uint32_t stream = order_[at_++];
    if (stream % kChunkPackets <= rank_max) return stream;
  }
}

bool Mill::send(std::uint32_t rank_max) {
  const std::int64_t begin_ns = thread_cpu_ns();
  std::array<rte_mbuf*, 64> packets{};
  for (std::uint32_t done = 0; done < kMbufs; done += packets.size()) {
    if (rte_pktmbuf_alloc_bulk(port_.pool(), packets.data(), packets.size()) != 0) return false;
    for (rte_mbuf* packet : packets) {
      const std::uint32_t number = next_stream(rank_max);
      Stream& stream = streams_[number];
      auto* frame = rte_pktmbuf_mtod(packet, std::uint8_t*);
      store_be(frame + kIpAt + 12, kSourceNetwork | (number >> 8));
      store_be(frame + kIpAt + 16, kDestinationNetwork | (number >> 8));
      store_be(frame + kUdpAt, port_of(number));
      store_be(frame + kUdpAt + 2, port_of(number));
      ++stream.sequence;
      store_be(frame + kRtpAt + 2, static_cast<std::uint16_t>(stream.sequence));
      store_be(frame + kRtpAt + 4, stream.sequence * 160U);
      store_be(frame + kRtpAt + 8, number);
      stream.checksum +=
          share(load_le<std::uint64_t>(packet->buf_addr), load_le<std::uint64_t>(frame + kRtpAt));
      packet->data_len = kFrameBytes;
      packet->pkt_len = kFrameBytes;
      now_ns_ = cycle_ns_ + kPacketNs * at_ / static_cast<std::int64_t>(order_.size());
      engine::packet_note(packet, note_offset_) = {
          .time_ns = now_ns_, .order = ++sent_, .original_length = kFrameBytes};
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

Tally tally_section(const SectionHeader& section, ByteView records) {
  Tally tally;
  Cursor cursor(records);
  while (!cursor.at_end()) {
    const auto head = cursor.read_le<std::uint16_t>();
    cursor.skip(4);
    const ByteView record = cursor.read_bytes(head & 0x3fff);
    TD_ASSERT(!cursor.failed() && head >> 14 == 0 && record.size() == kRtpBytes);
    tally.checksum += share(hash_samples(record.data()), load_le<std::uint64_t>(record.data()));
    ++tally.packets;
  }
  TD_ASSERT(tally.packets == section.packet_count);
  return tally;
}

void Mill::read_back(const SectionHeader& section, ByteView records) {
  TD_ASSERT(section.ssrc < streams_.size());
  Stream& stream = streams_[section.ssrc];
  const Tally tally = tally_section(section, records);
  stream.checksum -= tally.checksum;
  stream.found += static_cast<std::uint32_t>(tally.packets);
}

std::uint32_t Mill::wrong_streams() const {
  std::uint32_t wrong = 0;
  for (const Stream& stream : streams_) {
    if (stream.found != stream.sequence || stream.checksum != 0) ++wrong;
  }
  return wrong;
}

}  // namespace tapdeck::load
