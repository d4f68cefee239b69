// What the call plane tells every worker about media addresses: which call owns RTP to or from an
// address, from when, until when. Sent by value through each worker's binding ring; a full ring is
// retried by the sender, never dropped. Threads: plain value, one owner at every instant.  Memory:
// none.
#pragma once

#include <array>
#include <cstdint>
#include <type_traits>

#include "model/dtmf.h"
#include "model/ids.h"
#include "model/media.h"

namespace tapdeck {

// A call as workers know it: slot index and generation of the call plane's call table, so that a
// stale message is told from a current one.  Index 0 is never used; a zero handle means "no call".
struct CallHandle {
  std::uint32_t index = 0;
  std::uint32_t generation = 0;

  auto operator<=>(const CallHandle&) const = default;

  [[nodiscard]] bool is_none() const { return index == 0; }
};

enum class BindOperation : std::uint8_t {
  kBind,    // RTP to `address` (first choice) or from it (symmetric RTP) belongs to `call` from
            // `time_ns` on
  kUnbind,  // `address` takes no new streams for `call` after `time_ns`; streams it has stay with
            // it until kRelease
  kPause,   // keep statistics of `call`, write no media, from `time_ns` on
  kResume,  // write media of `call` again
  // Policy wants no media of `call`: statistics go on.  Nothing is missing then, so there are no
  // gaps; what has not left the worker yet is wiped.
  kMute,
  // It wants what comes from then on.  Of a call that is not muted, what waits from before is cut.
  kUnmute,
  // For lack of room, until kRestore; statistics go on.  The packets are counted as lost by us.
  kRefuse,   // nothing of `call` is to be kept: what has not left the worker yet is dropped
  kCut,      // write no more media of `call`; what is there already is kept
  kRestore,  // write media of `call` again
  kRelease,  // `call` is over: flush its chunks, report its streams as final, answer with
             // StreamReport::kReleased
  // Of no call, nothing else is looked at.  RTP that still waits in quarantine at the next report
  // of its stream is told of: StreamReportKind::kOffer, once a stream and each time this is said.
  kOfferUnbound,
  kOfferUnboundNow,  // once, without waiting for that
  kLeaveUnbound,     // no more, as at the start
};

constexpr std::size_t kPayloadClocksMax = 16;

struct BindMessage {
  BindOperation operation = BindOperation::kBind;
  MediaKind kind = MediaKind::kUnknown;
  std::uint8_t receiver =
      0;  // party id that declared `address` in SDP, i.e. who receives what is sent to it
  std::uint8_t payload_clock_count = 0;
  bool no_rtp =
      false;         // RTP there is not explained by it: `address` stands in a=rtcp, or is a fax's
  bool fax = false;  // T.38 in datagrams (UDPTL) to or from `address` is the call's; never kept
  bool keep = true;  // false: policy wants no media of this m-line; it is counted only
  bool mask_keys = true;   // keys are to be made unreadable before anything is kept
  bool tell_keys = false;  // each key is to be told: StreamReportKind::kKey
  bool paired = false;     // no SDP names `address`: RTP that nothing else explains is the call's
                           // where it claims both ends so
  bool learnt = false;     // SDP does not name `address`, but media of `call` came from it: RTP to
                           // it that nothing else explains is the call's
  RealmId realm = 0;
  std::uint16_t retention_class = 0;  // index into the configured classes
  std::uint16_t media_index = 0;      // index of the m-line
  CallHandle call{};
  Uid recording{};  // of the call; chunks are kept under it
  Endpoint address{};
  std::int64_t time_ns = 0;  // packet time of the message that caused this
  std::array<PayloadClock, kPayloadClocksMax>
      payload_clocks{};  // for jitter; static types need no entry
  // In which payload types keys travel; empty: in none, as in encrypted media, or nobody asks.
  DtmfTypes dtmf_to{};    // in RTP to `address`
  DtmfTypes dtmf_from{};  // in RTP from it whose destination no SDP names
};

static_assert(std::is_trivially_copyable_v<BindMessage>);

}  // namespace tapdeck
