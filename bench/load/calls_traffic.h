// The signalling of a network in which a given number of calls is always open: calls are set up as
// traffic::SipCall scripts them, and for each that is answered another one, chosen at random, hangs
// up.  Registrations, refused calls and retransmissions go on in between.
//
// Threads: the benchmark's one.  Memory: each call that is under way, one batch of messages, and a
// row of truth for each call.
#pragma once

#include <cstdint>
#include <queue>
#include <string>
#include <vector>

#include "bench/traffic/options.h"
#include "bench/traffic/random.h"
#include "bench/traffic/sip_call.h"
#include "model/signal.h"

namespace tapdeck::load {

class CallsTraffic {
 public:
  struct Options {
    std::uint32_t talking = 100'000;  // calls that are answered and not over, once ramped up
    traffic::TrafficOptions traffic;  // call_count and talk_mean_s are not used
  };

  explicit CallsTraffic(const Options& options);

  // The next `count` messages in order of time, fewer when no more will come.  They stay until the
  // next call, in no order of memory.
  const std::vector<SignalMessage>& next(std::size_t count);

  // No more calls begin, and all hang up.
  void drain();

  // What next() gave last.
  [[nodiscard]] const std::vector<SignalMessage>& batch() const { return batch_; }

  [[nodiscard]] bool ramped_up() const { return ramped_up_; }

  // Of each call begun, by its number: Call-IDs begin with it, in eight hexadecimal digits.
  struct Truth {
    traffic::Outcome outcome;
    std::uint32_t messages;
  };

  [[nodiscard]] const std::vector<Truth>& truth() const { return truth_; }

  [[nodiscard]] std::uint64_t registration_messages() const { return registration_messages_; }

 private:
  struct Open {
    traffic::SipCall call;
    std::size_t step = 0;
    std::int64_t shift_ns = 0;  // added to the times of its script
    bool registration = false;
    bool hung_up = false;
  };

  static constexpr std::uint32_t kNewCall = UINT32_MAX;
  static constexpr std::uint32_t kNewRegistration = UINT32_MAX - 1;

  struct Event {
    std::int64_t time_ns;
    std::uint64_t order;  // breaks ties
    std::uint32_t slot;   // of open_, or one of the above

    bool operator>(const Event& other) const {
      return time_ns != other.time_ns ? time_ns > other.time_ns : order > other.order;
    }
  };

  void push(std::int64_t time_ns, std::uint32_t slot) { events_.push({time_ns, order_++, slot}); }

  void begin(const Event& event);
  void emit(const Event& event);
  void plan_next(std::uint32_t slot, std::int64_t now_ns);
  void hang_up(std::size_t index, std::int64_t now_ns);

  struct Written {
    SignalMessage message;
    std::string text;
  };

  Options options_;
  traffic::Random random_;
  std::priority_queue<Event, std::vector<Event>, std::greater<>> events_;
  std::uint64_t order_ = 0;
  std::vector<Open> open_;
  std::vector<std::uint32_t> free_;
  std::vector<std::uint32_t> talking_;  // slots
  std::uint32_t registration_count_ = 0;
  std::uint64_t registration_messages_ = 0;
  std::int64_t now_ns_ = 0;
  bool ramped_up_ = false;
  bool draining_ = false;
  std::vector<Truth> truth_;
  std::vector<Written> written_;
  std::vector<SignalMessage> batch_;
  std::vector<std::uint8_t> bytes_;  // of the batch, in slots of equal size
};

}  // namespace tapdeck::load
