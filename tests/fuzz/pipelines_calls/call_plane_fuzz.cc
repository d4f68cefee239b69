// Feeds messages from anywhere into a call plane.  Input: records of one byte of flags, two bytes
// of length (little endian) and the message.  Flags: bit 0 direction, bits 1-7 seconds since the
// last.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "base/assert.h"
#include "base/bytes.h"
#include "pipelines/calls/call_plane.h"

namespace {

class Sink final : public tapdeck::calls::CallPlaneSink {
 public:
  void bind(const tapdeck::BindMessage& message) override {
    if (message.operation == tapdeck::BindOperation::kRelease) releases.push_back(message.call);
  }

  void keep_messages(const tapdeck::Uid&, std::uint16_t, std::string) override {}

  void put_call(tapdeck::CallRecord record) override {
    TD_ASSERT(record.final == (record.state != tapdeck::CallState::kInProgress));
  }

  bool pass_rtcp(const tapdeck::SignalMessage&) override { return true; }

  std::vector<tapdeck::CallHandle> releases;
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  Sink sink;
  tapdeck::calls::CallPlaneOptions options;
  options.hold_back_ns = 0;
  options.events.kept.fill(true);
  options.events.pending_max = 16;
  options.events.registrations_max = 4;
  options.calls_max = 8;
  options.kept_headers = {"X-Account", "Subject"};
  options.conversation_headers = {"X-Call"};
  options.conversation_legs_max = 3;
  options.numbering.numbers.default_region = "DE";
  options.numbering.internal_networks = {"10.0.0.1"};
  const auto plane = tapdeck::calls::CallPlane::create(options, sink);
  const auto answer_releases = [&] {
    for (std::size_t i = 0; i < sink.releases.size(); ++i) {
      tapdeck::StreamReport report;
      report.kind = tapdeck::StreamReportKind::kReleased;
      report.call = sink.releases[i];
      plane->on_report(report);
    }
    sink.releases.clear();
  };
  tapdeck::Cursor cursor({data, size});
  std::int64_t now_ns = 1'700'000'000'000'000'000;
  while (!cursor.at_end()) {
    const auto flags = cursor.read_bytes(1);
    const auto length = cursor.read_le<std::uint16_t>();
    const auto bytes = cursor.read_bytes(std::min<std::size_t>(length, cursor.remaining()));
    if (cursor.failed()) break;
    now_ns += std::int64_t{flags[0] >> 1} * 1'000'000'000;
    tapdeck::SignalMessage message;
    message.time_ns = now_ns;
    message.source = {tapdeck::make_ipv4(0x0a000001U + (flags[0] & 1U)), 5060};
    message.destination = {tapdeck::make_ipv4(0x0a000002U - (flags[0] & 1U)), 5060};
    message.length = static_cast<std::uint32_t>(bytes.size());
    message.bytes = bytes.data();
    plane->on_message(message);
    plane->advance(now_ns);
    answer_releases();
  }
  plane->finish(now_ns);
  answer_releases();
  TD_ASSERT(plane->open_call_count() == 0);
  return 0;
}
