#include "bench/load/floors.h"

#include <algorithm>
#include <memory>
#include <random>
#include <vector>

#include <rte_ethdev.h>
#include <rte_mbuf.h>

#include "base/assert.h"
#include "base/hash.h"
#include "bench/load/cpu_time.h"
#include "bench/load/measured.h"
#include "bench/load/mill.h"
#include "bench/traffic/frame.h"
#include "engine/decode/rtp_frame.h"
#include "engine/prefetch.h"
#include "engine/rtp/statistics.h"

namespace tapdeck::load {
namespace {

constexpr std::uint32_t kOrder = 1U << 20;

double receive(const engine::Port& port) {
  std::vector<rte_mbuf*> all(kMbufs);
  std::array<double, kRounds> rounds{};
  std::uint64_t sum = 0;
  for (double& round : rounds) {
    TD_ASSERT(rte_pktmbuf_alloc_bulk(port.pool(), all.data(), kMbufs) == 0);
    TD_ASSERT(rte_ring_enqueue_bulk(
                  port.rings()[0], reinterpret_cast<void**>(all.data()), kMbufs, nullptr) ==
              kMbufs);
    const std::int64_t begin_ns = thread_cpu_ns();
    std::array<rte_mbuf*, kPacketsAhead> burst{};
    while (const std::uint16_t count =
               rte_eth_rx_burst(port.port_id(), 0, burst.data(), kPacketsAhead)) {
      for (std::uint16_t i = 0; i < count; ++i) {
        const auto* data = static_cast<const std::uint8_t*>(burst[i]->buf_addr);
        for (std::size_t at = 0; at < StreamSource::kFrameBytes; at += kLine) {
          engine::prefetch_to_read(data + RTE_PKTMBUF_HEADROOM + at);
        }
      }
      for (std::uint16_t i = 0; i < count; ++i) {
        const auto* data = static_cast<const std::uint8_t*>(burst[i]->buf_addr);
        for (std::size_t at = 0; at < StreamSource::kFrameBytes; at += kLine) {
          sum += data[RTE_PKTMBUF_HEADROOM + at];
        }
      }
      rte_pktmbuf_free_bulk(burst.data(), count);
    }
    round = static_cast<double>(thread_cpu_ns() - begin_ns) / kMbufs;
  }
  TD_ASSERT(sum != 1);
  std::sort(rounds.begin(), rounds.end());
  return rounds[kRounds / 2];
}

double decode_headers() {
  std::vector<traffic::FrameBuffer> frames(kPacketsAhead);
  for (std::uint32_t i = 0; i < kPacketsAhead; ++i) {
    traffic::write_headers(frames[i].data(),
                           {make_ipv4(0x0b000001 + i), 4'000},
                           {make_ipv4(0x0a000001 + i), 5'000},
                           StreamSource::kRtpBytes);
    frames[i][traffic::kFrameHeaderBytes] = 0x80;
  }
  engine::PortSet sip_ports;
  sip_ports.add(5'060);
  std::uint32_t rtp = 0;
  const double ns = median_ns(kOrder, [&] {
    for (std::uint32_t i = 0; i < kOrder; ++i) {
      engine::RtpFrame out;
      const ByteView frame = ByteView{frames[i % kPacketsAhead]}.first(StreamSource::kFrameBytes);
      rtp += engine::decode_rtp_frame({.bytes = frame}, sip_ports, out) ? 1U : 0U;
    }
  });
  TD_ASSERT(rtp == (kRounds + 1) * kOrder);
  return ns;
}

double hash_keys() {
  std::vector<engine::StreamKey> keys(kPacketsAhead);
  for (std::uint32_t i = 0; i < kPacketsAhead; ++i) keys[i].ssrc = i;
  std::uint64_t sum = 0;
  const double ns = median_ns(kOrder, [&] {
    for (std::uint32_t i = 0; i < kOrder; ++i) {
      const engine::StreamKey& key = keys[i % kPacketsAhead];
      sum += hash_bytes({reinterpret_cast<const std::uint8_t*>(&key), sizeof key}, i);
    }
  });
  TD_ASSERT(sum != 1);
  return ns;
}

// Visits random places, one for each packet, having asked for them kPacketsAhead packets before.
template <typename Ask, typename Visit>
double visit(const std::vector<std::uint32_t>& order, Ask&& ask, Visit&& act) {
  return median_ns(kOrder, [&] {
    for (std::uint32_t i = 0; i < kOrder; i += kPacketsAhead) {
      for (std::uint32_t k = 0; k < kPacketsAhead; ++k) ask(order[i + k]);
      for (std::uint32_t k = 0; k < kPacketsAhead; ++k) act(order[i + k]);
    }
  });
}

double look_up(const std::vector<std::uint32_t>& order, std::uint32_t streams) {
  const Memory buckets(std::size_t{streams} * 32);
  const Memory keys(std::size_t{streams} * sizeof(engine::StreamKey));
  std::uint64_t sum = 0;
  const double ns = visit(
      order,
      [&](std::uint32_t stream) {
        engine::prefetch_to_read(buckets.at(std::size_t{stream} * 32));
        engine::prefetch_to_read(keys.at(std::size_t{stream} * sizeof(engine::StreamKey)));
      },
      [&](std::uint32_t stream) {
        sum += buckets.at(std::size_t{stream} * 32)[0];
        sum += keys.at(std::size_t{stream} * sizeof(engine::StreamKey))[0];
      });
  TD_ASSERT(sum != 1);
  return ns;
}

double update(const std::vector<std::uint32_t>& order, std::uint32_t streams) {
  const Memory memory(std::size_t{streams} * sizeof(engine::StreamHot));
  engine::StreamCold cold{};
  auto* all = reinterpret_cast<engine::StreamHot*>(memory.at(0));
  engine::RtpArrival arrival;
  for (std::uint32_t i = 0; i < streams; ++i) {
    all[i] = {};
    engine::update_statistics(all[i], cold, arrival);
    engine::set_clock_rate(all[i], 8'000);
  }
  return visit(
      order,
      [&](std::uint32_t stream) { engine::prefetch_to_write(&all[stream]); },
      [&](std::uint32_t stream) {
        engine::StreamHot& hot = all[stream];
        arrival.header.sequence = static_cast<std::uint16_t>(hot.highest + 1);
        arrival.header.timestamp = hot.highest * 160;
        arrival.time_ns = hot.last_ns + StreamSource::kPacketNs;
        arrival.payload_length = StreamSource::kRtpBytes;
        engine::update_statistics(hot, cold, arrival);
      });
}

double copy(const std::vector<std::uint32_t>& order, std::uint32_t streams) {
  constexpr std::size_t kRecord = kRecordHeaderBytes + StreamSource::kRtpBytes;
  const Memory chunks(std::size_t{streams} * kExtentBytes);
  std::vector<std::uint32_t> ends(streams);
  std::mt19937 random(5);
  for (std::uint32_t& end : ends) end = static_cast<std::uint32_t>(random() % kSectionBytesMax);
  std::vector<std::uint8_t> samples(kMbufs * std::size_t{256});  // near, but not at once
  std::uint32_t from = 0;
  return visit(
      order,
      [&](std::uint32_t stream) {
        const std::uint8_t* at = chunks.at(std::size_t{stream} * kExtentBytes + ends[stream]);
        for (std::size_t line = 0; line < kRecord; line += kLine)
          engine::prefetch_to_write(at + line);
        engine::prefetch_to_write(at + kRecord - 1);
      },
      [&](std::uint32_t stream) {
        std::uint32_t& end = ends[stream];
        if (end + 2 * kRecord > kExtentBytes) end = 0;
        std::memcpy(chunks.at(std::size_t{stream} * kExtentBytes + end),
                    samples.data() + (from++ % 64) * 256,
                    kRecord);
        end += static_cast<std::uint32_t>(kRecord);
      });
}

}  // namespace

Floors measure_floors(const engine::Port& port, std::uint32_t stream_count) {
  std::vector<std::uint32_t> order(kOrder);
  std::mt19937 random(4);
  for (std::uint32_t& stream : order) stream = static_cast<std::uint32_t>(random() % stream_count);
  return {.rx_ns = receive(port),
          .decode_ns = decode_headers(),
          .hash_ns = hash_keys(),
          .lookup_ns = look_up(order, stream_count),
          .update_ns = update(order, stream_count),
          .copy_ns = copy(order, stream_count)};
}

}  // namespace tapdeck::load
