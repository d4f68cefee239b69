// What the call plane has done: bindings for the workers, messages and records for the store.
// Threads: the call-plane thread.  Memory: passed on by value.
#pragma once

#include <cstdint>
#include <string>

#include "model/binding.h"
#include "model/call.h"
#include "model/event.h"
#include "model/media_span.h"
#include "model/pause.h"
#include "model/signal.h"

namespace tapdeck::calls {

// Where the call plane's decisions go.  Calls are made from inside the plane's methods, in order;
// implementations must not call back.
class CallPlaneSink {
 public:
  virtual ~CallPlaneSink() = default;

  virtual void bind(const BindMessage& message) = 0;  // to every worker, never lost

  // Encoded message records (storage/message_record.h) of one call, key material and DTMF blanked,
  // to be kept under its SIP key.
  virtual void keep_messages(const Uid& recording,
                             std::uint16_t retention_class,
                             std::string records) = 0;

  // A new version of a call's record.  `record.final` marks the last one: everything of this call
  // has been said before it.
  virtual void put_call(CallRecord record) = 0;

  // RTCP that a capture agent retold in HEP, with the addresses and the time it was seen with: it
  // is to be taken as if it had passed here.  False when it could not be passed on.
  [[nodiscard]] virtual bool pass_rtcp(const SignalMessage& packet) = 0;

  virtual void tell_pause(const PauseTold& /*told*/) {}

  // A policy forbids the media of a call that is being recorded: what was written of it is
  // destroyed for good, what was not is zeroed, and what comes later is not kept.  Its messages and
  // its record go on.
  virtual void shred_recording(const Uid& /*recording*/) {}

  // The same of its messages, and of the record that stands beside them.
  virtual void shred_messages(const Uid& /*recording*/) {}

  // The same of a stretch of its media, whose rest is kept.  What was written goes a chunk at a
  // time; another order with the same beginning takes the place of the first.
  virtual void shred_media(const Uid& /*recording*/,
                           const MediaSpan& /*span*/,
                           CutCause /*cause*/) {}

  // A transaction that belongs to no call, of a method of EventOptions::kept.
  // NOLINTNEXTLINE(performance-unnecessary-value-param): others keep it
  virtual void put_event(EventRecord /*event*/) {}
};

}  // namespace tapdeck::calls
