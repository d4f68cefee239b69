// The call record (CDR): every fact that `calls --json` shows of one call, under the names of the
// JSON fields. Absent facts are nullopt or empty, never invented.  Times are UTC microseconds,
// durations milliseconds. Versioned encoding: model/call_codec.h.  Threads: plain value.  Memory:
// strings and vectors; never on a worker.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/flat_map.h"
#include "model/call_claims.h"
#include "model/call_parts.h"
#include "model/device.h"
#include "model/ids.h"
#include "model/media.h"

namespace tapdeck {

enum class CallState : std::uint8_t { kInProgress = 0, kEnded = 1, kInterrupted = 2 };
enum class CallOutcome : std::uint8_t {
  kUnknown = 0,
  kAnswered = 1,
  kBusy = 2,
  kNoAnswer = 3,
  kCancelled = 4,
  kRejected = 5,
  kFailed = 6,
  kRedirected = 7,
};
enum class EndReason : std::uint8_t {
  kNone = 0,
  kBye = 1,
  kCancel = 2,
  kFailure = 3,
  kMediaTimeout = 4,
  kSessionExpired = 5,
  kCaptureEnded = 6,
  kCrash = 7,
};
enum class HangupBy : std::uint8_t { kNone = 0, kCaller = 1, kCallee = 2 };
enum class PartyRole : std::uint8_t {
  kUnknown = 0,
  kCaller = 1,
  kCallee = 2,
  kTransferTarget = 3,
  kFork = 4
};
enum class CallDirection : std::uint8_t {
  kUnknown = 0,
  kInbound = 1,
  kOutbound = 2,
  kInternal = 3,
  kTransit = 4
};
enum class RecordingState : std::uint8_t {
  kPending = 0,
  kRecorded = 1,
  kRecordedWithGaps = 2,
  kNotRecorded = 3
};
enum class RecordingReason : std::uint8_t {
  kDirectionMissing = 1,
  kLateStart = 2,
  kEarlyEnd = 3,
  kLoss = 4,
  kLossByUs = 5,
  kPaused = 6,
  kPartlyEncrypted = 7,
  kNotAnswered = 8,
  kPolicy = 9,
  kNoMedia = 10,
  kEncryptedWithoutKey = 11,
  kUnknownCodec = 12,
  kResources = 13,
  kInterrupted = 14,
  kTruncated = 15,
};
enum class RecordingLifecycle : std::uint8_t { kPresent = 0, kHeld = 1, kErased = 2, kExpired = 3 };

// Names as INTERFACES and JSON have them; "" for kNone, kUnknown where JSON shows null.
std::string_view call_state_name(CallState state);
std::string_view call_outcome_name(CallOutcome outcome);
std::string_view end_reason_name(EndReason reason);
std::string_view hangup_by_name(HangupBy by);
std::string_view party_role_name(PartyRole role);
std::string_view call_direction_name(CallDirection direction);
std::string_view recording_state_name(RecordingState state);
std::string_view recording_reason_name(RecordingReason reason);
std::string_view recording_lifecycle_name(RecordingLifecycle lifecycle);

// The values that filters name; nullopt for anything but exactly such a name.
std::optional<CallOutcome> parse_outcome(std::string_view name);
std::optional<CallDirection> parse_direction(std::string_view name);
std::optional<RecordingState> parse_recording_state(std::string_view name);

struct CallParty {
  std::uint8_t id = 0;  // index in parties[]; StreamReport's sender and receiver refer to it
  PartyRole role = PartyRole::kUnknown;
  std::string number;  // user part as written, without parameters and visual separators
  std::string e164;    // "+4930123456"; empty when the plan of numbers has no such form of it
  std::string name;    // display name
  std::string uri;
  std::optional<IpAddress> ip;  // where its signalling comes from
  std::uint16_t port = 0;
  std::string user_agent;
  SharedDevice device;                  // as it was registered; nullptr: not known
  std::optional<std::int64_t> from_us;  // when it was part of the call
  std::optional<std::int64_t> to_us;
  // Its first SDP: "user id version address" of o=, and where it wants media.
  std::string sdp_origin;
  std::vector<Endpoint> sdp_addresses;
};

struct MediaRecord {
  MediaKind kind = MediaKind::kUnknown;
  std::optional<std::uint8_t> party;  // who sends it
  // Of a call that records another one (SIPREC): whose voice it is, from 1, by the order of
  // m-lines.
  std::optional<std::uint8_t> speaker;
  Endpoint source{};
  Endpoint destination{};
  std::uint32_t ssrc = 0;
  std::string codec;  // of the payload type most packets have, telephone-event and CN aside where
                      // others exist
  std::optional<std::uint8_t> payload_type;
  std::uint32_t clock_rate_hz = 0;
  std::map<std::uint8_t, std::string>
      codecs;  // every payload type seen -> encoding name ("" unknown)
  std::map<std::uint8_t, std::uint64_t> payload_packets;  // every payload type seen -> packets
  std::int64_t first_us = 0;
  std::int64_t last_us = 0;
  std::uint64_t packets = 0;
  std::uint64_t bytes = 0;
  std::uint64_t expected = 0;
  std::int64_t lost = 0;  // expected - packets, as RFC 3550 and tshark count it
  std::uint64_t lost_by_us = 0;
  std::uint64_t lost_suspect = 0;
  std::uint64_t duplicated = 0;
  std::uint64_t reordered = 0;
  std::optional<double> jitter_ms;
  std::optional<double> jitter_max_ms;
  std::optional<double> mos_est;
  std::string mos_model;
  std::optional<double> rtcp_loss_pct;
  std::optional<double> rtcp_jitter_ms;
  std::optional<double> rtcp_rtt_ms;
  bool srtp = false;

  // T.38 in datagrams: no RTP, so there is neither SSRC nor payload type, and none of it is kept.
  [[nodiscard]] bool is_datagrams() const { return kind == MediaKind::kFax && !payload_type; }
};

// How long it is kept: as its class was when the call was new.
struct RecordingTerms {
  std::string retention_class;
  std::optional<std::int64_t> expires_us;  // of media; nullopt: never
  std::optional<std::int64_t> sip_expires_us;
  std::optional<std::int64_t> cdr_expires_us;  // of the record itself
  bool locked = false;                         // nothing of it may go any earlier
  std::optional<std::int64_t> latest_us;       // how far that may be moved; nullopt: any time
};

struct RecordingInfo : RecordingTerms {
  RecordingState state = RecordingState::kPending;
  std::vector<RecordingReason> reasons;
  RecordingLifecycle lifecycle = RecordingLifecycle::kPresent;
  std::vector<std::string> legal_holds;
  bool encrypted = true;
  std::string sha256;               // digest over its extents, hex; empty until it is complete
  std::int64_t duration_ms = 0;     // first to last media packet kept
  std::vector<RecordingGap> gaps;   // by time; each stream tells its own
  std::uint64_t gaps_left_out = 0;  // beyond what is listed
  std::optional<std::int64_t> paused_since_us;  // nothing is kept from then on
  std::optional<PauseTerms> pause;              // of that; nullopt: not known, likewise below
  std::optional<RecordingDecision> decision;    // of policy; these two are not shown
  std::string policy_rule;  // the rule of policies.yaml that decided; empty: there were none
};

struct CallRecord {
  Uid uid{};
  std::uint32_t version = 1;  // counts the versions of this record
  bool final = false;
  std::string call_id;
  std::string from_tag;
  std::string to_tag;
  RealmId realm = 0;
  std::string realm_name;
  std::string conversation_id;
  std::string joined_by_method;
  std::optional<double> joined_by_score;
  std::string node;
  std::string port;
  std::optional<std::uint16_t> vlan;
  CallState state = CallState::kInProgress;
  std::optional<std::int64_t> start_us;
  std::optional<std::int64_t> progress_us;
  std::optional<std::int64_t> ringing_us;
  std::optional<std::int64_t> answered_us;
  std::optional<std::int64_t> ended_us;
  std::int64_t first_seen_us = 0;
  std::optional<std::int64_t> pdd_ms;
  std::optional<std::int64_t> ring_ms;
  std::optional<std::int64_t> setup_ms;
  std::optional<std::int64_t> talk_ms;
  std::optional<std::int64_t> total_ms;
  std::optional<std::int64_t> hold_ms;
  std::vector<CallParty> parties;
  std::optional<std::uint8_t> caller;  // index into parties
  std::optional<std::uint8_t> callee;
  std::string dialled;
  std::string diverted_from;
  std::string asserted;
  std::string dialled_e164;  // as in CallParty
  std::string diverted_from_e164;
  std::string asserted_e164;
  bool masked = false;  // numbers are cut and names left out, as policy says: `log: masked`
  CallDirection direction = CallDirection::kUnknown;
  std::string trunk;                             // name; of the external end where there is one
  std::shared_ptr<const CallBusiness> business;  // nullptr: the directory says nothing
  CallOutcome outcome = CallOutcome::kUnknown;
  EndReason end_reason = EndReason::kNone;
  HangupBy hangup_by = HangupBy::kNone;
  std::optional<CallTransfer> transferred;
  std::optional<std::uint16_t> status_code;  // final response to the INVITE
  std::string reason;                        // its reason phrase, or the Reason header's text
  std::optional<std::uint16_t> q850_cause;
  FlatMap<std::string, std::uint32_t> sip_methods;    // requests seen, retransmissions included
  FlatMap<std::string, std::uint32_t> sip_responses;  // status code -> responses seen
  std::vector<MediaRecord> media;
  RecordingInfo recording;
  std::shared_ptr<const CallClaims> claims;  // nullptr: none
  std::vector<CallEdge> edges;               // by time

  // The time this call is filed under: start, or first_seen when the INVITE was missed.
  [[nodiscard]] std::int64_t key_time_us() const { return start_us.value_or(first_seen_us); }
};

}  // namespace tapdeck
