// What the way from packets to whole SIP messages counts, each thing under its own name.  A count
// here says how signalling came or what was not understood of it; none is an error of Tapdeck's.
// Threads: one writer, the call-plane thread.  Memory: a few hundred bytes.
#pragma once

#include "base/counter_table.h"

namespace tapdeck::sip {

// X(enumerator, name, help)
#define TD_STREAM_COUNTS(X)                                                                       \
  X(kDuplicateMessage, duplicate_message, "UDP: the same packet, seen by two mirrors")            \
  X(kDuplicateSegment, tcp_duplicate, "TCP: the same segment, seen by two mirrors")               \
  X(kRetransmitted, tcp_retransmitted, "segments that brought nothing new")                       \
  X(kReordered, tcp_out_of_order, "segments that came too early and were held")                   \
  X(kGap, tcp_gap, "bytes that never came: skipped")                                              \
  X(kCutSegment, tcp_cut, "segments that the capture holds in part")                              \
  X(kMidStream, tcp_mid_stream, "directions whose beginning was not seen")                        \
  X(kUnsynchronised, tcp_unsynchronised, "segments before the first message of such a direction") \
  X(kReused, tcp_reused, "connections begun anew on the same ports")                              \
  X(kSynDoubted, tcp_syn_doubted, "SYN amid a connection: it may be forged")                      \
  X(kReset, tcp_reset, "connections ended by RST")                                                \
  X(kResetIgnored, tcp_reset_ignored, "RST out of sequence: it may be forged")                    \
  X(kEvicted, tcp_evicted, "connections forgotten for lack of room")                              \
  X(kIdle, tcp_idle, "connections forgotten after long silence")                                  \
  X(kMessageLost, stream_message_lost, "messages begun, of which the rest is lost")               \
  X(kMessageCut, stream_message_cut, "messages that the capture holds in part: passed on so")     \
  X(kMessageTooLong, stream_message_long, "messages longer than may be kept")                     \
  X(kWithoutLength, stream_without_length, "messages with a body, without its length")            \
  X(kGarbage, stream_garbage, "runs of bytes between messages")                                   \
  X(kForeign, stream_not_sip, "directions that carry something else")                             \
  X(kKeepAlive, stream_keep_alive, "CRLF, WebSocket ping and pong")                               \
  X(kWebSocketCompressed, websocket_compressed, "permessage-deflate: not understood")             \
  X(kWebSocketBad, websocket_bad, "frames that RFC 6455 forbids")                                 \
  X(kHepPackets, hep_packets, "HEP packets")                                                      \
  X(kHepBad, hep_bad, "HEP: chunks that contradict the packet")                                   \
  X(kHepCompressed, hep_compressed, "HEP: compressed payload, not understood")                    \
  X(kHepRtcp, hep_rtcp, "HEP: RTCP, as it was sent or in JSON, taken as if seen")                 \
  X(kHepRtcpLost, hep_rtcp_lost, "HEP: RTCP not understood, or there was no room for it")         \
  X(kHepOther, hep_other, "HEP: logs and other protocols, not used")                              \
  X(kHepWildTime, hep_wild_time, "HEP: its time is not credible, packet time taken")

TD_COUNTER_TABLE(StreamCount, kStreamCountNames, TD_STREAM_COUNTS)

using StreamCounters = CounterTable<StreamCount>;

}  // namespace tapdeck::sip
