// The part of OfferAnswer that knows of T.38 in datagrams (RFC 3362): `m=image PORT udptl t38`.
#include <algorithm>

#include "pipelines/calls/offer_answer.h"

namespace tapdeck::calls {
namespace {

bool is_fax(const MediaLine& line) {
  return line.is_udptl && line.enabled && line.address.port != 0 &&
         !line.address.ip.is_unspecified();
}

}  // namespace

// A caller and a callee have such a line in force.  One that is only offered is no fax: most offers
// of one stand beside audio, or are refused.
bool OfferAnswer::agrees_on_fax() const {
  const auto has = [this](bool caller) {
    return std::any_of(sides_.begin(), sides_.end(), [caller](const Side& side) {
      return side.current != nullptr && (side.who.party == kCallerParty) == caller &&
             std::any_of(side.current->lines.begin(), side.current->lines.end(), is_fax);
    });
  };
  return has(true) && has(false);
}

// Behind those of RTP: where both share an address, it has both.
void OfferAnswer::add_fax_bindings(PoolVector<MediaBinding>& to) const {
  if (!agrees_on_fax()) return;
  for (const Side& side : sides_) {
    if (side.current == nullptr) continue;
    for (std::size_t index = 0; index < side.current->lines.size(); ++index) {
      const MediaLine& line = side.current->lines[index];
      if (!is_fax(line)) continue;
      const auto same = std::find_if(to.begin(), to.end(), [&](const MediaBinding& binding) {
        return binding.address == line.address;
      });
      if (same != to.end()) {
        same->fax = true;
        continue;
      }
      MediaBinding& binding = to.emplace_back();
      binding.address = line.address;
      binding.receiver = side.who.party;
      binding.kind = MediaKind::kFax;
      binding.media_index = static_cast<std::uint16_t>(index);
      binding.no_rtp = binding.fax = true;
    }
  }
}

}  // namespace tapdeck::calls
