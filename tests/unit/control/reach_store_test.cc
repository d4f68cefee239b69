#include "control/reach_store.h"

#include <gtest/gtest.h>

#include "tests/unit/control/fake_store.h"

namespace tapdeck::control {
namespace {

class ReachStoreTest : public testing::ServedStore {
 protected:
  Settings settings() {
    Settings settings;
    settings.config = config::defaults();
    settings.store_directory = directory_.path();
    return settings;
  }
};

TEST_F(ReachStoreTest, NeverMakesAStore) {
  const auto reached = reach_store(settings());
  ASSERT_FALSE(reached);
  EXPECT_EQ(reached.error().code, ErrorCode::kNotFound);
  EXPECT_TRUE(std::filesystem::is_empty(directory_.path()));
}

TEST_F(ReachStoreTest, IsTheServiceWhereThereIsOne) {
  serve();
  const auto reached = reach_store(settings());
  ASSERT_TRUE(reached) << reached.error().message;
  EXPECT_TRUE(reached->remote);
  EXPECT_FALSE(reached->store || reached->desk);
}

TEST_F(ReachStoreTest, IsTheStoreWithItsDeskOtherwise) {
  ASSERT_TRUE(
      storage::Store::open(store_options(settings(), storage::StoreMode::kCreateIfMissing)));
  const auto reached = reach_store(settings());
  ASSERT_TRUE(reached) << reached.error().message;
  EXPECT_FALSE(reached->remote);
  ASSERT_TRUE(reached->store && reached->desk);
  const auto holds = reached->desk->holds();
  ASSERT_TRUE(holds) << holds.error().message;
  EXPECT_TRUE(holds->empty());
}

TEST_F(ReachStoreTest, TheDeskKnowsWhatMayGoEarly) {
  config::Config config = config::defaults();
  EXPECT_TRUE(desk_options(config).early.empty());
  config.retention_pressure.order = {{"default", config::PartChoice::kSip},
                                     {"default", config::PartChoice::kMedia}};
  const retention::DeskOptions options = desk_options(config);
  ASSERT_EQ(options.early.size(), 2U);
  EXPECT_EQ(options.early[0].parts, kPartSip);
  EXPECT_EQ(options.early[1].parts, kPartMedia);
  EXPECT_EQ(options.early[1].class_name, "default");
}

TEST_F(ReachStoreTest, TheDeskKnowsTheClassesOfTheConfiguration) {
  config::Config config = config::defaults();
  config::RetentionClass trades;
  trades.name = "trades";
  trades.basis = "MiFID II Art. 16(7)";
  trades.locked = true;
  trades.days_max = 2;
  config.retention_classes.push_back(trades);
  const retention::DeskOptions options = desk_options(config);
  ASSERT_EQ(options.classes.size(), 3U) << "default and imported are always there";
  const retention::ClassTerms& terms = options.classes.at("trades");
  EXPECT_EQ(terms.basis, "MiFID II Art. 16(7)");
  EXPECT_TRUE(terms.locked);
  EXPECT_EQ(terms.max_us, 172'800'000'000);
  EXPECT_EQ(options.classes.at("default").max_us, 0);
}

}  // namespace
}  // namespace tapdeck::control
