// Where the packets of a trial of capture_load went: what has been counted on their way, beside
// what was read back from chunks.  Only what no worker has received can be lost on the way; what
// one has received and neither recorded nor dropped is missing without a reason.
//
// Threads: plain values.  Memory: strings.
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "bench/load/capture_load.h"

namespace tapdeck::load {

// All of it since the session began.
struct CaptureTallies {
  using Drops = std::vector<std::pair<std::string, std::uint64_t>>;

  Drops port{};                // before a worker has seen them
  Drops worker{};              // by its reasons, those that lose packets
  std::uint64_t received = 0;  // by workers, RTP alone
  std::uint64_t found = 0;     // read back from chunks
};

// The loss of packets in chunks that wait for the writer.
constexpr const char* kLostInChunks = "worker_writer_full";

// `flushed`: when no worker had an open chunk; `begun`: when the trial began, nothing being on its
// way but in open chunks; `done`: behind the trial, no chunk being open.  `on_wire`: some may be
// lost where nobody of us counts.  trial.sent and trial.recorded are known, drops and unexplained
// are set.
void account(const CaptureTallies& flushed,
             const CaptureTallies& begun,
             const CaptureTallies& done,
             bool on_wire,
             CaptureTrial& trial);

std::uint64_t drop_sum(const CaptureTallies::Drops& drops);

}  // namespace tapdeck::load
