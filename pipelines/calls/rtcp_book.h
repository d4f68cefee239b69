// What the RTCP of one call says of its streams: loss and jitter as their receivers reported them,
// and round trips as a tap can measure them.
//
// A round trip is that between the tap and the receiver: from the sender report that passed here
// to the report block that repeats its time (LSR), less what the receiver waited (DLSR).
// Threads: the call-plane thread.  Memory: one entry per stream, bounded; more are not followed.
// RFC 3550 section 6.4.
#pragma once

#include <array>
#include <cstdint>
#include <optional>

#include "base/pool_allocator.h"
#include "model/stream.h"

namespace tapdeck::calls {

constexpr std::size_t kRtcpStreamsMax = 256;

struct RtcpFigures {
  std::optional<double> loss_pct;       // worst fraction lost of all reports
  std::optional<std::uint32_t> jitter;  // of the latest report, timestamp units
  std::optional<double> rtt_ms;         // the latest that could be measured
};

class RtcpBook {
 public:
  // A stream as the media rows know it.
  struct StreamName {
    const Endpoint& source;
    const Endpoint& destination;
    std::uint32_t ssrc = 0;
    std::optional<std::uint8_t> party;  // who sends it
  };

  // Takes a report of kind kRtcp.  Those of several workers may come a little out of order.
  void take(const StreamReport& report);

  // What is known of the stream.  Of several with this SSRC, i.e. hops, the one whose addresses
  // agree best; where RTCP has addresses of its own, the parties must agree.
  [[nodiscard]] RtcpFigures about(const StreamName& stream) const;

 private:
  struct SenderReport {
    std::uint32_t ntp = 0;  // 0: none
    std::int64_t time_ns = 0;
  };

  struct Entry {
    std::uint32_t ssrc = 0;
    IpAddress sender_ip{};
    IpAddress receiver_ip{};
    std::uint8_t sender = kNoParty;
    bool reported = false;
    std::uint8_t fraction_lost = 0;
    std::uint32_t jitter = 0;
    std::int64_t jitter_ns = 0;                    // packet time of its report
    std::array<SenderReport, 2> sender_reports{};  // the newest first
    RtcpFacts unmatched{};                         // a block whose sender report has not come yet
    std::optional<std::int64_t> rtt_ns;
    std::int64_t rtt_time_ns = 0;
  };

  Entry* find_or_add(const StreamReport& report);
  static void take_sender_report(Entry& entry, const RtcpFacts& facts);
  static void take_block(Entry& entry, const RtcpFacts& facts);
  static bool measure(Entry& entry, const RtcpFacts& block);

  PoolVector<Entry> entries_;
};

}  // namespace tapdeck::calls
