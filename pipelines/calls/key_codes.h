// Codes that people key in to pause a running recording, or to let it go on, as the rule of their
// call has them (config::PauseTriggers).
// Threads: the call-plane thread.  Memory: the last kPauseCodeBytesMax keys of each of the first
// kKeyStreamsMax streams that told any, in memory only: wiped by the code they make, never logged.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "config/policies.h"
#include "model/stream.h"

namespace tapdeck::calls {

constexpr std::size_t kKeyStreamsMax = 8;  // of one call

// What is ordered of a running recording.
struct PauseTrigger {
  bool resume = false;
  std::int64_t limit_ns = 0;  // of a pause, which ends by itself then

  bool operator==(const PauseTrigger&) const = default;
};

class KeyCodes {
 public:
  // `key` is a StreamReportKind::kKey; the key that ends a code gives its order.
  std::optional<PauseTrigger> hear(const StreamReport& key,
                                   const config::PauseTriggers& triggers,
                                   bool paused);

 private:
  struct Side {
    Endpoint source{};
    Endpoint destination{};
    std::string keys;  // the last ones
  };

  std::vector<Side> sides_;
};

}  // namespace tapdeck::calls
