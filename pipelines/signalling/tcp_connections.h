// The TCP connections that carry signalling: segments go in, whole messages come out.
//
// A connection is found by its addresses and realm, so that one that two ports mirror is one.  What
// does not come within `gap_ns` is given up, and sooner where its receiver has acknowledged it:
// then nobody sends it again, and the tap has missed it.  Silent connections are forgotten after
// `idle_ns`. Threads: the call-plane thread.  Memory: connections_max connections of about half a
// KiB, and what they hold, bytes_max in all.  Full: the connection that has been silent for longest
// is forgotten, and counted when it was not over.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <queue>
#include <unordered_map>
#include <vector>

#include "model/signal.h"
#include "pipelines/signalling/stream_counters.h"
#include "pipelines/signalling/stream_reader.h"
#include "pipelines/signalling/tcp_limits.h"
#include "pipelines/signalling/tcp_stream.h"

namespace tapdeck::sip {

// Takes what connections carry.  `around` says addresses, port, VLAN and the time at which it was
// complete; its bytes are not set.
class ConnectionSink {
 public:
  virtual ~ConnectionSink() = default;
  virtual void on_sip(ByteView message, const SignalMessage& around) = 0;
  virtual void on_hep(ByteView packet, const SignalMessage& around) = 0;
};

class TcpConnections {
 public:
  TcpConnections(const TcpLimits& limits,
                 std::uint64_t seed,
                 ConnectionSink& sink,
                 StreamCounters& counters);

  void take(const SignalMessage& segment, std::int64_t timer_now_ns);

  // Gives up gaps and connections that are due.
  void advance(std::int64_t timer_now_ns);

  // The capture is over: what waits for missing bytes waits no longer.
  void finish();

  [[nodiscard]] std::size_t count() const { return index_.size(); }

  [[nodiscard]] std::size_t held_bytes() const { return held_bytes_; }

 private:
  static constexpr std::uint32_t kNobody = UINT32_MAX;
  static constexpr std::uint8_t kDirections = 2;

  struct Key {
    Endpoint low{};  // the lesser of both ends
    Endpoint high{};
    RealmId realm = 0;

    bool operator==(const Key&) const = default;
  };

  struct KeyHash {
    std::uint64_t seed;
    std::size_t operator()(const Key& key) const;
  };

  static constexpr std::int64_t kNever = INT64_MAX;

  struct Direction {
    TcpStream stream;
    StreamReader reader;
    std::int64_t deadline_ns = kNever;  // the earliest of its entries in gaps_; timer
  };

  struct Connection {
    Key key{};
    std::array<Direction, kDirections> directions{};  // from low, from high
    SignalMessage last{};                             // segment, without its bytes
    std::int64_t seen_ns = 0;                         // timer
    std::uint32_t previous = kNobody;                 // by the last segment, the oldest first
    std::uint32_t next = kNobody;
    std::uint32_t index = 0;  // of itself
    std::uint32_t generation = 0;
    std::size_t counted_bytes = 0;  // in held_bytes_
    bool over = false;
  };

  struct GapDeadline {
    std::int64_t deadline_ns = 0;
    std::uint32_t connection = 0;
    std::uint32_t generation = 0;
    std::uint8_t direction = 0;

    bool operator>(const GapDeadline& other) const { return deadline_ns > other.deadline_ns; }
  };

  class Receiver;

  Connection& find_or_add(const SignalMessage& segment);
  void begin_anew(Connection& connection, const SignalMessage& segment, std::uint8_t direction);
  [[nodiscard]] static bool is_credible_reset(const Connection& connection,
                                              const SignalMessage& segment,
                                              std::uint8_t direction);
  void put(Connection& connection,
           const SignalMessage& segment,
           std::uint8_t direction,
           std::int64_t timer_now_ns);
  [[nodiscard]] std::int64_t gap_deadline_ns(const Direction& of) const;
  void watch_gap(Connection& connection, std::uint8_t direction);
  void skip_gap(Connection& connection, std::uint8_t direction);
  void flush(Connection& connection, std::uint8_t direction);
  void account(Connection& connection);
  void make_room();
  void forget(Connection& connection);
  void unlink(Connection& connection);
  void link_newest(Connection& connection);

  TcpLimits limits_;
  ConnectionSink& sink_;
  StreamCounters& counters_;
  std::unordered_map<Key, std::uint32_t, KeyHash> index_;
  std::deque<Connection> connections_;  // addresses stay
  std::vector<std::uint32_t> free_;
  std::priority_queue<GapDeadline, std::vector<GapDeadline>, std::greater<>> gaps_;
  std::uint32_t oldest_ = kNobody;
  std::uint32_t newest_ = kNobody;
  std::size_t held_bytes_ = 0;
};

}  // namespace tapdeck::sip
