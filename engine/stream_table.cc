#include "engine/stream_table.h"

#include "base/hash.h"

namespace tapdeck::engine {

StreamTable::StreamTable(Arena& arena, std::uint32_t streams_max, std::uint64_t hash_seed)
    : table_(arena, streams_max),
      pool_(arena, streams_max),
      keys_(arena.take<StreamKey>(streams_max + std::size_t{1})),
      hot_(arena.take<StreamHot>(streams_max + std::size_t{1})),
      cold_(arena.take<StreamCold>(streams_max + std::size_t{1})),
      hash_seed_(hash_seed) {}

std::uint64_t StreamTable::hash(const StreamKey& key) const {
  return hash_bytes({reinterpret_cast<const std::uint8_t*>(&key), sizeof key}, hash_seed_);
}

std::uint32_t StreamTable::create(const StreamKey& key, std::uint64_t hash) {
  const std::uint32_t index = pool_.take();
  if (index == kNone) return kNone;
  table_.insert(hash, index);
  keys_[index] = key;
  hot_[index] = {};
  cold_[index] = {};
  cold_[index].created = ++created_;
  return index;
}

void StreamTable::remove(std::uint32_t index) {
  TD_DCHECK(hot_[index].state != StreamState::kUnused);
  table_.erase(hash(keys_[index]), index);
  hot_[index].state = StreamState::kUnused;
  pool_.put(index);
}

}  // namespace tapdeck::engine
