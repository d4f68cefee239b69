#include "bench/traffic/sip_call.h"

#include <algorithm>

#include <fmt/format.h>

#include "base/clock.h"

namespace tapdeck::traffic {
namespace {

constexpr std::int64_t kHopNs = 3 * kNsPerMs;  // between two messages that nobody thinks about
constexpr std::int64_t kRetransmitNs = 500 * kNsPerMs;
constexpr double kTalkLeastS = 2;
constexpr std::uint32_t kPortsPerAddress = 10'000;

struct Failure {
  std::uint16_t code;
  const char* reason;
  Outcome outcome;
};

constexpr Failure kFailures[] = {{486, "Busy Here", Outcome::kBusy},
                                 {480, "Temporarily Unavailable", Outcome::kNoAnswer},
                                 {487, "Request Terminated", Outcome::kCancelled},
                                 {603, "Decline", Outcome::kRejected},
                                 {404, "Not Found", Outcome::kFailed},
                                 {503, "Service Unavailable", Outcome::kFailed}};

Endpoint at(std::uint32_t address, std::uint16_t port) { return {make_ipv4(address), port}; }

// Addresses and ports that no other call has.
Endpoint media_of(std::uint32_t network, std::uint32_t number) {
  return at(network + 10 + number / kPortsPerAddress,
            static_cast<std::uint16_t>(20'000 + number % kPortsPerAddress * 4));
}

bool from_callee(SipKind kind) {
  switch (kind) {
    case SipKind::kChallenge:
    case SipKind::kTrying:
    case SipKind::kRinging:
    case SipKind::kProgress:
    case SipKind::kOk:
    case SipKind::kFailure:
    case SipKind::kCancelOk:
    case SipKind::kByeOk:
    case SipKind::kRegisterChallenge:
    case SipKind::kRegisterOk: return true;
    default: return false;
  }
}

// Branch, CSeq and method of a request; its response repeats them.
struct Transaction {
  const char* method;
  const char* branch_tail;
  unsigned cseq;
};

Transaction transaction_of(SipKind kind, bool challenged) {
  const unsigned invite = challenged ? 2 : 1;
  switch (kind) {
    case SipKind::kInvite:
    case SipKind::kChallenge: return {"INVITE", "1", 1};
    case SipKind::kChallengeAck: return {"ACK", "1", 1};
    case SipKind::kInviteWithCredentials: return {"INVITE", "2", 2};
    case SipKind::kTrying:
    case SipKind::kRinging:
    case SipKind::kProgress:
    case SipKind::kOk:
    case SipKind::kFailure: return {"INVITE", challenged ? "2" : "1", invite};
    case SipKind::kAck: return {"ACK", "3", invite};
    case SipKind::kFailureAck: return {"ACK", challenged ? "2" : "1", invite};
    case SipKind::kCancel:
    case SipKind::kCancelOk: return {"CANCEL", challenged ? "2" : "1", invite};
    case SipKind::kBye:
    case SipKind::kByeOk: return {"BYE", "4", invite + 1};
    case SipKind::kRegister:
    case SipKind::kRegisterChallenge: return {"REGISTER", "1", 1};
    case SipKind::kRegisterWithCredentials:
    case SipKind::kRegisterOk: return {"REGISTER", "2", 2};
  }
  return {"INVITE", "1", 1};
}

}  // namespace

SipCall::SipCall(const SipCallOptions& call,
                 const TrafficOptions& options,
                 const Codec& codec,
                 Random& random)
    : number_(call.number), tag_(random.next()), codec_(&codec) {
  if (call.registration) {
    script_registration(call.begin_ns);
  } else {
    script_call(call.begin_ns, options, random);
  }
  retransmit(options, random);
}

void SipCall::script_registration(std::int64_t at_ns) {
  add(at_ns, SipKind::kRegister);
  add(at_ns + kHopNs, SipKind::kRegisterChallenge);
  add(at_ns + 2 * kHopNs, SipKind::kRegisterWithCredentials);
  add(at_ns + 3 * kHopNs, SipKind::kRegisterOk);
}

void SipCall::script_call(std::int64_t at_ns, const TrafficOptions& options, Random& random) {
  add(at_ns, SipKind::kInvite);
  challenged_ = random.chance_pct(options.challenge_pct);
  if (challenged_) {
    add(at_ns + kHopNs, SipKind::kChallenge);
    add(at_ns + 2 * kHopNs, SipKind::kChallengeAck);
    at_ns += 3 * kHopNs;
    add(at_ns, SipKind::kInviteWithCredentials);
  }
  add(at_ns += kHopNs, SipKind::kTrying);
  if (random.chance_pct(options.failed_pct)) return script_failure(at_ns, random);
  add(at_ns += ns_of(0.05 + random.exponential(0.2)), SipKind::kRinging);
  const bool early = random.chance_pct(options.early_media_pct);
  if (early) {
    add(at_ns += kHopNs, SipKind::kProgress);
    media_.callee_begin_ns = at_ns + kHopNs;
  }
  add(at_ns += ns_of(0.5 + random.exponential(2)), SipKind::kOk);
  if (!early) media_.callee_begin_ns = at_ns + kHopNs;
  add(at_ns += kHopNs, SipKind::kAck);
  media_.caller_begin_ns = at_ns + kHopNs;
  at_ns += ns_of(std::max(kTalkLeastS, random.exponential(options.talk_mean_s)));
  media_.end_ns = at_ns;
  add(at_ns += kHopNs, SipKind::kBye);
  add(at_ns + kHopNs, SipKind::kByeOk);
}

void SipCall::script_failure(std::int64_t at_ns, Random& random) {
  const Failure& failure = kFailures[random.below(std::size(kFailures))];
  outcome_ = failure.outcome;
  failure_code_ = failure.code;
  if (outcome_ == Outcome::kCancelled || outcome_ == Outcome::kNoAnswer) {
    add(at_ns += ns_of(0.1), SipKind::kRinging);
    at_ns += ns_of(2 + random.exponential(5));
  }
  if (outcome_ == Outcome::kCancelled) {
    add(at_ns, SipKind::kCancel);
    add(at_ns += kHopNs, SipKind::kCancelOk);
  }
  add(at_ns += kHopNs, SipKind::kFailure);
  add(at_ns + kHopNs, SipKind::kFailureAck);
}

// A request that seemed lost is sent again, but passes the tap twice.
void SipCall::retransmit(const TrafficOptions& options, Random& random) {
  const std::size_t count = steps_.size();
  for (std::size_t i = 0; i < count; ++i) {
    const SipStep step = steps_[i];
    if (from_callee(step.kind) || !random.chance_pct(options.retransmit_pct)) continue;
    steps_.push_back({step.time_ns + kRetransmitNs, step.kind});
  }
  std::stable_sort(steps_.begin(), steps_.end(), [](const SipStep& a, const SipStep& b) {
    return a.time_ns < b.time_ns;
  });
}

Endpoint SipCall::caller_media() const { return media_of(0x0a100000, number_); }

Endpoint SipCall::callee_media() const { return media_of(0x0a200000, number_); }

Endpoint SipCall::source_of(SipKind kind) const {
  return from_callee(kind) ? at(0x0a020001, 5'060) : at(0x0a010001 + number_ % 8, 5'060);
}

Endpoint SipCall::destination_of(SipKind kind) const {
  return from_callee(kind) ? at(0x0a010001 + number_ % 8, 5'060) : at(0x0a020001, 5'060);
}

std::string SipCall::call_id() const {
  return fmt::format("{:08x}{:016x}@a.example", number_, tag_);
}

CallTruth SipCall::truth() const {
  return {.call_id = call_id(),
          .caller = fmt::format("4930{:07}", number_ % 10'000'000),
          .callee = fmt::format("4989{:07}", (number_ * 7'919ULL) % 10'000'000),
          .outcome = outcome_,
          .sip_messages = static_cast<std::uint32_t>(steps_.size())};
}

std::string SipCall::sdp(bool of_caller) const {
  const Endpoint media = of_caller ? caller_media() : callee_media();
  const std::string ip = to_string(media.ip);
  return fmt::format(
      "v=0\r\no=- {} 1 IN IP4 {}\r\ns=-\r\nc=IN IP4 {}\r\nt=0 0\r\n"
      "m=audio {} RTP/AVP {} 101\r\na=rtpmap:{} {}/{}{}\r\na=rtpmap:101 telephone-event/8000\r\n"
      "a=ptime:{}\r\na=sendrecv\r\n",
      number_ + 1,
      ip,
      ip,
      media.port,
      codec_->payload_type,
      codec_->payload_type,
      codec_->name,
      codec_->clock_rate_hz,
      codec_->name == "opus" ? "/2" : "",
      codec_->packet_ms);
}

std::string SipCall::text(SipKind kind) const {
  return from_callee(kind) ? response(kind) : request(kind);
}

std::string SipCall::request(SipKind kind) const {
  const Transaction transaction = transaction_of(kind, challenged_);
  const CallTruth call = truth();
  const std::string host = to_string(source_of(kind).ip);
  const bool registers = kind == SipKind::kRegister || kind == SipKind::kRegisterWithCredentials;
  const bool in_dialog = kind == SipKind::kAck || kind == SipKind::kBye ||
                         kind == SipKind::kFailureAck || kind == SipKind::kChallengeAck;
  const bool has_sdp = kind == SipKind::kInvite || kind == SipKind::kInviteWithCredentials;
  const bool has_credentials =
      kind == SipKind::kInviteWithCredentials || kind == SipKind::kRegisterWithCredentials;
  const std::string body = has_sdp ? sdp(true) : "";
  return fmt::format(
      "{method} sip:{user}b.example SIP/2.0\r\n"
      "Via: SIP/2.0/UDP {host}:5060;branch=z9hG4bK{tag:016x}{tail};rport\r\n"
      "Max-Forwards: 70\r\nFrom: \"Caller {number}\" <sip:{caller}@a.example>;tag={tag:x}\r\n"
      "To: <sip:{to}>{to_tag}\r\nCall-ID: {call_id}\r\nCSeq: {cseq} {method}\r\n"
      "Contact: <sip:{caller}@{host}:5060>\r\nUser-Agent: generator\r\n{credentials}{type}"
      "Content-Length: {length}\r\n\r\n{body}",
      fmt::arg("method", transaction.method),
      fmt::arg("user", registers ? "" : call.callee + "@"),
      fmt::arg("host", host),
      fmt::arg("tag", tag_),
      fmt::arg("tail", transaction.branch_tail),
      fmt::arg("number", number_),
      fmt::arg("caller", call.caller),
      fmt::arg("to", registers ? call.caller + "@a.example" : call.callee + "@b.example"),
      fmt::arg("to_tag", in_dialog ? fmt::format(";tag=b{:x}", tag_) : ""),
      fmt::arg("call_id", call.call_id),
      fmt::arg("cseq", transaction.cseq),
      fmt::arg("credentials",
               has_credentials ? fmt::format("Authorization: Digest username=\"{}\", realm=\"b\", "
                                             "nonce=\"{:x}\", uri=\"sip:b.example\", "
                                             "response=\"{:032x}\"\r\n",
                                             call.caller,
                                             tag_,
                                             tag_)
                               : ""),
      fmt::arg("type", has_sdp ? "Content-Type: application/sdp\r\n" : ""),
      fmt::arg("length", body.size()),
      fmt::arg("body", body));
}

std::string SipCall::response(SipKind kind) const {
  const Transaction transaction = transaction_of(kind, challenged_);
  const CallTruth call = truth();
  std::string status = "200 OK";
  if (kind == SipKind::kTrying) status = "100 Trying";
  if (kind == SipKind::kRinging) status = "180 Ringing";
  if (kind == SipKind::kProgress) status = "183 Session Progress";
  if (kind == SipKind::kChallenge || kind == SipKind::kRegisterChallenge) {
    status = "401 Unauthorized";
  }
  for (const Failure& failure : kFailures) {
    if (kind == SipKind::kFailure && failure.code == failure_code_) {
      status = fmt::format("{} {}", failure.code, failure.reason);
    }
  }
  const bool registers = kind == SipKind::kRegisterChallenge || kind == SipKind::kRegisterOk;
  const bool has_sdp = kind == SipKind::kOk || kind == SipKind::kProgress;
  const std::string body = has_sdp ? sdp(false) : "";
  return fmt::format(
      "SIP/2.0 {}\r\nVia: SIP/2.0/UDP {}:5060;branch=z9hG4bK{:016x}{};rport\r\n"
      "From: \"Caller {}\" <sip:{}@a.example>;tag={:x}\r\nTo: <sip:{}>{}\r\nCall-ID: {}\r\n"
      "CSeq: {} {}\r\nContact: <sip:{}@10.2.0.1:5060>\r\n{}{}Content-Length: {}\r\n\r\n{}",
      status,
      to_string(destination_of(kind).ip),
      tag_,
      transaction.branch_tail,
      number_,
      call.caller,
      tag_,
      registers ? call.caller + "@a.example" : call.callee + "@b.example",
      kind == SipKind::kTrying ? "" : fmt::format(";tag=b{:x}", tag_),
      call.call_id,
      transaction.cseq,
      transaction.method,
      call.callee,
      status.starts_with("401")
          ? fmt::format("WWW-Authenticate: Digest realm=\"b\", nonce=\"{:x}\"\r\n", tag_)
          : "",
      has_sdp ? "Content-Type: application/sdp\r\n" : "",
      body.size(),
      body);
}

}  // namespace tapdeck::traffic
