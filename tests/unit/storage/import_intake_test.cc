#include "storage/import_intake.h"

#include <gtest/gtest.h>

#include "tests/unit/storage/store_fixture.h"

namespace tapdeck::storage {
namespace {

class ImportIntakeTest : public ::testing::Test {
 protected:
  void SetUp() override { open(); }

  void open() {
    store_ = open_store(test_options(directory_.path()));
    ASSERT_NE(store_, nullptr);
  }

  std::unique_ptr<RecordIntake> import() {
    auto import = store_->open_import();
    EXPECT_TRUE(import) << import.error().message;
    return std::move(*import);
  }

  void put(RecordIntake& intake, std::uint8_t number, bool final) {
    CallRecord call;
    call.uid = test_uid(number);
    call.start_us = kTestStartMs * 1000;
    call.final = final;
    call.version = final ? 2 : 1;
    ASSERT_TRUE(intake.put_calls({&call, 1}));
  }

  void expect_consistent() {
    const auto faults = store_->reader()->check();
    ASSERT_TRUE(faults);
    for (const StoreFault& fault : *faults) ADD_FAILURE() << fault.where << ": " << fault.what;
  }

  TemporaryDirectory directory_;
  std::unique_ptr<Store> store_;
};

TEST_F(ImportIntakeTest, RecordsBesideTheStoresOwnWriter) {
  const auto live = make_chunk({.recording = 1});
  const auto imported = make_chunk({.recording = 2});
  {
    const auto import = this->import();
    append(store_->writer(), *live);
    append(import->writer(), *imported);
    EXPECT_EQ(end(import->writer(), test_uid(2)).bytes, kExtentBytes);
    ASSERT_TRUE(import->writer().flush());
    put(*import, 2, true);
    EXPECT_EQ(*read_sections(*store_->reader(), test_uid(2)),
              std::vector<std::string>{section_text(*imported)});
  }
  EXPECT_EQ(end(store_->writer(), test_uid(1)).bytes, kExtentBytes);
  ASSERT_TRUE(store_->writer().flush());
  store_.reset();
  open();
  EXPECT_EQ(*read_sections(*store_->reader(), test_uid(1)),
            std::vector<std::string>{section_text(*live)});
  EXPECT_EQ(*read_sections(*store_->reader(), test_uid(2)),
            std::vector<std::string>{section_text(*imported)});
  EXPECT_EQ(figure(*store_, "recovered_segments"), 0U) << "its segments were not sealed";
  expect_consistent();
}

TEST_F(ImportIntakeTest, OneAtATime) {
  auto first = import();
  const auto second = store_->open_import();
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().code, ErrorCode::kBusy);
  first.reset();
  EXPECT_TRUE(store_->open_import());
}

// An import that ends in the middle of a call leaves it as a crash would, and the next one makes it
// anew, in the same life of the store.
TEST_F(ImportIntakeTest, WhatItDidNotEndIsMadeAnewByTheNext) {
  {
    const auto cut = import();
    EXPECT_EQ(*cut->presence_of(test_uid(1)), Presence::kAbsent);
    put(*cut, 1, false);
    for (std::uint32_t i = 0; i < 3; ++i) append(cut->writer(), *make_chunk({.sequence = i}));
    EXPECT_EQ(*cut->presence_of(test_uid(1)), Presence::kPresent) << "it is being recorded";
  }
  EXPECT_EQ(figure(*store_, "recordings_open"), 0U);
  EXPECT_EQ(read_sections(*store_->reader(), test_uid(1))->size(), 3U);
  const auto again = make_chunk({.payload = 173});
  {
    const auto import = this->import();
    EXPECT_EQ(*import->presence_of(test_uid(1)), Presence::kAbsent);
    append(import->writer(), *again);
    import->writer().end_recording(test_uid(1));
    ASSERT_TRUE(import->writer().flush());
    put(*import, 1, true);
    EXPECT_EQ(*import->presence_of(test_uid(1)), Presence::kPresent);
  }
  EXPECT_EQ(*read_sections(*store_->reader(), test_uid(1)),
            std::vector<std::string>{section_text(*again)});
  expect_consistent();
}

// Never the recording of a call that is being captured at this moment.
TEST_F(ImportIntakeTest, LeavesAloneWhatTheStoresOwnWriterRecords) {
  put(*store_, 1, false);
  append(store_->writer(), *make_chunk({}));
  EXPECT_EQ(*import()->presence_of(test_uid(1)), Presence::kPresent);
  store_->writer().end_recording(test_uid(1));
  ASSERT_TRUE(store_->writer().flush());
  EXPECT_EQ(read_sections(*store_->reader(), test_uid(1))->size(), 1U);
}

}  // namespace
}  // namespace tapdeck::storage
