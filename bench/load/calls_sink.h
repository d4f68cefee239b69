// Takes what the call plane says, as workers, writer and call store would; keeps it until it is
// looked at, so that taking it costs the call plane no more than in the program.
// Threads: the call plane's.  Memory: what was said since clear(), and a row for each call handle.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "model/stream.h"
#include "pipelines/calls/call_plane.h"

namespace tapdeck::load {

class CallsSink final : public calls::CallPlaneSink {
 public:
  void bind(const BindMessage& message) override;
  void keep_messages(const Uid& recording, std::uint16_t retention, std::string records) override;
  void put_call(CallRecord record) override;

  bool pass_rtcp(const SignalMessage&) override { return true; }

  // Makes what a worker would say of what was bound and released since the last time: a call that
  // both sides gave an address has a stream each way.
  void make_reports(std::int64_t now_ns);
  // Says that to `plane`.
  void report(calls::CallPlane& plane);

  [[nodiscard]] bool has_answers() const { return !started_.empty() || !released_.empty(); }

  [[nodiscard]] const std::vector<CallRecord>& records() const { return records_; }

  [[nodiscard]] std::uint64_t kept_bytes() const { return kept_bytes_; }

  // Forgets the records and texts taken so far.
  void clear();

 private:
  // By call handle's index: where caller and callee take media.
  struct Media {
    CallHandle call{};
    std::array<Endpoint, 2> addresses{};
    std::array<bool, 2> known{};
    std::int64_t begin_ns = 0;
  };

  void add_reports(StreamReportKind kind, const CallHandle& call, std::int64_t now_ns);
  static StreamReport report_of(const Media& media, std::uint8_t sender, std::int64_t now_ns);

  std::vector<Media> media_;
  std::vector<CallHandle> started_;
  std::vector<CallHandle> released_;
  std::vector<StreamReport> reports_;  // until report()
  std::vector<CallRecord> records_;
  std::vector<std::string> kept_;
  std::uint64_t kept_bytes_ = 0;
};

}  // namespace tapdeck::load
