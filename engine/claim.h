// What EndpointMap is made of: claims, the addresses they are on, and the calls that have them.
// Threads: the owning worker.  Memory: arrays of EndpointMap, zeroed: all zeroes is unused.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <limits>

#include "engine/index_table.h"
#include "model/binding.h"
#include "model/stream.h"

namespace tapdeck::engine {

constexpr std::uint32_t kClaimsPerAddress = 4;
constexpr std::uint32_t kClaimsPerCall = 64;
constexpr std::int64_t kForever = std::numeric_limits<std::int64_t>::max();

// One call's right to an address.
struct Claim {
  std::uint32_t next_at_address;  // older one
  std::uint32_t address;
  Link in_call;
  CallHandle call;
  std::int64_t time_ns;    // from
  std::int64_t unbind_ns;  // until; kForever while live
  MediaKind kind;
  std::uint8_t receiver;
  std::uint8_t clock_count;
  bool no_rtp : 1;  // bits: there are as many claims as streams
  bool fax : 1;     // has T.38 in datagrams
  bool learnt : 1;
  bool paired : 1;
  bool keep : 1;  // false: policy wants its media to be counted only
  bool mask_keys : 1;
  bool tell_keys : 1;
  std::uint16_t retention_class;
  std::uint16_t media_index;
  std::array<PayloadClock, kPayloadClocksMax> clocks;
  DtmfTypes dtmf_to;    // as in BindMessage
  DtmfTypes dtmf_from;  // likewise

  [[nodiscard]] bool live() const { return unbind_ns == kForever; }

  [[nodiscard]] bool covers(std::int64_t at_ns) const { return !no_rtp && has_time(at_ns); }

  [[nodiscard]] bool covers_fax(std::int64_t at_ns) const { return fax && has_time(at_ns); }

  [[nodiscard]] bool has_time(std::int64_t at_ns) const {
    return time_ns <= at_ns && at_ns <= unbind_ns;
  }

  // Clock rate of `payload_type`: as SDP said, else the static one, else 0.
  [[nodiscard]] std::uint32_t clock_rate_hz(std::uint8_t payload_type) const;
};

struct Address {
  IpAddress ip;
  std::uint16_t port;
  RealmId realm;
  std::uint32_t newest_claim;  // claims by falling time
  std::uint32_t claim_count;
  std::uint32_t quarantine_chunks;  // of streams to here
  ListHead streams_to;              // StreamCold::by_destination
  ListHead streams_from;            // StreamCold::by_source
};

// A call as far as this worker knows it.
struct CallSlot {
  struct Pause {  // packet times: from, until; kForever while it lasts
    std::int64_t from_ns;
    std::int64_t to_ns;
  };

  std::uint32_t generation;
  Uid recording;  // chunks are kept under it; of its newest claim
  bool known;
  bool paused_ever;
  bool muted;                   // policy wants none of it to be kept
  bool withheld;                // refused or cut by the call plane
  bool starved;                 // found no free chunk
  std::array<Pause, 2> pauses;  // the newest first
  std::int64_t heard_ns;        // packet time until which it was muted; 0: it never was
  std::uint32_t claim_count;
  ListHead claims;   // Claim::in_call
  ListHead streams;  // StreamCold::in_call
  Link hungry;       // of starved calls
  LossSpan missed;   // packets for whose stream there was no place, not told yet

  [[nodiscard]] bool paused_at(std::int64_t time_ns) const {
    return std::any_of(pauses.begin(), pauses.end(), [time_ns](const Pause& pause) {
      return time_ns >= pause.from_ns && time_ns < pause.to_ns;
    });
  }

  [[nodiscard]] bool is_paused() const { return pauses[0].to_ns == kForever; }

  // Of more pauses than there is room for the two oldest become one: better too little is kept.
  void begin_pause(std::int64_t time_ns) {
    if (pauses[1].to_ns == 0) pauses[1].from_ns = pauses[0].from_ns;
    pauses[1].to_ns = pauses[0].to_ns;
    pauses[0] = {time_ns, kForever};
    paused_ever = true;
  }
};

}  // namespace tapdeck::engine
