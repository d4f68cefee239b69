// What a call needs to know of one SIP message, whatever its spelling: the one place where the call
// plane meets the SIP parser.
//
// Threads: plain value.  Memory: texts borrow the message's bytes, or those of the reader where
// they are not in the message as they are said here; the session is shared by all who keep it, its
// vectors are bounded.  Bad messages: read() says why and yields nothing.
// RFC 3261, 3264, 4566, 8839.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "base/pool_allocator.h"
#include "model/ids.h"
#include "model/media.h"
#include "model/signal.h"
#include "pipelines/calls/dtmf_types.h"
#include "pipelines/calls/person_facts.h"
#include "pipelines/calls/plane_counters.h"
#include "pipelines/signalling/headers.h"
#include "pipelines/signalling/sdp.h"

namespace tapdeck::numbers {
class Numbering;
}

namespace tapdeck::sip {
struct RecordingMetadata;  // pipelines/signalling/siprec_metadata.h
}

namespace tapdeck::calls {

struct ClaimsFacts;    // pipelines/calls/claims_facts.h
struct HeaderChoice;   // likewise
struct TransferFacts;  // pipelines/calls/transfer_facts.h

constexpr std::size_t kMediaLinesMax = 32;
constexpr std::size_t kPayloadsPerLineMax = 32;
constexpr std::size_t kCandidatesPerLineMax = 8;

struct PayloadDeclaration {
  std::uint8_t payload_type = 0;
  std::uint32_t clock_rate_hz = 0;
  PoolString codec;                      // encoding name as written; never empty
  MediaKind kind = MediaKind::kUnknown;  // of its m-line

  bool operator==(const PayloadDeclaration&) const = default;
};

struct MediaLine {
  MediaKind kind = MediaKind::kUnknown;
  sip::Direction direction = sip::Direction::kSendRecv;
  bool enabled = false;   // port is not 0
  bool on_hold = false;   // c=0.0.0.0 (RFC 2543)
  bool secure = false;    // SAVP profile, a=crypto, or a DTLS fingerprint
  bool is_rtp = false;    // not UDPTL, MSRP or the like
  bool is_udptl = false;  // T.38 in datagrams
  Endpoint address{};     // port 0 when there is nothing to bind
  Endpoint rtcp{};        // of a=rtcp, where it cannot be told from `address`; port 0 otherwise
  PoolVector<Endpoint> candidates;  // of ICE for RTP, other than `address`
  PoolVector<PayloadDeclaration> payloads;
  DeclaredTypes types{};  // of all its formats, those that `payloads` has no room for included

  bool operator==(const MediaLine&) const = default;
};

struct SessionFacts {
  PoolVector<MediaLine> lines;
  PoolString origin;              // "user id version address" of o=
  PoolVector<PoolString> labels;  // a=label of each line; none at all where no line has one

  bool operator==(const SessionFacts& other) const { return lines == other.lines; }
};

using SharedSession = std::shared_ptr<const SessionFacts>;

struct MessageFacts {
  bool is_request = true;
  sip::Method method = sip::Method::kOther;  // of the request, or of the CSeq of a response
  std::string_view method_name;
  std::uint16_t status = 0;  // responses
  std::string_view phrase;
  std::string_view call_id;
  std::string_view from_tag;
  std::string_view to_tag;
  std::string_view branch;      // of the topmost Via
  std::uint32_t via_count = 0;  // of initial INVITEs
  std::uint32_t cseq = 0;
  std::uint32_t rseq = 0;
  std::string_view from;                // the header field, for PersonReader
  std::string_view to;                  // likewise
  std::string_view contact_uri;         // of responses to INVITE that make a dialog
  std::optional<PersonFacts> asserted;  // P-Asserted-Identity
  // Of initial INVITEs: the number of the first Diversion, or of History-Info, and the user part of
  // the Request-URI.
  std::string_view diverted_from;
  std::string_view request_number;
  std::string_view request_context;  // as in PersonFacts
  std::string_view user_agent;       // User-Agent or Server
  std::optional<std::uint16_t> q850_cause;
  std::string_view reason_text;
  std::optional<std::uint32_t> session_expires_s;  // of 2xx responses
  SharedSession session;
  std::optional<SdpTrouble>
      sdp_trouble;  // there is a session that was not understood, or not whole
  const sip::Message* message = nullptr;  // for what few methods ask for; the reader's
  std::uint64_t body_hash = 0;            // tells a repeated body from a changed one
  bool has_other_body = false;            // than one that is SDP and nothing else
  // nullptr: the message has nothing of it, as most.
  const ClaimsFacts* claims = nullptr;
  const TransferFacts* transfer = nullptr;
  const sip::RecordingMetadata* metadata = nullptr;  // of a recording session, in INVITE and UPDATE
  std::optional<SdpTrouble> metadata_trouble;

  [[nodiscard]] bool is_invite_request() const {
    return is_request && method == sip::Method::kInvite;
  }

  // It may name what it has in common with other calls.
  [[nodiscard]] bool may_join_calls() const { return claims != nullptr || metadata != nullptr; }

  // Its body may say which keys a person pressed, whatever its method: some send them in MESSAGE
  // and UPDATE.
  [[nodiscard]] bool may_tell_dtmf() const { return has_other_body; }
};

struct FactsResult {
  const MessageFacts* facts = nullptr;
  sip::ParseVerdict verdict = sip::ParseVerdict::kOk;  // says why when there are no facts
};

class FactsReader {
 public:
  FactsReader();
  // With these header fields; borrowed.
  explicit FactsReader(const HeaderChoice* choice);
  ~FactsReader();
  FactsReader(FactsReader&&) noexcept;
  FactsReader& operator=(FactsReader&&) noexcept;

  // The facts borrow `bytes` and this reader, until the next message is read.
  FactsResult read(ByteView bytes);

 private:
  struct Work;

  std::unique_ptr<Work> work_;  // large, so it is used again for each message
};

// A message in the hands of a call: the facts and where they were seen.
struct SeenMessage {
  const SignalMessage& signal;
  const MessageFacts& facts;
  numbers::Numbering* numbers = nullptr;  // without it nothing has an E.164 form or a trunk

  [[nodiscard]] std::int64_t time_ns() const { return signal.time_ns; }
};

}  // namespace tapdeck::calls
