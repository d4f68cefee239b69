// Ties calls together that speak of each other: an INVITE with Replaces to the call that it takes
// over, and an INVITE to the REFER or the redirection that asked for it.
//
// The INVITE that a REFER asks for comes under a Call-ID of its own.  It is known by whom it
// replaces, or by who calls whom: the one who was asked, or whoever he says has asked him, and the
// target.  So REFERs and redirections are remembered for a while.
// Threads: the call-plane thread.  Memory: at most kRequestsMax requests, the oldest goes first and
// is counted when it was still waited for.
// RFC 3515, 3891, 3892, 4538.
#pragma once

#include <cstdint>
#include <deque>
#include <string>

#include "pipelines/calls/call_table.h"
#include "pipelines/calls/conversations.h"
#include "pipelines/calls/hash_index.h"
#include "pipelines/calls/message_facts.h"

namespace tapdeck::calls {

constexpr std::size_t kRequestsMax = 65'536;
constexpr std::int64_t kRequestNs = 60'000'000'000;  // somebody may have to be asked first

class CallLinks {
 public:
  CallLinks(CallTable& table, Conversations& conversations, std::uint64_t seed)
      : table_(table), conversations_(conversations), seed_(seed) {}

  // True when on_message() may have something to do.
  [[nodiscard]] bool concerns(const Call& call, const MessageFacts& facts) const {
    return facts.transfer != nullptr || !call.live().edges.empty() ||
           (!requests_.empty() && is_initial_invite(facts));
  }

  // The call that a REFER outside of its dialogs is about (Target-Dialog), and that what follows
  // under the REFER's Call-ID is about, too; nullptr when there is none.
  [[nodiscard]] Call* target_of(const SeenMessage& message, std::int64_t timer_now_ns);

  // The call has taken the message.
  void on_message(Call& call, const SeenMessage& message, std::int64_t timer_now_ns);

  [[nodiscard]] std::uint64_t evicted() const { return evicted_; }

 private:
  struct Request {
    std::uint64_t key = 0;
    std::int64_t until_ns = 0;
    CallHandle call{};
    Uid uid{};
    bool redirect = false;
    std::int64_t edge_time_us = 0;
    std::string call_id;  // of the call that asked
    std::string number;   // of who asked
    std::string e164;
    std::string uri;
  };

  static bool is_initial_invite(const MessageFacts& facts) {
    return facts.is_request && facts.method == sip::Method::kInvite && facts.to_tag.empty();
  }

  void remember(Call& call, const SeenMessage& message);
  void remember(Request request, std::uint64_t key);
  void follow_replaces(Call& call, const SeenMessage& message);
  void follow_request(Call& call, const SeenMessage& message);
  void tell_partners(Call& call);
  [[nodiscard]] const Request* find(std::uint64_t key) const;
  [[nodiscard]] std::uint64_t key_of(RealmId realm,
                                     std::string_view caller,
                                     std::string_view target) const;
  [[nodiscard]] std::uint64_t key_of_replaced(RealmId realm, std::string_view call_id) const;
  void drop_oldest();

  CallTable& table_;
  Conversations& conversations_;
  std::uint64_t seed_;
  std::deque<Request> requests_;  // oldest first
  std::uint32_t first_ = 0;       // number of requests_.front(); they are numbered through
  HashIndex by_key_;              // of numbers
  std::int64_t timer_now_ns_ = 0;
  std::uint64_t evicted_ = 0;
};

// What an earlier process knew of a call's place among others.
void restore_links(const CallRecord& record, LiveCall& live);

}  // namespace tapdeck::calls
