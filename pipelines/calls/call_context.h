// What all calls share: how they are to be handled, whom they speak to, and whom they ask.
// Threads: the call-plane thread.  Memory: references; it outlives every call.
#pragma once

#include <cstdint>

#include "pipelines/calls/call_plane.h"
#include "pipelines/calls/drop_history.h"

namespace tapdeck::calls {

// Retransmissions of one transaction stop by then: 64 * T1 of RFC 3261.
constexpr std::int64_t kTransactionNs = 32'000'000'000;
// A caller that is asked for credentials may have to type them.
constexpr std::int64_t kChallengeNs = 120'000'000'000;
// One who has dialled too few digits may have to look up the rest.
constexpr std::int64_t kDigitsNs = 30'000'000'000;
// Who is called by a transfer rings first; then the one who was asked for it tells how it went.
constexpr std::int64_t kTransferNs = 60'000'000'000;

// A worker that does not answer a release for so long is not waited for any more.
constexpr std::int64_t kReleaseAnswerNs = 60'000'000'000;

class CallPolicy;     // pipelines/calls/call_policy.h
class Recordings;     // pipelines/calls/recordings.h
class Registrations;  // pipelines/calls/registrations.h
class UnboundMedia;   // pipelines/calls/unbound_media.h

struct CallContext {
  const CallPlaneOptions& options;
  CallPlaneSink& sink;
  const DropHistory& drops;
  const Recordings& recordings;
  std::uint64_t seed = 0;
  const Registrations* registrations = nullptr;  // without it no party's device is known
  CallPolicy* policy = nullptr;                  // without it every call is recorded
  UnboundMedia* unbound = nullptr;               // without it no media is kept that no SDP explains
};

}  // namespace tapdeck::calls
