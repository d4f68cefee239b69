#include "control/class_journal.h"

#include <unistd.h>

#include <gtest/gtest.h>

#include "control/obey.h"
#include "control/reach_store.h"
#include "tests/unit/control/fake_store.h"

namespace tapdeck::control {
namespace {

using namespace retention;

class ClassJournalTest : public ::testing::Test {
 protected:
  ClassJournalTest() {
    settings_.config = config::defaults();
    settings_.store_directory = directory_.path();
    settings_.is_configured = true;
    add("trades", 10);
  }

  config::RetentionClass& add(const std::string& name, std::uint32_t days) {
    config::RetentionClass& added = settings_.config.retention_classes.emplace_back();
    added.name = name;
    added.days = days;
    added.basis = "MiFID II";
    return added;
  }

  void open() {
    auto store =
        storage::Store::open(store_options(settings_, storage::StoreMode::kCreateIfMissing));
    ASSERT_TRUE(store) << store.error().message;
    store_ = std::move(*store);
  }

  // Names of what was journalled since the last time, "+" new, "-" gone, "~" changed.
  std::vector<std::string> note() {
    const auto noted = journal_classes(settings_, "start", *store_);
    EXPECT_TRUE(noted) << noted.error().message;
    RetentionDesk desk(*store_, desk_options(settings_.config));
    JournalRequest request;
    request.from_sequence = next_;
    request.type = LedgerType::kClassChange;
    const auto answer = desk.journal(request);
    EXPECT_TRUE(answer);
    next_ = answer->next_sequence;
    std::vector<std::string> names;
    for (const JournalRow& row : answer->rows) {
      last_ = std::get<ClassChange>(*row.content);
      names.push_back((!last_.before ? "+" : last_.after ? "~" : "-") + last_.name);
    }
    return names;
  }

  testing::TemporaryDirectory directory_;
  Settings settings_;
  std::unique_ptr<storage::Store> store_;
  std::uint64_t next_ = 0;
  ClassChange last_;
};

using Names = std::vector<std::string>;

TEST_F(ClassJournalTest, WhatIsAddedChangedAndRemovedIsAnEntryEach) {
  open();
  EXPECT_EQ(note(), (Names{"+default", "+imported", "+trades"}));
  EXPECT_EQ(last_.after->media_s, 10 * 86'400);
  EXPECT_EQ(last_.after->basis, "MiFID II");
  EXPECT_EQ(last_.reason, "start");
  EXPECT_EQ(last_.actor.process_id, static_cast<std::uint32_t>(::getpid()));
  EXPECT_EQ(note(), Names{}) << "nothing has changed";
  settings_.config.retention_classes.back().locked = true;
  settings_.config.retention_classes.back().days_max = 20;
  EXPECT_EQ(note(), Names{"~trades"});
  EXPECT_FALSE(last_.before->locked);
  EXPECT_TRUE(last_.after->locked);
  EXPECT_EQ(last_.after->max_s, 20 * 86'400);
  settings_.config.retention_classes.clear();
  add("calls", 5);
  EXPECT_EQ(note(), (Names{"+calls", "-trades"}));
}

TEST_F(ClassJournalTest, IsRememberedByTheStore) {
  open();
  EXPECT_EQ(note().size(), 3U);
  store_.reset();
  open();
  EXPECT_EQ(note(), Names{});
  ASSERT_TRUE(store_->put_value("retention/classes", "nonsense"));
  EXPECT_EQ(note().size(), 3U) << "what cannot be read is noted anew";
}

TEST_F(ClassJournalTest, WithoutAConfigurationNothingIsSaid) {
  open();
  EXPECT_EQ(note().size(), 3U);
  settings_.config = config::defaults();
  settings_.is_configured = false;
  EXPECT_EQ(note(), Names{});
}

TEST_F(ClassJournalTest, ACommandThatOpensTheStoreNotesThem) {
  open();
  store_.reset();
  ASSERT_TRUE(reach_store(settings_));
  open();
  EXPECT_EQ(note().size(), 3U) << "by the command, not again";
  EXPECT_EQ(last_.reason, "command");
}

}  // namespace
}  // namespace tapdeck::control
