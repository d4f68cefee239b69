#include "bench/load/call_store_load.h"

#include <filesystem>

#include <gtest/gtest.h>

#include "bench/load/call_store_verify.h"
#include "storage/store.h"
#include "tests/unit/bench_load/fresh_directory.h"

namespace tapdeck::load {
namespace {

CallStoreLoadOptions small(const std::string& name) {
  CallStoreLoadOptions options;
  options.directory = fresh_directory(name);
  options.maker.calls = 3'000;
  options.maker.days = 0.1;
  options.maker.subscribers = 500;
  options.searches = 3;
  options.cold_searches = 0;
  options.samples = 200;
  return options;
}

TEST(CallStoreLoad, WhatWasMadeIsFoundAndNothingStays) {
  const CallStoreLoadOptions options = small("call-store-load");
  const auto result = run_call_store(options, {});
  ASSERT_TRUE(result) << result.error().message;
  EXPECT_EQ(result->calls, 3'000u);
  EXPECT_GT(result->records, 4'500u) << "answered calls are put twice";
  EXPECT_EQ(result->searches.size(), 5u);
  for (const StoreSearchResult& search : result->searches)
    EXPECT_GT(search.calls_found, 0) << search.kind;
  EXPECT_FALSE(std::filesystem::exists(options.directory));
}

TEST(CallStoreLoad, AWrongStoreIsTold) {
  CallStoreLoadOptions options = small("call-store-wrong");
  options.keep = true;
  ASSERT_TRUE(run_call_store(options, {}));
  {
    const auto store = storage::CallStore::open(options.directory + "/calls", {});
    ASSERT_TRUE(store);
    EXPECT_TRUE(verify_calls(CallMaker(options.maker), **store, 50));
    MakerOptions others = options.maker;
    others.seed = 2;
    EXPECT_FALSE(verify_calls(CallMaker(others), **store, 50)) << "other calls were made";
    CallRecord changed = CallMaker(options.maker).record(1'000, true);
    changed.version += 1;
    changed.call_id = "other";
    ASSERT_TRUE((*store)->put({&changed, 1}, {}));
    EXPECT_FALSE(verify_calls(CallMaker(options.maker), **store, 3'000)) << "one call changed";
  }
  const auto again = run_call_store(options, {});
  ASSERT_FALSE(again);
  EXPECT_EQ(again.error().code, ErrorCode::kAlreadyExists);
  std::filesystem::remove_all(options.directory);
}

TEST(CallStoreLoad, MemoryIsNoDisk) {
  CallStoreLoadOptions options = small("unused");
  options.directory = "/dev/shm/tapdeck-call-store-load";
  const auto result = run_call_store(options, {});
  std::filesystem::remove_all(options.directory);
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().code, ErrorCode::kInvalidArgument);
}

}  // namespace
}  // namespace tapdeck::load
