// Media records as read from a segment and the RTP packets in them: any bytes may stand there.
#include <cstddef>
#include <cstdint>
#include <vector>

#include "base/assert.h"
#include "pipelines/export/media_index.h"
#include "pipelines/export/rtp_view.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  namespace exports = tapdeck::exports;
  std::vector<exports::PacketEntry> packets;
  std::size_t bytes = 0;
  const bool good = exports::for_each_record(
      tapdeck::SectionHeader{},
      {data, size},
      [&](tapdeck::RecordKind, std::int64_t arrival_us, tapdeck::ByteView record) {
        bytes += tapdeck::kRecordHeaderBytes + record.size();
        exports::PacketEntry entry;
        entry.arrival_us = arrival_us;
        if (const auto rtp = exports::view_rtp(record)) {
          TD_ASSERT(rtp->payload.size() + 12 <= record.size());
          entry.is_rtp = true;
          entry.sequence = rtp->sequence;
        }
        packets.push_back(entry);
      });
  TD_ASSERT(!good || bytes == size);
  const std::vector<exports::OrderedPacket> ordered = exports::order_packets(packets);
  for (std::size_t i = 1; i < ordered.size(); ++i) {
    TD_ASSERT(ordered[i].order > ordered[i - 1].order);
  }
  return 0;
}
