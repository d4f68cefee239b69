#include "engine/endpoint_map.h"

#include <algorithm>
#include <utility>

#include "base/clock.h"
#include "base/hash.h"

namespace tapdeck::engine {
namespace {

// RTP that ceased so long before the claim is another's: somebody who went on sending to a caller
// whose next call it is.
constexpr std::int64_t kStoppedNs = 2 * kNsPerSecond;

}  // namespace

std::uint32_t Claim::clock_rate_hz(std::uint8_t payload_type) const {
  for (std::uint8_t i = 0; i < clock_count; ++i) {
    if (clocks[i].payload_type == payload_type && clocks[i].clock_rate_hz != 0) {
      return clocks[i].clock_rate_hz;
    }
  }
  return static_payload(payload_type).clock_rate_hz;
}

EndpointMap::EndpointMap(Arena& arena, const ClaimOptions& options)
    : options_(options),
      table_(arena, options.addresses_max),
      address_pool_(arena, options.addresses_max),
      claim_pool_(arena, options.claims_max),
      addresses_(arena.take<Address>(options.addresses_max + std::size_t{1})),
      claims_(arena.take<Claim>(options.claims_max + std::size_t{1})),
      calls_(arena.take<CallSlot>(options.calls_max + std::size_t{1})) {}

std::uint64_t EndpointMap::hash(RealmId realm, const Endpoint& endpoint) const {
  const std::uint64_t tail = (std::uint64_t{realm} << 16) | endpoint.port;
  return hash_bytes(endpoint.ip.bytes, options_.hash_seed ^ (tail * 0x9e3779b97f4a7c15ULL));
}

std::uint32_t EndpointMap::find(RealmId realm, const Endpoint& endpoint) const {
  return table_.find(hash(realm, endpoint), [&](std::uint32_t index) {
    const Address& at = addresses_[index];
    return at.port == endpoint.port && at.realm == realm && at.ip == endpoint.ip;
  });
}

std::uint32_t EndpointMap::find_or_create(RealmId realm, const Endpoint& endpoint) {
  const std::uint32_t found = find(realm, endpoint);
  if (found != kNone) return found;
  const std::uint32_t index = address_pool_.take();
  if (index == kNone) return kNone;
  addresses_[index] = {};
  addresses_[index].ip = endpoint.ip;
  addresses_[index].port = endpoint.port;
  addresses_[index].realm = realm;
  table_.insert(hash(realm, endpoint), index);
  return index;
}

void EndpointMap::drop_if_unused(std::uint32_t address) {
  const Address& at = addresses_[address];
  if (at.newest_claim != kNone || !at.streams_to.empty() || !at.streams_from.empty()) return;
  table_.erase(hash(at.realm, {at.ip, at.port}), address);
  address_pool_.put(address);
}

std::uint32_t EndpointMap::resolve_among(std::uint32_t address,
                                         std::int64_t time_ns,
                                         bool learnt) const {
  std::uint32_t next = kNone;  // the earliest claim that begins later
  for (std::uint32_t at = addresses_[address].newest_claim; at != kNone;
       at = claims_[at].next_at_address) {
    const Claim& claim = claims_[at];
    if (claim.no_rtp || claim.paired || claim.learnt != learnt) continue;
    if (claim.time_ns > time_ns) {
      next = at;
    } else if (time_ns <= claim.unbind_ns) {
      return at;
    }
  }
  const std::int64_t adopt_ns = std::min(options_.adopt_ns, kStoppedNs);
  if (next != kNone && claims_[next].time_ns - time_ns > adopt_ns) return kNone;
  return next;
}

std::uint32_t EndpointMap::resolve(std::uint32_t destination,
                                   std::uint32_t source,
                                   std::int64_t time_ns) const {
  const Address& to = addresses_[destination];
  const bool is_shared = to.claim_count > 1 && addresses_[source].newest_claim != kNone;
  // The latest, by what is the same for both directions: of two legs that pass one SDP on, each is
  // the later one at one of the ends.
  std::uint32_t latest = kNone;
  std::pair<std::int64_t, std::uint32_t> latest_key;
  for (std::uint32_t at = is_shared ? to.newest_claim : kNone; at != kNone;
       at = claims_[at].next_at_address) {
    const Claim& claim = claims_[at];
    if (claim.paired || !claim.covers(time_ns)) continue;
    const std::uint32_t other = claim_of(source, claim.call);
    if (other == kNone || !claims_[other].covers(time_ns) || claims_[other].learnt) continue;
    const std::pair key(std::max(claim.time_ns, claims_[other].time_ns), claim.call.index);
    if (latest != kNone && key <= latest_key) continue;
    latest = at;
    latest_key = key;
  }
  return latest != kNone ? latest : resolve(destination, time_ns);
}

std::uint32_t EndpointMap::resolve_paired(std::uint32_t destination,
                                          std::uint32_t source,
                                          std::int64_t time_ns) const {
  std::uint32_t next = kNone;
  for (std::uint32_t at = addresses_[destination].newest_claim; at != kNone;
       at = claims_[at].next_at_address) {
    const Claim& claim = claims_[at];
    if (!claim.paired || time_ns > claim.unbind_ns) continue;
    const std::uint32_t other = claim_of(source, claim.call);
    if (other == kNone || !claims_[other].paired) continue;
    if (claim.time_ns <= time_ns) return at;
    next = at;
  }
  if (next != kNone && claims_[next].time_ns - time_ns > options_.adopt_ns) return kNone;
  return next;
}

std::uint32_t EndpointMap::resolve_fax(std::uint32_t address,
                                       std::int64_t time_ns,
                                       bool learnt) const {
  std::uint32_t at = addresses_[address].newest_claim;
  while (at != kNone && (!claims_[at].covers_fax(time_ns) || claims_[at].learnt != learnt)) {
    at = claims_[at].next_at_address;
  }
  return at;
}

std::uint32_t EndpointMap::resolve_rtcp(std::uint32_t address, std::int64_t time_ns) const {
  std::uint32_t at = addresses_[address].newest_claim;
  while (at != kNone && claims_[at].time_ns > time_ns) at = claims_[at].next_at_address;
  return at;
}

std::uint32_t EndpointMap::claim_of(std::uint32_t address, const CallHandle& call) const {
  std::uint32_t at = addresses_[address].newest_claim;
  while (at != kNone && claims_[at].call != call) at = claims_[at].next_at_address;
  return at;
}

std::uint32_t EndpointMap::surplus_claim(const CallHandle& call) const {
  const CallSlot& slot = calls_[call.index];
  if (slot.claim_count < kClaimsPerCall) return kNone;
  std::uint32_t at = slot.claims.first;
  while (at != kNone && claims_[at].live()) at = claims_[at].in_call.next;
  return at != kNone ? at : slot.claims.first;
}

std::uint32_t EndpointMap::bind(std::uint32_t address,
                                const BindMessage& message,
                                CallHandle& evicted) {
  evicted = {};
  std::uint32_t index = claim_of(address, message.call);
  if (index != kNone) {
    unlink_at_address(index);
    // A renewed claim keeps its beginning; one that had ended begins again.
    if (!claims_[index].live()) claims_[index].time_ns = message.time_ns;
  } else {
    if (addresses_[address].claim_count == kClaimsPerAddress) {
      if (message.learnt || message.paired) return kNone;
      std::uint32_t oldest = addresses_[address].newest_claim;
      while (claims_[oldest].next_at_address != kNone) oldest = claims_[oldest].next_at_address;
      evicted = claims_[oldest].call;
      remove_claim(oldest);
    }
    index = claim_pool_.take();
    if (index == kNone) return kNone;
    claims_[index] = {};
    claims_[index].call = message.call;
    claims_[index].address = address;
    claims_[index].time_ns = message.time_ns;
    CallSlot& slot = calls_[message.call.index];
    list_push_back(claims_, &Claim::in_call, slot.claims, index);
    ++slot.claim_count;
  }
  Claim& claim = claims_[index];
  claim.unbind_ns = kForever;
  calls_[message.call.index].recording = message.recording;
  claim.kind = message.kind;
  claim.receiver = message.receiver;
  claim.no_rtp = message.no_rtp;
  fax_claims_ += (message.fax ? 1U : 0U) - (claim.fax ? 1U : 0U);
  claim.fax = message.fax;
  claim.learnt = message.learnt;
  claim.paired = message.paired;
  claim.keep = message.keep;
  claim.mask_keys = message.mask_keys;
  claim.tell_keys = message.tell_keys;
  claim.retention_class = message.retention_class;
  claim.media_index = message.media_index;
  claim.clock_count = static_cast<std::uint8_t>(
      std::min<std::size_t>(message.payload_clock_count, kPayloadClocksMax));
  claim.clocks = message.payload_clocks;
  claim.dtmf_to = message.dtmf_to;
  claim.dtmf_from = message.dtmf_from;
  insert_at_address(index);
  return index;
}

void EndpointMap::insert_at_address(std::uint32_t claim) {
  Address& at = addresses_[claims_[claim].address];
  std::uint32_t* link = &at.newest_claim;
  while (*link != kNone && claims_[*link].time_ns > claims_[claim].time_ns) {
    link = &claims_[*link].next_at_address;
  }
  claims_[claim].next_at_address = *link;
  *link = claim;
  ++at.claim_count;
}

void EndpointMap::unlink_at_address(std::uint32_t claim) {
  Address& at = addresses_[claims_[claim].address];
  std::uint32_t* link = &at.newest_claim;
  while (*link != claim) link = &claims_[*link].next_at_address;
  *link = claims_[claim].next_at_address;
  --at.claim_count;
}

void EndpointMap::remove_claim(std::uint32_t claim) {
  unlink_at_address(claim);
  if (claims_[claim].fax) --fax_claims_;
  CallSlot& slot = calls_[claims_[claim].call.index];
  list_remove(claims_, &Claim::in_call, slot.claims, claim);
  --slot.claim_count;
  claim_pool_.put(claim);
}

CallSlot* EndpointMap::call_slot(const CallHandle& call) {
  if (call.is_none() || call.index >= calls_.size()) return nullptr;
  CallSlot& slot = calls_[call.index];
  if (slot.known && slot.generation == call.generation) return &slot;
  // The call plane reuses an index only after every worker has answered kRelease, so a slot in use
  // under another generation means a stale message.
  if (slot.known) return nullptr;
  slot = {};
  slot.generation = call.generation;
  slot.known = true;
  return &slot;
}

}  // namespace tapdeck::engine
