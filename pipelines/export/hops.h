// What a party says passes a tap twice where a media relay or an SBC lies between: mixed, the hops
// would be an echo.
//
// A relay that passes packets on keeps SSRC, sequence numbers and timestamps: such a stream is left
// out as a whole.  One that makes them anew, or transcodes, is told by its place: the same party's
// audio at the same time between two other hosts.  There one hop is heard while it has packets, the
// other when it has none, as when only one of them has an announcement.  So it is with branches of
// a forked call: an announcement of one that did not answer is heard, while nothing else is.
// Threads: one.
#pragma once

#include "model/call.h"
#include "pipelines/export/layout.h"
#include "pipelines/export/media_index.h"

namespace tapdeck::exports {

// `plan` has one entry for each stream of `index`.  First come those of whoever answered, of
// these the hop at the caller, of these the one that was seen first.
void leave_out_hops(const CallRecord& call, MediaIndex& index, WavPlan& plan);

}  // namespace tapdeck::exports
