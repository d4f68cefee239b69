#include "engine/sip_detector.h"

#include <algorithm>

#include <hs/hs_runtime.h>

namespace tapdeck::engine {
namespace {

constexpr std::size_t kProbeBytes = 512;  // of a masked frame

int note_match(unsigned id, unsigned long long, unsigned long long, unsigned, void* context) {
  *static_cast<Signalling*>(context) = static_cast<Signalling>(id);
  return 1;  // one is enough
}

}  // namespace

Signalling SipDetector::scan(ByteView payload) const {
  Signalling found = Signalling::kOther;
  const auto length = static_cast<unsigned>(std::min(payload.size(), kLookedAtBytes));
  ::hs_scan(database_,
            reinterpret_cast<const char*>(payload.data()),
            length,
            0,
            scratch_,
            note_match,
            &found);
  return found;
}

Signalling SipDetector::find_in_stream(ByteView payload) const {
  if (payload.size() < 8) return Signalling::kOther;
  const std::uint8_t first = payload[0];
  // A first or only frame of text or binary, without extensions (RFC 6455 5.2).
  const bool may_be_frame = (first & 0x7f) == 1 || (first & 0x7f) == 2;
  return may_be_frame ? find_in_frame(payload) : find(payload);
}

Signalling SipDetector::find_in_frame(ByteView payload) const {
  const bool is_masked = (payload[1] & 0x80) != 0;
  const std::uint8_t length = payload[1] & 0x7f;
  const std::size_t mask_at = 2U + (length == 126 ? 2U : length == 127 ? 8U : 0U);
  const std::size_t begin = mask_at + (is_masked ? 4U : 0U);
  if (payload.size() <= begin) return Signalling::kOther;
  const ByteView content = payload.subspan(begin);
  Signalling found = Signalling::kOther;
  if (is_masked) {
    std::array<std::uint8_t, kProbeBytes> text;
    const std::size_t count = std::min(content.size(), text.size());
    for (std::size_t i = 0; i < count; ++i) {
      text[i] = static_cast<std::uint8_t>(content[i] ^ payload[mask_at + i % 4]);
    }
    found = find(ByteView{text}.first(count));
  } else {
    found = find(content);
  }
  return found == Signalling::kSip ? Signalling::kWebSocket : Signalling::kOther;
}

}  // namespace tapdeck::engine
