// A call plane that does nothing and says nothing, for tests of what stands before one.
// Threads: the test's.  Memory: none.
#pragma once

#include <cstdint>
#include <span>

#include "pipelines/calls/call_plane.h"

namespace tapdeck::apps {

class SilentPlane : public calls::CallPlane {
 public:
  void on_message(const SignalMessage&) override {}

  void on_reports(std::span<const StreamReport>) override {}

  void on_port_drops(std::uint16_t, std::int64_t, std::int64_t) override {}

  void on_media_room(const calls::MediaRoom&, std::int64_t) override {}

  void advance(std::int64_t) override {}

  void reload(const CallRecord&, const calls::KeptCall&, std::int64_t) override {}

  bool ask_for_unbound() override { return false; }

  void finish(std::int64_t) override {}

  PauseAnswer order_pause(const PauseOrder&, std::int64_t) override { return {}; }

  void swap_policy(calls::PolicySources&) override {}

  [[nodiscard]] std::uint64_t open_call_count() const override { return 0; }

  [[nodiscard]] calls::CallPlaneFigures figures() const override { return {}; }
};

}  // namespace tapdeck::apps
