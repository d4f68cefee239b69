// Whole calls through the call plane, INVITE to BYE, with everything it says thrown away.
#include <memory>
#include <string>
#include <vector>

#include <benchmark/benchmark.h>

#include "pipelines/calls/call_plane.h"

namespace tapdeck::calls {
namespace {

constexpr std::int64_t kStartNs = 1'700'000'000'000'000'000;
constexpr std::int64_t kCallEveryNs = 1'000'000;  // 1 000 calls a second
constexpr std::size_t kMessagesPerCall = 7;

class NullSink final : public CallPlaneSink {
 public:
  void bind(const BindMessage& message) override {
    if (message.operation == BindOperation::kRelease) released.push_back(message.call);
  }

  void keep_messages(const Uid&, std::uint16_t, std::string records) override {
    kept_bytes += records.size();
  }

  void put_call(CallRecord record) override { final_records += record.final ? 1 : 0; }

  std::vector<CallHandle> released;  // to be answered, as a worker would
  std::uint64_t kept_bytes = 0;
  std::int64_t final_records = 0;
};

struct Step {
  const char* start;
  const char* sequence;
  bool from_caller;
  bool to_tag;
  bool session;
};

constexpr Step kSteps[kMessagesPerCall] = {
    {"INVITE sip:200@192.0.2.2 SIP/2.0", "1 INVITE", true, false, true},
    {"SIP/2.0 100 Trying", "1 INVITE", false, false, false},
    {"SIP/2.0 180 Ringing", "1 INVITE", false, true, false},
    {"SIP/2.0 200 OK", "1 INVITE", false, true, true},
    {"ACK sip:200@192.0.2.2 SIP/2.0", "1 ACK", true, true, false},
    {"BYE sip:200@192.0.2.2 SIP/2.0", "2 BYE", true, true, false},
    {"SIP/2.0 200 OK", "2 BYE", false, true, false},
};

void write_message(const Step& step, std::uint64_t call, std::string& text) {
  const std::string number = std::to_string(call);
  const std::string port = std::to_string(10'000 + call % 25'000 * 2);
  const std::string body =
      !step.session ? std::string()
                    : "v=0\r\no=- 1 1 IN IP4 192.0.2.9\r\ns=-\r\nc=IN IP4 192.0.2." +
                          std::string(step.from_caller ? "9" : "8") + "\r\nt=0 0\r\nm=audio " +
                          port + " RTP/AVP 8\r\na=rtpmap:8 PCMA/8000\r\n";
  text = std::string(step.start) + "\r\nVia: SIP/2.0/UDP 192.0.2.1;branch=z9hG4bK" +
         step.sequence[0] + number + "\r\nFrom: <sip:+4930" + number + "@example.com>;tag=f" +
         number + "\r\nTo: <sip:+4989" + number + "@example.com>" + (step.to_tag ? ";tag=t1" : "") +
         "\r\nCall-ID: " + number + "@example.com\r\nCSeq: " + step.sequence +
         "\r\nMax-Forwards: 70\r\nContact: <sip:gateway@192.0.2.1>\r\n" +
         (step.session ? "Content-Type: application/sdp\r\n" : "") +
         "Content-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body;
}

void answer_releases(CallPlane& plane, NullSink& sink) {
  StreamReport report;
  report.kind = StreamReportKind::kReleased;
  for (const CallHandle& call : std::exchange(sink.released, {})) {
    report.call = call;
    plane.on_report(report);
  }
}

void invite_to_bye(benchmark::State& state) {
  NullSink sink;
  CallPlaneOptions options;
  options.port_names = {"span0"};
  options.realm_names = {"default"};
  options.hold_back_ns = 0;
  const std::unique_ptr<CallPlane> plane = CallPlane::create(std::move(options), sink);
  std::string texts[kMessagesPerCall];
  std::uint64_t calls = 0;
  std::uint64_t order = 0;
  std::int64_t now_ns = kStartNs;
  for (auto _ : state) {
    state.PauseTiming();
    ++calls;
    for (std::size_t i = 0; i < kMessagesPerCall; ++i) write_message(kSteps[i], calls, texts[i]);
    state.ResumeTiming();
    for (std::size_t i = 0; i < kMessagesPerCall; ++i) {
      now_ns += kCallEveryNs / static_cast<std::int64_t>(kMessagesPerCall);
      SignalMessage message;
      message.time_ns = now_ns;
      message.order = ++order;
      message.source = {make_ipv4(kSteps[i].from_caller ? 0xc0000201 : 0xc0000202), 5'060};
      message.destination = {make_ipv4(kSteps[i].from_caller ? 0xc0000202 : 0xc0000201), 5'060};
      message.length = static_cast<std::uint32_t>(texts[i].size());
      message.bytes = as_bytes(texts[i]).data();
      plane->on_message(message);
      plane->advance(now_ns);
    }
    answer_releases(*plane, sink);
  }
  const auto open = static_cast<double>(plane->open_call_count());
  for (int round = 0; round < 100 && plane->open_call_count() > 0; ++round) {
    plane->advance(now_ns += 1'000'000'000);
    answer_releases(*plane, sink);
  }
  if (sink.final_records != static_cast<std::int64_t>(calls)) {
    state.SkipWithError("not every call ended with one record");
  }
  state.SetItemsProcessed(state.iterations());
  state.counters["open_calls"] = open;
  state.counters["kept_bytes_per_call"] =
      static_cast<double>(sink.kept_bytes) / static_cast<double>(calls);
}

BENCHMARK(invite_to_bye)->Name("calls/invite_to_bye")->Unit(benchmark::kMicrosecond);

}  // namespace
}  // namespace tapdeck::calls

BENCHMARK_MAIN();
