// A call of which nothing but media was seen, and what other calls do to one.
#include "pipelines/calls/call.h"
#include "pipelines/calls/unbound_media.h"

namespace tapdeck::calls {

Call::Call(const CallContext& context, const Origin& origin, const UnboundStart& start)
    : context_(context), muted_(origin.muted) {
  live_.handle = origin.handle;
  live_.uid = origin.uid;
  live_.priority = context.options.priority;
  live_.media.use_dtmf({.mask = context.options.mask_dtmf});
  live_.unbound = live_.established = true;
  live_.call_id = unbound_call_id(origin.uid);
  live_.realm = start.realm;
  live_.port_index = start.port_index;
  live_.vlan = start.vlan;
  live_.route = start.route;
  live_.times.first_seen_ns = live_.times.last_seen_ns = start.first_ns;
  live_.parties.open(start.source, start.destination);
  live_.media.pair({start.source, start.destination}, start.kind);
}

// As an earlier process knew it: its ends are the two parties.
void Call::restore_unbound() {
  live_.unbound = live_.established = true;
  live_.call_id = unbound_call_id(live_.uid);
  const auto& parties = live_.parties.all();
  if (parties.size() < 2 || !parties[0].ip || !parties[1].ip) return;
  live_.media.pair(
      {Endpoint{*parties[0].ip, parties[0].port}, Endpoint{*parties[1].ip, parties[1].port}},
      MediaKind::kUnknown);
}

void Call::begin_unbound(std::int64_t timer_now_ns) {
  last_signal_ns_ = last_media_ns_ = last_flush_ns_ = timer_now_ns;
  if (context_.policy != nullptr && context_.policy->active()) context_.policy->ask(live_);
  settle(live_.times.first_seen_ns, timer_now_ns);
}

void Call::yield(std::int64_t timer_now_ns) {
  is_taken_ = true;
  if (live_.ended) return;
  stop({EndReason::kMediaTimeout, HangupBy::kNone, live_.last_packet_ns()}, timer_now_ns);
}

bool Call::forbid(std::string_view rule) {
  if (muted_ || live_.is_forbidden()) return false;
  if (live_.policy == nullptr) live_.policy = std::make_unique<PolicyState>();
  live_.policy->joined = {config::RecordChoice::kNone, std::string(rule)};
  keep_no_more_than_allowed(live_.last_packet_ns());
  return true;
}

void Call::note_claim(const BindMessage& message) {
  if (context_.unbound == nullptr || live_.unbound || message.no_rtp) return;
  context_.unbound->note_claim(message);
}

// A call that is stored already must not be taken for media that nothing explains.
bool Call::is_claimed_silently() const {
  return context_.unbound != nullptr && context_.unbound->wanted();
}

}  // namespace tapdeck::calls
