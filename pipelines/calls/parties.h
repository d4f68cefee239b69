// Who takes part in a call: the caller, whoever was asked or answered, and losing forks.
//
// Threads: the call-plane thread.  Memory: at most kPartiesMax parties; who comes later is counted
// as the callee.  Numbers are kept as written, without parameters and visual separators,
// their E.164 forms beside them.
#pragma once

#include <algorithm>
#include <cstdint>
#include <optional>
#include <vector>

#include "base/pool_allocator.h"
#include "model/call.h"
#include "pipelines/calls/message_facts.h"

namespace tapdeck::calls {

class Registrations;  // pipelines/calls/registrations.h

constexpr std::size_t kPartiesMax = 64;
constexpr std::uint8_t kFirstCalleeParty = 1;
constexpr std::size_t kSdpAddressesMax = 8;  // of a party's first SDP

// As the record has it (model/call.h).
struct Party {
  std::uint8_t id = 0;
  PartyRole role = PartyRole::kUnknown;
  PoolString number;
  PoolString e164;
  PoolString name;
  PoolString uri;
  std::optional<IpAddress> ip;
  std::uint16_t port = 0;
  PoolString user_agent;
  SharedDevice device{};
  std::optional<std::int64_t> from_us;
  std::optional<std::int64_t> to_us;
  SharedSession session;  // the first that it declared; nullptr: none
  bool is_refusal =
      false;  // by whom the call was refused: what is learnt of another takes its place
  bool is_participant = false;  // of the call that this one records (recording_session.h)
};

class PartyList {
 public:
  // The two ends as the From and To of `message` name them; does nothing when they are known.
  // `oriented`: From is the caller; otherwise both roles are unknown.
  void open(const SeenMessage& message, bool oriented);
  // Two ends of which nothing but their addresses is known; likewise.
  void open(const Endpoint& one, const Endpoint& other);
  // The parties as an earlier process knew them; open() does nothing afterwards.
  void restore(const CallRecord& record);
  // The caller's INVITE has been seen after all.
  void orient();

  // A new early dialog beside the first; kFirstCalleeParty when there is no room.
  std::uint8_t add_fork(const SeenMessage& message);

  // `message` comes from `party`: its signalling address, user agent and identity, where they are
  // not known yet.
  void learn(std::uint8_t party, const SeenMessage& message);
  // Likewise of the callee, until another device answers or rings.
  void learn_refusal(const SeenMessage& message);

  // The call is tried again with another number, that `message` names, unless it is answered.
  void dial(const SeenMessage& message);

  // Of the parties whose device is not known yet.  `time_us`: when it was registered.
  void find_devices(const Registrations& registrations, RealmId realm, std::int64_t time_us);

  // `party` answered: it becomes the callee, the others forks that leave now.
  void answer(std::uint8_t party, std::int64_t time_ns);

  // Whom a transfer brings in; nothing when there is no room.
  void add_target(const PersonFacts& person, std::string_view e164, std::int64_t time_ns);
  // The transfer to `uri` came to nothing.
  void leave(std::string_view uri, std::int64_t time_ns);
  // The branch that rang at `party` is over: it leaves unless it is the callee.
  void leave_fork(std::uint8_t party, std::int64_t time_ns);

  // Who is recorded, of role kUnknown: the party that is so called, but for those that `taken` has
  // a bit of, or a new one; kNoParty when there is no room.
  std::uint8_t add_participant(const PersonFacts& person,
                               std::string_view e164,
                               std::int64_t time_ns,
                               std::uint64_t taken);
  // It is recorded, or no longer.
  void set_present(std::uint8_t party, bool is_present, std::int64_t time_ns);

  [[nodiscard]] const PoolVector<Party>& all() const { return parties_; }

  [[nodiscard]] std::vector<CallParty> records() const;

  // Of the caller's signalling where it is known, else of whoever was seen; zeros: of nobody.
  [[nodiscard]] IpAddress first_address() const {
    for (const Party& party : parties_) {
      if (party.ip) return *party.ip;
    }
    return {};
  }

  [[nodiscard]] bool oriented() const { return oriented_; }

  [[nodiscard]] std::uint8_t callee() const { return callee_; }

  void prefetch() const {
    const char* const begin = reinterpret_cast<const char*>(parties_.data());
    const std::size_t bytes = std::min<std::size_t>(parties_.size(), 2) * sizeof(Party);
    for (std::size_t at = 0; at < bytes; at += 64) __builtin_prefetch(begin + at);
  }

 private:
  PoolVector<Party> parties_;
  std::uint8_t callee_ = kFirstCalleeParty;
  bool oriented_ = false;
  bool answered_ = false;
};

}  // namespace tapdeck::calls
