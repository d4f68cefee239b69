#include "control/settings.h"

#include <fstream>

#include "config/retention_classes.h"
#include "tests/unit/control/fake_store.h"

namespace tapdeck::control {
namespace {

TEST(Settings, DefaultsNeedNoFile) {
  const auto settings = load_settings({});
  ASSERT_TRUE(settings);
  EXPECT_EQ(settings->store_directory, config::defaults().general.store);
  EXPECT_FALSE(settings->store_directory.empty());
}

TEST(Settings, TheCommandLineBeatsTheFile) {
  const testing::TemporaryDirectory directory;
  const std::string file = directory.path() + "/tapdeck.yaml";
  std::ofstream(file) << "general:\n  store: /srv/calls\n  timezone: Europe/Berlin\n";
  const auto from_file = load_settings({.config_file = file, .store_directory = ""});
  ASSERT_TRUE(from_file) << from_file.error().message;
  EXPECT_EQ(from_file->store_directory, "/srv/calls");
  EXPECT_EQ(from_file->zone, "Europe/Berlin");
  const auto overridden = load_settings({.config_file = file, .store_directory = "/other"});
  ASSERT_TRUE(overridden);
  EXPECT_EQ(overridden->store_directory, "/other");
}

TEST(Settings, SayWhatIsWrongWithAFile) {
  EXPECT_EQ(load_settings({.config_file = "/nonexistent", .store_directory = ""}).error().code,
            ErrorCode::kNotFound);
  const testing::TemporaryDirectory directory;
  const std::string file = directory.path() + "/tapdeck.yaml";
  std::ofstream(file) << "general:\n  stroe: /srv\n";
  const auto settings = load_settings({.config_file = file, .store_directory = ""});
  ASSERT_FALSE(settings);
  EXPECT_EQ(settings.error().code, ErrorCode::kCorrupt);
  EXPECT_NE(settings.error().message.find("stroe"), std::string::npos);
}

// The call log of a recorder must be readable while its card is away.
TEST(Settings, OnlyWhoCapturesLooksAtDevices) {
  const testing::TemporaryDirectory directory;
  const std::string file = directory.path() + "/tapdeck.yaml";
  std::ofstream(file) << "capture:\n  ports:\n    - name: a\n      device: ffff:1f:1f.7\n";
  const GlobalOptions global{.config_file = file, .store_directory = ""};
  EXPECT_TRUE(load_settings(global));
  const auto capturing = load_settings(global, config::HostChecks::kPerform);
  ASSERT_FALSE(capturing);
  EXPECT_EQ(capturing.error().message,
            file + ":4: port a: no PCI device ffff:1f:1f.7 on this host");
}

TEST(Settings, StoreOptionsCarryTheUnits) {
  Settings settings;
  settings.config = config::defaults();
  settings.config.storage.segment_mib = 64;
  settings.config.storage.staging_kib = 512;
  settings.store_directory = "/srv/calls";
  const auto options = store_options(settings, storage::StoreMode::kOpenExisting);
  EXPECT_EQ(options.directory, "/srv/calls");
  EXPECT_EQ(options.mode, storage::StoreMode::kOpenExisting);
  EXPECT_EQ(options.segment_bytes, 64ULL << 20);
  EXPECT_EQ(options.staging_bytes, 512U << 10);
  ASSERT_EQ(options.retention_classes.size(), 2U);
  EXPECT_EQ(options.retention_classes[config::kRetentionImported], "imported")
      << "chunks name their class by its index in this table";
}

}  // namespace
}  // namespace tapdeck::control
