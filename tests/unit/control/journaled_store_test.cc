#include "control/journaled_store.h"

#include <gtest/gtest.h>

#include "control/call_report.h"
#include "tests/unit/control/fake_store.h"

namespace tapdeck::control {
namespace {

using testing::FakeContents;
using testing::FakeStore;

// A store of three calls, and what was written down in their order with what had been given out.
class JournaledStoreTest : public ::testing::Test {
 protected:
  JournaledStoreTest() {
    contents_.calls = testing::make_calls(3);
    contents_.messages = {testing::make_message(7, "INVITE")};
    contents_.section_count = 2;
  }

  std::unique_ptr<JournaledStore> open(AccessKind purpose = AccessKind::kExport) {
    return std::make_unique<JournaledStore>(
        std::make_unique<FakeStore>(contents_),
        [this](const std::optional<Uid>& uid,
               AccessKind kind,
               const std::string& detail) -> Result<void> {
          if (refuses_) return make_error(ErrorCode::kIo, "disk full");
          notes_.push_back((uid ? to_string(*uid) : std::string("-")) + " " +
                           std::to_string(static_cast<int>(kind)) + " " + detail + " after " +
                           std::to_string(given_));
          return {};
        },
        purpose);
  }

  Result<void> read_media(JournaledStore& store, std::size_t call) {
    return store.read_media(contents_.calls[call].uid, [this](const SectionHeader&, ByteView) {
      ++given_;
      return true;
    });
  }

  Result<void> read_messages(JournaledStore& store, std::size_t call) {
    return store.read_messages(contents_.calls[call].uid, [this](const storage::MessageRecord&) {
      ++given_;
      return true;
    });
  }

  [[nodiscard]] std::string uid(std::size_t call) const {
    return to_string(contents_.calls[call].uid);
  }

  FakeContents contents_;
  std::vector<std::string> notes_;
  std::size_t given_ = 0;
  bool refuses_ = false;
};

TEST_F(JournaledStoreTest, WritesDownBeforeItGivesOutAndOnceOnly) {
  const auto store = open();
  ASSERT_TRUE(read_media(*store, 0));
  ASSERT_TRUE(read_media(*store, 0));
  ASSERT_TRUE(read_messages(*store, 0));
  ASSERT_TRUE(read_media(*store, 1));
  EXPECT_EQ(notes_,
            (std::vector<std::string>{uid(0) + " 2 media after 0",
                                      uid(0) + " 2 messages after 4",
                                      uid(1) + " 2 media after 5"}));
  const auto another = open(AccessKind::kShow);
  ASSERT_TRUE(read_messages(*another, 0));
  ASSERT_EQ(notes_.size(), 4U) << "another connection is another access";
  EXPECT_EQ(notes_.back(), uid(0) + " 1 messages after 7") << "to be shown, not to be exported";
}

TEST_F(JournaledStoreTest, NothingIsGivenOutThatCannotBeWrittenDown) {
  refuses_ = true;
  const auto store = open();
  const auto media = read_media(*store, 0);
  ASSERT_FALSE(media);
  EXPECT_EQ(media.error().code, kAccessRefused);
  EXPECT_NE(media.error().message.find("disk full"), std::string::npos);
  EXPECT_FALSE(read_messages(*store, 0));
  CallQuery query;
  query.number = "441632960123";
  EXPECT_FALSE(store->find_calls(query));
  const auto report = read_call_report(*store, contents_.calls[0].uid);
  ASSERT_FALSE(report) << "no fault of the call: nothing of it may be shown";
  EXPECT_EQ(report.error().code, kAccessRefused);
  EXPECT_EQ(given_, 0U);
  EXPECT_TRUE(store->find_calls({}));
  refuses_ = false;
  EXPECT_TRUE(read_media(*store, 0));
  EXPECT_EQ(notes_.size(), 1U);
}

TEST_F(JournaledStoreTest, ASearchByNumberIsOneAccess) {
  const auto store = open();
  for (std::string CallQuery::*const number : {&CallQuery::number, &CallQuery::caller}) {
    CallQuery query;
    query.*number = number == &CallQuery::number ? "44*" : "0891234";
    query.limit = 1;
    const auto page = store->find_calls(query);
    ASSERT_TRUE(page);
    query.cursor = page->next_cursor;
    ASSERT_TRUE(store->find_calls(query));
  }
  CallQuery other;
  other.call_id = "x";
  ASSERT_TRUE(store->find_calls(other));
  EXPECT_EQ(notes_,
            (std::vector<std::string>{"- 3 number=44* after 0", "- 3 caller=0891234 after 0"}));
}

TEST_F(JournaledStoreTest, ACursorOfAnotherSearchHidesNone) {
  const auto store = open();
  CallQuery all;
  all.limit = 1;
  const auto page = store->find_calls(all);
  ASSERT_TRUE(page);
  ASSERT_FALSE(page->next_cursor.empty());
  CallQuery query;
  query.callee = "44*";
  query.cursor = page->next_cursor;
  ASSERT_TRUE(store->find_calls(query));
  EXPECT_EQ(notes_, (std::vector<std::string>{"- 3 callee=44* after 0"}));
}

TEST_F(JournaledStoreTest, WhoFollowsANumberIsWrittenDownOnce) {
  const auto store = open();
  CallQuery query;
  query.number = "44*";
  query.from_us = 2'000'000;
  ASSERT_TRUE(store->find_calls(query));
  query.from_us = 3'000'000;
  ASSERT_TRUE(store->find_calls(query));
  EXPECT_EQ(notes_.size(), 1U);
  query.from_us = 1'000'000;
  ASSERT_TRUE(store->find_calls(query));
  EXPECT_EQ(notes_.size(), 2U) << "that was not in what was written down";
}

TEST_F(JournaledStoreTest, ASearchForEventsByNumberIsOneAccess) {
  const auto store = open();
  EventQuery query;
  ASSERT_TRUE(store->find_events(query));
  EXPECT_TRUE(notes_.empty());
  query.number = "44*";
  ASSERT_TRUE(store->find_events(query));
  ASSERT_TRUE(store->find_events(query));
  EXPECT_EQ(notes_, (std::vector<std::string>{"- 3 events, number=44* after 0"}));
}

TEST_F(JournaledStoreTest, ACallThatIsNotThereIsNoAccess) {
  const auto store = open();
  const auto read = store->read_messages(make_uid(1, {}), [](const auto&) { return true; });
  ASSERT_FALSE(read);
  EXPECT_EQ(read.error().code, ErrorCode::kNotFound);
  EXPECT_TRUE(notes_.empty());
}

}  // namespace
}  // namespace tapdeck::control
