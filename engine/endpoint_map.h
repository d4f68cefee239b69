// Which call owns an address, from when until when, and which streams touch it.
//
// An Address exists while a call claims it or a stream has it as source or destination.  Instead of
// comparing a generation on every packet, each address lists its streams, and a binding message
// re-examines those: the packet path pays nothing, and a message costs as much as it concerns.
//
// Threads: the owning worker.  Memory: fixed at start.  Full: kNone, the caller counts; the oldest
// of more than kClaimsPerAddress claims is evicted, and the caller drops the surplus_claim() of a
// call that names ever new addresses.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <limits>
#include <span>

#include "engine/arena.h"
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
  bool rtcp_only : 1;  // bits: there are as many claims as streams
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

  [[nodiscard]] bool covers(std::int64_t at_ns) const {
    return !rtcp_only && time_ns <= at_ns && at_ns <= unbind_ns;
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

struct ClaimOptions {
  std::uint32_t addresses_max = 0;
  std::uint32_t claims_max = 0;
  std::uint32_t calls_max = 0;
  std::int64_t adopt_ns = 0;  // how long before a bind RTP may have begun to belong to it
  std::uint64_t hash_seed = 0;
};

class EndpointMap {
 public:
  EndpointMap(Arena& arena, const ClaimOptions& options);

  [[nodiscard]] std::uint32_t find(RealmId realm, const Endpoint& endpoint) const;
  std::uint32_t find_or_create(RealmId realm, const Endpoint& endpoint);  // kNone when full

  // Frees the address when nothing needs it any more.
  void drop_if_unused(std::uint32_t address);

  // The claim that owns RTP of packet time `time_ns`: the newest that covers it, else the first
  // that begins within adopt_ns after it; kNone when there is none.
  [[nodiscard]] std::uint32_t resolve(std::uint32_t address, std::int64_t time_ns) const {
    return resolve_among(address, time_ns, false);
  }

  // The same among the claims on addresses that were learnt.
  [[nodiscard]] std::uint32_t resolve_learnt(std::uint32_t address, std::int64_t time_ns) const {
    return resolve_among(address, time_ns, true);
  }

  // The claim of a call on `destination` that no SDP names: the newest that covers the time, else
  // the first that begins within adopt_ns after it, of those whose call claims `source` so, too.
  [[nodiscard]] std::uint32_t resolve_paired(std::uint32_t destination,
                                             std::uint32_t source,
                                             std::int64_t time_ns) const;

  // As resolve() for a packet to `destination` from `source`: of several calls that claim the
  // destination, one whose SDP names the source, too, goes first.
  [[nodiscard]] std::uint32_t resolve(std::uint32_t destination,
                                      std::uint32_t source,
                                      std::int64_t time_ns) const;

  // The newest claim that had begun at `time_ns`, ended or not, for whatever use: RTCP of a call
  // goes on while it is being released.
  [[nodiscard]] std::uint32_t resolve_rtcp(std::uint32_t address, std::int64_t time_ns) const;

  // The claim of `call` on this address, live or not; kNone.
  [[nodiscard]] std::uint32_t claim_of(std::uint32_t address, const CallHandle& call) const;

  // The claim that `call` must give up before it may have another one: the oldest that has ended,
  // else the oldest; kNone while it has fewer than kClaimsPerCall.
  [[nodiscard]] std::uint32_t surplus_claim(const CallHandle& call) const;

  // Makes or renews the claim of message.call.  kNone when there is no room.  `evicted` becomes
  // the call of a claim that had to go, or none: for what no SDP names none has to.
  std::uint32_t bind(std::uint32_t address, const BindMessage& message, CallHandle& evicted);

  void remove_claim(std::uint32_t claim);

  // The slot of a handle, begun anew when the handle is newer; null when out of range or stale.
  CallSlot* call_slot(const CallHandle& call);

  [[nodiscard]] Address& address(std::uint32_t index) { return addresses_[index]; }

  [[nodiscard]] Claim& claim(std::uint32_t index) { return claims_[index]; }

  [[nodiscard]] std::span<CallSlot> all_calls() { return calls_; }

  [[nodiscard]] std::span<const CallSlot> all_calls() const { return calls_; }

  [[nodiscard]] std::uint32_t address_count() const { return address_pool_.used(); }

 private:
  [[nodiscard]] std::uint64_t hash(RealmId realm, const Endpoint& endpoint) const;
  [[nodiscard]] std::uint32_t resolve_among(std::uint32_t address,
                                            std::int64_t time_ns,
                                            bool learnt) const;
  void insert_at_address(std::uint32_t claim);
  void unlink_at_address(std::uint32_t claim);

  ClaimOptions options_;
  IndexTable table_;
  IndexPool address_pool_;
  IndexPool claim_pool_;
  std::span<Address> addresses_;
  std::span<Claim> claims_;
  std::span<CallSlot> calls_;
};

}  // namespace tapdeck::engine
