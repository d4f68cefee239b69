#include "model/chunk.h"

#include <algorithm>

namespace tapdeck {

CutPackets cut_packets(Chunk& chunk, std::int64_t from_us, std::int64_t to_us) {
  CutPackets cut;
  std::uint8_t* to = chunk.records.data();
  const std::uint8_t* from = to;
  const std::uint8_t* const end = from + chunk.section.record_bytes;
  std::int64_t last_us = chunk.section.base_us;
  while (from < end) {
    const RecordHead head = read_head(from);
    const std::int64_t time_us = chunk.section.base_us + head.delta_us;
    if (head.kind == RecordKind::kRtp && time_us >= from_us && time_us < to_us) {
      cut.from_us = cut.packets == 0 ? time_us : std::min(cut.from_us, time_us);
      cut.to_us = cut.packets == 0 ? time_us : std::max(cut.to_us, time_us);
      ++cut.packets;
    } else {
      std::memmove(to, from, head.bytes);
      to += head.bytes;
      last_us = std::max(last_us, time_us);
    }
    from += head.bytes;
  }
  std::memset(to, 0, static_cast<std::size_t>(end - to));
  chunk.last_us = last_us;
  chunk.section.record_bytes = static_cast<std::uint32_t>(to - chunk.records.data());
  chunk.section.packet_count -= cut.packets;
  return cut;
}

}  // namespace tapdeck
