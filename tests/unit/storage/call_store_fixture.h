// A call store in a directory of its own, and calls to put there, for its unit tests.
// Threads: the test's.  Memory: as it comes.  Errors: failed expectations.
#pragma once

#include <cstdlib>
#include <filesystem>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "storage/call_store.h"

namespace tapdeck::storage {

constexpr std::int64_t kStart = 1'700'000'000'000'000;
constexpr std::int64_t kSecond = 1'000'000;

class CallStoreTest : public ::testing::Test {
 protected:
  void SetUp() override {
    std::string pattern = (std::filesystem::temp_directory_path() / "call_store.XXXXXX").string();
    ASSERT_NE(::mkdtemp(pattern.data()), nullptr);
    root_ = pattern;
    reopen();
  }

  void TearDown() override {
    store_.reset();
    std::filesystem::remove_all(root_);
  }

  [[nodiscard]] std::string directory() const { return root_ + "/calls"; }

  void reopen() {
    store_.reset();
    auto opened = CallStore::open(directory(), {});
    ASSERT_TRUE(opened) << opened.error().message;
    store_ = std::move(*opened);
  }

  void put(const CallRecord& call) {
    const auto done = store_->put({&call, 1}, {});
    ASSERT_TRUE(done) << done.error().message;
  }

  std::vector<CallRecord> find(const CallQuery& query) {
    auto page = store_->find(query);
    EXPECT_TRUE(page) << page.error().message;
    return page ? page->calls : std::vector<CallRecord>{};
  }

  std::vector<std::string> find_ids(const CallQuery& query) {
    std::vector<std::string> ids;
    for (const CallRecord& call : find(query)) ids.push_back(call.call_id);
    return ids;
  }

  std::uint64_t figure(const std::string& name) {
    for (const auto& [key, value] : store_->statistics().figures) {
      if (key == name) return value;
    }
    ADD_FAILURE() << "no figure " << name;
    return 0;
  }

  void expect_consistent() {
    const auto faults = store_->check();
    ASSERT_TRUE(faults);
    for (const StoreFault& fault : *faults) ADD_FAILURE() << fault.where << ": " << fault.what;
  }

  std::string root_;
  std::unique_ptr<CallStore> store_;
};

// The n-th call: starts n seconds after kStart and lasts 500 ms.
inline CallRecord nth_call(std::uint32_t n, std::string caller, std::string callee) {
  CallRecord call;
  call.start_us = kStart + n * kSecond;
  call.first_seen_us = *call.start_us;
  call.uid = make_uid(*call.start_us / 1'000, {static_cast<std::uint8_t>(n)});
  call.call_id = "id-" + std::to_string(n);
  call.state = CallState::kEnded;
  call.ended_us = *call.start_us + kSecond / 2;
  call.parties.resize(2);
  call.parties[0].number = std::move(caller);
  call.parties[1].number = std::move(callee);
  call.parties[1].id = 1;
  call.caller = 0;
  call.callee = 1;
  return call;
}

inline CallQuery by_number(std::string number) {
  CallQuery query;
  query.number = std::move(number);
  return query;
}

using Ids = std::vector<std::string>;

}  // namespace tapdeck::storage
