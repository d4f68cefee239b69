// What rare header fields of a call's messages say of it, and how it hangs together with other
// calls: part of the call record (model/call.h).  Claims of the parties and networks, not checked.
// Each raw form is kept beside what was read of it.  Threads: plain values.  Memory: strings and
// vectors, bounded by the call plane.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "model/ids.h"

namespace tapdeck {

enum class IdentitySource : std::uint8_t {
  kAsserted = 0,     // P-Asserted-Identity, RFC 3325
  kPreferred = 1,    // P-Preferred-Identity, RFC 3325
  kRemoteParty = 2,  // Remote-Party-ID
  kDiversion = 3,    // RFC 5806
  kHistory = 4,      // History-Info, RFC 7044
  kReferredBy = 5,   // RFC 3892
  kTarget = 6,       // Request-URI of the INVITE that was answered, where it is not who was dialled
};
constexpr auto kIdentitySourceLast = IdentitySource::kTarget;

// One value of such a header field.
struct CallIdentity {
  IdentitySource source = IdentitySource::kAsserted;
  std::optional<std::uint8_t> party;  // who sent it; a network may have written it
  std::string number;                 // as in CallParty
  std::string e164;
  std::string name;
  std::string uri;
  std::string reason;   // of a diversion or a history entry
  std::string privacy;  // of Remote-Party-ID
  std::string screen;   // likewise
  std::string raw;      // the value, without folds, cut to a bound
};

// An Identity header field (RFC 8224, 8588).  Its signature is not checked.
struct CallPassport {
  std::string attestation;  // "A", "B", "C"; empty: none is claimed
  std::string origid;
  std::string orig;  // number, else URI
  std::vector<std::string> destinations;
  std::optional<std::int64_t> issued_us;
  std::string ppt;
  std::string alg;
  std::string info;
  std::string raw;
};

// RFC 3326, with that of which request or response it came.
struct CallReason {
  std::string protocol;                // "Q.850", "SIP"
  std::optional<std::uint16_t> cause;  // of that protocol
  std::string text;
  std::string of;  // "BYE", "486"
  std::string raw;
};

// A header field that the configuration names.
struct CallHeader {
  std::string name;  // as configured
  std::string value;
  std::optional<std::uint8_t> party;  // who sent it
};

struct CallClaims {
  std::vector<CallIdentity> identities;
  std::vector<CallPassport> passports;
  std::vector<CallReason> reasons;
  std::vector<CallHeader> headers;
  std::uint32_t left_out = 0;  // of the four lists, beyond their bounds
  std::string session_local;   // Session-ID, RFC 7989: of the caller's side
  std::string session_remote;  // of the callee's, once it is known
  std::string session_raw;     // the first value that was seen
  std::string icid;            // P-Charging-Vector, RFC 7315
  std::string icid_generated_at;
  std::string orig_ioi;
  std::string term_ioi;
  std::string charging_raw;
};

enum class EdgeKind : std::uint8_t {
  kTransferred = 0,      // a REFER of this call asked for another one
  kTransferredFrom = 1,  // this call is what a REFER of another one asked for
  kReplaces = 2,         // the INVITE of this call takes over another one (RFC 3891)
  kReplacedBy = 3,
  kRedirected = 4,  // a 3xx named another target
  kRedirectedFrom = 5,
};

enum class EdgeOutcome : std::uint8_t {
  kUnknown = 0,
  kRequested = 1,
  kAccepted = 2,   // the other side will try
  kRefused = 3,    // the other side will not
  kSucceeded = 4,  // the new call was answered
  kFailed = 5,
};

// A transfer that the other side took up.
struct CallTransfer {
  std::string to;
  std::string by;
  std::string kind;  // blind | attended
  std::string to_e164;
};

// From one call to another, which may not have been seen.
struct CallEdge {
  EdgeKind kind = EdgeKind::kTransferred;
  EdgeOutcome outcome = EdgeOutcome::kUnknown;
  std::optional<Uid> uid;  // of the other call, where it was found
  std::string call_id;     // of the other call, where it is known; empty otherwise
  std::string from_tag;    // of the dialog in it that is meant
  std::string to_tag;
  std::string number;  // of who is called or who asked, as in CallParty
  std::string e164;
  std::string uri;
  bool early = false;                        // the other dialog was not answered yet: a pick-up
  std::optional<std::uint16_t> status_code;  // that decided the outcome
  std::int64_t time_us = 0;
};

// Names as JSON has them; "" where JSON shows null.
std::string_view identity_source_name(IdentitySource source);
std::string_view edge_kind_name(EdgeKind kind);
std::string_view edge_outcome_name(EdgeOutcome outcome);

}  // namespace tapdeck
