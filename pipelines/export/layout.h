// Decides which samples of a WAV each packet fills: sides of the call, which codecs can be heard,
// and the timeline.
//
// Timeline: time 0 is the earliest media packet of the call, or where the audio of a stream begins
// whose first packets were overtaken.  A stream's first arrived packet lies where it arrived; the
// others lie where their RTP timestamps say from there.  Where the sender's clock stood still in a
// pause or jumped by 150 ms and more, to stay so, and where that is more than kReanchorSamples off
// the arrival (sequence restart, clocks drifting apart for hours) the stream is anchored at its
// arrival again.  Timestamps that count something else than samples are left out of
// account, and the plan notes it.  A stream never overlays itself.
// Threads: one.  Memory: 16 bytes more for each packet of the largest stream.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "model/call.h"
#include "pipelines/export/media_index.h"

namespace tapdeck::exports {

constexpr std::int64_t kSampleRate = 8'000;
constexpr std::int64_t kReanchorSamples = 2 * kSampleRate;

enum class Side : std::uint8_t { kNone, kLeft, kRight };

// Left: sent by the caller.  Right: sent to the caller, or by anybody else.  Of a call that records
// another one: left the first speaker, right the others.
Side side_of(const CallRecord& call, const MediaStream& stream);

// The party whose branch of a forked call did not answer, if the stream is from or to it.
std::optional<std::uint8_t> branch_of(const CallRecord& call, const MediaStream& stream);

enum class Coding : std::uint8_t { kSilent, kAlaw, kUlaw, kUnknown };

// What a payload type of a stream is called (SDP's name, else RFC 3551's, else "payload type N").
std::string codec_name(const CallRecord& call, const MediaStream& stream, std::uint8_t type);
Coding coding_of(std::string_view codec);

struct StreamPlan {
  Side side = Side::kNone;
  std::array<Coding, 128> codings{};  // by payload type
};

struct WavPlan {
  std::vector<StreamPlan> streams;  // as in the index
  std::int64_t sample_count = 0;    // per side
  std::vector<RecordingGap> gaps;
  std::vector<std::string> notes;  // each once
};

void add_note(WavPlan& plan, std::string note);  // once

// nullptr: the record has no row for it.
const MediaRecord* media_record(const CallRecord& call, const MediaStream& stream);

bool is_audible(const PacketEntry& packet, const StreamPlan& plan);

// Sets position (from 0) and skip of every packet that is to be heard.
WavPlan plan_wav(const CallRecord& call, MediaIndex& index);

}  // namespace tapdeck::exports
