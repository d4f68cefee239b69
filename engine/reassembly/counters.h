// What happened to IP fragments, and to the packets they made.
// Threads: one writer, the thread that puts them together; any thread reads.  Memory: none.
#pragma once

#include "base/counter_table.h"

namespace tapdeck::engine {

// X(enumerator, snake_case name, help)
#define TD_REASSEMBLY_COUNTS(X)                                                                   \
  X(kFragments, fragments, "fragments taken in")                                                  \
  X(kDuplicates, duplicates, "fragments: came before, byte for byte")                             \
  X(kMalformed, malformed, "fragments: lengths that contradict each other")                       \
  X(kRefused, refused, "fragments: of a packet that was dropped")                                 \
  X(kReassembled, reassembled, "packets: whole")                                                  \
  X(kOverlapping, overlapping, "packets: dropped, fragments overlap or contradict each other")    \
  X(kTimedOut, timed_out, "packets: a fragment did not come in time")                             \
  X(kEvicted, evicted, "packets: given up for newer ones, memory was full")                       \
  X(kIncomplete, incomplete, "packets: not whole at the end of the capture")                      \
  X(kSip, sip, "whole packets: signalling that is read")                                          \
  X(kSipCut, sip_cut, "packets: not whole, their beginning is SIP and passed on")                 \
  X(kMedia, fragmented_media, "whole packets: RTP or RTCP, given to the worker of their stream")  \
  X(kMediaLost,                                                                                   \
    fragmented_media_lost,                                                                        \
    "whole packets: RTP or RTCP that its worker had no room for")                                 \
  X(kMediaForgotten, fragmented_media_forgotten, "streams in fragments forgotten for newer ones") \
  X(kOther, other, "whole packets: neither")

TD_COUNTER_TABLE(ReassemblyCount, kReassemblyCountNames, TD_REASSEMBLY_COUNTS)

using ReassemblyCounters = CounterTable<ReassemblyCount>;

}  // namespace tapdeck::engine
