#include "engine/decode/mpls.h"

#include "engine/decode/plausible.h"

namespace tapdeck::engine {
namespace {

constexpr std::size_t kLabelBytes = 4;
constexpr std::size_t kControlWordBytes = 4;
constexpr int kLabelsMax = 16;
constexpr std::uint32_t kBottom = 0x100;

}  // namespace

void decode_mpls(Walk& walk) {
  if (!enter(walk)) return;
  for (int labels = 0;; ++labels) {
    if (labels == kLabelsMax) return stop(walk, PacketClass::kTooDeep);
    if (!has(walk, kLabelBytes, PacketClass::kMalformedTunnel)) return;
    const auto label = load_be<std::uint32_t>(walk.bytes.data());
    skip(walk, kLabelBytes);
    if ((label & kBottom) != 0) break;
  }
  if (!has(walk, 1, PacketClass::kOtherMpls)) return;
  const unsigned nibble = walk.bytes[0] >> 4;
  if (plausible_ethernet(walk.bytes, walk.length)) {
    walk.next = Layer::kEthernet;
  } else if (plausible_ipv4(walk.bytes, walk.length)) {
    walk.next = Layer::kIpv4;
  } else if (plausible_ipv6(walk.bytes, walk.length)) {
    walk.next = Layer::kIpv6;
  } else if (nibble == 0 && walk.bytes.size() > kControlWordBytes &&
             plausible_ethernet(walk.bytes.subspan(kControlWordBytes),
                                walk.length - kControlWordBytes)) {
    skip(walk, kControlWordBytes);
    walk.next = Layer::kEthernet;
  } else {
    // An IP header that was cut is named so; anything else cannot be told.
    const bool cut = walk.length > walk.bytes.size() && walk.bytes.size() < 40;
    stop(walk, cut ? PacketClass::kTruncated : PacketClass::kOtherMpls);
  }
}

}  // namespace tapdeck::engine
