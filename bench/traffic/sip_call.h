// The signalling of one call or registration: which messages pass the tap, when, and their text.
// Threads: one owner.  Memory: the list of steps.  RFC 3261, RFC 3264.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "bench/traffic/options.h"
#include "bench/traffic/random.h"
#include "bench/traffic/rtp_stream.h"
#include "bench/traffic/truth.h"
#include "model/ids.h"

namespace tapdeck::traffic {

enum class SipKind : std::uint8_t {
  kInvite,
  kInviteWithCredentials,
  kChallenge,
  kChallengeAck,
  kTrying,
  kRinging,
  kProgress,  // 183 with SDP
  kOk,        // of the INVITE, with SDP
  kAck,
  kFailure,  // the final response of a call that fails
  kFailureAck,
  kCancel,
  kCancelOk,
  kBye,
  kByeOk,
  kRegister,
  kRegisterChallenge,
  kRegisterWithCredentials,
  kRegisterOk,
};

struct SipStep {
  std::int64_t time_ns;
  SipKind kind;
};

struct SipCallOptions {
  std::uint32_t number = 0;  // of the call, from 0
  std::int64_t begin_ns = 0;
  bool registration = false;
};

class SipCall {
 public:
  SipCall(const SipCallOptions& call,
          const TrafficOptions& options,
          const Codec& codec,
          Random& random);

  [[nodiscard]] const std::vector<SipStep>& steps() const { return steps_; }

  [[nodiscard]] Outcome outcome() const { return outcome_; }

  // When media flows: [from caller or callee, end); all 0 when it never does.
  struct MediaTimes {
    std::int64_t callee_begin_ns = 0;
    std::int64_t caller_begin_ns = 0;
    std::int64_t end_ns = 0;
  };

  [[nodiscard]] const MediaTimes& media() const { return media_; }

  // Where the parties take media, and where a message comes from and goes to.
  [[nodiscard]] Endpoint caller_media() const;
  [[nodiscard]] Endpoint callee_media() const;
  [[nodiscard]] Endpoint source_of(SipKind kind) const;
  [[nodiscard]] Endpoint destination_of(SipKind kind) const;

  [[nodiscard]] std::string text(SipKind kind) const;
  [[nodiscard]] CallTruth truth() const;

 private:
  void script_registration(std::int64_t at_ns);
  void script_call(std::int64_t at_ns, const TrafficOptions& options, Random& random);
  void script_failure(std::int64_t at_ns, Random& random);

  void add(std::int64_t at_ns, SipKind kind) { steps_.push_back({at_ns, kind}); }

  void retransmit(const TrafficOptions& options, Random& random);
  [[nodiscard]] std::string request(SipKind kind) const;
  [[nodiscard]] std::string response(SipKind kind) const;
  [[nodiscard]] std::string sdp(bool of_caller) const;
  [[nodiscard]] std::string call_id() const;

  std::uint32_t number_;
  std::uint64_t tag_;
  const Codec* codec_;
  Outcome outcome_ = Outcome::kAnswered;
  std::uint16_t failure_code_ = 0;
  bool challenged_ = false;
  std::vector<SipStep> steps_{};
  MediaTimes media_{};
};

}  // namespace tapdeck::traffic
