// What a worker's counters say of RTP packets, for harnesses that must find each of them again.
// Threads: any.  Memory: none.
#pragma once

#include <cstdint>

#include "engine/counters.h"

namespace tapdeck::load {

// A packet has been lost by each: the other reasons count other things.
constexpr engine::DropReason kPacketDrops[] = {engine::DropReason::kNoChunk,
                                               engine::DropReason::kCallWithheld,
                                               engine::DropReason::kWriterFull,
                                               engine::DropReason::kRtpTooLong,
                                               engine::DropReason::kQuarantineFull,
                                               engine::DropReason::kQuarantineAged,
                                               engine::DropReason::kProbationEvicted,
                                               engine::DropReason::kStreamTableFull};

constexpr engine::PacketClass kRtpClasses[] = {engine::PacketClass::kRtpBound,
                                               engine::PacketClass::kRtpDuplicate,
                                               engine::PacketClass::kRtpPaused,
                                               engine::PacketClass::kRtpUnrecorded,
                                               engine::PacketClass::kRtpProbation,
                                               engine::PacketClass::kRtpQuarantined,
                                               engine::PacketClass::kRtpDiscarded};

inline std::uint64_t lost_packets(const engine::WorkerCounters& counters) {
  std::uint64_t sum = 0;
  for (const engine::DropReason reason : kPacketDrops) sum += counters.value(reason);
  return sum;
}

inline std::uint64_t received_rtp(const engine::WorkerCounters& counters) {
  std::uint64_t sum = 0;
  for (const engine::PacketClass rtp : kRtpClasses) sum += counters.value(rtp);
  return sum;
}

}  // namespace tapdeck::load
