// What a call has to tell workers of a media address.
// Threads: plain values of the call-plane thread.  Memory: of the pool.
#pragma once

#include <algorithm>
#include <cstdint>

#include "base/pool_allocator.h"
#include "model/binding.h"
#include "pipelines/calls/dtmf_types.h"

namespace tapdeck::calls {

// An address that workers must know, and what they must know of it.
struct MediaBinding {
  Endpoint address{};
  std::uint8_t receiver = 0;
  MediaKind kind = MediaKind::kUnknown;
  std::uint16_t media_index = 0;
  bool no_rtp = false;  // of RTCP alone, or of a fax
  bool fax = false;     // T.38 in datagrams
  bool learnt = false;  // not from SDP, but from where media came
  bool paired = false;  // not from SDP, of a call without signalling: BindMessage::paired
  PoolVector<PayloadClock> clocks;
  BoundDtmfTypes dtmf{};  // empty: there are no keys, or nobody asks for them

  bool operator==(const MediaBinding& other) const {
    return address == other.address && receiver == other.receiver && kind == other.kind &&
           media_index == other.media_index && no_rtp == other.no_rtp && fax == other.fax &&
           learnt == other.learnt && paired == other.paired && dtmf == other.dtmf &&
           std::equal(clocks.begin(),
                      clocks.end(),
                      other.clocks.begin(),
                      other.clocks.end(),
                      [](const PayloadClock& a, const PayloadClock& b) {
                        return a.payload_type == b.payload_type &&
                               a.clock_rate_hz == b.clock_rate_hz;
                      });
  }
};

struct BindingChange {
  BindOperation operation = BindOperation::kBind;  // kBind or kUnbind
  MediaBinding binding;
};

}  // namespace tapdeck::calls
