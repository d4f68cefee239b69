#include "engine/dtmf_mask.h"

#include <algorithm>

#include "engine/chunker.h"
#include "engine/rtp/header.h"

namespace tapdeck::engine {
namespace {

constexpr std::size_t kEventBytes = 4;        // RFC 4733 section 2.3
constexpr std::size_t kBlockHeaderBytes = 4;  // RFC 2198 section 3, of all blocks but the last
constexpr std::uint8_t kMoreBlocks = 0x80;
constexpr std::uint8_t kTypeMask = 0x7f;

// Without header and padding.  Padding that would leave less than an event is none: where the
// capture cut the packet, its last byte is no count.
template <typename View>
View payload_of(View packet) {
  std::size_t begin = kRtpFixedBytes + (packet[0] & 0x0fU) * 4U;
  if ((packet[0] & 0x10) != 0) {
    begin += 4;
    if (begin > packet.size()) return {};
    begin += load_be<std::uint16_t>(packet.data() + begin - 2) * std::size_t{4};
  }
  if (begin >= packet.size()) return {};
  const View payload = packet.subspan(begin);
  const std::size_t padding = (packet[0] & 0x20) != 0 ? payload.back() : 0;
  return padding + kEventBytes <= payload.size() ? payload.first(payload.size() - padding)
                                                 : payload;
}

// Events of one packet stand one behind the other (RFC 4733 section 2.5.1.5); the last may be cut.
void mask_events(MutableByteView events) {
  for (std::size_t at = 0; at < events.size(); at += kEventBytes) {
    if (events[at] <= kLastKeyEvent) events[at] = kMaskedEvent;
  }
}

MaskVerdict mask_blocks(MutableByteView payload, const PayloadTypes& events) {
  const auto type_at = [&](std::size_t at) {
    return static_cast<std::uint8_t>(payload[at] & kTypeMask);
  };
  const auto length_at = [&](std::size_t at) {
    return std::size_t{load_be<std::uint16_t>(payload.data() + at + 2)} & 0x3ffU;
  };
  std::size_t last = 0;   // where the last block's header is
  std::size_t bytes = 0;  // of the blocks before that
  bool names_events = false;
  while (last + kBlockHeaderBytes <= payload.size() && (payload[last] & kMoreBlocks) != 0) {
    names_events = names_events || events.has(type_at(last));
    bytes += length_at(last);
    last += kBlockHeaderBytes;
  }
  const bool has_last = last < payload.size() && (payload[last] & kMoreBlocks) == 0;
  if (has_last) names_events = names_events || events.has(type_at(last));
  if (!names_events) return MaskVerdict::kDone;
  std::size_t block = has_last ? last + 1 : last;
  if (!has_last || bytes > payload.size() - block) {
    std::fill(payload.begin() + static_cast<std::ptrdiff_t>(block), payload.end(), kMaskedEvent);
    return MaskVerdict::kBadBlocks;
  }
  for (std::size_t at = 0; at < last; at += kBlockHeaderBytes) {
    const std::size_t length = length_at(at);
    if (events.has(type_at(at))) mask_events(payload.subspan(block, length));
    block += length;
  }
  if (events.has(type_at(last))) mask_events(payload.subspan(block));
  return MaskVerdict::kDone;
}

}  // namespace

MaskVerdict mask_dtmf(MutableByteView packet, const DtmfTypes& types) {
  if (packet.size() < kRtpFixedBytes) return MaskVerdict::kDone;
  const auto type = static_cast<std::uint8_t>(packet[1] & kTypeMask);
  if (!types.concerns(type)) return MaskVerdict::kDone;
  const MutableByteView payload = payload_of(packet);
  if (!types.events.has(type)) return mask_blocks(payload, types.events);
  if (types.guessed() && payload.size() != kEventBytes) return MaskVerdict::kDone;
  mask_events(payload);
  return MaskVerdict::kDone;
}

void mask_records(Chunk& chunk,
                  std::size_t record_bytes,
                  const DtmfTypes& types,
                  WorkerCounters& counters) {
  std::uint8_t* const records = chunk.records.data();
  for (std::size_t at = 0; at < record_bytes;) {
    const RecordHead head = read_head(records + at);
    const MutableByteView packet{records + at + kRecordHeaderBytes,
                                 head.bytes - kRecordHeaderBytes};
    at += head.bytes;
    if (head.kind != RecordKind::kRtp) continue;
    if (mask_dtmf(packet, types) == MaskVerdict::kBadBlocks) {
      counters.drop(DropReason::kRedMalformed);
    }
  }
}

bool may_need_masking(const StreamCold& cold) {
  if (!cold.mask_keys || cold.dtmf.events.empty()) return false;
  if (cold.payload_type_count == kStreamPayloadTypesMax) return true;  // others are not listed
  return std::any_of(cold.payload_types.begin(),
                     cold.payload_types.begin() + cold.payload_type_count,
                     [&](const PayloadCount& of) { return cold.dtmf.concerns(of.payload_type); });
}

// Older blocks repeat what packets of their own told.
std::optional<std::uint8_t> newest_key(ByteView packet, const DtmfTypes& types) {
  if (packet.size() < kRtpFixedBytes) return std::nullopt;
  const auto type = static_cast<std::uint8_t>(packet[1] & kTypeMask);
  if (!types.concerns(type)) return std::nullopt;
  const ByteView payload = payload_of(packet);
  std::size_t event = 0;
  if (!types.events.has(type)) {
    std::size_t header = 0;
    std::size_t older = 0;
    while (header + kBlockHeaderBytes <= payload.size() && (payload[header] & kMoreBlocks) != 0) {
      older += load_be<std::uint16_t>(payload.data() + header + 2) & 0x3ffU;
      header += kBlockHeaderBytes;
    }
    const bool has_newest = header < payload.size() && (payload[header] & kMoreBlocks) == 0;
    if (!has_newest || !types.events.has(payload[header])) return std::nullopt;
    event = header + 1 + older;
  }
  if (types.guessed() && payload.size() != kEventBytes) return std::nullopt;
  if (event >= payload.size() || payload[event] > kLastKeyEvent) return std::nullopt;
  return payload[event];
}

}  // namespace tapdeck::engine
