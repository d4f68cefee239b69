// What the store tells of a call's streams: their statistics as a crash left them, counted anew
// from the packets that were kept.
//
// Threads: one, the store reader's.  Memory: one stream's state per stream of the call.  Media that
// cannot be read: what was readable before it counts.
#pragma once

#include <vector>

#include "model/ids.h"
#include "model/stream.h"
#include "storage/store_access.h"

namespace tapdeck::apps {

// One final report per stream, without a call's handle, in order of first arrival, and behind it
// one without statistics for each pause of it.  Jitter only where the payload type alone tells the
// clock.
std::vector<StreamReport> count_kept_media(storage::StoreAccess& store, const Uid& uid);

}  // namespace tapdeck::apps
