// What policies.yaml says, typed: which calls are recorded and logged, how, and for how long.
// Rules are in order and the first that matches decides; `fallback` decides where none does.
// docs/POLICY.md explains the file.
// Threads: plain data, made by config/policies_load.h.  Memory: its vectors and strings.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "config/limits.h"

namespace tapdeck::config {

enum class NumberForm : std::uint8_t { kExact, kPrefix, kRange, kRegex, kList };

// One value of a key that matches numbers.
struct NumberPattern {
  NumberForm form = NumberForm::kExact;
  bool caseless = false;   // of a regex: /.../i
  std::uint32_t line = 0;  // where it stands
  std::string text;  // the number; before the '*'; the range's first; between the slashes; the
                     // list's name
  std::string last;  // of a range, included; as long as `text`

  bool operator==(const NumberPattern&) const = default;
};

enum class TextForm : std::uint8_t { kExact, kPrefix, kRegex };

// One value that a header field may have.  Exact and prefix ignore the case of letters, as RFC 3261
// 7.3.1 has it; "*" alone is the empty prefix: the header is there.
struct TextPattern {
  TextForm form = TextForm::kExact;
  bool caseless = true;  // of a regex: only with /.../i
  std::uint32_t line = 0;
  std::string text;

  bool operator==(const TextPattern&) const = default;
};

struct HeaderMatch {
  std::string name;  // long or compact form, as written
  std::vector<TextPattern> values;

  bool operator==(const HeaderMatch&) const = default;
};

// Part of a week in a zone.  With to <= from it ends on the day after it began.
struct TimeWindow {
  std::uint8_t days = 0x7f;         // bit 0: Monday; the days on which it begins
  std::uint16_t from_minute = 0;    // 0 to 1439
  std::uint16_t to_minute = 1'440;  // 1 to 1440, not included
  std::string zone;                 // IANA name

  bool operator==(const TimeWindow&) const = default;
};

enum class NumberKey : std::uint8_t { kNumber, kCaller, kCallee, kAsserted, kDiverted };
constexpr std::size_t kNumberKeyCount = 5;

enum class TextKey : std::uint8_t { kTrunk, kDirection, kAgent, kTeam, kClient };
constexpr std::size_t kTextKeyCount = 5;

std::string_view name_of(NumberKey key);
std::string_view name_of(TextKey key);

// Several values of one key are alternatives; all keys that have any must hold.
struct MatchBlock {
  std::array<std::vector<NumberPattern>, kNumberKeyCount> numbers;
  std::array<std::vector<std::string>, kTextKeyCount> texts;
  std::vector<HeaderMatch> headers;  // each must hold
  std::vector<TimeWindow> times;

  [[nodiscard]] bool empty() const;
  bool operator==(const MatchBlock&) const = default;
};

enum class RecordChoice : std::uint8_t { kNone, kAudio, kAudioVideo };
enum class LogDetail : std::uint8_t { kFull, kMasked, kNone };
enum class DiscardKeep : std::uint8_t { kDiscard, kKeep };

std::span<const std::string_view> words_of(RecordChoice type);
std::span<const std::string_view> words_of(LogDetail type);
std::span<const std::string_view> words_of(DiscardKeep type);

constexpr std::uint32_t kSampleAll = 1'000'000;
constexpr std::uint8_t kPriorityNormal = 100;

// What pauses and resumes a running recording, beside the command.
struct PauseTriggers {
  std::string dtmf_pause;  // DTMF digits; empty: none
  std::string dtmf_resume;
  std::string header_name;  // empty: none
  std::string header_pause;
  std::string header_resume;
  std::uint32_t limit_s = 600;  // a pause ends by itself

  [[nodiscard]] bool any() const { return !dtmf_pause.empty() || !header_name.empty(); }

  bool operator==(const PauseTriggers&) const = default;
};

struct PolicyActions {
  RecordChoice record = RecordChoice::kAudioVideo;
  LogDetail log = LogDetail::kFull;
  std::uint16_t retention_class = 0;  // index in the list of class names; 0: "default"
  DiscardKeep early_media = DiscardKeep::kKeep;
  DiscardKeep unbound = DiscardKeep::kDiscard;
  std::uint32_t sample_ppm = kSampleAll;  // of a million calls as many are recorded
  bool mask_dtmf = true;
  std::uint8_t priority = kPriorityNormal;  // under overload lower ones go first
  PauseTriggers pause;

  bool operator==(const PolicyActions&) const = default;
};

struct PolicyRule {
  std::string name;
  std::uint32_t line = 0;
  MatchBlock match;
  std::vector<MatchBlock> none_of;  // of `not`: the rule fits only where none of these does
  PolicyActions actions;

  bool operator==(const PolicyRule&) const = default;
};

struct NumberList {
  std::string name;
  std::vector<NumberPattern> numbers;  // exact, prefixes, ranges

  bool operator==(const NumberList&) const = default;
};

struct Policies {
  std::vector<NumberList> lists;
  std::vector<PolicyRule> rules;
  PolicyActions fallback;
  std::uint32_t fallback_line = 0;  // of `default`; 0: the file has none
  std::string sample_key;           // keys the choice of sampled calls; may be empty

  bool operator==(const Policies&) const = default;
};

// The rule that stands behind all others is called so; no other may be.
constexpr std::string_view kFallbackName = "default";

}  // namespace tapdeck::config
