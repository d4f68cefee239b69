// A store as years of recording leave it, made in minutes: ended calls with a few packets of media
// and a message each, in real segments under real keys, with their rows and records.  What a call
// has is a function of its number, so that what is read back can be compared.
//
// Threads: the caller's.  Memory: one batch of calls.  Errors: the store's.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "bench/load/call_maker.h"
#include "model/chunk.h"
#include "storage/store.h"

namespace tapdeck::load {

// How long after it began each call is kept, all of it.
constexpr std::int64_t kKeptUs = 90 * kUsPerDay;

// Of `calls` on one day, all answered.
CallMaker retention_calls(std::uint64_t calls);

struct MadeStore {
  std::uint64_t payload_bytes = 0;  // of packets and messages
  double seconds = 0;
};

// Segments of about a thirtieth of the media each, from 1 MiB to 1 GiB.
storage::StoreOptions retention_store_options(const std::string& directory, std::uint64_t calls);

// Makes the store, fills it, and closes it: all of its segments are sealed then.
Result<MadeStore> make_retention_store(const storage::StoreOptions& options,
                                       const CallMaker& maker);

// Nothing at all: there is no such call, no media, no message.  Else what is still there.
Result<std::string> what_is_left(storage::StoreAccess& reader, const Uid& uid);

// Empty: the call, its media and its message are what was made.  Else what is not.
Result<std::string> what_is_wrong(storage::StoreAccess& reader,
                                  const CallMaker& maker,
                                  std::uint64_t call);

}  // namespace tapdeck::load
