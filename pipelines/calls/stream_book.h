// What the workers have reported of one call's RTP streams and fax, and the media rows made of it.
//
// Threads: the call-plane thread.  Memory: one row per stream, bounded; further streams are counted
// in dropped() and have no row.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <vector>

#include "base/pool_allocator.h"
#include "model/call.h"
#include "model/stream.h"
#include "pipelines/calls/drop_history.h"
#include "pipelines/calls/offer_answer.h"
#include "pipelines/calls/rtcp_book.h"

namespace tapdeck::calls {

constexpr std::size_t kStreamsMax = 256;
constexpr std::size_t kStreamsUsual = 2;
constexpr std::size_t kLossesPerStreamMax = 1'024;  // of one cause; more are joined to the last
// Packets lost on the wire within a second are a gap of the recording from here on: a tenth of a
// second of most codecs.
constexpr std::uint64_t kGapPacketsMin = 5;

class RecordingSession;  // pipelines/calls/recording_session.h

// The parties of a two-party reading of the call: who the other one is.
struct StreamParties {
  std::uint8_t callee = 1;
  std::size_t count = 0;  // parties of the call
  const RecordingSession* recording = nullptr;
};

class StreamBook {
 public:
  // Takes a report other than kReleased; true when it is a sign of life: RTP packets have come
  // since the last one, or RTCP.
  bool take(const StreamReport& report);

  // Asks for the rows of the usual streams, which take() writes.
  void prefetch() const {
    const char* const begin = reinterpret_cast<const char*>(streams_.data());
    const std::size_t bytes = std::min(streams_.size(), kStreamsUsual) * sizeof(Stream);
    for (std::size_t at = 0; at < bytes; at += 64) __builtin_prefetch(begin + at, 1);
  }

  // What an earlier process knew: its rows, and what its stored media tell, which goes before them.
  // A stream that goes on has one row over both parts, in which what passed in between counts
  // neither as expected nor as lost.
  void carry(std::vector<MediaRecord> rows, const std::vector<StreamReport>& kept);

  // First packet that this process saw, 0: none yet.
  [[nodiscard]] std::int64_t first_ns() const;

  // One row per stream, by (first, source, destination, ssrc).
  [[nodiscard]] std::vector<MediaRecord> rows(const OfferAnswer& media,
                                              const StreamParties& parties,
                                              const DropHistory& drops) const;

  // What is missing in the streams, and when: "loss" on the wire, "loss_by_us", "paused", and
  // "truncated": these packets are there, but not their end.
  [[nodiscard]] std::vector<RecordingGap> gaps() const;

  template <typename Function>  // with source and destination of each stream
  void for_each_ends(Function&& function) const {
    for (const Stream& stream : streams_) function(stream.report.source, stream.report.destination);
  }

  [[nodiscard]] std::size_t size() const { return streams_.size(); }

  [[nodiscard]] bool empty() const { return streams_.empty() && carried_.empty(); }

  [[nodiscard]] std::int64_t last_ns() const { return last_ns_; }  // 0: no packet yet

  [[nodiscard]] std::int64_t last_rtcp_ns() const { return last_rtcp_ns_; }  // 0: none yet

  // Some of the media is missing for this cause.
  [[nodiscard]] bool has_missed(LossCause cause) const;

  [[nodiscard]] std::uint64_t dropped() const { return dropped_; }

 private:
  struct Stream {
    StreamReport report;
    bool final = false;
    bool earlier = false;  // of an earlier process
    std::array<PoolVector<LossSpan>, kLossCauses> losses{};
  };

  Stream* find(const StreamReport& report);
  static void take_losses(const StreamReport& report, Stream& stream);
  static std::uint64_t count_suspect(const Stream& stream, const DropHistory& drops);

  PoolVector<Stream> streams_;
  std::vector<MediaRecord> carried_;
  RtcpBook rtcp_;
  std::int64_t last_ns_ = 0;
  std::int64_t last_rtcp_ns_ = 0;
  std::uint64_t dropped_ = 0;
};

// True packets missing, in percent of those expected: duplicates do not make up for losses.
double loss_pct(const MediaRecord& row);
// Packets missing, never negative.
std::uint64_t missing_packets(const MediaRecord& row);

}  // namespace tapdeck::calls
