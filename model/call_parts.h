// Small parts of a call record (model/call.h).
// Threads: plain values.  Memory: their strings.
#pragma once

#include <cstdint>
#include <string>

namespace tapdeck {

struct RecordingGap {
  std::int64_t from_us = 0;
  std::int64_t to_us = 0;
  std::string reason;
  std::uint64_t packets = 0;
};

// What directory.yaml said of the call's numbers at its start; names, empty where it has nothing.
struct CallBusiness {
  std::string agent;
  std::string team;
  std::string client;
  std::string marketing_channel;
  std::string campaign;

  bool operator==(const CallBusiness&) const = default;
};

}  // namespace tapdeck
