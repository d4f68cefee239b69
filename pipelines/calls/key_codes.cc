#include "pipelines/calls/key_codes.h"

#include <algorithm>
#include <array>
#include <functional>
#include <string_view>

#include "config/limits.h"
#include "model/dtmf.h"

namespace tapdeck::calls {
namespace {

// By event of RFC 4733.
constexpr std::string_view kKeyNames = "0123456789*#ABCD";
static_assert(kKeyNames.size() == kLastKeyEvent + 1);

const std::string& code_of(const config::PauseTriggers& triggers, bool paused) {
  return paused ? triggers.dtmf_resume : triggers.dtmf_pause;
}

PauseTrigger order_of(const config::PauseTriggers& triggers, bool paused) {
  return {paused, std::int64_t{triggers.limit_s} * 1'000'000'000};
}

}  // namespace

std::optional<PauseTrigger> KeyCodes::hear(const StreamReport& key,
                                           const config::PauseTriggers& triggers,
                                           bool paused) {
  if (triggers.dtmf_pause.empty() || key.key >= kKeyNames.size()) return std::nullopt;
  Side* const side = find({.source = key.source, .destination = key.destination});
  if (side == nullptr || !press(*side, kKeyNames[key.key], code_of(triggers, paused))) {
    return std::nullopt;
  }
  return order_of(triggers, paused);
}

std::optional<PauseTrigger> KeyCodes::hear(const KeyedInfo& info,
                                           const config::PauseTriggers& triggers,
                                           bool paused) {
  if (triggers.dtmf_pause.empty() || info.keys.empty()) return std::nullopt;
  Side* const side = find({.from_tag = std::hash<std::string_view>{}(info.from_tag) | 1U});
  if (side == nullptr || info.cseq <= side->cseq) return std::nullopt;
  const std::size_t said = std::hash<std::string_view>{}(info.keys);
  const bool challenged =
      info.credentials && !side->credentials && info.cseq == side->cseq + 1 && said == side->said;
  side->cseq = info.cseq;
  side->said = said;
  side->credentials = info.credentials;
  if (challenged) return std::nullopt;
  std::optional<PauseTrigger> order;
  for (const char key : info.keys) {
    if (press(*side, key, code_of(triggers, paused)) && !order) order = order_of(triggers, paused);
  }
  return order;
}

KeyCodes::Side* KeyCodes::find(const Side& wanted) {
  const auto side = std::ranges::find_if(sides_, [&wanted](const Side& known) {
    return known.source == wanted.source && known.destination == wanted.destination &&
           known.from_tag == wanted.from_tag;
  });
  if (side != sides_.end()) return &*side;
  return sides_.size() < kKeyStreamsMax ? &sides_.emplace_back(wanted) : nullptr;
}

// True where it is the last key of the code.
bool KeyCodes::press(Side& side, char key, const std::string& code) {
  std::string& keys = side.keys;
  if (keys.size() >= config::kPauseCodeBytesMax) keys.erase(keys.begin());
  keys.push_back(key);
  if (code.empty() || !keys.ends_with(code)) return false;
  std::ranges::fill(keys, '\0');
  keys.clear();
  return true;
}

}  // namespace tapdeck::calls
