#include "apps/port_watch.h"

#include <array>
#include <cstdio>

#include "base/clock.h"
#include "base/log.h"

namespace tapdeck::apps {
namespace {

using engine::LinkState;

constexpr std::int64_t kTellEveryNs = kNsPerSecond;
constexpr std::int64_t kRetryNs = 10 * kNsPerSecond;

std::string place_of(const engine::Port& port) {
  return port.interface().empty() ? port.options().device : port.interface();
}

}  // namespace

std::string link_sentence(const engine::Port& port, LinkState now, std::uint64_t lost_ms) {
  const std::string name = "port " + port.options().name + ": ";
  switch (now) {
    case LinkState::kDown:
      return name + "no link on " + place_of(port) + "; nothing is captured there";
    case LinkState::kGone:
      return name + place_of(port) + " is gone; nothing is captured there until it is back";
    case LinkState::kUp: break;
  }
  std::array<char, 32> seconds{};
  std::snprintf(seconds.data(), seconds.size(), "%.1f", static_cast<double>(lost_ms) / 1e3);
  return name + place_of(port) + " has its link again after " + seconds.data() + " s";
}

void PortWatch::look(std::int64_t now_ns) {
  for (std::size_t i = 0; i < ports_.size(); ++i) {
    const LinkState state = ports_[i].look_at_link(now_ns);
    if (state == LinkState::kGone) reopen(ports_[i], seen_[i], now_ns);
    tell(ports_[i], seen_[i], now_ns);
  }
}

void PortWatch::reopen(engine::Port& port, Seen& seen, std::int64_t now_ns) {
  if (now_ns < seen.next_try_ns || !port.can_reopen()) return;
  seen.next_try_ns = now_ns + kRetryNs;
  port.take_away();
  if (!pass_a_step_()) return;
  const Result<bool> opened = port.reopen();
  if (opened) {
    seen.next_try_ns = 0;
    seen.failure_told = false;
    port.look_at_link(now_ns);
  } else if (!seen.failure_told) {
    seen.failure_told = true;
    log_error(opened.error().message + " It is tried again every 10 s.");
  }
}

void PortWatch::tell(const engine::Port& port, Seen& seen, std::int64_t now_ns) {
  const engine::PortLink& link = port.link();
  const LinkState state = link.state.load();
  const std::uint64_t losses = link.losses.value();
  if (state == seen.told && losses == seen.losses_told) return;
  if (now_ns - seen.told_ns < kTellEveryNs) return;
  const std::uint64_t lost_ms = link.lost_ms.value();
  const std::string sentence = link_sentence(port, state, lost_ms - seen.lost_ms_told);
  if (state == LinkState::kGone) {
    log_error(sentence);
  } else {
    log_warning(sentence);
  }
  if (state == LinkState::kUp) seen.lost_ms_told = lost_ms;
  seen.told = state;
  seen.told_ns = now_ns;
  seen.losses_told = losses;
}

}  // namespace tapdeck::apps
