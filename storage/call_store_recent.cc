#include "storage/call_store_recent.h"

#include <algorithm>
#include <utility>

namespace tapdeck::storage {
namespace {

constexpr std::size_t kEndedBytes = 48;  // a node and its bucket

std::size_t bytes_of(const PriorCall& call) {
  std::size_t bytes = sizeof(Uid) + sizeof(PriorCall) + 48 + call.bytes.capacity();
  for (const std::string& number : call.numbers) bytes += sizeof number + number.capacity();
  return bytes + call.call_id.capacity() + call.conversation.capacity();
}

}  // namespace

const PriorCall* RecentCalls::find(const Uid& uid) const {
  for (const Generation* generation : {&young_, &old_}) {
    if (generation->ended.contains(uid)) return nullptr;
    const auto found = generation->open.find(uid);
    if (found != generation->open.end()) return &found->second;
  }
  return nullptr;
}

bool RecentCalls::is_new(const Uid& uid) const {
  return uid.start_ms() > known_until_ms_ && !young_.has(uid) && !old_.has(uid);
}

void RecentCalls::forget(const Uid& uid) {
  for (Generation* generation : {&young_, &old_}) {
    const auto found = generation->open.find(uid);
    if (found == generation->open.end()) continue;
    generation->bytes -= bytes_of(found->second);
    generation->open.erase(found);
  }
  young_.newest_ms = std::max(young_.newest_ms, uid.start_ms());
  if (young_.ended.insert(uid).second) young_.bytes += kEndedBytes;
}

void RecentCalls::add(PendingCalls& committed) {
  while (!committed.empty()) add(committed.extract(committed.begin()));
  if (young_.bytes < kGenerationBytes) return;
  known_until_ms_ = std::max(known_until_ms_, old_.newest_ms);
  old_ = std::exchange(young_, Generation());
}

// The node itself is kept: it was allocated once.
void RecentCalls::add(PendingCalls::node_type node) {
  const Uid uid = node.key();
  young_.newest_ms = std::max(young_.newest_ms, uid.start_ms());
  const auto known = young_.open.find(uid);
  if (known != young_.open.end()) {
    young_.bytes -= bytes_of(known->second);
    young_.open.erase(known);
  }
  if (node.mapped().state == CallState::kInProgress) {
    young_.ended.erase(uid);
    young_.bytes += bytes_of(node.mapped());
    young_.open.insert(std::move(node));
  } else if (young_.ended.insert(uid).second) {
    young_.bytes += kEndedBytes;
  }
}

}  // namespace tapdeck::storage
