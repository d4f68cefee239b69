// What the parties of one call have declared in SDP (RFC 3264): addresses, payload types,
// directions, hold; and which addresses the workers must know because of it.
//
// Threads: the call-plane thread.  Memory: one side per party and hop, bounded; further ones are
// ignored.  A hop is a pair of signalling addresses: a border element may declare other media
// addresses on each of its sides, and all of them belong to the call.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <utility>
#include <vector>

#include "base/pool_allocator.h"
#include "model/binding.h"
#include "model/stream.h"
#include "pipelines/calls/dtmf_types.h"
#include "pipelines/calls/line_security.h"
#include "pipelines/calls/media_binding.h"
#include "pipelines/calls/message_facts.h"

namespace tapdeck::calls {

constexpr std::size_t kSidesMax = 64;
constexpr std::size_t kPayloadMapMax = 512;
constexpr std::size_t kLearntAddressesMax = 4;
constexpr std::uint8_t kCallerParty = 0;
constexpr std::size_t kMediaKinds = 5;  // of MediaKind

// The two signalling addresses of a hop, the smaller one first.  Ports count only between servers
// on one host: elsewhere a device may send from another port than it listens on.
struct Hop {
  Endpoint low{};
  Endpoint high{};

  auto operator<=>(const Hop&) const = default;
};

Hop hop_of(const SignalMessage& signal);

class OfferAnswer {
 public:
  struct Who {
    Hop hop{};
    std::uint8_t party = 0;
  };

  // An offer that the other side has not answered; `cseq` names it for withdraw().
  void offer(const Who& who, const SharedSession& session, std::uint32_t cseq);
  // The other side has accepted the offer of `who`, if there is one.
  // `is_reoffer`: within an established call, so that sendonly and inactive mean hold.
  void accept(const Who& who, bool is_reoffer);
  // The other side has refused the offer with this CSeq.
  void withdraw(const Who& who, std::uint32_t cseq);
  // An answer, or an offer that needs no acceptance to be used.
  void declare(const Who& who, const SharedSession& session, bool is_reoffer);

  // Forgets every side but the caller's and that of `party`: losing forks.
  void keep_only(std::uint8_t party);
  void close(std::int64_t time_ns);  // forgets every side; payload types stay known

  // Media came from an address that SDP does not name: its sender is behind an address translation,
  // or another address was agreed on by other means, and the peer will send there (comedia, RFC
  // 4145; peer reflexive candidates of RFC 8445).  False when that says nothing new, or when the
  // call has learnt enough.
  bool learn(const StreamReport& report, std::uint8_t sender);

  // A call without signalling: media between these two, of parties 0 and 1.
  void pair(const std::array<Endpoint, 2>& ends, MediaKind kind);

  // All of it is to be said again.
  void tell_all() { tell_all_ = changed_ = true; }

  // What is to become of digits that are keyed in; they are masked until this is called.
  void use_dtmf(const DtmfUse& use) {
    if (use == dtmf_use_) return;
    dtmf_use_ = use;
    tell_all();
  }

  [[nodiscard]] const DtmfUse& dtmf_use() const { return dtmf_use_; }

  // What has to be said to the workers since the last time; `time_ns` is that of what was said.
  PoolVector<BindingChange> take_changes(std::int64_t time_ns);

  // True when SDP lets media of `kind` flow from the caller, or else to the caller.  A description
  // by the callee alone is taken for an answer, which has what both agree on (RFC 3264, section 6).
  [[nodiscard]] bool allows(MediaKind kind, bool from_caller) const {
    return allowed_[static_cast<std::size_t>(kind)][from_caller ? 1 : 0];
  }

  [[nodiscard]] bool on_hold() const { return on_hold_; }

  // The callee's description is in force and none of the caller's.
  [[nodiscard]] bool is_answer_alone() const;

  // Both sides are known and neither may send RTP.
  [[nodiscard]] bool agreed_silence() const { return agreed_silence_; }

  // True when `party` declared an address that `session` declares too.
  [[nodiscard]] bool shares_address(std::uint8_t party, const SessionFacts& session) const;

  // The declaration of a payload type by `party`; nullptr when it has none.
  [[nodiscard]] const PayloadDeclaration* find_payload(std::uint8_t party,
                                                       std::uint16_t media_index,
                                                       std::uint8_t payload_type) const;
  // The same in any of its m-lines: several may share an address (BUNDLE).
  [[nodiscard]] const PayloadDeclaration* find_payload(std::uint8_t party,
                                                       std::uint8_t payload_type) const;
  void secure(const StreamReport& report);  // of kind kSecured; offer_answer_secure.cc

  [[nodiscard]] const LineSecurity& security() const { return security_; }

  [[nodiscard]] bool ever_bound() const { return ever_bound_; }

  void prefetch() const {
    __builtin_prefetch(sides_.data());
    if (sides_.size() > 1) __builtin_prefetch(sides_.data() + 1);
    __builtin_prefetch(bound_.data());
  }

 private:
  struct Side {
    Who who;
    SharedSession current;
    SharedSession pending;
    std::uint32_t pending_cseq = 0;
    bool holds = false;
  };

  struct PayloadKey {
    std::uint8_t party;
    std::uint16_t media_index;
    std::uint8_t payload_type;

    auto operator<=>(const PayloadKey&) const = default;
  };

  struct LearntPayload {
    PayloadKey key;
    PayloadDeclaration payload;
  };

  Side* find_side(const Who& who);
  Side* find_or_add_side(const Who& who);
  void settle(Side& side, SharedSession session, bool is_reoffer);
  void release_elsewhere(std::uint8_t party, const SessionFacts& session);
  void learn_payload(const PayloadKey& key, const PayloadDeclaration& payload);
  void learn_payloads(const Who& who, const SessionFacts& session);
  void weigh();
  void weigh_security(std::int64_t time_ns);  // offer_answer_secure.cc
  [[nodiscard]] bool declared_to_flow(MediaKind kind, bool from_caller) const;
  [[nodiscard]] bool is_silence_agreed() const;
  [[nodiscard]] bool is_described(bool caller) const;

  // Calls `function` with each m-line in force or offered, its side and its index.
  template <typename Function>
  void for_each_line(Function&& function) const {
    for (const Side& side : sides_) {
      for (const SessionFacts* session : {side.current.get(), side.pending.get()}) {
        if (session == nullptr) continue;
        const PoolVector<MediaLine>& lines = session->lines;
        for (std::size_t i = 0; i < lines.size(); ++i) function(lines[i], side, i);
      }
    }
  }

  [[nodiscard]] PoolVector<MediaBinding> wanted() const;
  // offer_answer_fax.cc
  [[nodiscard]] bool agrees_on_fax() const;
  void add_fax_bindings(PoolVector<MediaBinding>& to) const;

  // offer_answer_dtmf.cc.  By index of the m-line: what callees have declared, then the caller.
  using DeclaredLines = PoolVector<std::array<DeclaredTypes, 2>>;
  [[nodiscard]] DeclaredLines declared_lines() const;
  [[nodiscard]] bool is_encrypted(const Side& side, std::size_t index, const MediaLine& line) const;
  [[nodiscard]] BoundDtmfTypes dtmf_types(const DeclaredLines& declared,
                                          const Side& side,
                                          std::size_t index,
                                          const MediaLine& line) const;
  [[nodiscard]] BoundDtmfTypes dtmf_types(const DeclaredLines& declared,
                                          const MediaBinding& learnt) const;

  PoolVector<Side> sides_;
  PoolVector<MediaBinding> bound_;
  PoolVector<MediaBinding> learnt_;
  PoolVector<LearntPayload> payloads_;  // by key
  LineSecurity security_;               // as of take_changes()
  // What the sides have agreed on, which is asked for with each message.
  std::array<std::array<bool, 2>, kMediaKinds> allowed_{};
  bool on_hold_ = false;
  bool agreed_silence_ = false;
  bool ever_bound_ = false;
  bool changed_ = false;  // since take_changes()
  bool tell_all_ = false;
  DtmfUse dtmf_use_;
};

}  // namespace tapdeck::calls
