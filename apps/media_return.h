// Brings media that the call plane's thread came by, RTP and RTCP put together of IP fragments and
// RTCP told of in HEP, to the worker that follows its stream.
//
// RTCP may go to any worker: all know all bindings.  RTP must meet the stream's other packets.
// Where workers are fed by their own reports it is known who has the stream; until one has told,
// packets go where the hash of `ingest` puts them, so that the first seconds of a stream that comes
// in part in fragments may be a row of their own behind a card that spreads packets otherwise.
//
// Threads: the call plane's thread; the counters as they say.  Memory: a row per stream in
// fragments, bounded: the one unused for longest is forgotten, which is counted.  Full: a packet
// for which its worker has no room is lost and counted.
#pragma once

#include <compare>
#include <cstdint>
#include <list>
#include <map>
#include <vector>

#include "engine/reassembly/counters.h"
#include "engine/rings.h"
#include "model/signal.h"
#include "model/stream.h"

namespace tapdeck::apps {

constexpr std::size_t kReturnedStreamsMax = 4'096;

class MediaReturn {
 public:
  MediaReturn(std::vector<engine::WorkerRings*> workers, engine::ReassemblyCounters& counters)
      : workers_(std::move(workers)), counters_(counters) {}

  // The worker to which `ingest` would give an IP packet, had it come in one piece.
  [[nodiscard]] std::uint16_t queue_of(ByteView datagram) const;

  // `packet` is the UDP payload, of kind kRtp or kRtcp; `queue` that of the outermost IP packet
  // that came in fragments.
  void give(const SignalMessage& packet, std::uint16_t queue);

  // RTCP that came in no fragments.  False when there is no room, or when it is none.
  [[nodiscard]] bool give_rtcp(const SignalMessage& packet);

  // Every report of a worker: it may tell whose a stream in fragments is.
  void observe(const StreamReport& report) {
    if (!homes_.empty()) learn(report);
  }

 private:
  struct Stream {
    Endpoint source{};
    Endpoint destination{};
    std::uint32_t ssrc = 0;
    RealmId realm = 0;

    auto operator<=>(const Stream&) const = default;
  };

  struct Home {
    std::uint16_t worker = 0;
    bool told = false;  // by a worker that has packets of it from elsewhere
    std::list<Stream>::iterator place{};
  };

  [[nodiscard]] std::uint16_t home_of(const SignalMessage& packet, std::uint16_t queue);
  void learn(const StreamReport& report);
  bool send(const SignalMessage& packet, std::uint16_t worker);

  std::vector<engine::WorkerRings*> workers_;
  engine::ReassemblyCounters& counters_;
  std::map<Stream, Home> homes_;
  std::list<Stream> by_use_;  // the one unused for longest first
};

}  // namespace tapdeck::apps
