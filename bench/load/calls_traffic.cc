#include "bench/load/calls_traffic.h"

#include <algorithm>
#include <cstring>
#include <utility>

#include "base/assert.h"
#include "base/clock.h"

namespace tapdeck::load {
namespace {

constexpr std::size_t kMessageSlotBytes = 2'048;  // as an element of the workers' message pool

}  // namespace

CallsTraffic::CallsTraffic(const Options& options)
    : options_(options), random_(options.traffic.seed) {
  now_ns_ = options_.traffic.start_us * kNsPerUs;
  push(now_ns_, kNewCall);
  if (options_.traffic.registrations_per_call > 0) push(now_ns_, kNewRegistration);
}

const std::vector<SignalMessage>& CallsTraffic::next(std::size_t count) {
  written_.clear();
  while (written_.size() < count && !events_.empty()) {
    const Event event = events_.top();
    events_.pop();
    now_ns_ = std::max(now_ns_, event.time_ns);
    if (event.slot == kNewCall || event.slot == kNewRegistration) {
      if (!draining_) begin(event);
    } else {
      emit(event);
    }
  }
  // Where a message lies has nothing to do with when it came, as in a pool that has been in use.
  std::vector<std::uint32_t> places(written_.size());
  for (std::uint32_t i = 0; i < places.size(); ++i) places[i] = i;
  for (std::uint32_t i = static_cast<std::uint32_t>(places.size()); i > 1; --i) {
    std::swap(places[i - 1], places[random_.below(i)]);
  }
  bytes_.resize(std::max(bytes_.size(), written_.size() * kMessageSlotBytes));
  batch_.clear();
  for (std::size_t i = 0; i < written_.size(); ++i) {
    const std::string& text = written_[i].text;
    TD_ASSERT(text.size() <= kMessageSlotBytes);
    std::uint8_t* const at = bytes_.data() + places[i] * kMessageSlotBytes;
    std::memcpy(at, text.data(), text.size());
    SignalMessage message = written_[i].message;
    message.bytes = at;
    message.length = static_cast<std::uint32_t>(text.size());
    batch_.push_back(message);
  }
  return batch_;
}

void CallsTraffic::drain() {
  draining_ = true;
  while (!talking_.empty()) hang_up(talking_.size() - 1, now_ns_);
}

// A call or registration begins, and the next of its kind is planned.
void CallsTraffic::begin(const Event& event) {
  const bool registration = event.slot == kNewRegistration;
  const double rate = options_.traffic.calls_per_second *
                      (registration ? options_.traffic.registrations_per_call : 1);
  push(event.time_ns + static_cast<std::int64_t>(random_.exponential(1e9 / rate)), event.slot);
  const auto number =
      registration ? registration_count_++ : static_cast<std::uint32_t>(truth_.size());
  Open open{.call = traffic::SipCall(
                {.number = number, .begin_ns = event.time_ns, .registration = registration},
                options_.traffic,
                traffic::pick_codec(random_, options_.traffic),
                random_),
            .registration = registration};
  if (!registration) {
    truth_.push_back({open.call.outcome(), static_cast<std::uint32_t>(open.call.steps().size())});
  }
  std::uint32_t slot = static_cast<std::uint32_t>(open_.size());
  if (free_.empty()) {
    open_.push_back(std::move(open));
  } else {
    slot = free_.back();
    free_.pop_back();
    open_[slot] = std::move(open);
  }
  plan_next(slot, event.time_ns);
}

void CallsTraffic::emit(const Event& event) {
  Open& open = open_[event.slot];
  const traffic::SipKind kind = open.call.steps()[open.step++].kind;
  SignalMessage message;
  message.time_ns = event.time_ns;
  message.order = event.order;
  message.source = open.call.source_of(kind);
  message.destination = open.call.destination_of(kind);
  written_.push_back({message, open.call.text(kind)});
  if (open.registration) ++registration_messages_;
  plan_next(event.slot, event.time_ns);
}

void CallsTraffic::plan_next(std::uint32_t slot, std::int64_t now_ns) {
  Open& open = open_[slot];
  if (open.step == open.call.steps().size()) {
    free_.push_back(slot);
    return;
  }
  const traffic::SipStep& step = open.call.steps()[open.step];
  if (step.kind != traffic::SipKind::kBye || open.hung_up) {
    push(std::max(now_ns, step.time_ns + open.shift_ns), slot);
    return;
  }
  talking_.push_back(slot);
  if (draining_) {
    hang_up(talking_.size() - 1, now_ns);
  } else if (talking_.size() > options_.talking) {
    ramped_up_ = true;
    hang_up(random_.below(static_cast<std::uint32_t>(talking_.size())), now_ns);
  }
}

void CallsTraffic::hang_up(std::size_t index, std::int64_t now_ns) {
  const std::uint32_t slot = talking_[index];
  talking_[index] = talking_.back();
  talking_.pop_back();
  Open& open = open_[slot];
  open.hung_up = true;
  open.shift_ns = now_ns - open.call.steps()[open.step].time_ns;
  push(now_ns, slot);
}

}  // namespace tapdeck::load
