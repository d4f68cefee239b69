// What commands ask of a store, whoever owns it: opened here (storage::Store) or served by a
// running capture over its control socket (control::RemoteStore).  Commands are written once
// against this interface. Threads: one caller at a time per object.  Memory: results are values;
// sinks see borrowed bytes, valid during the call only.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "base/result.h"
#include "model/call_query.h"
#include "model/chunk.h"
#include "model/event.h"
#include "storage/message_record.h"

namespace tapdeck::storage {

// Up to which packet time (UTC microseconds of arrival) a stream's media will survive a crash.
struct StreamDurability {
  Endpoint source{};
  Endpoint destination{};
  std::uint32_t ssrc = 0;
  std::int64_t durable_until_us = 0;
};

struct StoreStatistics {
  std::vector<std::pair<std::string, std::uint64_t>>
      figures;  // stable snake_case names, in display order
};

struct StoreFault {
  std::string where;  // file and offset, or key
  std::string what;
};

// Returning false stops the walk (not an error).
using SectionSink = std::function<bool(const SectionHeader& header, ByteView records)>;
using MessageSink = std::function<bool(const MessageRecord& message)>;

class StoreAccess {
 public:
  virtual ~StoreAccess() = default;

  virtual Result<CallPage> find_calls(
      const CallQuery& query) = 0;  // kInvalidArgument for a bad cursor
  virtual Result<EventPage> find_events(
      const EventQuery& query) = 0;                         // kInvalidArgument for a bad cursor
  virtual Result<CallRecord> get_call(const Uid& uid) = 0;  // newest version; kNotFound
  virtual Result<std::vector<CallRecord>> get_versions(
      const Uid& uid) = 0;  // oldest first, newest included

  // Media sections in (stream, sequence) order, streams in order of first arrival; messages in time
  // order.  What cannot be read (corrupt, key gone) ends the walk with an error after everything
  // readable before it.
  virtual Result<void> read_media(const Uid& uid, const SectionSink& sink) = 0;
  virtual Result<void> read_messages(const Uid& uid, const MessageSink& sink) = 0;
  virtual Result<std::vector<StreamDurability>> durability(const Uid& uid) = 0;

  virtual Result<StoreStatistics> statistics() = 0;
  virtual Result<std::vector<StoreFault>> check() = 0;  // empty: consistent
};

}  // namespace tapdeck::storage
