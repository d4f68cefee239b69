// A telephone network as a tap sees it: frames in order of time, and the truth about them.
//   Traffic traffic(options);  Frame frame;  while (traffic.next(frame)) sink.put(frame);
// Threads: one owner.  Memory: grows with the calls that are under way and a row of truth for each.
#pragma once

#include <cstdint>
#include <queue>
#include <unordered_map>
#include <vector>

#include "base/bytes.h"
#include "bench/traffic/frame.h"
#include "bench/traffic/options.h"
#include "bench/traffic/random.h"
#include "bench/traffic/rtp_stream.h"
#include "bench/traffic/sip_call.h"
#include "bench/traffic/truth.h"

namespace tapdeck::traffic {

struct Frame {
  std::int64_t time_ns = 0;  // UTC
  ByteView bytes{};          // Ethernet, borrowed until the next one
};

class Traffic {
 public:
  explicit Traffic(const TrafficOptions& options);

  // False when the last call is over.
  bool next(Frame& frame);

  // Of the frames given so far.
  [[nodiscard]] const Truth& truth() const { return truth_; }

 private:
  enum class EventKind : std::uint8_t { kCall, kRegistration, kSip, kSend, kArrival };

  struct Event {
    std::int64_t time_ns;
    std::uint64_t order;  // breaks ties
    EventKind kind;
    std::uint32_t number;  // of a call, registration or sender
    RtpPacket packet;

    bool operator<(const Event& other) const {  // the queue gives the greatest first
      return time_ns != other.time_ns ? time_ns > other.time_ns : order > other.order;
    }
  };

  struct Sender {
    RtpStream stream;
    std::uint32_t call;
    bool from_caller;
  };

  struct OpenCall {
    SipCall sip;
    std::size_t step = 0;
    bool registration = false;
  };

  void push(std::int64_t time_ns, EventKind kind, std::uint32_t number, const RtpPacket& packet);
  void begin_call(const Event& event);
  void begin_stream(std::uint32_t number, const SipCall& call, const Codec& codec, bool of_caller);
  void add_row(const Sender& sender, const SipCall& call);
  void send(const Event& event);
  void write_sip(const Event& event, Frame& frame);
  void write_arrival(const Event& event, Frame& frame);

  TrafficOptions options_;
  Random random_;
  Truth truth_{};
  std::priority_queue<Event> events_{};
  std::uint64_t order_ = 0;
  std::uint32_t call_count_ = 0;
  std::unordered_map<std::uint32_t, OpenCall> open_{};
  std::unordered_map<std::uint32_t, Sender> senders_{};
  std::uint32_t sender_count_ = 0;
  std::uint32_t dialog_count_ = 0;
  std::vector<std::uint32_t> highest_{};       // of each stream's row
  std::vector<std::uint8_t> payload_types_{};  // likewise
  FrameBuffer buffer_{};
};

}  // namespace tapdeck::traffic
