#include "pipelines/calls/call_plane.h"

#include <algorithm>
#include <array>
#include <optional>
#include <span>
#include <string>
#include <utility>

#include "pipelines/calls/call_links.h"
#include "pipelines/calls/call_table.h"
#include "pipelines/calls/claims_facts.h"
#include "pipelines/calls/conversation_rules.h"
#include "pipelines/calls/conversations.h"
#include "pipelines/calls/event_log.h"
#include "pipelines/calls/finished_calls.h"
#include "pipelines/calls/message_facts.h"
#include "pipelines/calls/message_group.h"
#include "pipelines/calls/message_queue.h"
#include "pipelines/calls/plane_counters.h"
#include "pipelines/calls/recordings.h"
#include "pipelines/calls/signalling_rules.h"
#include "pipelines/calls/timers.h"
#include "pipelines/calls/uid.h"
#include "pipelines/calls/unbound_media.h"
#include "pipelines/signalling/signal_assembler.h"
#include "storage/crypto.h"

namespace tapdeck::calls {
namespace {

// Table seeds are secret, so that nobody can aim Call-IDs at one bucket.  Nothing that is put out
// depends on them.
std::uint64_t random_seed() {
  std::array<std::uint8_t, sizeof(std::uint64_t)> bytes{};
  storage::random_bytes(bytes);
  return load_le<std::uint64_t>(bytes.data());
}

class StandardCallPlane final : public CallPlane {
 public:
  StandardCallPlane(CallPlaneOptions options, CallPlaneSink& sink)
      : options_(std::move(options)),
        recordings_([this](CallHandle handle) { return table_.find(handle); }),
        events_(options_, sink, random_seed()),
        policy_(options_.numbering.trunks),
        context_{
            options_, sink, drops_, recordings_, random_seed(), &events_.registrations(), &policy_},
        queue_(options_.hold_back_ns),
        assembler_([this](const SignalMessage& message) { collect(message); },
                   [&sink](const SignalMessage& packet) { return sink.pass_rtcp(packet); },
                   random_seed(),
                   options_.tcp),
        table_(std::max<std::uint32_t>(1, options_.calls_max), random_seed()),
        group_(header_choice_, table_),
        numbering_(options_.numbering, options_.realm_names, random_seed()),
        past_(options_.calls_max, random_seed()),
        conversations_(
            {std::max<std::uint32_t>(1, options_.calls_max),
             options_.conversation_legs_max,
             options_.conversation_keep_ns},
            [this](CallHandle handle) { return table_.find(handle); },
            random_seed()),
        links_(table_, conversations_, random_seed()),
        rules_(table_, conversations_, policy_, options_.pause_limit_ns),
        unbound_({options_, context_, table_, policy_, numbering_, [this](Call& call) {
                    settle(call);
                  }}) {
    context_.unbound = &unbound_;
    swap_policy(options_.policy);
  }

  void on_message(const SignalMessage& message) override { queue_.put(message, timer_now_ns_); }

  void on_reports(std::span<const StreamReport> reports) override;

  void on_port_drops(std::uint16_t port_index, std::int64_t from_ns, std::int64_t to_ns) override {
    drops_.add(port_index, from_ns, to_ns);
  }

  void on_media_room(const MediaRoom& room, std::int64_t now_ns) override {
    recordings_.observe(room, now_ns);
  }

  void advance(std::int64_t timer_now_ns) override;
  void reload(const CallRecord& record, const KeptCall& kept, std::int64_t timer_now_ns) override;
  void finish(std::int64_t timer_now_ns) override;

  bool ask_for_unbound() override { return unbound_.ask_for_rest(); }

  PauseAnswer order_pause(const PauseOrder& order, std::int64_t timer_now_ns) override;
  void swap_policy(PolicySources& sources) override;

  [[nodiscard]] std::uint64_t open_call_count() const override { return table_.size(); }

  [[nodiscard]] CallPlaneFigures figures() const override;

 private:
  enum class Which { kDue, kAll };

  void take_report(const StreamReport& report);
  void take_messages(Which which);
  void collect(const SignalMessage& message);
  void handle_group();
  void handle(const DueMessage& due);
  Call* route(const SeenMessage& message, std::uint64_t hash);
  Call* take_event(EventMethod method, const SeenMessage& message);
  Call* open(const SeenMessage& message, Call* predecessor);
  void make_room();
  void settle(Call& call);
  void settle_changed();
  void remove(Call& call);

  CallPlaneOptions options_;
  HeaderChoice header_choice_{HeaderNames(options_.kept_headers),
                              HeaderNames(options_.conversation_headers)};
  storage::Hasher hasher_;
  DropHistory drops_;
  Recordings recordings_;
  EventLog events_;
  CallPolicy policy_;
  CallContext context_;
  MessageQueue queue_;
  sip::SignalAssembler assembler_;  // behind the queue: it needs packets in order of time
  CallTable table_;
  MessageGroup group_;
  TimerQueue timers_;
  numbers::Numbering numbering_;
  PastCalls past_;
  Conversations conversations_;
  CallLinks links_;
  ConversationRules rules_;
  UnboundMedia unbound_;
  std::int64_t timer_now_ns_ = 0;
  std::uint64_t messages_ = 0;
  std::uint64_t calls_started_ = 0;
  std::uint64_t already_present_ = 0;
  PlaneCounters counters_;
};

void StandardCallPlane::on_reports(std::span<const StreamReport> reports) {
  for (const StreamReport& report : reports) table_.prefetch_slot(report.call.index);
  for (const StreamReport& report : reports) {
    if (const Call* call = table_.guess_call(report.call.index)) Call::prefetch(call);
  }
  for (const StreamReport& report : reports) {
    if (const Call* call = table_.guess_call(report.call.index)) call->live().streams.prefetch();
  }
  for (const StreamReport& report : reports) take_report(report);
}

void StandardCallPlane::take_report(const StreamReport& report) {
  Call* call = table_.find(report.call);
  if (call == nullptr) {
    if (report.kind == StreamReportKind::kOffer) return unbound_.take(report, timer_now_ns_);
    counters_.rejected.add(RejectReason::kReportWithoutCall);
    return;
  }
  call->take_report(report, timer_now_ns_);
  if (rules_.heed(*call, report, timer_now_ns_)) settle_changed();
  settle(*call);
}

void StandardCallPlane::advance(std::int64_t timer_now_ns) {
  timer_now_ns_ = std::max(timer_now_ns_, timer_now_ns);
  take_messages(Which::kDue);
  assembler_.advance(timer_now_ns_);
  handle_group();
  events_.advance(timer_now_ns_);
  while (const auto due = timers_.take_due(timer_now_ns_)) {
    if (const auto* next = timers_.next()) table_.prefetch_slot(next->call.index);
    Call* call = table_.find(due->call);
    if (call == nullptr || call->armed_ns != due->deadline_ns) continue;
    call->armed_ns = kNever;
    // At its own time, so that what follows from it is due at the same time however time is moved.
    call->run_timers(due->deadline_ns);
    settle(*call);
  }
  unbound_.advance(timer_now_ns_);
}

void StandardCallPlane::take_messages(Which which) {
  while (const auto packet =
             which == Which::kAll ? queue_.take_any() : queue_.take_due(timer_now_ns_)) {
    assembler_.take(*packet, timer_now_ns_);
  }
  handle_group();
}

// What came in UDP stays in the queue until the next put(), the rest is the assembler's only now.
void StandardCallPlane::collect(const SignalMessage& message) {
  ++messages_;
  const bool stays = message.transport == SignalTransport::kUdp;
  if (!stays) handle_group();
  group_.add(message);
  if (!stays || group_.full()) handle_group();
}

void StandardCallPlane::handle_group() {
  for (const DueMessage& message : group_.read()) handle(message);
}

void StandardCallPlane::handle(const DueMessage& due) {
  if (!due.result.facts) {
    counters_.rejected.add(reason_of(due.result.verdict));
    return;
  }
  if (due.result.verdict == sip::ParseVerdict::kRepaired) {
    counters_.count_repairs(due.result.facts->message->repairs());
  }
  const SeenMessage message{due.signal, *due.result.facts, &numbering_};
  counters_.count_troubles({message.facts.sdp_trouble, message.facts.metadata_trouble});
  Call* call = route(message, due.hash);
  if (call == nullptr) return;
  if (message.facts.may_join_calls()) conversations_.note(*call, message.facts, timer_now_ns_);
  call->take_message(message, timer_now_ns_);
  if (links_.concerns(*call, message.facts)) links_.on_message(*call, message, timer_now_ns_);
  if (rules_.heed(*call, message, timer_now_ns_)) settle_changed();
  settle(*call);
}

Call* StandardCallPlane::route(const SeenMessage& message, std::uint64_t hash) {
  const MessageFacts& facts = message.facts;
  Call* call = table_.find(hash, message.signal.realm, facts.call_id);
  if (call == nullptr) call = links_.target_of(message, timer_now_ns_);
  if (call != nullptr) {
    Call* earlier = table_.find(call->predecessor);
    if (earlier != nullptr && !call->owns(facts) && earlier->owns(facts)) return earlier;
    if (!starts_another_call(call->live(), message)) return call;
    return open(message, call);
  }
  if (const auto method = event_method_of(facts.method)) return take_event(*method, message);
  if (!may_open_call(facts)) {
    counters_.rejected.add(RejectReason::kNoCall);
    return nullptr;
  }
  const bool is_first =
      facts.is_request && facts.method == sip::Method::kInvite && facts.to_tag.empty();
  // A call that silence ended and that now ends itself has its row; one that goes on gets another.
  const bool goes_on = facts.is_request && (facts.method == sip::Method::kInvite ||
                                            facts.method == sip::Method::kUpdate);
  const RealmId realm = message.signal.realm;
  if ((!is_first && past_.has_finished(realm, facts.call_id, timer_now_ns_)) ||
      (!goes_on && past_.fell_silent(realm, facts.call_id, timer_now_ns_))) {
    counters_.rejected.add(RejectReason::kLate);
    return nullptr;
  }
  return open(message, nullptr);
}

// No call's, but for what comes late within the dialog of one.
Call* StandardCallPlane::take_event(EventMethod method, const SeenMessage& message) {
  const bool in_dialog = !message.facts.to_tag.empty();
  if (in_dialog && past_.has_finished(message.signal.realm, message.facts.call_id, timer_now_ns_)) {
    counters_.rejected.add(RejectReason::kLate);
  } else {
    events_.take(method, message, timer_now_ns_);
  }
  return nullptr;
}

Call* StandardCallPlane::open(const SeenMessage& message, Call* predecessor) {
  const CallHandle earlier = predecessor == nullptr ? CallHandle{} : predecessor->live().handle;
  make_room();
  Call::Origin origin;
  origin.handle = table_.next_handle();
  origin.uid = identify_call(
      {message.signal.realm, message.facts.call_id, message.facts.from_tag, message.time_ns()},
      hasher_);
  origin.muted = options_.already_final && options_.already_final(origin.uid);
  if (origin.muted) ++already_present_;
  ++calls_started_;
  Call& call = table_.add(std::make_unique<Call>(context_, origin, message));
  call.predecessor = earlier;
  return &call;
}

void StandardCallPlane::make_room() {
  if (!table_.full()) return;
  Call* victim = table_.find(table_.least_useful());
  counters_.rejected.add(victim->worth() == CallWorth::kAnswered ? RejectReason::kEvictedAnswered
                                                                 : RejectReason::kEvictedCall);
  victim->evict(timer_now_ns_);
  remove(*victim);
}

void StandardCallPlane::settle(Call& call) {
  recordings_.update(call, timer_now_ns_);
  if (call.done()) {
    remove(call);
    return;
  }
  if (call.worth() != call.listed_worth) {
    call.listed_worth = call.worth();
    table_.mark(call.live().handle, call.listed_worth);
  }
  // An entry that is too early is harmless: when it comes up, the next one is armed.
  const std::int64_t deadline_ns = call.next_deadline_ns();
  if (deadline_ns >= call.armed_ns) return;
  call.armed_ns = deadline_ns;
  timers_.arm({deadline_ns, call.live().handle});
  // Calls that were given up for others leave their timers behind: a flood must not pile them up.
  timers_.sweep([this](const TimerQueue::Entry& old) { return table_.find(old.call) == nullptr; });
}

PauseAnswer StandardCallPlane::order_pause(const PauseOrder& order, std::int64_t timer_now_ns) {
  timer_now_ns_ = std::max(timer_now_ns_, timer_now_ns);
  const PauseAnswer answer = rules_.obey(order, timer_now_ns_);
  settle_changed();
  return answer;
}

void StandardCallPlane::swap_policy(PolicySources& sources) {
  policy_.swap(sources);
  header_choice_.policy = HeaderNames(policy_.header_names());
  group_.choose(header_choice_);
  unbound_.choose();
}

void StandardCallPlane::settle_changed() {
  for (Call* call : rules_.take_changed()) settle(*call);
}

void StandardCallPlane::remove(Call& call) {
  recordings_.remove(call);
  conversations_.remove(call, timer_now_ns_);
  unbound_.remove(call, timer_now_ns_);
  const LiveCall& live = call.live();
  counters_.count_losses(
      call.dropped_message_count(), call.silent_worker_count(), live.streams.dropped());
  past_.add(live.realm,
            live.call_id,
            {.fell_silent = live.fell_silent(),
             .repeats_until_ns = timer_now_ns_ + kTransactionNs,
             .silent_until_ns = timer_now_ns_ + options_.dialog_idle_ns});
  table_.remove(live.handle);
}

void StandardCallPlane::reload(const CallRecord& record,
                               const KeptCall& kept,
                               std::int64_t timer_now_ns) {
  timer_now_ns_ = std::max(timer_now_ns_, timer_now_ns);
  make_room();
  ++calls_started_;
  const Call::Origin origin{.handle = table_.next_handle(), .uid = record.uid};
  Call& call = table_.add(std::make_unique<Call>(context_, origin, record));
  unbound_.adopt(call);
  if (record.recording.paused_since_us) rules_.note();
  for (const SignalMessage& signal : kept.messages) {
    const FactsResult result = group_.read_alone(signal);
    if (!result.facts || result.facts->call_id != record.call_id) continue;
    if (result.facts->may_join_calls()) conversations_.note(call, *result.facts, timer_now_ns_);
    call.replay({signal, *result.facts, &numbering_});
  }
  call.resume(record, kept.media, timer_now_ns_);
  settle(call);
}

void StandardCallPlane::finish(std::int64_t timer_now_ns) {
  timer_now_ns_ = std::max(timer_now_ns_, timer_now_ns);
  take_messages(Which::kAll);
  assembler_.finish();
  handle_group();
  events_.finish();
  for (const CallHandle handle : table_.handles()) {
    Call* call = table_.find(handle);
    call->finish(timer_now_ns_);
    settle(*call);
  }
}

CallPlaneFigures StandardCallPlane::figures() const {
  CallPlaneFigures figures;
  figures.messages = messages_;
  figures.calls_started = calls_started_ + unbound_.opened();
  figures.calls_ended = figures.calls_started - table_.size();
  figures.calls_open = table_.size();
  figures.already_present = already_present_ + unbound_.already_present();
  counters_.fill(figures);
  figures.assembly = named_counts(assembler_.counters(), sip::kStreamCountNames);
  figures.events = named_counts(events_.counters(), kEventCountNames);
  figures.events_pending = events_.pending();
  figures.registrations = events_.registrations().size();
  figures.flood_source = table_.flood_source();
  recordings_.fill(figures);
  figures.numbers = numbering_.figures();
  figures.conversations = conversations_.figures();
  figures.unbound = named_counts(unbound_.counters(), kUnboundCountNames);
  if (links_.evicted() > 0) figures.rejected.emplace_back("transfer_forgotten", links_.evicted());
  return figures;
}

}  // namespace

std::unique_ptr<CallPlane> CallPlane::create(CallPlaneOptions options, CallPlaneSink& sink) {
  return std::make_unique<StandardCallPlane>(std::move(options), sink);
}

}  // namespace tapdeck::calls
