// Whole calls through the call plane, INVITE to BYE, with everything it says thrown away.
#include <ctime>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <benchmark/benchmark.h>

#include "bench/micro/allocations.h"
#include "pipelines/calls/call_plane.h"

namespace tapdeck::calls {
namespace {

constexpr std::int64_t kStartNs = 1'700'000'000'000'000'000;
constexpr std::int64_t kCallEveryNs = 50'000;  // 20 000 calls a second
constexpr std::size_t kMessagesPerCall = 7;
constexpr std::size_t kSetUpMessages = 5;
constexpr std::uint64_t kCallsPerRound = 64;

class NullSink final : public CallPlaneSink {
 public:
  void bind(const BindMessage& message) override {
    if (message.operation == BindOperation::kRelease) released.push_back(message.call);
  }

  void keep_messages(const Uid&, std::uint16_t, std::string records) override {
    kept_bytes += records.size();
  }

  void put_call(CallRecord record) override { final_records += record.final ? 1 : 0; }

  bool pass_rtcp(const SignalMessage&) override { return true; }

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

// A plane in the steady state: while one call is set up, the one that is `open_calls` older ends.
class Traffic {
 public:
  explicit Traffic(std::uint64_t open_calls) : open_calls_(open_calls) {
    CallPlaneOptions options;
    options.port_names = {"span0"};
    options.realm_names = {"default"};
    options.hold_back_ns = 0;
    plane_ = CallPlane::create(std::move(options), sink_);
    while (calls_ < open_calls_) {
      prepare(1);
      run();
    }
  }

  // Writes the messages of `count` more calls, and of as many that end.
  void prepare(std::uint64_t count) {
    texts_.clear();
    for (std::uint64_t i = 0; i < count; ++i, ++calls_) {
      for (std::size_t step = 0; step < kMessagesPerCall; ++step) {
        const bool ends = step >= kSetUpMessages;
        if (ends && calls_ < open_calls_) continue;
        texts_.push_back({&kSteps[step], {}});
        write_message(kSteps[step], ends ? calls_ - open_calls_ : calls_, texts_.back().text);
      }
    }
  }

  void run() {
    for (const Text& text : texts_) {
      now_ns_ += kCallEveryNs / static_cast<std::int64_t>(kMessagesPerCall);
      SignalMessage message;
      message.time_ns = now_ns_;
      message.order = ++order_;
      message.source = {make_ipv4(text.step->from_caller ? 0xc0000201 : 0xc0000202), 5'060};
      message.destination = {make_ipv4(text.step->from_caller ? 0xc0000202 : 0xc0000201), 5'060};
      message.length = static_cast<std::uint32_t>(text.text.size());
      message.bytes = as_bytes(text.text).data();
      plane_->on_message(message);
      plane_->advance(now_ns_);
    }
    answer_releases(*plane_, sink_);
  }

  // Ends all calls; true when each of them has one final record.
  bool finish() {
    for (int round = 0; round < 100 && plane_->open_call_count() > 0; ++round) {
      plane_->finish(now_ns_ += 1'000'000'000);
      answer_releases(*plane_, sink_);
      plane_->advance(now_ns_);
    }
    return sink_.final_records == static_cast<std::int64_t>(calls_);
  }

  [[nodiscard]] std::uint64_t open_call_count() const { return plane_->open_call_count(); }

  [[nodiscard]] double kept_bytes_per_call() const {
    return static_cast<double>(sink_.kept_bytes) / static_cast<double>(calls_);
  }

 private:
  struct Text {
    const Step* step;
    std::string text;
  };

  std::uint64_t open_calls_;
  NullSink sink_;
  std::unique_ptr<CallPlane> plane_;
  std::vector<Text> texts_;
  std::uint64_t calls_ = 0;
  std::uint64_t order_ = 0;
  std::int64_t now_ns_ = kStartNs;
};

std::int64_t thread_cpu_ns() {
  timespec time{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
  return time.tv_sec * 1'000'000'000 + time.tv_nsec;
}

void invite_to_bye(benchmark::State& state) {
  Traffic traffic(static_cast<std::uint64_t>(state.range(0)));
  std::uint64_t allocated = 0;
  for (auto _ : state) {
    traffic.prepare(kCallsPerRound);
    const std::uint64_t before = bench::allocations;
    const std::int64_t begin_ns = thread_cpu_ns();
    traffic.run();
    allocated += bench::allocations - before;
    state.SetIterationTime(static_cast<double>(thread_cpu_ns() - begin_ns) * 1e-9);
  }
  state.counters["open_calls"] = static_cast<double>(traffic.open_call_count());
  if (!traffic.finish()) state.SkipWithError("not every call ended with one record");
  const auto calls = static_cast<double>(state.iterations()) * static_cast<double>(kCallsPerRound);
  state.counters["allocations/op"] = static_cast<double>(allocated) / calls;
  state.counters["calls"] = benchmark::Counter(calls, benchmark::Counter::kIsRate);
  state.counters["messages"] =
      benchmark::Counter(calls * kMessagesPerCall, benchmark::Counter::kIsRate);
  state.counters["kept_bytes_per_call"] = traffic.kept_bytes_per_call();
}

BENCHMARK(invite_to_bye)
    ->Name("calls/invite_to_bye")
    ->Arg(2'000)
    ->Arg(100'000)
    ->UseManualTime()
    ->Unit(benchmark::kMicrosecond);

}  // namespace
}  // namespace tapdeck::calls

BENCHMARK_MAIN();
