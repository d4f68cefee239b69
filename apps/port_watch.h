// Watches the links of the capture ports: counts and tells when packets cannot come, and opens a
// port again when an interface of its name is there again.
// Threads: the main thread's.  Memory: one row per port.  The log gets a line for each change, one
// a second of a port at most.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "engine/port.h"

namespace tapdeck::apps {

// What the log says of a link that is in this state now; `lost_ms` since it was last told.
std::string link_sentence(const engine::Port& port, engine::LinkState now, std::uint64_t lost_ms);

class PortWatch {
 public:
  // `pass_a_step` returns true when each worker has made a step since it was called.  `ports` must
  // outlive the watch.
  PortWatch(std::vector<engine::Port>& ports, std::function<bool()> pass_a_step)
      : ports_(ports), pass_a_step_(std::move(pass_a_step)), seen_(ports.size()) {}

  // A few times a second.
  void look(std::int64_t now_ns);

 private:
  struct Seen {
    engine::LinkState told = engine::LinkState::kUp;
    std::int64_t told_ns = 0;
    std::uint64_t losses_told = 0;
    std::uint64_t lost_ms_told = 0;
    std::int64_t next_try_ns = 0;
    bool failure_told = false;  // of opening it again
  };

  void reopen(engine::Port& port, Seen& seen, std::int64_t now_ns);
  static void tell(const engine::Port& port, Seen& seen, std::int64_t now_ns);

  std::vector<engine::Port>& ports_;
  std::function<bool()> pass_a_step_;
  std::vector<Seen> seen_;
};

}  // namespace tapdeck::apps
