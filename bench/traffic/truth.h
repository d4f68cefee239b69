// What a generator has made: what a recorder that lost nothing must report.
// Threads: plain values.  Memory: a row per call and stream.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "model/ids.h"

namespace tapdeck::traffic {

enum class Outcome : std::uint8_t { kAnswered, kBusy, kNoAnswer, kCancelled, kRejected, kFailed };

constexpr std::string_view outcome_name(Outcome outcome) {
  constexpr std::string_view kNames[] = {
      "answered", "busy", "no_answer", "cancelled", "rejected", "failed"};
  return kNames[static_cast<std::size_t>(outcome)];
}

struct CallTruth {
  std::string call_id;
  std::string caller;
  std::string callee;
  Outcome outcome = Outcome::kAnswered;
  std::uint32_t sip_messages = 0;  // retransmissions included
};

// One SSRC of one direction.  Counts are of packets that passed the tap.
struct StreamTruth {
  std::uint32_t call = 0;  // index into calls
  Endpoint source{};
  Endpoint destination{};
  std::uint32_t ssrc = 0;
  std::string_view codec{};
  std::uint64_t packets = 0;   // duplicates included
  std::uint64_t bytes = 0;     // of UDP payload
  std::uint64_t expected = 0;  // highest - first sequence number + 1
  std::uint64_t duplicated = 0;
  std::uint64_t reordered = 0;
  std::uint64_t checksum = 0;  // sum of the CRC-32 of each UDP payload, duplicates left out

  [[nodiscard]] std::int64_t lost() const {
    return static_cast<std::int64_t>(expected) - static_cast<std::int64_t>(packets);
  }
};

struct Truth {
  std::vector<CallTruth> calls;
  std::vector<StreamTruth> streams;  // those without a packet included
  std::uint64_t packets = 0;
  std::uint64_t rtp_packets = 0;
  std::uint64_t sip_messages = 0;  // registrations included
};

}  // namespace tapdeck::traffic
