#include "pipelines/calls/key_codes.h"

#include <algorithm>
#include <array>
#include <string_view>

#include "config/limits.h"
#include "model/dtmf.h"

namespace tapdeck::calls {
namespace {

// By event of RFC 4733.
constexpr std::string_view kKeyNames = "0123456789*#ABCD";
static_assert(kKeyNames.size() == kLastKeyEvent + 1);

}  // namespace

std::optional<PauseTrigger> KeyCodes::hear(const StreamReport& key,
                                           const config::PauseTriggers& triggers,
                                           bool paused) {
  if (triggers.dtmf_pause.empty() || key.key >= kKeyNames.size()) return std::nullopt;
  auto side = std::ranges::find_if(sides_, [&key](const Side& known) {
    return known.source == key.source && known.destination == key.destination;
  });
  if (side == sides_.end()) {
    if (sides_.size() >= kKeyStreamsMax) return std::nullopt;
    side = sides_.insert(sides_.end(), {key.source, key.destination, {}});
  }
  std::string& keys = side->keys;
  if (keys.size() >= config::kPauseCodeBytesMax) keys.erase(keys.begin());
  keys.push_back(kKeyNames[key.key]);
  const std::string& code = paused ? triggers.dtmf_resume : triggers.dtmf_pause;
  if (code.empty() || !keys.ends_with(code)) return std::nullopt;
  std::ranges::fill(keys, '\0');
  keys.clear();
  return PauseTrigger{paused, std::int64_t{triggers.limit_s} * 1'000'000'000};
}

}  // namespace tapdeck::calls
