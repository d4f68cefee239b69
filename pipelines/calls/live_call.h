// What is known of one call: rules write it, the record builder reads it, Call speaks of it.
// Threads: the call-plane thread.  Memory: bounded by the bounds of its parts.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/pool_allocator.h"
#include "model/call.h"
#include "model/pause.h"
#include "pipelines/calls/allowance.h"
#include "pipelines/calls/call_policy.h"
#include "pipelines/calls/dialog.h"
#include "pipelines/calls/name_counts.h"
#include "pipelines/calls/offer_answer.h"
#include "pipelines/calls/parties.h"
#include "pipelines/calls/recording_session.h"
#include "pipelines/calls/stream_book.h"
#include "pipelines/calls/timeline.h"
#include "pipelines/numbers/trunks.h"

namespace tapdeck::calls {

constexpr std::size_t kMethodNamesMax = 32;

// Packet times in UTC nanoseconds.
struct CallTimes {
  std::int64_t first_seen_ns = 0;
  std::int64_t last_seen_ns = 0;               // last signalling message
  std::optional<std::int64_t> start_ns;        // first INVITE
  std::optional<std::int64_t> attempt_ns;      // the INVITE that was not refused for credentials
  std::optional<std::int64_t> progress_ns;     // first 18x
  std::optional<std::int64_t> ringing_ns;      // first 180
  std::optional<std::int64_t> established_ns;  // first that follows an answer whose 2xx was missed
  std::optional<std::int64_t> answered_ns;     // first 2xx, or what followed it before it was seen
  std::optional<std::int64_t> ended_ns;
};

// Media that SDP lets flow after the answer: [audio, video][from caller, to caller].
constexpr std::array kExpectedKinds = {MediaKind::kAudio, MediaKind::kVideo};
using ExpectedMedia = std::array<std::array<Timeline, 2>, kExpectedKinds.size()>;

// What becomes of a call's media.
enum class Keeping : std::uint8_t {
  kUndecided,  // nothing is known of media yet
  kKept,
  kRefused,  // for lack of room
  kCut,      // likewise, in its middle
};

// While nothing of a call is to be kept.
struct RecordingPause {
  std::int64_t since_ns = 0;             // packet time
  std::int64_t deadline_ns = INT64_MAX;  // timer time: it ends by itself
  PauseCause cause = PauseCause::kCommand;
  std::int64_t limit_ns = 0;  // by which the deadline was set

  bool operator==(const RecordingPause&) const = default;
};

struct CallEnd {
  EndReason reason = EndReason::kNone;
  HangupBy by = HangupBy::kNone;
  std::int64_t time_ns = 0;  // packet time
};

// From one call to another, while it may still change.
struct LiveEdge {
  CallEdge edge;
  CallHandle partner{};    // the other call, where it was found
  std::uint32_t cseq = 0;  // of the REFER
  bool by_caller = false;  // likewise
  bool attended = false;
};

// Where a call stands among others of the same conversation (pipelines/calls/conversations.h).
struct ConversationPlace {
  std::optional<Uid> id;
  std::string_view joined_by;  // static text; empty: nobody else is there
  bool refused = false;        // more calls share what joins them than one conversation may have

  bool operator==(const ConversationPlace&) const = default;
};

struct LiveCall {
  CallHandle handle{};
  Uid uid{};
  RealmId realm = 0;
  std::uint16_t port_index = 0;
  std::uint16_t vlan = 0;
  PoolString call_id;  // made up where `unbound`: CallTable needs one
  PoolString from_tag;
  PoolString to_tag;

  CallTimes times;
  PartyList parties;
  DialogSet dialogs;
  InviteTransactions invites;
  RepeatFilter repeats;
  OfferAnswer media;
  StreamBook streams;
  Timeline hold;
  ExpectedMedia expected;

  PoolString dialled;
  PoolString diverted_from;
  PoolString asserted;
  PoolString dialled_e164;
  PoolString diverted_from_e164;
  PoolString asserted_e164;
  numbers::CallRoute route;
  std::optional<std::uint16_t> status_code;
  PoolString reason;
  std::optional<std::uint16_t> q850_cause;
  std::optional<CallTransfer> transferred;
  std::unique_ptr<CallClaims> claims;  // nullptr: none of its messages claims anything
  std::unique_ptr<RecordingSession> recording_session;  // nullptr: it records no other call
  std::vector<LiveEdge> edges;
  ConversationPlace conversation;
  NameCounts methods;
  NameCounts responses;
  std::optional<std::uint32_t> session_expires_s;

  // Of a call that an earlier process began: its last packet then, and how long it is kept.
  std::optional<std::int64_t> resumed_from_ns;
  std::unique_ptr<RecordingTerms> restored_terms;

  bool unbound = false;            // media that no SDP explains, and no signalling
  bool provisional_seen = false;   // any 1xx
  bool established = false;        // answered, or what follows says that it must have been
  bool cancel_seen = false;        // the caller's own CANCEL
  bool closing_missed = false;     // the response alone told of the CANCEL or BYE
  bool cancel_unanswered = false;  // a CANCEL has no response yet, and is sent again
  bool ended = false;
  bool released = false;          // the workers have forgotten it: it cannot be opened again
  bool closing_answered = false;  // the BYE has its response, the failure its ACK
  bool interrupted = false;
  bool out_of_resources = false;
  Keeping keeping = Keeping::kUndecided;
  std::optional<RecordingPause> pause;
  Kept kept;
  std::unique_ptr<PolicyState> policy;  // nullptr: not asked, or there is none
  std::uint8_t priority = 0;
  CallOutcome outcome = CallOutcome::kUnknown;
  EndReason end_reason = EndReason::kNone;
  HangupBy hangup_by = HangupBy::kNone;
  // By a BYE of a dialog that is not known: true if no media comes after it.
  std::optional<CallEnd> doubted_end;

  // Asks for the memory of the parts that messages touch.
  void prefetch_parts() const {
    dialogs.prefetch();
    invites.prefetch();
    repeats.prefetch();
    media.prefetch();
    parties.prefetch();
    __builtin_prefetch(call_id.data());
    methods.prefetch();
    responses.prefetch();
  }

  // While the program was down; nullopt when it was not.
  [[nodiscard]] std::optional<Interval> outage() const {
    if (!resumed_from_ns) return std::nullopt;
    const std::int64_t back_ns = streams.first_ns() != 0 ? streams.first_ns() : last_packet_ns();
    return Interval{*resumed_from_ns, std::max(*resumed_from_ns, back_ns)};
  }

  // Nothing of it is to be recorded, or what was kept has been destroyed for that.
  [[nodiscard]] bool is_forbidden() const {
    return kept.media == KeptMedia::kDestroyed ||
           (policy != nullptr && policy->allowed() == config::RecordChoice::kNone);
  }

  // For its record; nullopt: there were no rules.
  [[nodiscard]] std::optional<RecordingDecision> decision() const {
    if (policy == nullptr) return std::nullopt;
    std::optional<RecordingDecision> taken = policy->decision();
    if (taken && is_forbidden()) taken->media = DecidedMedia::kNone;
    return taken;
  }

  // A timer ended it: its BYE may still come.
  [[nodiscard]] bool fell_silent() const {
    return end_reason == EndReason::kMediaTimeout || end_reason == EndReason::kSessionExpired ||
           end_reason == EndReason::kCrash;
  }

  [[nodiscard]] std::int64_t last_packet_ns() const {
    return std::max({times.last_seen_ns, streams.last_ns(), streams.last_rtcp_ns()});
  }
};

}  // namespace tapdeck::calls
