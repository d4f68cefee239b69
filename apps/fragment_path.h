// From the fragments that workers pass on to what they were parts of: SIP, HEP and TCP segments of
// signalling go to the call plane as if a worker had sent them, RTP and RTCP back to the worker of
// their stream; tunnels are opened, fragments inside fragments put together in turn.  SIP over UDP
// whose first fragment is all that comes goes to the call plane as far as it is there.
//
// Threads: all methods on the call plane's thread; counters() anywhere.
// Memory: the reassembler's and the finder's, made in create().  Full: the oldest packet is given
// up and counted.
#pragma once

#include <memory>
#include <vector>

#include "apps/media_return.h"
#include "base/result.h"
#include "engine/arena.h"
#include "engine/reassembly/reassembler.h"
#include "engine/signal_finder.h"
#include "engine/worker.h"
#include "model/signal.h"
#include "pipelines/calls/call_plane.h"

namespace tapdeck::apps {

class FragmentPath {
 public:
  // `worker` says how whole packets are decoded: as workers do it.  `workers` get the media.
  static Result<std::unique_ptr<FragmentPath>> create(const engine::ReassemblyOptions& options,
                                                      const engine::WorkerOptions& worker,
                                                      std::vector<engine::WorkerRings*> workers);

  void take(const SignalMessage& fragment, std::int64_t timer_now_ns, calls::CallPlane& plane);

  // Gives up what has waited too long.
  void expire(std::int64_t timer_now_ns, calls::CallPlane& plane);

  // End of a capture: gives up what is not whole.
  void finish(calls::CallPlane& plane);

  [[nodiscard]] MediaReturn& media() { return media_; }

  [[nodiscard]] const engine::ReassemblyCounters& counters() const {
    return reassembler_->counters();
  }

 private:
  class Heads;

  FragmentPath(std::unique_ptr<engine::Reassembler> reassembler,
               engine::SipDetector detector,
               const engine::WorkerOptions& worker,
               std::vector<engine::WorkerRings*> workers);

  engine::ReassemblyCount count_for(const engine::Decoded& decoded,
                                    const engine::IpPacket& packet,
                                    SignalKind& kind);
  engine::Decoded decode_packet(engine::IpPacket& packet) const;
  void act_on(const engine::Decoded& decoded,
              const engine::IpPacket& packet,
              std::uint16_t queue,
              calls::CallPlane& plane);
  bool act_on_head(engine::IpPacket head, calls::CallPlane& plane);

  std::unique_ptr<engine::Reassembler> reassembler_;
  MediaReturn media_;
  const engine::DecodeRules rules_;
  const std::shared_ptr<const engine::RealmMap> realms_;  // may be none
  engine::Arena arena_;
  engine::SignalFinder finder_;  // decides as those of the workers do
};

}  // namespace tapdeck::apps
