#include "control/filters.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <chrono>
#include <date/tz.h>
#include <exception>
#include <utility>

#include "base/clock.h"
#include "control/zone.h"
#include "pipelines/numbers/number_plan.h"

namespace tapdeck::control {
namespace {

constexpr std::size_t kWordBytesMax = 1'024;  // longer ones find nothing and only cost memory

Error wrong_value(std::string_view option, std::string_view value, std::string_view accepted) {
  return make_error(ErrorCode::kInvalidArgument,
                    "--" + std::string(option) + ": '" + std::string(value) + "' is not " +
                        std::string(accepted) + ".");
}

template <typename T>
std::optional<T> parse_number(std::string_view text) {
  T value{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return value;
}

// Reads the value whose name (as the JSON shows it) is `word` into `to`.
template <typename Enum, std::size_t N>
Result<void> parse_name(std::string_view option,
                        const std::string& word,
                        const std::array<std::pair<std::string_view, Enum>, N>& names,
                        std::optional<Enum>& to) {
  if (word.empty()) return {};
  const auto found = std::find_if(
      names.begin(), names.end(), [&](const auto& entry) { return entry.first == word; });
  if (found == names.end()) {
    std::string accepted = "one of";
    for (const auto& entry : names) {
      accepted += (&entry == names.data() ? " " : ", ") + std::string(entry.first);
    }
    return wrong_value(option, word, accepted);
  }
  to = found->second;
  return {};
}

constexpr std::array<std::pair<std::string_view, CallOutcome>, 8> kOutcomes = {
    {{"answered", CallOutcome::kAnswered},
     {"busy", CallOutcome::kBusy},
     {"no_answer", CallOutcome::kNoAnswer},
     {"cancelled", CallOutcome::kCancelled},
     {"rejected", CallOutcome::kRejected},
     {"failed", CallOutcome::kFailed},
     {"redirected", CallOutcome::kRedirected},
     {"unknown", CallOutcome::kUnknown}}};
constexpr std::array<std::pair<std::string_view, CallDirection>, 4> kDirections = {
    {{"inbound", CallDirection::kInbound},
     {"outbound", CallDirection::kOutbound},
     {"internal", CallDirection::kInternal},
     {"transit", CallDirection::kTransit}}};
constexpr std::array<std::pair<std::string_view, RecordingState>, 4> kRecordings = {
    {{"pending", RecordingState::kPending},
     {"recorded", RecordingState::kRecorded},
     {"recorded_with_gaps", RecordingState::kRecordedWithGaps},
     {"not_recorded", RecordingState::kNotRecorded}}};

Result<void> parse_times(const FilterWords& words, std::string_view zone, CallQuery& query) {
  if (!words.from.empty()) {
    auto from = parse_time(words.from, zone, BareDate::kFirstInstant);
    if (!from) return make_error(from.error().code, "--from: " + from.error().message);
    query.from_us = *from;
  }
  if (!words.to.empty()) {
    auto to = parse_time(words.to, zone, BareDate::kDayAfter);
    if (!to) return make_error(to.error().code, "--to: " + to.error().message);
    query.to_us = *to;
  }
  if (query.from_us && query.to_us && *query.from_us > *query.to_us) {
    return make_error(ErrorCode::kInvalidArgument, "--from is later than --to.");
  }
  query.overlap = words.overlap;
  return {};
}

Result<void> parse_numbers(const FilterWords& words, CallQuery& query) {
  if (!words.status_code.empty()) {
    query.status_code = parse_number<std::uint16_t>(words.status_code);
    if (!query.status_code || *query.status_code < 100 || *query.status_code > 699) {
      return wrong_value("status-code", words.status_code, "a SIP status from 100 to 699");
    }
  }
  if (!words.min_duration.empty()) {
    query.min_duration_ms = parse_duration_ms(words.min_duration);
    if (!query.min_duration_ms) {
      return wrong_value("min-duration", words.min_duration, "a duration such as 30s, 5m or 1h30m");
    }
  }
  if (!words.max_mos.empty()) {
    query.max_mos = parse_number<double>(words.max_mos);
    if (!query.max_mos || !(*query.max_mos >= 1.0 && *query.max_mos <= 5.0)) {
      return wrong_value("max-mos", words.max_mos, "a MOS from 1 to 5");
    }
  }
  return {};
}

Result<void> parse_identities(const FilterWords& words, CallQuery& query) {
  if (!words.uid.empty()) {
    query.uid = parse_uid(words.uid);
    if (!query.uid) return wrong_value("uid", words.uid, "a uid (26 letters and digits)");
  }
  if (!words.ip.empty()) {
    query.ip = parse_ip(words.ip);
    if (!query.ip) return wrong_value("ip", words.ip, "an IPv4 or IPv6 address");
  }
  for (const auto& [option, word] : {std::pair{"number", &words.number},
                                     std::pair{"caller", &words.caller},
                                     std::pair{"callee", &words.callee}}) {
    const std::size_t star = word->find('*');
    if (star != std::string::npos && star + 1 != word->size()) {
      return wrong_value(option, *word, "a number, or a prefix with one '*' at its end");
    }
  }
  return {};
}

// The E.164 form of what was given, '*' included; empty when it has none, or is one already.
std::string e164_of(std::string_view word, std::string_view region) {
  if (region.empty() || word.empty()) return {};
  const bool is_beginning = word.back() == '*';
  std::string number;
  for (const char c : word.substr(0, word.size() - (is_beginning ? 1 : 0))) {
    if (std::string_view(" -./()").find(c) == std::string_view::npos) number += c;
  }
  std::string e164;
  if (is_beginning) {
    e164 = numbers::beginning_as_e164(region, number);
  } else {
    e164 = numbers::classify({std::string(region), {}}, number).e164();
  }
  if (e164.empty() || search_number(e164) == search_number(number)) return {};
  return is_beginning ? e164 + "*" : e164;
}

Result<void> check_lengths(const FilterWords& words) {
  for (const auto& [option, word] : {std::pair{"number", &words.number},
                                     std::pair{"caller", &words.caller},
                                     std::pair{"callee", &words.callee},
                                     std::pair{"call-id", &words.call_id},
                                     std::pair{"conversation", &words.conversation},
                                     std::pair{"codec", &words.codec},
                                     std::pair{"trunk", &words.trunk},
                                     std::pair{"agent", &words.agent},
                                     std::pair{"client", &words.client},
                                     std::pair{"marketing-channel", &words.marketing_channel},
                                     std::pair{"tag", &words.tag}}) {
    if (word->size() > kWordBytesMax) {
      return make_error(ErrorCode::kInvalidArgument,
                        "--" + std::string(option) + ": more than 1024 bytes.");
    }
  }
  return {};
}

}  // namespace

Result<std::int64_t> parse_time(std::string_view text, std::string_view zone, BareDate bare_date) {
  if (const auto exact = parse_rfc3339_us(text)) return *exact;
  const int days_later = bare_date == BareDate::kDayAfter ? 1 : 0;
  const auto instant = first_instant_of_date(text, zone, days_later);
  if (!instant) return Error(instant.error());
  if (*instant) return **instant;
  return make_error(
      ErrorCode::kInvalidArgument,
      "'" + std::string(text) + "' is neither RFC 3339 (2026-11-23T19:33:00Z) nor YYYY-MM-DD.");
}

std::optional<std::int64_t> parse_duration_ms(std::string_view text) {
  constexpr double kLongestMs = 1e15;
  double total_ms = 0;
  if (text.empty()) return std::nullopt;
  while (!text.empty()) {
    double value = 0;
    const auto [end, error] =
        std::from_chars(text.data(), text.data() + text.size(), value, std::chars_format::fixed);
    if (error != std::errc{} || !(value >= 0)) return std::nullopt;
    text.remove_prefix(static_cast<std::size_t>(end - text.data()));
    const std::size_t unit_bytes = std::min(text.find_first_of("0123456789."), text.size());
    const std::string_view unit = text.substr(0, unit_bytes);
    text.remove_prefix(unit_bytes);
    double unit_ms = 0;
    if (unit == "ms") unit_ms = 1;
    if (unit == "s" || unit.empty()) unit_ms = 1'000;
    if (unit == "m") unit_ms = 60'000;
    if (unit == "h") unit_ms = 3'600'000;
    if (unit_ms == 0) return std::nullopt;
    total_ms += value * unit_ms;
    if (total_ms > kLongestMs) return std::nullopt;
  }
  return static_cast<std::int64_t>(total_ms + 0.5);
}

Result<CallQuery> parse_filters(const FilterWords& words,
                                std::string_view zone,
                                std::string_view region) {
  CallQuery query;
  TD_TRY(check_lengths(words));
  TD_TRY(parse_times(words, zone, query));
  TD_TRY(parse_identities(words, query));
  TD_TRY(parse_numbers(words, query));
  TD_TRY(parse_name("outcome", words.outcome, kOutcomes, query.outcome));
  TD_TRY(parse_name("direction", words.direction, kDirections, query.direction));
  TD_TRY(parse_name("recording", words.recording, kRecordings, query.recording));
  query.number = words.number;
  query.caller = words.caller;
  query.callee = words.callee;
  query.number_e164 = e164_of(words.number, region);
  query.caller_e164 = e164_of(words.caller, region);
  query.callee_e164 = e164_of(words.callee, region);
  query.call_id = words.call_id;
  query.conversation_id = words.conversation;
  query.codec = words.codec;
  query.trunk = words.trunk;
  query.agent = words.agent;
  query.client = words.client;
  query.marketing_channel = words.marketing_channel;
  query.tag = words.tag;
  return query;
}

}  // namespace tapdeck::control
