// Who did something to a store, as the journal writes it down.
// Threads: a plain value.  Memory: a name.
#pragma once

#include <cstdint>
#include <string>

namespace tapdeck {

// The peer of the control socket as the kernel names it, or the process itself.
struct LedgerActor {
  std::uint32_t user_id = 0;
  std::uint32_t group_id = 0;
  std::uint32_t process_id = 0;
  std::string name;  // of the user, or what of the service acted by itself: "expiry"
};

}  // namespace tapdeck
