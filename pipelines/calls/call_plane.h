// The call plane: turns signalling messages and stream reports into calls, bindings and call
// records.  Knows no thread, ring or disk: the program feeds it in time order and takes what it
// says through CallPlaneSink.
//
// Threads: every method on the one call-plane thread.  Memory: all call state, bounded by
// CallPlaneOptions::calls_max (the least useful call is closed early and counted).  Errors: bad
// messages are counted by verdict and dropped.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/counter_table.h"
#include "model/binding.h"
#include "model/call.h"
#include "model/event.h"
#include "model/pause.h"
#include "model/signal.h"
#include "model/stream.h"
#include "pipelines/calls/call_plane_sink.h"
#include "pipelines/calls/call_policy.h"
#include "pipelines/calls/event_options.h"
#include "pipelines/numbers/numbering.h"
#include "pipelines/signalling/tcp_limits.h"

namespace tapdeck::calls {

// Of one class.
struct RetentionTerms {
  std::string name = "default";
  // Each expires at start + this; 0: never.
  std::int64_t kept_us = 0;  // media
  std::int64_t sip_kept_us = 0;
  std::int64_t cdr_kept_us = 0;
  bool locked = false;
  std::int64_t max_us = 0;  // at start + this at the latest, however lengthened; 0: any time
};

struct CallPlaneOptions {
  std::string node;                     // CallRecord::node
  std::vector<std::string> port_names;  // CallRecord::port by SignalMessage::port_index
  std::vector<std::string> realm_names;
  numbers::NumberingOptions numbering;
  sip::TcpLimits tcp;
  EventOptions events;
  std::vector<RetentionTerms> retention_classes{{}};  // at least one
  std::uint16_t retention_class = 0;                  // of calls for which no rule names another
  std::uint8_t priority = config::kPriorityNormal;    // of calls for which no rule says another
  bool mask_dtmf = true;                              // likewise: OfferAnswer::use_dtmf()
  std::uint16_t worker_count = 1;                     // kReleased answers to wait for
  std::uint32_t calls_max = 600'000;
  std::int64_t hold_back_ns =
      20'000'000;  // messages wait this long for earlier ones of other workers; 0 in ingest
  std::int64_t message_flush_ns =
      1'000'000'000;  // keep_messages() at answer, at the end, and this often
  std::int64_t late_media_ns =
      2'000'000'000;  // after the end of a call, its streams may still get packets
  std::int64_t media_timeout_ns =
      60'000'000'000;  // an answered call without media and signalling ends, unless on hold
  std::int64_t setup_timeout_ns = 300'000'000'000;  // an INVITE without final answer ends
  std::int64_t dialog_idle_ns =
      7'200'000'000'000;  // an answered call without any media ever ends (session_expired)
  std::int64_t restart_timeout_ns =
      60'000'000'000;  // reloaded calls that stay silent become interrupted
  std::int64_t pause_limit_ns = 1'800'000'000'000;  // a pause that nobody ends ends by itself
  PolicySources policy;                             // as swap_policy() takes them
  bool class_by_policy = false;                     // false: every call is of `retention_class`
  std::vector<std::string> kept_headers;            // CallClaims::headers
  std::vector<std::string> conversation_headers;    // whose value names a conversation
  std::uint32_t conversation_legs_max = 32;
  std::int64_t conversation_keep_ns = 600'000'000'000;  // after its last call
  std::function<bool(const Uid&)>
      already_final;  // ingest: true when the store has a final record of this uid; asked once per
                      // call, before anything is said of it; may be empty
};

// How much room there is for media, all workers taken together.
struct MediaRoom {
  // Of the chunks that no stream is filling, the share that is free, on the worker with the least:
  // 1 while the disk keeps up, 0 when all of them wait for it.
  double spare = 1;
  std::uint64_t streams = UINT64_MAX;  // that could begin to be recorded now
  // The disk is nearly full: calls of a lower priority are not recorded; kPriorityNone: none is.
  std::uint16_t priority_min = 0;
};

constexpr std::uint16_t kPriorityNone = UINT8_MAX + 1;

// Why calls are not recorded, the worst reason there is.
enum class MediaPressure : std::uint8_t {
  kNone,         // every call is recorded
  kStreamsFull,  // new ones are refused: there are as many streams as tables and chunks hold
  kDiskFull,     // new ones are refused, of the lowest priority first: the disk is nearly full
  kDiskBehind,   // new ones are refused: media waits for the disk
  kCutting,      // running recordings are cut short: nearly all chunks wait for the disk
};

struct ConversationFigures {
  std::uint64_t known = 0;    // now
  std::uint64_t joined = 0;   // calls that joined another
  std::uint64_t merged = 0;   // conversations that turned out to be one
  std::uint64_t refused = 0;  // calls that were not joined: too many share what would join them
  std::uint64_t evicted = 0;  // forgotten for lack of room
};

struct CallPlaneFigures {
  std::uint64_t messages = 0;  // whole ones, duplicates of mirrors left out
  std::uint64_t calls_started = 0;
  std::uint64_t calls_ended = 0;
  std::uint64_t calls_open = 0;
  std::uint64_t already_present = 0;
  // All of their rows, zeros included.
  std::vector<NamedCount> rejected;  // plane_counters.h, as the next two
  std::vector<NamedCount> repaired;
  std::vector<NamedCount> sdp;
  std::vector<NamedCount> assembly;       // signalling/stream_counters.h
  std::vector<NamedCount> events;         // event_options.h
  std::uint64_t events_pending = 0;       // now
  std::uint64_t registrations = 0;        // now
  std::optional<IpAddress> flood_source;  // whose unanswered calls were given up last
  // For lack of room; answered calls.
  std::uint64_t recordings = 0;  // now
  std::uint64_t cut_now = 0;     // of the running ones
  std::uint64_t calls_refused = 0;
  std::uint64_t calls_cut = 0;
  std::uint64_t calls_restored = 0;
  MediaPressure pressure = MediaPressure::kNone;
  numbers::NumberingFigures numbers;
  ConversationFigures conversations;
  std::vector<NamedCount> unbound;  // unbound_media.h
};

// What the store has of a call that an earlier process left open.
struct KeptCall {
  const std::vector<SignalMessage>& messages;
  const std::vector<StreamReport>& media;  // statistics of its streams; may be empty
};

class CallPlane {
 public:
  static std::unique_ptr<CallPlane> create(CallPlaneOptions options, CallPlaneSink& sink);
  virtual ~CallPlane() = default;

  // Takes a copy of what it needs; `message` is free on return: a UDP payload or a TCP segment.
  // They may come slightly out of order across workers.
  virtual void on_message(const SignalMessage& message) = 0;

  // In order.  As many at a time as there are: their calls are asked for together.
  virtual void on_reports(std::span<const StreamReport> reports) = 0;

  void on_report(const StreamReport& report) { on_reports({&report, 1}); }

  // The drop counter of a capture port rose between these two times (UTC, at most about a second
  // apart): what streams lost meanwhile is `lost_suspect`.
  virtual void on_port_drops(std::uint16_t port_index,
                             std::int64_t from_ns,
                             std::int64_t to_ns) = 0;

  // How much room there is now.  Where it is never told there is enough.
  virtual void on_media_room(const MediaRoom& room, std::int64_t timer_now_ns) = 0;

  // Moves timers to `timer_now_ns` (monotonic live, packet time in ingest) and handles messages
  // whose hold-back is over.
  virtual void advance(std::int64_t timer_now_ns) = 0;

  // After a restart: continues `record` (in progress) from what was kept of it, bindings included.
  virtual void reload(const CallRecord& record,
                      const KeptCall& kept,
                      std::int64_t timer_now_ns) = 0;

  // Replaces the rules and the directory as a whole: for calls that come and for what open ones
  // tell from now on.  The former ones come back, so that the caller's thread frees them.
  virtual void swap_policy(PolicySources& sources) = 0;

  // Calls that join a paused conversation are paused from the same time on (conversation_rules.h).
  virtual PauseAnswer order_pause(const PauseOrder& order, std::int64_t timer_now_ns) = 0;

  // No more packets come: media that waits for a call to explain it is to be told of now.  False:
  // nothing of it is wanted.  Else workers and advance() are stepped until all of it is bound.
  virtual bool ask_for_unbound() = 0;

  // The capture ends: every open call is released; call advance() and on_report() until
  // open_call_count() is 0.
  virtual void finish(std::int64_t timer_now_ns) = 0;
  [[nodiscard]] virtual std::uint64_t open_call_count() const = 0;

  [[nodiscard]] virtual CallPlaneFigures figures() const = 0;  // this thread only
};

}  // namespace tapdeck::calls
