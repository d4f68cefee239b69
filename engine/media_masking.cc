// The part of Media that makes keys unreadable (dtmf_mask.h): packets as they are copied into their
// chunk, and what is in the open chunk already when SDP tells of a payload type late.  What waited
// in quarantine is masked as it is adopted.
#include "engine/dtmf_mask.h"
#include "engine/media.h"

namespace tapdeck::engine {

void Media::take_dtmf_types(std::uint32_t stream, const DtmfTypes& types) {
  StreamHot& hot = streams_.hot(stream);
  StreamCold& cold = streams_.cold(stream);
  if (cold.dtmf == types) return;
  cold.dtmf = types;
  note_dtmf(hot, cold);
  if (hot.state != StreamState::kBound || hot.chunk == kNone || !may_have_dtmf(cold)) return;
  mask_records(pool_.at(hot.chunk), hot.fill.record_bytes, types, counters_);
}

// The packet that was appended to the stream's open chunk a moment ago.
void Media::mask_newest(std::uint32_t stream, std::size_t packet_bytes) {
  const StreamHot& hot = streams_.hot(stream);
  std::uint8_t* const end = pool_.at(hot.chunk).records.data() + hot.fill.record_bytes;
  if (mask_dtmf({end - packet_bytes, packet_bytes}, streams_.cold(stream).dtmf) ==
      MaskVerdict::kBadBlocks) {
    counters_.drop(DropReason::kRedMalformed);
  }
}

}  // namespace tapdeck::engine
