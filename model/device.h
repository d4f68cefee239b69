// A telephone as it registered itself (RFC 3261 section 10): what a call's party is besides a
// number.
// Threads: constant once it is shared.  Memory: texts, shared by all who name the device.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "model/ids.h"

namespace tapdeck {

struct Device {
  std::string name;  // display name of the registration
  std::string user_agent;
  std::string contact;             // URI under which it wants to be called
  Endpoint address{};              // where its REGISTER came from
  std::int64_t registered_us = 0;  // UTC, of the latest one that was accepted
  std::int64_t expires_us = 0;     // UTC

  bool operator==(const Device&) const = default;
};

using SharedDevice = std::shared_ptr<const Device>;

}  // namespace tapdeck
