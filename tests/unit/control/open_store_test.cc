#include "control/open_store.h"

#include "control/call_json.h"
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

TEST_F(OpenStoreTest, TheServiceHearsWhatItIsReadFor) {
  contents_.calls = testing::make_calls(1);
  serve();
  const auto shown = open_store(settings_for(directory_.path()));
  ASSERT_TRUE(shown);
  ASSERT_TRUE((*shown)->find_calls({})) << "which waits for the service";
  EXPECT_EQ(purpose_.load(), AccessKind::kShow);
  const auto store = open_store_for(settings_for(directory_.path()), AccessKind::kExport);
  ASSERT_TRUE(store);
  ASSERT_TRUE(store->reader->find_calls({}));
  EXPECT_EQ(purpose_.load(), AccessKind::kExport);
  ASSERT_TRUE(store->ask(retention::ExportRequest{"wav", "/out", 1, {}, {}}));
  EXPECT_TRUE(std::holds_alternative<retention::ExportRequest>(asked_.back()));
  server_->stop();
  server_.reset();
  serve();
  ASSERT_TRUE((*shown)->find_calls({}));
  ASSERT_TRUE(store->reader->find_calls({})) << "both are connected anew";
  EXPECT_EQ(purpose_.load(), AccessKind::kExport);
}

TEST_F(OpenStoreTest, WhoOpensItHimselfIsInItsJournalTheSame) {
  const Settings settings = settings_for(directory_.path());
  {
    auto store =
        storage::Store::open(store_options(settings, storage::StoreMode::kCreateIfMissing));
    ASSERT_TRUE(store);
    const auto calls = testing::make_calls(1);
    ASSERT_TRUE((*store)->put_calls(calls));
    contents_.calls = calls;
  }
  const Uid uid = contents_.calls[0].uid;
  const auto store = open_store_for(settings, AccessKind::kExport);
  ASSERT_TRUE(store);
  static_cast<void>(store->reader->read_messages(uid, [](const auto&) { return true; }));
  ASSERT_TRUE(store->ask(retention::ExportRequest{"pcap", "/out", 1, {}, {uid}}));
  const auto answer = store->ask(retention::JournalRequest{});
  ASSERT_TRUE(answer);
  const Json rows = field_of(Json::parse(*answer), "rows");
  ASSERT_EQ(rows.size(), 2U);
  EXPECT_EQ(field_of(rows[0], "content.kind"), Json("export"));
  EXPECT_EQ(field_of(rows[0], "content.detail"), Json("messages"));
  EXPECT_EQ(rows[1]["type"], Json("export"));
  EXPECT_EQ(field_of(rows[1], "content.uids"), Json::array({to_string(uid)}));
}

}  // namespace
}  // namespace tapdeck::control
