// The events of the call store, for its other sources: what is known of them without a look, and
// their part of check().  Keys: docs/formats/call_store.md.
// Threads: as CallStore::Impl.  Memory: none.
#pragma once

#include <cstdint>
#include <vector>

#include "storage/call_store.h"
#include "storage/call_store_recent.h"

namespace tapdeck::storage {

class Reader;

// What is known of the stored events, so that putting one rarely needs a look at them.
struct EventBounds {
  std::uint64_t count = 0;
  CallKey first{};    // none is before it
  CallKey newest{};   // none is behind it
  CallKey unended{};  // none before it has a time to go
};

Result<EventBounds> read_event_bounds(const CallStore::Impl& store);

// Compares the events with the terms under which they are found, both ways.
Result<void> check_events(const Reader& reader, std::vector<StoreFault>& faults);

}  // namespace tapdeck::storage
