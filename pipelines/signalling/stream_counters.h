// What the way from packets to whole SIP messages counts, each thing under its own name.  A count
// here says how signalling came or what was not understood of it; none is an error of Tapdeck's.
// Threads: one writer and reader, the call-plane thread.  Memory: a few hundred bytes.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace tapdeck::sip {

// X(enumerator, name)
#define TD_STREAM_COUNTS(X)                                                                      \
  X(kDuplicateMessage, duplicate_message)       /* UDP: the same packet, seen by two mirrors */  \
  X(kDuplicateSegment, tcp_duplicate)           /* TCP, likewise */                              \
  X(kRetransmitted, tcp_retransmitted)          /* segments that brought nothing new */          \
  X(kReordered, tcp_out_of_order)               /* segments that came too early and were held */ \
  X(kGap, tcp_gap)                              /* bytes that never came: skipped */             \
  X(kCutSegment, tcp_cut)                       /* segments that the capture holds in part */    \
  X(kMidStream, tcp_mid_stream)                 /* directions whose beginning was not seen */    \
  X(kUnsynchronised, tcp_unsynchronised)        /* segments before the first message of such */  \
  X(kReused, tcp_reused)                        /* connections begun anew on the same ports */   \
  X(kReset, tcp_reset)                          /* connections ended by RST */                   \
  X(kResetIgnored, tcp_reset_ignored)           /* RST out of sequence: it may be forged */      \
  X(kEvicted, tcp_evicted)                      /* connections forgotten for lack of room */     \
  X(kIdle, tcp_idle)                            /* connections forgotten after long silence */   \
  X(kMessageLost, stream_message_lost)          /* messages begun, of which the rest is lost */  \
  X(kMessageTooLong, stream_message_long)       /* messages longer than may be kept */           \
  X(kWithoutLength, stream_without_length)      /* messages with a body, without its length */   \
  X(kGarbage, stream_garbage)                   /* runs of bytes between messages */             \
  X(kForeign, stream_not_sip)                   /* directions that carry something else */       \
  X(kKeepAlive, stream_keep_alive)              /* CRLF, WebSocket ping and pong */              \
  X(kWebSocketCompressed, websocket_compressed) /* permessage-deflate: not understood */         \
  X(kWebSocketBad, websocket_bad)               /* frames that RFC 6455 forbids */               \
  X(kHepPackets, hep_packets)                                                                    \
  X(kHepBad, hep_bad)               /* chunks that contradict the packet */                      \
  X(kHepCompressed, hep_compressed) /* compressed payload: not understood */                     \
  X(kHepRtcp, hep_rtcp)             /* RTCP, as it was sent or in JSON: taken as if seen */      \
  X(kHepRtcpLost, hep_rtcp_lost)    /* of these: not understood, or there was no room */         \
  X(kHepOther, hep_other)           /* logs and other protocols: not used */                     \
  X(kHepWildTime, hep_wild_time)    /* its time is not credible: packet time taken */

enum class StreamCount : std::uint8_t {
#define X(enumerator, name) enumerator,
  TD_STREAM_COUNTS(X)
#undef X
      kCount
};

constexpr std::size_t kStreamCounts = static_cast<std::size_t>(StreamCount::kCount);

constexpr std::array<std::string_view, kStreamCounts> kStreamCountNames = {{
#define X(enumerator, name) #name,
    TD_STREAM_COUNTS(X)
#undef X
}};

class StreamCounters {
 public:
  void add(StreamCount which, std::uint64_t amount = 1) {
    values_[static_cast<std::size_t>(which)] += amount;
  }

  [[nodiscard]] std::uint64_t value(StreamCount which) const {
    return values_[static_cast<std::size_t>(which)];
  }

 private:
  std::array<std::uint64_t, kStreamCounts> values_{};
};

}  // namespace tapdeck::sip
