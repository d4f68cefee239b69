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

#include <cstdint>
#include <span>

#include "engine/arena.h"
#include "engine/claim.h"
#include "engine/index_table.h"
#include "model/binding.h"
#include "model/stream.h"

namespace tapdeck::engine {

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
  // that begins within adopt_ns after it, but no more than 2 s; kNone when there is none.
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

  // The newest claim to T.38 in datagrams that covers the time, of those on addresses that SDP
  // names, or that were learnt.
  [[nodiscard]] std::uint32_t resolve_fax(std::uint32_t address,
                                          std::int64_t time_ns,
                                          bool learnt) const;

  // Some call has a fax: datagrams may be of it.
  [[nodiscard]] bool has_fax() const { return fax_claims_ > 0; }

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

  [[nodiscard]] const Claim& claim(std::uint32_t index) const { return claims_[index]; }

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
  std::uint32_t fax_claims_ = 0;
};

}  // namespace tapdeck::engine
