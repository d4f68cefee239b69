// Knows packets that a second mirror delivers again: the same bytes between the same addresses
// within a few milliseconds, with the same IP identification or by another port or VLAN.  No
// retransmission comes that soon (RFC 3261: T1 is 500 ms; RFC 6298: at least 200 ms in practice),
// and one has an identification of its own.
// Threads: the call-plane thread.  Memory: a table of fixed size, made at creation.  Full: the
// latest packet takes the place of an earlier one with the same slot, whose duplicate is then
// missed, i.e. taken for a retransmission.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "model/signal.h"

namespace tapdeck::sip {

class DuplicateFilter {
 public:
  static constexpr std::int64_t kWindowNs = 10'000'000;
  static constexpr std::size_t kSlots = 8'192;

  explicit DuplicateFilter(std::uint64_t seed) : seed_(seed), slots_(kSlots) {}

  // True when `packet` has just passed; remembers it otherwise.
  bool is_duplicate(const SignalMessage& packet);

 private:
  struct Slot {
    std::uint64_t hash = 0;
    std::int64_t time_ns = INT64_MIN / 2;
    std::uint16_t ip_id = 0;
    std::uint16_t port_index = 0;
    std::uint16_t vlan = 0;
  };

  std::uint64_t seed_;
  std::vector<Slot> slots_;
};

// Knows SIP messages that capture agents tell of more than once: the same bytes between the same
// addresses, by another agent or by the wire itself.  Agents have clocks of their own, so the
// window is wider, and still shorter than T1.  Threads, memory: likewise.
class RetoldFilter {
 public:
  static constexpr std::int64_t kWindowNs = 200'000'000;
  static constexpr std::size_t kSlots = 8'192;
  static constexpr std::uint64_t kWire = 0;

  explicit RetoldFilter(std::uint64_t seed) : seed_(seed), slots_(kSlots) {}

  // `teller`: kWire, or which agent it was.  True when another one has just told of `message`, or
  // the same agent of the same moment; remembers it otherwise.
  bool is_retold(const SignalMessage& message, std::uint64_t teller);

 private:
  struct Slot {
    std::uint64_t hash = 0;
    std::int64_t time_ns = INT64_MIN / 2;
    std::uint64_t teller = kWire;
  };

  std::uint64_t seed_;
  std::vector<Slot> slots_;
};

}  // namespace tapdeck::sip
