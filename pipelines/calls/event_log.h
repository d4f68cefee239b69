// SIP transactions that belong to no call: counted, told as events where that is wanted, and asked
// which devices register.  A transaction is a request with its final response; what is seen of it
// again (retransmissions, the next hop) adds nothing but a count.
//
// Threads: the call-plane thread.  Memory: under 1 KiB a transaction, at most
// EventOptions::pending_max, and nothing where nothing is to be told.  Full: answered ones go
// first, then the oldest of the source that has most (flood_victims.h), counted.
// RFC 3261, 3428 (MESSAGE), 3903 (PUBLISH), 6665 (SUBSCRIBE, NOTIFY).
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "model/event.h"
#include "pipelines/calls/call_plane.h"
#include "pipelines/calls/event_options.h"
#include "pipelines/calls/flood_victims.h"
#include "pipelines/calls/hash_index.h"
#include "pipelines/calls/message_facts.h"
#include "pipelines/calls/registrations.h"
#include "storage/crypto.h"

namespace tapdeck::calls {

class EventLog {
 public:
  // Both outlive it.
  EventLog(const CallPlaneOptions& options, CallPlaneSink& sink, std::uint64_t seed);

  // A message of one of these methods that no call takes.
  void take(EventMethod method, const SeenMessage& message, std::int64_t timer_now_ns);
  void advance(std::int64_t timer_now_ns);
  void finish();  // tells what has no answer yet

  [[nodiscard]] const Registrations& registrations() const { return registrations_; }

  [[nodiscard]] const EventCounters& counters() const { return counters_; }

  [[nodiscard]] std::size_t pending() const { return pending_; }

 private:
  enum class State : std::uint8_t { kFree, kWaiting, kAnswered };

  // What a request says that its event does not.
  struct Open {
    EventRecord record;
    bool all_contacts = false;  // Contact: *
  };

  struct Slot {
    std::uint64_t key = 0;
    std::int64_t deadline_ns = 0;
    IpAddress source{};
    std::unique_ptr<Open> open;  // while it waits
    std::uint32_t generation = 1;
    std::uint32_t before = 0;  // neighbours in its list, 0: none
    std::uint32_t behind = 0;
    State state = State::kFree;
  };

  struct List {
    std::uint32_t first = 0;
    std::uint32_t last = 0;
  };

  [[nodiscard]] bool tells(EventMethod method) const {
    return options_.events.kept[static_cast<std::size_t>(method)];
  }

  [[nodiscard]] std::uint64_t key_of(EventMethod method, const SeenMessage& message) const;
  [[nodiscard]] std::uint32_t find(std::uint64_t key) const;
  void take_request(EventMethod method, const SeenMessage& message, std::int64_t timer_now_ns);
  void take_response(EventMethod method, const SeenMessage& message, std::int64_t timer_now_ns);
  void open(EventMethod method, const SeenMessage& message, Open& to);
  void learn_device(const SeenMessage& response, Open& request);
  void tell(Open& open);
  void make_room();
  std::uint32_t take_slot();
  void append(List& list, std::uint32_t index);
  void unlink(std::uint32_t index);
  void drop(std::uint32_t index);
  void give_up(std::uint32_t index);

  [[nodiscard]] List& list_of(const Slot& slot) {
    return slot.state == State::kWaiting ? waiting_ : answered_;
  }

  const CallPlaneOptions& options_;
  CallPlaneSink& sink_;
  std::uint64_t seed_;
  storage::Hasher hasher_;
  EventCounters counters_;
  Registrations registrations_;
  std::vector<Slot> slots_;  // the first is not used
  std::vector<std::uint32_t> free_;
  HashIndex by_key_;
  List waiting_;   // oldest first, and so by deadline
  List answered_;  // likewise
  std::size_t pending_ = 0;
  FloodVictims victims_;
};

}  // namespace tapdeck::calls
