// From what workers pass on to whole SIP messages: TCP segments are put together, WebSocket and HEP
// are opened, duplicates of a double mirror are left out.  SIP in UDP goes straight through.  RTCP
// in HEP comes out beside them.
//
// Threads: the call-plane thread.  Memory: as TcpConnections and DuplicateFilter say.  Errors: all
// that is lost or not understood is counted under a name of stream_counters.h.
#pragma once

#include <cstdint>
#include <functional>

#include "model/signal.h"
#include "pipelines/signalling/stream_counters.h"
#include "pipelines/signalling/stream_duplicates.h"
#include "pipelines/signalling/tcp_connections.h"

namespace tapdeck::sip {

class SignalAssembler final : private ConnectionSink {
 public:
  // Told of each message; its bytes are good until it returns.  It must not call back.
  using Output = std::function<void(const SignalMessage&)>;

  // Told of each RTCP packet in HEP, in the same way; false when it came to nothing.
  using RtcpOutput = std::function<bool(const SignalMessage&)>;

  SignalAssembler(Output output,
                  RtcpOutput rtcp_output,
                  std::uint64_t seed,
                  const TcpLimits& limits = {});

  // Packets come in order of time: only then can a duplicate be told from a retransmission, and
  // what another worker saw earlier is known before what this one makes complete.
  void take(const SignalMessage& packet, std::int64_t timer_now_ns);

  void advance(std::int64_t timer_now_ns) { connections_.advance(timer_now_ns); }

  void finish() { connections_.finish(); }

  [[nodiscard]] const StreamCounters& counters() const { return counters_; }

 private:
  void on_sip(ByteView message, const SignalMessage& around) override;
  void on_hep(ByteView packet, const SignalMessage& around) override;
  void on_rtcp(ByteView payload, SignalMessage& inside);
  void tell(const SignalMessage& message, std::uint64_t teller);

  Output output_;
  RtcpOutput rtcp_output_;
  StreamCounters counters_;
  DuplicateFilter duplicates_;
  RetoldFilter retold_;
  bool has_agents_ = false;  // until then nothing is told twice
  TcpConnections connections_;
};

}  // namespace tapdeck::sip
