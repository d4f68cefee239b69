#include "pipelines/calls/dialog.h"

#include <algorithm>
#include <utility>

#include "base/hash.h"

namespace tapdeck::calls {
namespace {

// Of an INVITE that was missed: it decides only where no other is known.
constexpr std::uint32_t kUnknownHop = UINT32_MAX;

constexpr std::size_t kTargetBytesMax = 64;

constexpr std::uint64_t kTransactionSeed = 0x7461706465636bULL;

std::uint64_t transaction_key(const MessageFacts& facts) {
  return hash_text(facts.branch, hash_text(facts.from_tag, kTransactionSeed));
}

std::uint64_t hash_endpoint(const Endpoint& endpoint, std::uint64_t seed) {
  return mix64(hash_bytes(endpoint.ip.bytes, seed), endpoint.port + 0x9e3779b97f4a7c15ULL);
}

bool is_dialog(const Dialog& dialog, std::string_view from_tag, std::string_view to_tag) {
  return (dialog.caller_tag == from_tag && dialog.callee_tag == to_tag) ||
         (dialog.caller_tag == to_tag && dialog.callee_tag == from_tag);
}

// RFC 3261 16.7: a 6xx wins, otherwise the lowest class; within it the lowest code.
bool is_better_failure(std::uint16_t status, std::uint16_t than) {
  const bool global = status >= 600;
  const bool than_global = than >= 600;
  if (global != than_global) return global;
  return status < than;
}

}  // namespace

std::uint64_t hash_of_branch(std::string_view branch) {
  return branch.empty() ? 0 : hash_text(branch, kTransactionSeed);
}

bool RepeatFilter::is_repeat(const SeenMessage& message, std::uint64_t seed) {
  const MessageFacts& facts = message.facts;
  std::uint64_t hash = hash_text(facts.method_name, seed ^ facts.status);
  hash = hash_text(facts.from_tag, hash);
  hash = hash_text(facts.to_tag, hash);
  hash = hash_text(facts.branch, hash);
  hash = mix64(hash ^ facts.cseq, facts.body_hash ^ 0xd6e8feb86659fd93ULL);
  hash = mix64(hash ^ facts.rseq, 0x9e3779b97f4a7c15ULL ^ (facts.is_request ? 1U : 2U));
  hash = hash_endpoint(message.signal.source, hash);
  hash = hash_endpoint(message.signal.destination, hash);
  if (std::find(hashes_.begin(), hashes_.end(), hash) != hashes_.end()) return true;
  if (hashes_.size() < kRepeatsRemembered) {
    if (hashes_.empty()) hashes_.reserve(kRepeatsUsual);
    hashes_.push_back(hash);
  } else {
    hashes_[next_] = hash;
    next_ = (next_ + 1) % kRepeatsRemembered;
  }
  return false;
}

Dialog* DialogSet::find(std::string_view from_tag, std::string_view to_tag) {
  const auto found = std::find_if(dialogs_.begin(), dialogs_.end(), [&](const Dialog& dialog) {
    return is_dialog(dialog, from_tag, to_tag);
  });
  return found == dialogs_.end() ? nullptr : &*found;
}

bool DialogSet::has_dialog(std::string_view from_tag, std::string_view to_tag) const {
  return std::any_of(dialogs_.begin(), dialogs_.end(), [&](const Dialog& dialog) {
    return is_dialog(dialog, from_tag, to_tag);
  });
}

Dialog* DialogSet::add(std::string_view caller_tag, std::string_view callee_tag) {
  if (dialogs_.size() >= kDialogsMax) return nullptr;
  Dialog& dialog = dialogs_.emplace_back();
  dialog.caller_tag = caller_tag;
  dialog.callee_tag = callee_tag;
  return &dialog;
}

bool DialogSet::is_caller_tag(std::string_view tag) const {
  return std::find(caller_tags_.begin(), caller_tags_.end(), tag) != caller_tags_.end();
}

void DialogSet::add_caller_tag(std::string_view tag) {
  if (caller_tags_.size() < kDialogsMax && !is_caller_tag(tag)) caller_tags_.emplace_back(tag);
}

bool DialogSet::knows_tag(std::string_view tag) const {
  if (tag.empty()) return false;
  return is_caller_tag(tag) || std::any_of(dialogs_.begin(),
                                           dialogs_.end(),
                                           [tag](const Dialog& d) { return d.callee_tag == tag; });
}

bool DialogSet::other_confirmed(const Dialog& dialog) const {
  return std::any_of(dialogs_.begin(), dialogs_.end(), [&dialog](const Dialog& other) {
    return &other != &dialog && other.caller_tag == dialog.caller_tag && other.confirmed &&
           !other.over;
  });
}

bool DialogSet::hang_up(std::string_view from_tag, std::string_view to_tag) {
  if (Dialog* dialog = find(from_tag, to_tag)) {
    dialog->over = true;
    return !other_confirmed(*dialog);
  }
  // Devices that write no tags, or lose one, are taken at their word; so is whoever has a dialog
  // for which there was no room.
  if (dialogs_.size() >= kDialogsMax) return true;
  if (from_tag.empty() && to_tag.empty()) return true;
  if (from_tag.empty() || to_tag.empty()) return knows_tag(from_tag.empty() ? to_tag : from_tag);
  return std::none_of(dialogs_.begin(), dialogs_.end(), [](const Dialog& dialog) {
    return dialog.confirmed && !dialog.over;
  });
}

bool DialogSet::has_caller_tag_dialog(std::string_view caller_tag) const {
  return std::any_of(dialogs_.begin(), dialogs_.end(), [caller_tag](const Dialog& dialog) {
    return dialog.caller_tag == caller_tag;
  });
}

const InviteTransaction* InviteTransactions::find(const MessageFacts& facts) const {
  const std::uint64_t key = transaction_key(facts);
  for (const InviteTransaction& transaction : transactions_) {
    if (transaction.key == key && transaction.cseq == facts.cseq) return &transaction;
  }
  return nullptr;
}

InviteTransaction* InviteTransactions::find(const MessageFacts& facts) {
  return const_cast<InviteTransaction*>(std::as_const(*this).find(facts));
}

bool InviteTransactions::has_attempt(const MessageFacts& facts) const {
  const std::uint64_t from = hash_text(facts.from_tag, kTransactionSeed);
  return std::any_of(transactions_.begin(), transactions_.end(), [&](const auto& transaction) {
    return transaction.from == from && transaction.cseq == facts.cseq;
  });
}

std::string_view InviteTransactions::target_of(const MessageFacts& response) const {
  const InviteTransaction* transaction = find(response);
  return transaction == nullptr ? std::string_view() : transaction->target;
}

bool InviteTransactions::is_tried_again(const MessageFacts& invite) const {
  // Another From tag is a back-to-back user agent's own leg, unless the caller has been refused.
  if (hash_text(invite.from_tag, kTransactionSeed) != last_from_) return failure() != nullptr;
  if (invite.cseq != last_cseq_) return invite.cseq > last_cseq_;
  // A proxy tries one target after the other, or follows a redirection itself.  On a hop further on
  // it is what led to the refusal.
  const bool may_be_nearest = invite.via_count == via_count_min_ || via_count_min_ == kUnknownHop;
  return may_be_nearest && failure() != nullptr;
}

void InviteTransactions::supersede() {
  for (InviteTransaction& transaction : transactions_) {
    if (transaction.status >= 300) transaction.superseded = true;
  }
}

bool InviteTransactions::on_invite(const MessageFacts& facts) {
  if (find(facts) != nullptr || transactions_.size() >= kTransactionsMax) return false;
  const std::uint64_t from = hash_text(facts.from_tag, kTransactionSeed);
  const bool is_new = transactions_.empty() || is_tried_again(facts);
  if (is_new) supersede();
  InviteTransaction& transaction = transactions_.emplace_back();
  transaction.key = transaction_key(facts);
  transaction.from = from;
  transaction.cseq = facts.cseq;
  transaction.via_count = facts.via_count;
  transaction.target = facts.request_number.substr(0, kTargetBytesMax);
  if (is_new) {
    last_from_ = from;
    last_cseq_ = facts.cseq;
    via_count_min_ = facts.via_count;
  } else if (from == last_from_ && facts.cseq == last_cseq_) {
    via_count_min_ = std::min(via_count_min_, facts.via_count);
  }
  return is_new;
}

bool InviteTransactions::on_missed_invite(const MessageFacts& response) {
  const std::uint64_t from = hash_text(response.from_tag, kTransactionSeed);
  if (from != last_from_ || response.cseq <= last_cseq_ || failure() == nullptr) return false;
  if (transactions_.size() >= kTransactionsMax) return false;
  last_cseq_ = response.cseq;
  InviteTransaction& transaction = transactions_.emplace_back();
  transaction.key = transaction_key(response);
  transaction.from = from;
  transaction.cseq = response.cseq;
  transaction.via_count = via_count_min_;  // likely: the first hop on which anything of it passes
  return true;
}

void InviteTransactions::on_refusal_of_missed(const MessageFacts& response) {
  if (transactions_.empty()) {
    last_from_ = hash_text(response.from_tag, kTransactionSeed);
    last_cseq_ = response.cseq;
    via_count_min_ = kUnknownHop;
  }
  on_final(response);
}

void InviteTransactions::on_cancel(const MessageFacts& facts) {
  if (InviteTransaction* transaction = find(facts)) transaction->cancelled = true;
}

void InviteTransactions::on_provisional(const MessageFacts& facts) {
  if (InviteTransaction* transaction = find(facts)) transaction->heard = true;
}

void InviteTransactions::on_ack(const MessageFacts& facts) {
  // Only the ACK of a failure has the INVITE's branch.
  if (InviteTransaction* transaction = find(facts)) transaction->acknowledged = true;
}

void InviteTransactions::on_answer(const MessageFacts& facts) {
  InviteTransaction* transaction = find(facts);
  if (transaction != nullptr && transaction->status == 0) transaction->status = facts.status;
}

bool InviteTransactions::is_over(const MessageFacts& invite) const {
  const InviteTransaction* known = find(invite);
  if (known == nullptr || known->status == 0) return false;
  return known->status < 300 || known->acknowledged;
}

void InviteTransactions::on_final(const MessageFacts& facts) {
  InviteTransaction* transaction = find(facts);
  if (transaction == nullptr) {
    if (transactions_.size() >= kTransactionsMax) return;
    transaction = &transactions_.emplace_back();
    transaction->key = transaction_key(facts);
    transaction->from = hash_text(facts.from_tag, kTransactionSeed);
    transaction->cseq = facts.cseq;
    transaction->via_count = kUnknownHop;
  }
  if (transaction->status != 0) return;
  transaction->status = facts.status;
  transaction->phrase = facts.phrase;
  if (!facts.to_tag.empty()) transaction->to = hash_text(facts.to_tag, kTransactionSeed);
}

bool InviteTransactions::was_refused(const MessageFacts& ack) const {
  const InviteTransaction* known = find(ack);
  if (known != nullptr && known->status >= 300) return true;
  if (ack.to_tag.empty()) return false;
  const std::uint64_t from = hash_text(ack.from_tag, kTransactionSeed);
  const std::uint64_t to = hash_text(ack.to_tag, kTransactionSeed);
  return std::any_of(transactions_.begin(), transactions_.end(), [&](const auto& transaction) {
    return transaction.status >= 300 && transaction.from == from && transaction.to == to &&
           transaction.cseq == ack.cseq;
  });
}

bool InviteTransactions::is_decisive(const InviteTransaction& transaction) const {
  return !transaction.superseded && transaction.from == last_from_ &&
         transaction.cseq == last_cseq_ && transaction.via_count == via_count_min_;
}

template <typename Skipped>
const InviteTransaction* InviteTransactions::best_failure(const Skipped& is_skipped) const {
  const InviteTransaction* best = nullptr;
  for (const InviteTransaction& transaction : transactions_) {
    if (!is_decisive(transaction) || is_skipped(transaction)) continue;
    if (transaction.status < 300) return nullptr;
    if (best == nullptr || is_better_failure(transaction.status, best->status)) {
      best = &transaction;
    }
  }
  return best;
}

const InviteTransaction* InviteTransactions::failure() const {
  return best_failure([](const InviteTransaction&) { return false; });
}

const InviteTransaction* InviteTransactions::failure_beside_silence() const {
  return best_failure([](const InviteTransaction& transaction) {
    return transaction.status == 0 && !transaction.heard;
  });
}

bool InviteTransactions::cancelled() const {
  return std::any_of(transactions_.begin(), transactions_.end(), [this](const auto& transaction) {
    return transaction.cancelled && is_decisive(transaction);
  });
}

}  // namespace tapdeck::calls
