#include "bench/load/retention_load.h"

#include <filesystem>

#include <gtest/gtest.h>

#include "tests/unit/bench_load/fresh_directory.h"

namespace tapdeck::load {
namespace {

RetentionLoadOptions small_load(const std::string& name) {
  RetentionLoadOptions options;
  options.directory = fresh_directory(name);
  options.recordings = 3'000;
  return options;
}

TEST(RetentionLoad, AsManyUnlinksAsSegmentsAndNothingStays) {
  const RetentionLoadOptions options = small_load("retention-load");
  const auto result = run_retention_load(options);
  ASSERT_TRUE(result) << result.error().message;
  for (const std::string& sentence : result->wrong) ADD_FAILURE() << sentence;
  EXPECT_EQ(result->held, 30U);
  EXPECT_EQ(result->expired, 2'970U);
  EXPECT_GE(result->segments, 20U) << "of two kinds, eleven MiB each";
  EXPECT_GT(result->segments_free, result->segments / 2);
  EXPECT_LT(result->segments_free, result->segments) << "some are held";
  EXPECT_EQ(result->unlinks, result->segments_free);
  EXPECT_GT(result->bytes_punched, 0U);
  EXPECT_EQ(result->keys_destroyed, 2 * 2'970U);
  EXPECT_EQ(result->held_read, 30U);
  EXPECT_GE(result->gone_looked_for, 2'900U);
  EXPECT_FALSE(std::filesystem::exists(options.directory));
}

TEST(RetentionLoad, SyncsAreOfBatchesAndSpaceOfTheCallLogComesBack) {
  RetentionLoadOptions options = small_load("retention-syncs");
  options.recordings = 9'000;
  options.held_pct = 0;
  options.small_files = false;
  const auto result = run_retention_load(options);
  ASSERT_TRUE(result) << result.error().message;
  for (const std::string& sentence : result->wrong) ADD_FAILURE() << sentence;
  EXPECT_EQ(result->unlinks, result->segments);
  EXPECT_GT(result->journal_syncs, 0U);
  EXPECT_GT(result->key_syncs, 0U);
  EXPECT_GT(result->row_syncs, 0U);
  EXPECT_LE(result->journal_syncs, 4U) << "one for each 4 096";
  EXPECT_LE(result->key_syncs, 6U) << "one for each file of each batch";
  EXPECT_LE(result->row_syncs, 10U);
  EXPECT_LT(result->log_bytes_settled, result->log_bytes_before / 4);
}

TEST(RetentionLoad, WhatIsWrongIsTold) {
  RetentionLoadResult result;
  result.recordings = 10;
  result.held = 2;
  result.segments = 4;
  result.segments_free = 3;
  result.unlinks = result.segments_removed = 3;
  result.expired = 8;
  result.still_held = 2;
  result.keys_destroyed = 16;
  EXPECT_TRUE(what_expiry_did_wrong(result).empty());
  result.unlinks = result.segments_removed = 2;
  ASSERT_EQ(what_expiry_did_wrong(result).size(), 1U);
  EXPECT_EQ(what_expiry_did_wrong(result)[0], "Segments unlinked: 2, not 3.");
  result.unlinks = 4;
  result.expired = 7;
  EXPECT_EQ(what_expiry_did_wrong(result).size(), 3U);
}

TEST(RetentionLoad, WhatIsThereIsNotOverwritten) {
  const RetentionLoadOptions options = small_load("retention-there");
  std::filesystem::create_directory(options.directory);
  const auto result = run_retention_load(options);
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().code, ErrorCode::kAlreadyExists);
  EXPECT_TRUE(std::filesystem::exists(options.directory));
  std::filesystem::remove_all(options.directory);
}

}  // namespace
}  // namespace tapdeck::load
