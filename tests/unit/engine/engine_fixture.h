// The EAL for engine tests, started once without hugepages, and a bench of a ring port, rings and
// one worker.
// Threads: the test's.  Memory: DPDK's heap.
#pragma once

#include <memory>
#include <string_view>
#include <vector>

#include <gtest/gtest.h>

#include "base/clock.h"
#include "engine/eal.h"
#include "engine/packet.h"
#include "engine/port.h"
#include "engine/rings.h"
#include "engine/worker.h"
#include "tests/support/packet_builder.h"

namespace tapdeck::engine {

constexpr std::int64_t kStartNs = 1'700'000'000 * kNsPerSecond;
constexpr const char* kSource = "192.0.2.1:4000";
constexpr const char* kDestination = "192.0.2.2:5000";

// Starts the EAL on first use; it ends with the process.
Eal& test_eal();

struct BenchOptions {
  std::uint16_t queue_count = 1;
  RingOptions rings{.chunk_count = 64,
                    .chunk_slots = 64,
                    .bind_slots = 256,
                    .report_slots = 256,
                    .signal_slots = 256,
                    .small_messages = 127,
                    .large_messages = 7};
  WorkerOptions worker{.streams_max = 1'024, .claims_max = 256, .calls_max = 100};
};

class Bench {
 public:
  using Options = BenchOptions;

  explicit Bench(const Options& options = {});
  ~Bench();

  // Sends a frame at `time_ms_` after kStartNs.
  void send(const std::vector<std::uint8_t>& frame, std::uint32_t original_length = 0);
  void rtp(std::uint16_t sequence, std::uint32_t ssrc = 1);  // from source_ to destination_
  void step();

  void wait_ms(std::int64_t ms) { time_ms_ += ms; }

  BindMessage message(BindOperation operation, std::uint32_t call, const char* address) const;
  void tell(BindOperation operation, std::uint32_t call, const char* address);

  std::vector<StreamReport> reports();
  std::vector<Chunk*> chunks();  // given home by the destructor

  std::uint64_t count(PacketClass packet_class) { return worker_->counters().value(packet_class); }

  std::uint64_t count(DropReason reason) { return worker_->counters().value(reason); }

  std::uint64_t class_sum();

  std::string source_ip_ = "192.0.2.1";
  std::string destination_ip_ = "192.0.2.2";
  std::uint16_t source_port_ = 4'000;
  std::uint16_t destination_port_ = 5'000;
  std::int64_t time_ms_ = 0;
  std::uint8_t receiver_ = 0;

  std::unique_ptr<Port> port_;
  std::unique_ptr<WorkerRings> rings_;
  std::unique_ptr<Worker> worker_;

 private:
  int note_offset_ = 0;
  std::uint64_t order_ = 0;
  std::vector<Chunk*> taken_;
};

struct TcpFrame {
  std::uint16_t source_port = 40'000;
  std::uint16_t destination_port = 5'060;
  std::uint32_t sequence = 0;
  std::uint8_t flags = 16;  // ACK
};

// A segment from 192.0.2.1 to 192.0.2.2.
std::vector<std::uint8_t> tcp_frame(const TcpFrame& fields, std::string_view text);

// The records of a chunk.
struct Record {
  RecordKind kind;
  std::uint32_t delta_us;
  ByteView bytes;
};

std::vector<Record> records_of(const Chunk& chunk);

inline std::uint32_t packets_in(const std::vector<Chunk*>& chunks) {
  std::uint32_t packets = 0;
  for (const Chunk* chunk : chunks) packets += chunk->section.packet_count;
  return packets;
}

}  // namespace tapdeck::engine
