#include "bench/load/record_rig.h"

#include <array>
#include <bit>

#include "base/assert.h"
#include "base/clock.h"
#include "base/hash.h"
#include "bench/load/cpu_time.h"
#include "bench/load/interrupt.h"
#include "bench/load/packet_counts.h"
#include "config/config.h"

namespace tapdeck::load {
namespace {

constexpr std::int64_t kStartMs = 1'700'000'000'000;

engine::RingOptions ring_options(std::uint32_t streams, RecordRig::Feed feed) {
  engine::RingOptions options;
  options.paging = engine::Paging::kAtStart;
  options.chunk_count = RecordRig::chunks_of(streams, feed);
  options.chunk_slots = std::bit_ceil(options.chunk_count + 1);
  options.report_slots = 65'536;
  return options;
}

}  // namespace

std::uint32_t RecordRig::chunks_of(std::uint32_t streams, Feed feed) {
  if (feed == Feed::kPrepared) return 2 * streams + streams / 50 + 4'096;
  const config::Streams defaults;
  return static_cast<std::uint32_t>(std::uint64_t{streams} * defaults.chunk_count /
                                    defaults.stream_count_max);
}

Result<std::unique_ptr<RecordRig>> RecordRig::create(std::uint32_t streams, Feed feed) {
  auto port = engine::Port::make_ring_port(
      {.name = "record", .ring_size = 2 * kMbufs, .mbuf_count = kMbufs + 1'023});
  if (!port) return Error(std::move(port.error()));
  auto rings = engine::WorkerRings::create(ring_options(streams, feed));
  if (!rings) return Error(std::move(rings.error()));
  std::unique_ptr<RecordRig> rig(new RecordRig(std::move(*port), std::move(*rings)));
  auto worker = engine::Worker::create({.sources = {engine::make_source(rig->port_, 0)},
                                        .streams_max = std::bit_ceil(streams),
                                        .claims_max = std::bit_ceil(streams),
                                        .calls_max = streams / 2 + 1},
                                       rig->rings_);
  if (!worker) return Error(std::move(worker.error()));
  rig->worker_.emplace(std::move(*worker));
  rig->mill_.emplace(rig->port_, streams);
  for (std::uint32_t stream = 0; stream < streams; ++stream) rig->bind(stream);
  rig->step();
  return rig;
}

std::uint32_t RecordRig::free_chunks() const {
  return rings_.home_count() + static_cast<std::uint32_t>(counters().chunks_free.value());
}

std::uint32_t RecordRig::chunks_a_batch() const {
  const std::uint32_t streams = mill_->streams().stream_count();
  const std::uint32_t of_rank = (streams + StreamSource::kRanks - 1) / StreamSource::kRanks;
  return (kMbufs / streams + 1) * of_rank;
}

Uid RecordRig::recording_of(std::uint32_t stream) {
  std::array<std::uint8_t, 10> bytes{};
  store_le(bytes.data(), stream / 2);
  store_le(bytes.data() + 2, mix64(stream / 2, 0x9e3779b97f4a7c15ULL));  // uniform, as a real one
  return make_uid(kStartMs, bytes);
}

void RecordRig::bind(std::uint32_t stream) {
  BindMessage message;
  message.kind = MediaKind::kAudio;
  message.call = {stream / 2 + 1, 1};
  message.recording = recording_of(stream);
  message.address = mill_->streams().destination(stream);
  message.time_ns = mill_->now_ns();
  while (!rings_.push_bind(message)) step();
}

void RecordRig::warm_up() {
  for (std::uint32_t rank = 0; rank < StreamSource::kRanks && !is_interrupted(); ++rank) {
    const std::int64_t begin_ns = mill_->now_ns();
    while (mill_->now_ns() < begin_ns + StreamSource::kPacketNs) {
      TD_ASSERT(mill_->send(rank));
      step();
      discard();
    }
  }
}

// Fewer streams than mbufs fill chunks that nobody writes yet.
void RecordRig::discard() {
  while (Chunk* chunk = rings_.pop_chunk()) {
    mill_->read_back(*chunk);
    discarded_ += chunk->section.packet_count;
    rings_.take_home(chunk);
  }
}

void RecordRig::prepare() {
  warm_up();
  prepared_.resize(mill_->streams().stream_count());
  while (waiting_.size() < mill_->streams().stream_count() && !is_interrupted()) {
    feed_packets();
    while (Chunk* chunk = rings_.pop_chunk()) {
      Prepared& stream = prepared_[chunk->section.ssrc];
      if (stream.chunk.packets == 0) {
        stream.chunk = tally_section(chunk->section,
                                     ByteView{chunk->records}.first(chunk->section.record_bytes));
        waiting_.push_back(chunk);
      } else {
        rings_.take_home(chunk);
      }
    }
  }
  // The worker's own chunks stay where they are: from here on it does nothing.
  std::array<Chunk*, 64> home;
  while (rings_.pop_home(home) > 0) {
  }
}

void RecordRig::feed_packets() {
  TD_ASSERT(mill_->send());
  step();
}

void RecordRig::feed_prepared() {
  std::array<Chunk*, 64> home;
  std::uint32_t count = waiting_.empty() ? rings_.pop_home(home) : 0;
  while (count < home.size() && !waiting_.empty()) {
    home[count++] = waiting_.back();
    waiting_.pop_back();
  }
  for (std::uint32_t i = 0; i < count; ++i) {
    home[i]->sequence = prepared_[home[i]->section.ssrc].fed++;
    TD_ASSERT(rings_.push_chunk(home[i]));
  }
}

void RecordRig::finish() {
  if (!prepared_.empty()) return;
  while (!worker_->finish({mill_->now_ns(), mill_->now_ns()})) drop_reports();
}

void RecordRig::step() {
  const std::int64_t begin_ns = thread_cpu_ns();
  while (worker_->step({mill_->now_ns(), mill_->now_ns()}) > 0) {
  }
  worker_ns_ += thread_cpu_ns() - begin_ns;
  drop_reports();
}

// A deaf call plane.
void RecordRig::drop_reports() {
  StreamReport report;
  while (rings_.pop_report(report)) {
  }
}

void RecordRig::read_back(const SectionHeader& section, ByteView records) {
  if (prepared_.empty()) return mill_->read_back(section, records);
  const Tally tally = tally_section(section, records);
  if (section.ssrc >= prepared_.size()) {
    damaged_ += tally.packets;
    return;
  }
  Tally& found = prepared_[section.ssrc].found;
  found.packets += tally.packets;
  found.checksum += tally.checksum;
  damaged_ += tally.damaged;
}

RecordRig::Balance RecordRig::balance() const {
  Balance out;
  if (prepared_.empty()) {
    const StreamSource::Comparison compared = mill_->streams().compare();
    out.sent = compared.sent - discarded_;
    out.read_back = mill_->streams().found() - discarded_;
    out.dropped = lost_packets(counters());
    out.damaged = compared.damaged;
    out.wrong_streams = compared.wrong_streams;
    return out;
  }
  out.damaged = damaged_;
  for (const Prepared& stream : prepared_) {
    const std::uint64_t sent = stream.chunk.packets * stream.fed;
    out.sent += sent;
    out.read_back += stream.found.packets;
    if (stream.found.packets > sent ||
        (stream.found.packets == sent &&
         stream.found.checksum != stream.chunk.checksum * stream.fed)) {
      ++out.wrong_streams;
    }
  }
  return out;
}

}  // namespace tapdeck::load
