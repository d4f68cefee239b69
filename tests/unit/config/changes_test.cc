#include "config/changes.h"

#include <gtest/gtest.h>

namespace tapdeck::config {
namespace {

using Names = std::vector<std::string>;

TEST(Changes, NothingChangedIsNothing) {
  Config current = defaults();
  const Changes changes = take_over(current, defaults());
  EXPECT_EQ(changes.taken, Names{});
  EXPECT_EQ(changes.need_restart, Names{});
}

TEST(Changes, LiveOptionsAreTakenAndTheOthersNamed) {
  Config current = defaults();
  Config loaded = defaults();
  loaded.general.log_level = LogChoice::kDebug;
  loaded.general.timezone = "Europe/Berlin";
  loaded.general.node = "other";
  loaded.storage.segment_mib = 64;
  loaded.calls.media_timeout_s = 61;
  loaded.capture.ports.emplace_back();
  loaded.retention_pressure.order.emplace_back();
  loaded.realms.emplace_back();
  loaded.trunks.emplace_back();
  loaded.numbers.default_region = "DE";
  const Changes changes = take_over(current, loaded);
  EXPECT_EQ(changes.taken, (Names{"general.timezone", "general.log_level"}));
  EXPECT_EQ(changes.need_restart,
            (Names{"general.node",
                   "calls.media_timeout_s",
                   "numbers.default_region",
                   "storage.segment_mib",
                   "capture.ports",
                   "retention_pressure.order",
                   "realms",
                   "trunks"}));
  EXPECT_EQ(current.general.log_level, LogChoice::kDebug);
  EXPECT_EQ(current.general.timezone, "Europe/Berlin");
  EXPECT_EQ(current.storage.segment_mib, defaults().storage.segment_mib);
  // What waits for a restart is said again by the next reload.
  EXPECT_EQ(take_over(current, loaded).need_restart.size(), 8U);
}

}  // namespace
}  // namespace tapdeck::config
