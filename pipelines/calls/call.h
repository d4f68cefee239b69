// The life of one call: takes messages, reports and time; tells workers which addresses are its
// own, keeps its messages, puts its record at the answer and at the end.
//
// Open -> ended (addresses unbound) -> released (workers flush and report for the last time) ->
// done (final record put).  A refused caller that tries again opens it once more.
// Threads: the call-plane thread.  Memory: LiveCall and what waits in the message log.
#pragma once

#include <cstdint>
#include <optional>

#include "pipelines/calls/call_context.h"
#include "pipelines/calls/call_worth.h"
#include "pipelines/calls/live_call.h"
#include "pipelines/calls/message_log.h"
#include "pipelines/calls/recording_rank.h"
#include "pipelines/calls/signalling_rules.h"
#include "pipelines/calls/timers.h"

namespace tapdeck::calls {

struct UnboundStart;  // pipelines/calls/unbound_media.h

class Call {
 public:
  static void* operator new(std::size_t bytes) { return BlockPool::take(bytes); }

  static void operator delete(void* call, std::size_t bytes) { BlockPool::give(call, bytes); }

  struct Origin {
    CallHandle handle{};
    Uid uid{};
    bool muted = false;  // stored already: tracked, but nothing is said of it
  };

  // Asks for all of a call's own memory.
  static void prefetch(const Call* call) {
    const char* const begin = reinterpret_cast<const char*>(call);
    for (std::size_t at = 0; at < sizeof(Call); at += 64) __builtin_prefetch(begin + at, 1);
  }

  // Asks for what else a message of so many bytes will touch.
  void prefetch_parts(std::size_t message_bytes) const {
    live_.prefetch_parts();
    log_.prefetch(message_bytes);
  }

  // `first` is not taken yet: take_message() it.
  Call(const CallContext& context, const Origin& origin, const SeenMessage& first);
  // Media without signalling: begin_unbound() it.
  Call(const CallContext& context, const Origin& origin, const UnboundStart& start);
  // Continues a call in progress: replay() its messages, then resume().
  Call(const CallContext& context, const Origin& origin, const CallRecord& record);

  void take_message(const SeenMessage& message, std::int64_t timer_now_ns);
  void take_report(const StreamReport& report, std::int64_t timer_now_ns);
  void run_timers(std::int64_t timer_now_ns);
  void finish(std::int64_t timer_now_ns);  // the capture ends: no timer is waited for any more
  void evict(std::int64_t timer_now_ns);   // done() at once

  // A message that was kept by an earlier process: bindings follow from it, nothing else.
  void replay(const SeenMessage& message);
  // What the messages did not tell is taken from `record`; the call must then prove to be alive.
  void resume(const CallRecord& record,
              const std::vector<StreamReport>& kept_media,
              std::int64_t timer_now_ns);

  // Of media without signalling (call_unbound.cc).
  void begin_unbound(std::int64_t timer_now_ns);
  // Another call has claimed its media: it ends, and its last record waits for let_go().
  void yield(std::int64_t timer_now_ns);

  void let_go() { is_taken_ = false; }

  // That call is not to be recorded, by this rule, nor was this one.  False: it is so already.
  bool forbid(std::string_view rule);
  // When run_timers() has something to do, kNever when nothing is waited for.
  [[nodiscard]] std::int64_t next_deadline_ns() const;

  // The call is answered, and what becomes of its media has been decided.
  [[nodiscard]] bool records() const {
    return !live_.is_forbidden() && keeping_decided_ && !live_.ended &&
           live_.keeping != Keeping::kUndecided;
  }

  void cut();      // there is no room for the rest of it
  void restore();  // there is again

  // Nothing from `pause.since_ns` on is kept until resume_recording(), or until its deadline.
  // False: it is so already, or the call has ended.
  // `late`: it is another leg's, and what this one has kept of it since goes.
  bool pause(const RecordingPause& pause, bool late = false);
  // Likewise of another leg's pause that is over.  False: there is nothing of it.
  bool destroy_paused(const Interval& paused);
  bool resume_recording(std::int64_t time_ns, PauseCause cause);
  // Another leg of its conversation has a stricter rule; true where that changes anything.
  bool restrict_by(const JoinedRule& rule, std::int64_t time_ns);
  // What a key of StreamReportKind::kKey, or those of an INFO, order where they end a code.
  std::optional<PauseTrigger> hear_keys(const StreamReport& report);
  std::optional<PauseTrigger> hear_keys(const MessageFacts& facts);

  [[nodiscard]] CallWorth worth() const {
    if (is_silent_) return CallWorth::kIdle;
    if (live_.established || !live_.streams.empty()) return CallWorth::kAnswered;
    return live_.provisional_seen && !live_.ended ? CallWorth::kRinging : CallWorth::kIdle;
  }

  [[nodiscard]] bool done() const { return final_told_; }

  [[nodiscard]] const LiveCall& live() const { return live_; }

  // Edges to other calls, for CallLinks.
  [[nodiscard]] std::vector<LiveEdge>& edges() { return live_.edges; }

  // A record that is out already is followed by another version.
  void set_conversation(const ConversationPlace& conversation) {
    if (live_.conversation == conversation) return;
    live_.conversation = conversation;
    if (answer_told_ && !live_.ended) put_record(false);
  }

  // True when a message with these tags belongs to a transaction or dialog of this call.
  [[nodiscard]] bool owns(const MessageFacts& facts) const;

  [[nodiscard]] std::uint64_t dropped_message_count() const { return log_.dropped(); }

  // Workers that were not waited for any more.
  [[nodiscard]] std::uint32_t silent_worker_count() const { return silent_workers_; }

  CallHandle predecessor{};        // the earlier call of the same Call-ID, while it lasts
  std::int64_t armed_ns = kNever;  // for which the plane's timer queue has an entry
  CallWorth listed_worth = CallWorth::kIdle;  // as the table has it
  std::optional<RecordingRank> rank{};        // as Recordings has it
  RecordingRanks::iterator place{};           // where it is listed as kept or cut
  Keeping listed = Keeping::kUndecided;
  bool promised = false;
  std::uint32_t conversation_slot = 0;  // as Conversations has it; 0: none

 private:
  void settle(std::int64_t time_ns, std::int64_t timer_now_ns);
  void tell_bindings(std::int64_t time_ns);
  void learn_address(const StreamReport& report);
  void restore_unbound();
  void note_claim(const BindMessage& message);
  [[nodiscard]] bool is_claimed_silently() const;
  void ask_policy(const SeenMessage& message);
  void keep_no_more_than_allowed(std::int64_t time_ns);
  void carry_out(const BindOrder& order);
  [[nodiscard]] std::uint16_t retention_class() const;
  [[nodiscard]] config::LogDetail log_detail() const;
  void decide_keeping(std::int64_t time_ns);
  void keep(Keeping keeping, std::int64_t time_ns);
  void tell(BindOperation operation, std::int64_t time_ns, const MediaBinding* binding = nullptr);
  void tell_end(std::int64_t timer_now_ns);
  void tell_release(std::int64_t timer_now_ns);
  void try_final(std::int64_t timer_now_ns);
  void give_up_silent_workers();
  void flush_messages(std::int64_t timer_now_ns);
  void put_record(bool final);
  void go_on_paused(const RecordingInfo& recording);
  [[nodiscard]] std::int64_t pause_limit_ns() const;
  void note_stored(const std::vector<StreamReport>& kept_media);
  void end_pause(PauseChange change, PauseCause cause, std::int64_t time_ns);
  void stop(const CallEnd& end, std::int64_t timer_now_ns);
  // Of an answered call: no more packets came.
  [[nodiscard]] CallEnd silent_end(EndReason reason) const;
  void stop_without_answer(EndReason reason, std::int64_t timer_now_ns);
  void run_open_timers(std::int64_t timer_now_ns);
  [[nodiscard]] bool hears_media() const;
  [[nodiscard]] bool closed_by_transaction() const;
  [[nodiscard]] std::int64_t release_ns() const;
  [[nodiscard]] std::int64_t final_ns() const;
  [[nodiscard]] std::int64_t open_deadline_ns() const;

  CallContext context_;
  LiveCall live_;
  MessageLog log_;
  bool muted_;
  bool keeping_decided_ = false;
  bool answer_told_ = false;
  bool end_told_ = false;
  bool final_told_ = false;
  bool hurried_ = false;
  bool is_taken_ = false;                           // yield()
  bool is_silent_ = false;                          // over, unless more of it comes
  std::optional<RecordingDecision> decision_told_;  // as its record has it
  std::uint32_t version_ = 0;
  std::uint32_t released_workers_ = 0;
  std::uint32_t silent_workers_ = 0;
  std::int64_t media_moved_ns_ = INT64_MIN / 2;  // packet time: SDP gave up an address
  // Timer times.
  std::int64_t last_signal_ns_ = 0;
  std::int64_t last_media_ns_ = 0;
  std::int64_t last_flush_ns_ = 0;
  std::int64_t ended_ns_ = 0;
  std::int64_t release_told_ns_ = 0;
  std::int64_t restart_deadline_ns_ = kNever;
};

}  // namespace tapdeck::calls
