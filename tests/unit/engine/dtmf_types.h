// Payload types of keys, as the tests of their masking have them.
// Threads: any.  Memory: none.
#pragma once

#include <cstdint>

#include "model/dtmf.h"

namespace tapdeck::engine {

constexpr std::uint8_t kEventType = 101;
constexpr std::uint8_t kRedundantType = 121;

inline DtmfTypes dtmf_types(std::uint8_t events = kEventType) {
  DtmfTypes types;
  types.events.add(events);
  types.redundant.add(kRedundantType);
  return types;
}

}  // namespace tapdeck::engine
