#include "engine/stream_table.h"

namespace tapdeck::engine {

StreamTable::StreamTable(Arena& arena, std::uint32_t streams_max, std::uint64_t hash_seed)
    : table_(arena, streams_max),
      pool_(arena, streams_max),
      hot_(arena.take<StreamHot>(streams_max + std::size_t{1})),
      cold_(arena.take<StreamCold>(streams_max + std::size_t{1})),
      hash_seed_(hash_seed) {}

std::uint32_t StreamTable::create(const StreamKey& key, std::uint64_t hash) {
  const std::uint32_t index = pool_.take();
  if (index == kNone) return kNone;
  table_.insert(hash, index);
  hot_[index] = {};
  hot_[index].key = key;
  cold_[index] = {};
  cold_[index].created = ++created_;
  return index;
}

void StreamTable::remove(std::uint32_t index) {
  TD_DCHECK(hot_[index].state != StreamState::kUnused);
  take_back(index);
  table_.erase(hash(hot_[index].key), index);
  hot_[index].state = StreamState::kUnused;
  pool_.put(index);
}

}  // namespace tapdeck::engine
