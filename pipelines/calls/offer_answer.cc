#include "pipelines/calls/offer_answer.h"

#include <algorithm>
#include <utility>

namespace tapdeck::calls {
namespace {

constexpr std::size_t kSidesUsual = 2;
constexpr std::size_t kPayloadsUsual = 4;  // two parties, a codec and telephone-event each

bool can_send(const MediaLine& line) {
  return line.enabled && !line.on_hold &&
         (line.direction == sip::Direction::kSendRecv ||
          line.direction == sip::Direction::kSendOnly);
}

bool can_receive(const MediaLine& line) {
  return line.enabled && !line.on_hold &&
         (line.direction == sip::Direction::kSendRecv ||
          line.direction == sip::Direction::kRecvOnly);
}

bool declares_hold(const SessionFacts& session) {
  return std::any_of(session.lines.begin(), session.lines.end(), [](const MediaLine& line) {
    return line.kind == MediaKind::kAudio && line.enabled &&
           (line.on_hold || line.direction == sip::Direction::kSendOnly ||
            line.direction == sip::Direction::kInactive);
  });
}

bool needs_binding(const MediaLine& line) {
  return line.enabled && line.is_rtp && line.address.port != 0 && !line.address.ip.is_unspecified();
}

void add_clocks(const MediaLine& line, PoolVector<PayloadClock>& clocks) {
  for (const PayloadDeclaration& payload : line.payloads) {
    if (clocks.size() >= kPayloadClocksMax) return;
    const std::uint32_t rate_hz = payload.clock_rate_hz;
    if (rate_hz == 0 || rate_hz > kClockRateMaxHz ||
        static_payload(payload.payload_type).clock_rate_hz == rate_hz) {
      continue;
    }
    const bool known = std::any_of(clocks.begin(), clocks.end(), [&](const PayloadClock& clock) {
      return clock.payload_type == payload.payload_type;
    });
    if (!known) clocks.push_back({payload.payload_type, rate_hz & kClockRateMaxHz});
  }
}

// Several m-lines, or several sides, may share an address (BUNDLE; a hop that rewrites nothing).
void add_binding(const MediaLine& line,
                 const Endpoint& address,
                 std::uint8_t party,
                 std::size_t index,
                 const BoundDtmfTypes& dtmf,
                 PoolVector<MediaBinding>& to) {
  const auto same = std::find_if(to.begin(), to.end(), [&](const MediaBinding& binding) {
    return binding.address == address;
  });
  if (same != to.end()) {
    add_clocks(line, same->clocks);
    same->dtmf.add(dtmf);
    return;
  }
  MediaBinding& binding = to.emplace_back();
  binding.address = address;
  binding.receiver = party;
  binding.kind = line.kind;
  binding.media_index = static_cast<std::uint16_t>(index);
  add_clocks(line, binding.clocks);
  binding.dtmf = dtmf;
}

// User and session of o=, which stay while its version and address change.
std::string_view owner_of(const SessionFacts& session) {
  const std::string_view origin = session.origin;
  return origin.substr(0, origin.find(' ', origin.find(' ') + 1));
}

bool has_address(const PoolVector<MediaBinding>& bindings, const Endpoint& address) {
  return std::any_of(bindings.begin(), bindings.end(), [&](const MediaBinding& binding) {
    return binding.address == address;
  });
}

// RTP's addresses come first, so that none of them is taken for one of RTCP alone.
void add_rtcp_binding(const MediaLine& line,
                      std::uint8_t party,
                      std::size_t index,
                      PoolVector<MediaBinding>& to) {
  if (has_address(to, line.rtcp)) return;
  MediaBinding& binding = to.emplace_back();
  binding.address = line.rtcp;
  binding.receiver = party;
  binding.kind = line.kind;
  binding.media_index = static_cast<std::uint16_t>(index);
  binding.no_rtp = true;
}

}  // namespace

Hop hop_of(const SignalMessage& signal) {
  const auto [low, high] = std::minmax(signal.source, signal.destination);
  Hop hop{low, high};
  if (hop.low.ip != hop.high.ip) hop.low.port = hop.high.port = 0;
  return hop;
}

OfferAnswer::Side* OfferAnswer::find_side(const Who& who) {
  for (Side& side : sides_) {
    if (side.who.hop == who.hop && side.who.party == who.party) return &side;
  }
  return nullptr;
}

OfferAnswer::Side* OfferAnswer::find_or_add_side(const Who& who) {
  if (Side* side = find_side(who)) return side;
  if (sides_.size() >= kSidesMax) return nullptr;
  if (sides_.empty()) sides_.reserve(kSidesUsual);
  Side& side = sides_.emplace_back();
  side.who = who;
  return &side;
}

void OfferAnswer::learn_payload(const PayloadKey& key, const PayloadDeclaration& payload) {
  const auto at = std::ranges::lower_bound(payloads_, key, {}, &LearntPayload::key);
  if (at != payloads_.end() && at->key == key) {
    at->payload = payload;
  } else if (payloads_.size() < kPayloadMapMax) {
    if (payloads_.empty()) {
      payloads_.reserve(kPayloadsUsual);
      payloads_.push_back({key, payload});
    } else {
      payloads_.insert(at, {key, payload});
    }
  }
}

void OfferAnswer::learn_payloads(const Who& who, const SessionFacts& session) {
  for (std::size_t i = 0; i < session.lines.size(); ++i) {
    const MediaLine& line = session.lines[i];
    const auto index = static_cast<std::uint16_t>(i);
    for (const PayloadDeclaration& payload : line.payloads) {
      learn_payload({who.party, index, payload.payload_type}, payload);
    }
  }
}

void OfferAnswer::settle(Side& side, SharedSession session, bool is_reoffer) {
  // Who sent only from the start, e.g. to a recorder, holds nobody by saying so again.
  const bool always = side.current && !side.holds && declares_hold(*side.current);
  side.holds = is_reoffer && !always && declares_hold(*session);
  if (is_reoffer && !declares_hold(*session)) release_elsewhere(side.who.party, *session);
  side.current = std::move(session);
  side.pending.reset();
  changed_ = true;
  weigh();
}

// Who comes back by another way than he held by, is the same by his session.
void OfferAnswer::release_elsewhere(std::uint8_t party, const SessionFacts& session) {
  const std::string_view owner = owner_of(session);
  if (owner.empty()) return;
  for (Side& side : sides_) {
    if (side.who.party == party && side.current && owner_of(*side.current) == owner) {
      side.holds = false;
    }
  }
}

void OfferAnswer::offer(const Who& who, const SharedSession& session, std::uint32_t cseq) {
  Side* side = find_or_add_side(who);
  if (side == nullptr) return;
  learn_payloads(who, *session);
  side->pending = session;
  side->pending_cseq = cseq;
  changed_ = true;
}

void OfferAnswer::accept(const Who& who, bool is_reoffer) {
  Side* side = find_side(who);
  if (side == nullptr || !side->pending) return;
  settle(*side, side->pending, is_reoffer);
}

void OfferAnswer::withdraw(const Who& who, std::uint32_t cseq) {
  Side* side = find_side(who);
  if (side == nullptr || !side->pending || side->pending_cseq != cseq) return;
  side->pending.reset();
  changed_ = true;
}

void OfferAnswer::declare(const Who& who, const SharedSession& session, bool is_reoffer) {
  Side* side = find_or_add_side(who);
  if (side == nullptr) return;
  learn_payloads(who, *session);
  // The same answer again, e.g. in 183 and 200, leaves a hold as it is.
  if (side->current && *side->current == *session && !is_reoffer) return;
  settle(*side, session, is_reoffer);
}

void OfferAnswer::keep_only(std::uint8_t party) {
  std::erase_if(sides_, [party](const Side& side) {
    return side.who.party != kCallerParty && side.who.party != party;
  });
  changed_ = true;
  weigh();
}

void OfferAnswer::close(std::int64_t time_ns) {
  weigh_security(time_ns);
  sides_.clear();
  learnt_.clear();
  changed_ = true;
  weigh();
}

// Calls `function` with each m-line in force or offered, its side and its index.
PoolVector<MediaBinding> OfferAnswer::wanted() const {
  PoolVector<MediaBinding> bindings;
  const DeclaredLines declared = declared_lines();
  for_each_line([&](const MediaLine& line, const Side& side, std::size_t index) {
    if (!needs_binding(line)) return;
    const BoundDtmfTypes dtmf = dtmf_types(declared, side, index, line);
    add_binding(line, line.address, side.who.party, index, dtmf, bindings);
  });
  for_each_line([&](const MediaLine& line, const Side& side, std::size_t index) {
    if (!line.is_rtp || line.candidates.empty()) return;
    const BoundDtmfTypes dtmf = dtmf_types(declared, side, index, line);
    for (const Endpoint& candidate : line.candidates) {
      add_binding(line, candidate, side.who.party, index, dtmf, bindings);
    }
  });
  add_fax_bindings(bindings);
  for_each_line([&](const MediaLine& line, const Side& side, std::size_t index) {
    if (line.is_rtp && line.rtcp.port != 0) add_rtcp_binding(line, side.who.party, index, bindings);
  });
  for (const MediaBinding& learnt : learnt_) {
    if (has_address(bindings, learnt.address)) continue;
    bindings.push_back(learnt);
    if (!learnt.paired) bindings.back().dtmf = dtmf_types(declared, learnt);
  }
  return bindings;
}

bool OfferAnswer::learn(const StreamReport& report, std::uint8_t sender) {
  if (learnt_.size() == kLearntAddressesMax || has_address(bound_, report.source)) return false;
  MediaBinding& binding = learnt_.emplace_back();
  binding.address = report.source;
  binding.receiver = sender;
  binding.kind = report.media_kind;
  binding.media_index = report.media_index;
  binding.learnt = true;
  binding.fax = binding.no_rtp = report.is_fax();
  changed_ = true;
  return true;
}

void OfferAnswer::pair(const std::array<Endpoint, 2>& ends, MediaKind kind) {
  for (std::size_t party = 0; party < ends.size(); ++party) {
    MediaBinding& binding = learnt_.emplace_back();
    binding.address = ends[party];
    binding.receiver = static_cast<std::uint8_t>(party);
    binding.kind = kind;
    binding.paired = true;
    binding.dtmf = {guessed_types(), guessed_types()};
  }
  changed_ = true;
}

PoolVector<BindingChange> OfferAnswer::take_changes(std::int64_t time_ns) {
  if (!std::exchange(changed_, false)) return {};
  weigh_security(time_ns);
  const bool tell_all = std::exchange(tell_all_, false);
  PoolVector<MediaBinding> next = wanted();
  PoolVector<BindingChange> changes;
  for (const MediaBinding& old : bound_) {
    if (!has_address(next, old.address)) changes.push_back({BindOperation::kUnbind, old});
  }
  for (const MediaBinding& binding : next) {
    if (tell_all || std::find(bound_.begin(), bound_.end(), binding) == bound_.end()) {
      changes.push_back({BindOperation::kBind, binding});
      ever_bound_ = true;
    }
  }
  bound_ = std::move(next);
  return changes;
}

bool OfferAnswer::declared_to_flow(MediaKind kind, bool from_caller) const {
  const bool is_assumed = is_answer_alone();  // of the caller
  bool sent = is_assumed && from_caller;
  bool received = is_assumed && !from_caller;
  for (const Side& side : sides_) {
    if (!side.current) continue;
    const bool is_sender = (side.who.party == kCallerParty) == from_caller;
    for (const MediaLine& line : side.current->lines) {
      if (line.kind != kind || !line.is_rtp) continue;
      if (is_sender) {
        sent = sent || can_send(line);
      } else {
        received = received || can_receive(line);
      }
    }
  }
  return sent && received;
}

void OfferAnswer::weigh() {
  for (std::size_t kind = 0; kind < kMediaKinds; ++kind) {
    for (const bool from_caller : {false, true}) {
      allowed_[kind][from_caller ? 1 : 0] =
          declared_to_flow(static_cast<MediaKind>(kind), from_caller);
    }
  }
  on_hold_ = std::any_of(sides_.begin(), sides_.end(), [](const Side& side) { return side.holds; });
  agreed_silence_ = is_silence_agreed();
}

bool OfferAnswer::is_described(bool caller) const {
  return std::any_of(sides_.begin(), sides_.end(), [caller](const Side& side) {
    return side.current != nullptr && (side.who.party == kCallerParty) == caller;
  });
}

bool OfferAnswer::is_answer_alone() const { return is_described(false) && !is_described(true); }

bool OfferAnswer::is_silence_agreed() const {
  if (!is_described(true) || !is_described(false)) return false;
  for (const MediaKind kind : {MediaKind::kAudio, MediaKind::kVideo, MediaKind::kText}) {
    if (allows(kind, true) || allows(kind, false)) return false;
  }
  return true;
}

bool OfferAnswer::shares_address(std::uint8_t party, const SessionFacts& session) const {
  for (const Side& side : sides_) {
    if (side.who.party != party || !side.current) continue;
    for (const MediaLine& mine : side.current->lines) {
      const bool shared =
          needs_binding(mine) &&
          std::any_of(session.lines.begin(), session.lines.end(), [&](const MediaLine& other) {
            return other.address == mine.address;
          });
      if (shared) return true;
    }
  }
  return false;
}

const PayloadDeclaration* OfferAnswer::find_payload(std::uint8_t party,
                                                    std::uint16_t media_index,
                                                    std::uint8_t payload_type) const {
  const PayloadKey key{party, media_index, payload_type};
  const auto at = std::ranges::lower_bound(payloads_, key, {}, &LearntPayload::key);
  return at == payloads_.end() || at->key != key ? nullptr : &at->payload;
}

const PayloadDeclaration* OfferAnswer::find_payload(std::uint8_t party,
                                                    std::uint8_t payload_type) const {
  for (const auto& [key, payload] : payloads_) {
    if (key.party == party && key.payload_type == payload_type) return &payload;
  }
  return nullptr;
}

}  // namespace tapdeck::calls
