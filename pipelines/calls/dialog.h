// Dialogs and INVITE transactions of one call (RFC 3261 sections 12 and 17), as a tap between the
// parties sees them: every hop of every fork, retransmissions included.
//
// Threads: the call-plane thread.  Memory: vectors with fixed bounds; what comes beyond them is
// treated as belonging to the first dialog, and never grows anything.
#pragma once

#include <cstdint>
#include <optional>

#include "base/pool_allocator.h"
#include "pipelines/calls/message_facts.h"

namespace tapdeck::calls {

constexpr std::size_t kDialogsMax = 64;
constexpr std::size_t kTransactionsMax = 64;
constexpr std::size_t kRepeatsRemembered = 256;
constexpr std::size_t kRepeatsUsual = 16;

// Knows messages that have been seen before on the same hop: retransmissions change counters only.
class RepeatFilter {
 public:
  // True when this very message passed before on this hop; remembers it otherwise.
  bool is_repeat(const SeenMessage& message, std::uint64_t seed);

  void prefetch() const { __builtin_prefetch(hashes_.data()); }

 private:
  PoolVector<std::uint64_t> hashes_;
  std::size_t next_ = 0;
};

// 0: there is none.
std::uint64_t hash_of_branch(std::string_view branch);

struct Dialog {
  PoolString caller_tag;  // From tag of the INVITE
  PoolString callee_tag;
  std::uint64_t branch = 0;  // of the response that made it, hash_of_branch()
  std::uint8_t party = 1;    // of the callee's side
  bool confirmed = false;    // a 2xx to the INVITE passed
  bool over = false;         // a BYE passed

  // The INVITE that made it has this branch, of what is known.
  [[nodiscard]] bool is_of(std::string_view its_branch) const {
    return branch != 0 && branch == hash_of_branch(its_branch);
  }
};

class DialogSet {
 public:
  // Either order of tags; nullptr when unknown.
  Dialog* find(std::string_view from_tag, std::string_view to_tag);
  // nullptr when the set is full.
  Dialog* add(std::string_view caller_tag, std::string_view callee_tag);

  // True when `tag` is the From tag of an INVITE of this call.
  [[nodiscard]] bool is_caller_tag(std::string_view tag) const;
  void add_caller_tag(std::string_view tag);
  [[nodiscard]] bool knows_tag(std::string_view tag) const;

  // A BYE passed: true when it ends the call.  It does not where another dialog of the same caller
  // goes on, nor where its own is not known while one that was answered goes on.
  bool hang_up(std::string_view from_tag, std::string_view to_tag);
  // True when another dialog of the same caller goes on.
  [[nodiscard]] bool other_confirmed(const Dialog& dialog) const;
  [[nodiscard]] bool has_dialog(std::string_view from_tag, std::string_view to_tag) const;
  [[nodiscard]] bool has_caller_tag_dialog(std::string_view caller_tag) const;

  [[nodiscard]] const PoolVector<Dialog>& all() const { return dialogs_; }

  void prefetch() const {
    __builtin_prefetch(dialogs_.data());
    __builtin_prefetch(caller_tags_.data());
  }

  // prefetch() was some time ago.
  void prefetch_tags() const {
    for (const PoolString& tag : caller_tags_) __builtin_prefetch(tag.data());
    for (const Dialog& dialog : dialogs_) {
      __builtin_prefetch(dialog.caller_tag.data());
      __builtin_prefetch(dialog.callee_tag.data());
    }
  }

 private:
  PoolVector<Dialog> dialogs_;
  PoolVector<PoolString> caller_tags_;
};

// One initial INVITE on one hop.
struct InviteTransaction {
  std::uint64_t key = 0;   // branch and From tag
  std::uint64_t from = 0;  // From tag
  std::uint64_t to = 0;    // To tag of its refusal
  std::uint32_t cseq = 0;
  std::uint32_t via_count = 0;
  std::uint16_t status = 0;  // final one, 0 while open
  bool superseded = false;   // refused, and tried again
  bool cancelled = false;
  bool acknowledged = false;
  bool heard = false;  // a provisional response came
  PoolString phrase;
  PoolString target;  // the number in its Request-URI
};

class InviteTransactions {
 public:
  // An initial INVITE; true when the caller tries again, or a proxy for it: its CSeq is new, or all
  // that passed with this CSeq was refused where it is seen nearest to the caller.
  bool on_invite(const MessageFacts& facts);
  // A response to an INVITE that did not pass: true when the caller tries again with it, having
  // been refused before.
  bool on_missed_invite(const MessageFacts& response);
  // A refusal, of a call whose INVITE did not pass: where it is the first that is known, it decides
  // until the caller tries again.
  void on_refusal_of_missed(const MessageFacts& response);
  void on_cancel(const MessageFacts& facts);
  void on_provisional(const MessageFacts& facts);
  void on_ack(const MessageFacts& facts);
  void on_answer(const MessageFacts& facts);
  // A refusal, which is noted of a hop whose INVITE was missed, too.
  void on_final(const MessageFacts& facts);

  // The answer to the caller's latest attempt, where its INVITE was seen nearest to the caller:
  // nullptr while one is open or none was seen.
  [[nodiscard]] const InviteTransaction* failure() const;

  // The same, once no more is awaited: targets that answered nothing, not even 100, are none
  // (RFC 3263, section 4.3: the next server is tried with the same CSeq).
  [[nodiscard]] const InviteTransaction* failure_beside_silence() const;

  // True when the caller gave up, as seen nearest to the caller.
  [[nodiscard]] bool cancelled() const;

  // True when the response or CANCEL belongs to an INVITE that set up the call.
  [[nodiscard]] bool is_known(const MessageFacts& facts) const { return find(facts) != nullptr; }

  // True when this INVITE has its answer, or its refusal and the ACK of that: it is not sent again.
  [[nodiscard]] bool is_over(const MessageFacts& invite) const;

  // True when the ACK is that of a refusal that passed, by its branch or by the To tag that was
  // refused.
  [[nodiscard]] bool was_refused(const MessageFacts& ack) const;

  // The number that the INVITE of this response was sent to; empty: it was not seen.
  [[nodiscard]] std::string_view target_of(const MessageFacts& response) const;

  // True when an INVITE with this From tag and CSeq passed, on whatever hop.
  [[nodiscard]] bool has_attempt(const MessageFacts& facts) const;

  void prefetch() const { __builtin_prefetch(transactions_.data()); }

 private:
  [[nodiscard]] const InviteTransaction* find(const MessageFacts& facts) const;
  InviteTransaction* find(const MessageFacts& facts);
  [[nodiscard]] bool is_tried_again(const MessageFacts& invite) const;
  void supersede();
  template <typename Skipped>
  [[nodiscard]] const InviteTransaction* best_failure(const Skipped& is_skipped) const;
  [[nodiscard]] bool is_decisive(const InviteTransaction& transaction) const;

  PoolVector<InviteTransaction> transactions_;
  std::uint64_t last_from_ = 0;      // the attempt that decides: From tag,
  std::uint32_t last_cseq_ = 0;      // CSeq,
  std::uint32_t via_count_min_ = 0;  // and fewest Via fields, i.e. nearest to the caller
};

}  // namespace tapdeck::calls
