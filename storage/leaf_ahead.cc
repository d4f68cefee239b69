#include "storage/leaf_ahead.h"

#include <algorithm>

namespace tapdeck::storage {

void LeafAhead::announce(std::span<const Chunk* const> chunks) {
  announced_.assign(chunks.begin(), chunks.end());
  next_ = 0;
  ready_.fill({});
}

Hash LeafAhead::take(const Chunk& chunk, const AllocatedKey& key) {
  for (Ready& ready : ready_) {
    if (ready.chunk != &chunk || ready.key_id != key.id) continue;
    ready.chunk = nullptr;
    return ready.leaf;
  }
  ready_.fill({});
  std::array<SaltedPlaintext, kLeavesAtOnce> extents;
  extents[0] = {key.key.salt, chunk.section_view()};
  std::size_t count = 1;
  const auto at =
      std::find(announced_.begin() + static_cast<std::ptrdiff_t>(next_), announced_.end(), &chunk);
  if (at != announced_.end()) next_ = static_cast<std::size_t>(at - announced_.begin()) + 1;
  while (at != announced_.end() && next_ < announced_.size() && count < extents.size()) {
    const Chunk& other = *announced_[next_++];
    const AllocatedKey* other_key = find_key_(other);
    if (other_key == nullptr) continue;
    ready_[count].chunk = &other;
    ready_[count].key_id = other_key->id;
    extents[count++] = {other_key->key.salt, other.section_view()};
  }
  std::array<Hash, kLeavesAtOnce> leaves;
  hasher_.leaves({extents.data(), count}, leaves.data());
  for (std::size_t i = 1; i < count; ++i) ready_[i].leaf = leaves[i];
  return leaves[0];
}

}  // namespace tapdeck::storage
