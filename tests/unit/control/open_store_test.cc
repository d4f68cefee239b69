#include "control/open_store.h"

#include "storage/store.h"
#include "tests/unit/control/fake_store.h"

namespace tapdeck::control {
namespace {

using OpenStoreTest = testing::ServedStore;

Settings settings_for(const std::string& directory) {
  Settings settings;
  settings.config = config::defaults();
  settings.store_directory = directory;
  return settings;
}

TEST_F(OpenStoreTest, NeverMakesAStore) {
  for (const std::string& directory : {directory_.path() + "/none", directory_.path()}) {
    const auto store = open_store(settings_for(directory));
    ASSERT_FALSE(store);
    EXPECT_EQ(store.error().code, ErrorCode::kNotFound) << store.error().message;
  }
  EXPECT_TRUE(std::filesystem::is_empty(directory_.path()));
}

TEST_F(OpenStoreTest, OpensAStoreThatNobodyOwns) {
  const Settings settings = settings_for(directory_.path());
  ASSERT_TRUE(storage::Store::open(store_options(settings, storage::StoreMode::kCreateIfMissing)));
  const auto store = open_store(settings);
  ASSERT_TRUE(store) << store.error().message;
  const auto page = (*store)->find_calls({});
  ASSERT_TRUE(page);
  EXPECT_TRUE(page->calls.empty());
}

TEST_F(OpenStoreTest, AsksTheProcessThatServesIt) {
  contents_.calls = testing::make_calls(2);
  serve();
  const auto store = open_store(settings_for(directory_.path()));
  ASSERT_TRUE(store) << store.error().message;
  const auto page = (*store)->find_calls({});
  ASSERT_TRUE(page);
  EXPECT_EQ(page->calls.size(), 2U);
}

}  // namespace
}  // namespace tapdeck::control
