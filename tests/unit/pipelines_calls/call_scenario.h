// Plays SIP messages and stream reports into a call plane on one clock and keeps what it says.
// Times are seconds after kEpochNs.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "model/media.h"
#include "pipelines/calls/call_plane.h"
#include "storage/message_record.h"

namespace tapdeck::calls {

constexpr std::int64_t kEpochNs = 1'700'000'000'000'000'000;

constexpr std::int64_t at_ns(double seconds) {
  return kEpochNs + static_cast<std::int64_t>(seconds * 1000 + 0.5) * 1'000'000;
}

constexpr std::int64_t at_us(double seconds) { return at_ns(seconds) / 1000; }

struct Sip {
  std::string method = "INVITE";
  int status = 0;  // 0: a request
  std::string phrase = "Phrase";
  int cseq = 1;
  std::string call_id = "call-1";
  std::string from_tag = "alice";
  std::string to_tag = {};
  std::string branch = "z9hG4bK1";
  int vias = 1;
  std::string headers = {};  // whole lines
  std::string sdp = {};      // or another body
  std::string type = "application/sdp";
  std::string from = "\"Alice\" <sip:+49711100@example.org>";
  std::string to = "<sip:200@example.org>";
  std::string uri = "sip:200;phone-context=x@example.org";

  [[nodiscard]] std::string text() const;
};

struct Line {
  std::string media = "audio";
  std::string ip = "10.0.0.1";
  int port = 4000;
  std::string formats = "0";
  std::string attributes = {};  // whole lines
  std::string proto = "RTP/AVP";
};

std::string sdp(const std::vector<Line>& lines);

// The callee's audio, as establish() has it: 10.0.0.2:5000.
Line callee_line(std::string attributes = {});

struct Loss {
  LossCause cause = LossCause::kWire;
  double from = 0;
  double to = 0;
  std::uint64_t packets = 0;
};

struct Rtp {
  std::string source;
  std::string destination;
  double first = 0;
  double last = 0;
  std::uint8_t sender = kNoParty;
  std::uint8_t receiver = kNoParty;
  std::uint64_t packets = 100;
  std::uint64_t expected = 100;
  std::uint64_t duplicates = 0;
  std::uint64_t lost_by_us = 0;
  std::uint8_t payload_type = 0;
  std::uint16_t media_index = 0;
  MediaKind kind = MediaKind::kAudio;
  std::uint32_t ssrc = 1;
  StreamReportKind report = StreamReportKind::kActivity;
  std::uint8_t key = 0;
  std::vector<Loss> losses = {};  // since the last report
};

// Streams between the addresses of establish(), a hundred packets without a loss.
Rtp caller_stream(double first, double last);
Rtp callee_stream(double first, double last);

class Scenario : public CallPlaneSink {
 public:
  explicit Scenario(CallPlaneOptions options = {});

  void bind(const BindMessage& message) override;
  void keep_messages(const Uid& recording, std::uint16_t, std::string records) override;
  void put_call(CallRecord record) override;

  bool pass_rtcp(const SignalMessage&) override { return true; }

  void put_event(EventRecord event) override { events.push_back(std::move(event)); }

  void tell_pause(const PauseTold& told) override {
    pauses.push_back(told.change);
    pause_causes.push_back(told.cause);
  }

  void shred_recording(const Uid& recording) override { shredded.push_back(recording); }

  void shred_messages(const Uid& recording) override { forgotten.push_back(recording); }

  void shred_media(const Uid& recording, const MediaSpan& span, CutCause cause) override {
    cut.emplace_back(recording, span);
    cut_causes.push_back(cause);
  }

  // From 10.1.0.1 to 10.1.0.2 and back: the caller's and the callee's signalling.
  void from_caller(double time_s, const Sip& sip) { pass(time_s, sip, "10.1.0.1", "10.1.0.2"); }

  void from_callee(double time_s, const Sip& sip) { pass(time_s, sip, "10.1.0.2", "10.1.0.1"); }

  void pass(double time_s, const Sip& sip, const std::string& source, const std::string& to);
  void pass_bytes(double time_s, const std::string& text);
  void stream(double time_s, const Rtp& rtp);  // of the call that was bound last
  void advance(double time_s);
  void finish(double time_s);

  // INVITE with an offer at t, 180 at t+1, 200 with an answer at t+3, ACK.
  void establish(double time_s = 0);
  void hang_up(double time_s, bool by_caller);

  struct Renegotiation {
    int cseq = 2;
    Line offer{};
    Line answer = callee_line();
    std::string method = "INVITE";
  };

  // An offer by the caller within the call and its answer half a second later.
  void renegotiate(double time_s, const Renegotiation& what);

  // The only final record; fails the test when there is none or more than one.
  [[nodiscard]] CallRecord final_record() const;
  [[nodiscard]] std::vector<CallRecord> finals() const;
  [[nodiscard]] std::map<std::string, CallRecord> finals_by_call_id() const;
  [[nodiscard]] std::vector<storage::MessageRecord> kept() const;
  // As a process that starts with what `before` kept: `told` is the call's last record there.
  void go_on(const Scenario& before,
             const CallRecord& told,
             const std::vector<StreamReport>& media = {},
             double time_s = 20);
  // The caller's at 11 s, of an established call; `headers` are of the answer to it.
  void hold(const std::string& headers = "");
  // "bind 10.0.0.1:4000" and so on, in order.
  [[nodiscard]] std::vector<std::string> bindings() const;
  [[nodiscard]] std::uint64_t rejected(const std::string& name) const;
  [[nodiscard]] std::uint64_t event_count(const std::string& name) const;

  std::vector<CallRecord> records;
  std::vector<BindMessage> binds;
  std::vector<EventRecord> events;
  std::vector<PauseChange> pauses;
  std::vector<PauseCause> pause_causes;  // of those
  std::vector<Uid> forgotten;
  std::vector<std::pair<Uid, MediaSpan>> cut;
  std::vector<CutCause> cut_causes;  // of those
  std::vector<Uid> shredded;
  std::vector<std::string> order;  // "bind", "keep", "put", "final" as they came
  std::string kept_bytes;
  bool answer_releases = true;
  std::uint64_t next_order = 0;
  std::unique_ptr<CallPlane> plane;

 private:
  void release();

  std::size_t released_ = 0;
};

}  // namespace tapdeck::calls
