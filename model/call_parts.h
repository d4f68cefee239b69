// Small parts of a call record (model/call.h).
// Threads: plain values.  Memory: their strings.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace tapdeck {

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
