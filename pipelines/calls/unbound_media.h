// Media that no signalling explains, where policy wants it to be kept all the same.  RTP that still
// waits in quarantine when its worker offers it (StreamReportKind::kOffer) becomes a call without
// signalling: both directions between two endpoints.  It ends in silence, or when another call
// claims one of its addresses, which has the media from then on; where that one is not to be
// recorded, what was kept without knowing of it is destroyed.  docs/POLICY.md.
//
// Threads: the call-plane thread.  Memory: an entry for each pair of endpoints that waits or is
// kept; they take half of CallPlaneOptions::calls_max at most.  Full: refused and counted.  As many
// for what is left alone, the oldest goes.
#pragma once

#include <compare>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "base/counter_table.h"
#include "pipelines/calls/call_context.h"
#include "pipelines/calls/call_policy.h"
#include "pipelines/calls/call_table.h"
#include "pipelines/numbers/numbering.h"
#include "storage/crypto.h"

namespace tapdeck::calls {

// A worker offers both directions at about the same time; they are waited for, so that the call is
// the same whichever comes first.
constexpr std::int64_t kOfferGatherNs = 1'000'000'000;
// Pairs that one address is part of: workers know no more calls of an address.
constexpr std::size_t kPairsPerAddress = 4;

// X(enumerator, name, help)
#define TD_UNBOUND_COUNTS(X)                                                                     \
  X(kKept, unbound_calls_kept, "calls without signalling: media that no SDP explains")           \
  X(kRefused, unbound_calls_refused, "likewise, not kept: too many, or no room for media")       \
  X(kTaken, unbound_calls_taken, "likewise, ended: another call claimed one of their addresses") \
  X(kForbidden, unbound_calls_forbidden, "likewise, destroyed: that call is not to be recorded")

TD_COUNTER_TABLE(UnboundCount, kUnboundCountNames, TD_UNBOUND_COUNTS)

struct UnboundStart {
  RealmId realm = 0;
  Endpoint source{};  // of the stream that began first
  Endpoint destination{};
  std::uint32_t ssrc = 0;
  std::uint16_t port_index = 0;
  std::uint16_t vlan = 0;
  MediaKind kind = MediaKind::kUnknown;  // by its payload type
  std::int64_t first_ns = 0;             // packet time
  numbers::CallRoute route{};
};

// What stands in LiveCall::call_id; no Call-ID has a blank.
std::string unbound_call_id(const Uid& uid);

class UnboundMedia {
 public:
  // All of it outlives this.
  struct Parts {
    const CallPlaneOptions& options;
    const CallContext& context;
    CallTable& table;
    CallPolicy& policy;
    const numbers::Numbering& numbering;
    std::function<void(Call&)> settle;  // after each change of a call
  };

  explicit UnboundMedia(Parts parts) : parts_(std::move(parts)) {}

  // The rules have changed: workers are told whether to offer anything.
  void choose();

  [[nodiscard]] bool wanted() const { return wanted_; }

  void take(const StreamReport& offer, std::int64_t timer_now_ns);

  // Opens what has been waited for, and ends what has been claimed.
  void advance(std::int64_t timer_now_ns) {
    if (!due_.empty()) open_due(timer_now_ns);
    if (!claims_.empty() || !forbidden_.empty()) obey_claims(timer_now_ns);
  }

  // The capture ends: workers are asked for what they have not offered yet.  False: for nothing.
  bool ask_for_rest();

  // A call of an earlier process goes on.
  void adopt(const Call& call);

  // A call with signalling has been given an address; `message` is kBind.
  void note_claim(const BindMessage& message) {
    if (!pairs_.empty()) find_claimed(message);
  }

  // Nothing of it is to be recorded any more.
  void note_forbidden(const Call& call) {
    if (!taken_.empty()) forbidden_.push_back(call.live().handle);
  }

  // Before it leaves the table.
  void remove(const Call& call, std::int64_t timer_now_ns);

  [[nodiscard]] std::uint64_t opened() const { return opened_; }

  [[nodiscard]] std::uint64_t already_present() const { return already_present_; }

  [[nodiscard]] const CounterTable<UnboundCount>& counters() const { return counters_; }

 private:
  struct Address {
    RealmId realm = 0;
    Endpoint endpoint{};

    auto operator<=>(const Address&) const = default;
  };

  struct Pair {
    RealmId realm = 0;
    Endpoint low{};
    Endpoint high{};

    auto operator<=>(const Pair&) const = default;
  };

  struct Entry {
    UnboundStart start;
    CallHandle call{};  // none: it waits
  };

  struct Due {
    std::int64_t timer_ns = 0;
    Pair pair;
  };

  struct Claim {
    CallHandle claimant{};
    CallHandle call{};
  };

  using Pairs = std::map<Pair, Entry>;

  static Pair pair_of(const UnboundStart& start);
  static UnboundStart ends_of(const Call& call);

  [[nodiscard]] std::size_t calls_max() const { return parts_.options.calls_max / 2; }

  [[nodiscard]] bool is_crowded(const Pair& pair) const;
  void add(const Pair& pair, const Entry& entry);
  void erase(Pairs::iterator at);
  void open_due(std::int64_t timer_now_ns);
  void open(const Pair& pair, std::int64_t timer_now_ns);
  void find_claimed(const BindMessage& message);
  void obey_claims(std::int64_t timer_now_ns);
  void leave_alone(const Call& call, std::int64_t timer_now_ns);
  [[nodiscard]] bool is_left_alone(const Pair& pair, std::int64_t timer_now_ns);
  void forbid(Call& call, const Call& claimant);

  Parts parts_;
  storage::Hasher hasher_;
  Pairs pairs_;
  std::multimap<Address, Pair> by_address_;      // each pair twice
  std::deque<Due> due_;                          // of those that wait
  std::vector<Claim> claims_;                    // to be obeyed
  std::vector<CallHandle> forbidden_;            // likewise
  std::multimap<CallHandle, CallHandle> taken_;  // whose media went to which call, until it ends
  // Of calls that were not to be recorded at their end, until then (timer time): what goes on
  // between the same two is their media still.
  std::map<Pair, std::int64_t> left_alone_;
  std::deque<Due> left_alone_until_;
  std::uint64_t count_ = 0;  // calls of this kind in the table
  std::uint64_t opened_ = 0;
  std::uint64_t already_present_ = 0;
  bool wanted_ = false;
  bool hurried_ = false;  // nothing is waited for
  CounterTable<UnboundCount> counters_;
};

}  // namespace tapdeck::calls
