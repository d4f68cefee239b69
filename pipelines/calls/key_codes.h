// Codes that people key in to pause a running recording, or to let it go on, as the rule of their
// call has them (config::PauseTriggers).
// Threads: the call-plane thread.  Memory: the last kPauseCodeBytesMax keys of each of the first
// kKeyStreamsMax streams and dialog sides that told any, in memory only: wiped by the code they
// make, never logged.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
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

// Keys of one INFO, all of which may be seen several times: sent again, mirrored twice, on both
// sides of a proxy.
struct KeyedInfo {
  std::string_view from_tag;  // of who keys
  std::uint32_t cseq = 0;
  std::string_view keys;     // sip::PressedKeys
  bool credentials = false;  // sip::Message::has_credentials()
};

class KeyCodes {
 public:
  // `key` is a StreamReportKind::kKey; the key that ends a code gives its order.
  std::optional<PauseTrigger> hear(const StreamReport& key,
                                   const config::PauseTriggers& triggers,
                                   bool paused);
  // Each INFO of a side once.  One that follows with credentials where the last had none, and with
  // its keys, is the answer to a challenge (RFC 3261, 22.1) and no other.
  std::optional<PauseTrigger> hear(const KeyedInfo& info,
                                   const config::PauseTriggers& triggers,
                                   bool paused);

 private:
  // Of RTP its addresses, of INFO the dialog's side.
  struct Side {
    Endpoint source{};
    Endpoint destination{};
    std::size_t from_tag = 0;  // hashed; 0: of RTP
    std::uint32_t cseq = 0;    // of its last INFO
    std::size_t said = 0;      // by that one, hashed
    bool credentials = false;  // of that one
    std::string keys{};        // the last ones
  };

  Side* find(const Side& wanted);
  static bool press(Side& side, char key, const std::string& code);

  std::vector<Side> sides_;
};

}  // namespace tapdeck::calls
