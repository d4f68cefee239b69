// The filters that every command takes, and the page of calls they yield.  matches() is the one
// definition of each filter. Threads: plain values.  Memory: strings.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "model/call.h"

namespace tapdeck {

struct CallQuery {
  std::string number;  // any number of the call; trailing '*' means prefix
  std::string caller;  // same forms, caller only
  std::string callee;  // same forms, callee or dialled only
  // The E.164 forms of the three, where they are others; a call that has one of both is found.
  // With a '*' behind them where those have one.
  std::string number_e164;
  std::string caller_e164;
  std::string callee_e164;
  std::optional<std::int64_t> from_us;  // inclusive
  std::optional<std::int64_t> to_us;    // exclusive
  bool overlap = false;                 // match any part of the call, not only its start
  std::string call_id;
  std::optional<Uid> uid;
  std::string conversation_id;
  std::optional<CallOutcome> outcome;
  std::optional<CallDirection> direction;
  std::optional<IpAddress> ip;  // of any party or media stream
  std::string codec;            // of any media stream, case-insensitive
  std::optional<std::uint16_t> status_code;
  std::optional<std::int64_t> min_duration_ms;  // of talk_ms
  std::optional<double> max_mos;
  std::optional<RecordingState> recording;
  std::string trunk;
  std::string agent;
  std::string client;
  std::string marketing_channel;
  std::string tag;
  std::uint32_t limit = 0;  // 0: all
  std::string cursor;       // opaque, from CallPage; empty: from the start
};

struct CallPage {
  std::vector<CallRecord> calls;  // oldest first
  std::string next_cursor;        // empty: no more
};

// All numbers under which a call is found: of parties, dialled, diverted, asserted, transferred-to,
// each as written and as E.164; normalised by search_number(), without duplicates.
std::vector<std::string> searchable_numbers(const CallRecord& call);

// The form in which numbers are compared and indexed: visual separators, "tel:"/"sip:" scheme, host
// and parameters removed, and a leading international prefix ("+" or "00") removed; letters in
// lower case.  "+49 (89) 1234" and "0049891234" both give "49891234".
std::string search_number(std::string_view text);

// A query's number (trailing '*': a prefix), and its E.164 form where it has another one, against
// the numbers of a record.
class NumberPattern {
 public:
  NumberPattern(std::string_view text, std::string_view e164);

  [[nodiscard]] bool matches(std::string_view written) const;

  // Of numbers as search_number() gives them.
  [[nodiscard]] bool matches_any(const std::vector<std::string>& numbers) const;

 private:
  [[nodiscard]] bool matches_searched(std::string_view number) const;

  bool prefix_;
  std::string number_;
  std::string e164_;  // empty: no other form
};

// When the call ended as far as it is known: its end, the far future while it is in progress, else
// its last known sign of life.
std::int64_t call_end_us(const CallRecord& call);

// True when every set filter but limit and cursor holds.
bool matches(const CallQuery& query, const CallRecord& call);

}  // namespace tapdeck
