// Small parts of a call record (model/call.h).
// Threads: plain values.  Memory: their strings.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "model/pause.h"

namespace tapdeck {

// Stored (model/call.proto): what policy lets be kept of a call.
enum class DecidedMedia : std::uint8_t { kNone = 0, kAudio = 1, kAudioVideo = 2 };
enum class DecidedLog : std::uint8_t { kFull = 0, kMasked = 1, kNone = 2 };

// As it was decided by the time of the record: a process that goes on with the call keeps no more.
struct RecordingDecision {
  DecidedMedia media = DecidedMedia::kAudioVideo;
  DecidedLog log = DecidedLog::kFull;
  bool early_media = true;  // before the call is answered
  bool mask_dtmf = false;

  bool operator==(const RecordingDecision&) const = default;
};

// Of a pause that lasts: how it was ordered, and how long it lasts if nobody ends it.
struct PauseTerms {
  PauseCause cause = PauseCause::kCommand;
  std::int64_t limit_ms = 0;
  bool late = false;  // it is another leg's: what had been kept by then goes

  bool operator==(const PauseTerms&) const = default;
};

struct RecordingGap {
  std::int64_t from_us = 0;
  std::int64_t to_us = 0;
  std::string reason;
  std::uint64_t packets = 0;
};

constexpr std::size_t kCallTagsMax = 32;

// What directory.yaml said of the call's numbers at its start, and what annotations say on top of
// it or beside it (model/annotations.h); empty where there is nothing.
struct CallBusiness {
  std::string agent;
  std::string team;
  std::string client;
  std::string marketing_channel;
  std::string campaign;
  // Of annotations alone.
  std::vector<std::string> tags = {};  // ascending, each once, at most kCallTagsMax
  std::string disposition = {};
  std::optional<bool> resolved = {};
  std::optional<double> csat = {};
  std::optional<double> revenue = {};
  std::string note = {};

  bool operator==(const CallBusiness&) const = default;
};

}  // namespace tapdeck
