// A bounds-checked look at one RTP packet (RFC 3550 section 5.1): header fields and where the
// payload lies, behind CSRCs and extension, before padding.
// Threads: any.  Memory: none; the payload is borrowed.  Bad bytes: nullopt.
#pragma once

#include <cstdint>
#include <optional>

#include "base/bytes.h"

namespace tapdeck::exports {

struct RtpView {
  std::uint8_t payload_type = 0;
  std::uint16_t sequence = 0;
  std::uint32_t timestamp = 0;
  std::uint32_t ssrc = 0;
  ByteView payload;
};

inline std::optional<RtpView> view_rtp(ByteView packet) {
  constexpr std::size_t kFixedBytes = 12;
  if (packet.size() < kFixedBytes || packet[0] >> 6 != 2) return std::nullopt;
  const bool padded = (packet[0] & 0x20) != 0;
  const bool extended = (packet[0] & 0x10) != 0;
  RtpView view;
  view.payload_type = packet[1] & 0x7f;
  view.sequence = load_be<std::uint16_t>(packet.data() + 2);
  view.timestamp = load_be<std::uint32_t>(packet.data() + 4);
  view.ssrc = load_be<std::uint32_t>(packet.data() + 8);
  Cursor cursor(packet);
  cursor.skip(kFixedBytes + std::size_t{4} * (packet[0] & 0x0f));
  if (extended) {
    cursor.skip(2);
    cursor.skip(std::size_t{4} * cursor.read_be<std::uint16_t>());
  }
  if (cursor.failed()) return std::nullopt;
  view.payload = cursor.read_bytes(cursor.remaining());
  if (!padded) return view;
  const std::size_t padding = view.payload.empty() ? 0 : view.payload.back();
  if (padding == 0 || padding > view.payload.size()) return std::nullopt;
  view.payload = view.payload.first(view.payload.size() - padding);
  return view;
}

}  // namespace tapdeck::exports
