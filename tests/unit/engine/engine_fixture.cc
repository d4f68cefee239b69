#include "tests/unit/engine/engine_fixture.h"

#include <array>
#include <cstring>

namespace tapdeck::engine {

Eal& test_eal() {
  static Result<Eal> eal =
      Eal::start({.hugepages = HugepageUse::kNo, .memory_mib = 256, .vdevs = {"net_null0"}});
  TD_ASSERT(eal.has_value());
  return *eal;
}

std::vector<std::uint8_t> tcp_frame(const TcpFrame& fields, std::string_view text) {
  std::array<char, 20> header{};
  store_be(header.data(), fields.source_port);
  store_be(header.data() + 2, fields.destination_port);
  store_be(header.data() + 4, fields.sequence);
  header[12] = 0x50;
  header[13] = static_cast<char>(fields.flags);
  return testing::PacketBuilder()
      .ipv4("192.0.2.1", "192.0.2.2")
      .protocol(6)
      .text({header.data(), header.size()})
      .text(text)
      .bytes();
}

Bench::Bench(const Options& options) {
  test_eal();
  auto port = Port::make_ring_port(
      {.name = "test", .queue_count = options.queue_count, .ring_size = 512, .mbuf_count = 1'023});
  TD_ASSERT(port.has_value());
  port_ = std::make_unique<Port>(std::move(*port));
  auto rings = WorkerRings::create(options.rings);
  TD_ASSERT(rings.has_value());
  rings_ = std::make_unique<WorkerRings>(std::move(*rings));
  WorkerOptions worker_options = options.worker;
  for (std::uint16_t queue = 0; queue < options.queue_count; ++queue) {
    worker_options.sources.push_back(make_source(*port_, queue));
  }
  auto worker = Worker::create(worker_options, *rings_);
  TD_ASSERT(worker.has_value());
  worker_ = std::make_unique<Worker>(std::move(*worker));
  note_offset_ = *register_packet_note();
}

Bench::~Bench() {
  for (Chunk* chunk : taken_) rings_->take_home(chunk);
}

void Bench::send(const std::vector<std::uint8_t>& frame, std::uint32_t original_length) {
  rte_mbuf* first = rte_pktmbuf_alloc(port_->pool());
  TD_ASSERT(first != nullptr);
  std::size_t at = 0;
  for (rte_mbuf* segment = first;;) {
    const auto part = static_cast<std::uint16_t>(
        std::min<std::size_t>(frame.size() - at, rte_pktmbuf_tailroom(segment)));
    std::memcpy(rte_pktmbuf_mtod(segment, void*), frame.data() + at, part);
    segment->data_len = part;
    first->pkt_len += part;
    at += part;
    if (at == frame.size()) break;
    segment->next = rte_pktmbuf_alloc(port_->pool());
    TD_ASSERT(segment->next != nullptr);
    segment = segment->next;
    ++first->nb_segs;
  }
  PacketNote& note = packet_note(first, note_offset_);
  note = {};
  note.time_ns = kStartNs + time_ms_ * kNsPerMs;
  note.order = ++order_;
  note.original_length =
      original_length == 0 ? static_cast<std::uint32_t>(frame.size()) : original_length;
  TD_ASSERT(rte_ring_enqueue(port_->rings()[0], first) == 0);
}

void Bench::rtp(std::uint16_t sequence, std::uint32_t ssrc) {
  send(testing::PacketBuilder()
           .ipv4(source_ip_, destination_ip_)
           .udp(source_port_, destination_port_)
           .rtp({.sequence = sequence, .timestamp = sequence * 160U, .ssrc = ssrc})
           .bytes());
  step();
}

void Bench::step() {
  const std::int64_t now = kStartNs + time_ms_ * kNsPerMs;
  while (worker_->step({now, now}) > 0) {
  }
}

BindMessage Bench::message(BindOperation operation, std::uint32_t call, const char* address) const {
  BindMessage out;
  out.operation = operation;
  out.kind = MediaKind::kAudio;
  out.receiver = receiver_;
  out.call = {call, 1};
  out.recording.bytes[0] = static_cast<std::uint8_t>(call);
  if (address != nullptr) out.address = *parse_endpoint(address);
  out.time_ns = kStartNs + time_ms_ * kNsPerMs;
  return out;
}

void Bench::tell(BindOperation operation, std::uint32_t call, const char* address) {
  TD_ASSERT(rings_->push_bind(message(operation, call, address)));
  step();
}

std::vector<StreamReport> Bench::reports() {
  std::vector<StreamReport> out;
  StreamReport report;
  while (rings_->pop_report(report)) out.push_back(report);
  return out;
}

std::vector<Chunk*> Bench::chunks() {
  std::vector<Chunk*> out;
  while (Chunk* chunk = rings_->pop_chunk()) {
    out.push_back(chunk);
    taken_.push_back(chunk);
  }
  return out;
}

std::uint64_t Bench::class_sum() {
  std::uint64_t sum = 0;
  for (const Counter& counter : worker_->counters().classes) sum += counter.value();
  return sum;
}

std::vector<Record> records_of(const Chunk& chunk) {
  std::vector<Record> out;
  Cursor cursor(ByteView{chunk.records}.first(chunk.section.record_bytes));
  while (!cursor.at_end()) {
    const auto head = cursor.read_le<std::uint16_t>();
    const auto delta_us = cursor.read_le<std::uint32_t>();
    out.push_back(
        {static_cast<RecordKind>(head >> 14), delta_us, cursor.read_bytes(head & 0x3fff)});
    TD_ASSERT(!cursor.failed());
  }
  return out;
}

}  // namespace tapdeck::engine
