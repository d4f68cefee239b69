#include "control/retention_access.h"

#include <unistd.h>

#include <gtest/gtest.h>

#include "control/protocol.h"
#include "tests/unit/control/fake_store.h"

namespace tapdeck::control {
namespace {

class RetentionAccessTest : public testing::ServedStore {
 protected:
  std::unique_ptr<RetentionAccess> open() {
    Settings settings;
    settings.config = config::defaults();
    settings.store_directory = directory_.path();
    auto access = open_retention(settings);
    EXPECT_TRUE(access) << access.error().message;
    return access ? std::move(*access) : nullptr;
  }
};

TEST_F(RetentionAccessTest, AsksTheServiceInTheNameOfWhoIsConnected) {
  contents_.calls = testing::make_calls(1);
  answer_ = R"({"holds":[]})";
  serve();
  const auto access = open();
  ASSERT_TRUE(access);
  const auto answer = access->ask(ListHoldsRequest{});
  ASSERT_TRUE(answer) << answer.error().message;
  EXPECT_EQ(*answer, answer_);
  EXPECT_EQ(actor_.user_id, ::getuid());
  EXPECT_EQ(actor_.group_id, ::getgid());
  EXPECT_EQ(actor_.process_id, static_cast<std::uint32_t>(::getpid()));
  EXPECT_TRUE(access->get_call(contents_.calls[0].uid));
  refusal_ = make_error(ErrorCode::kBusy, "The clock moved.");
  const auto refused = access->ask(ApplyRequest{});
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ErrorCode::kBusy);
  EXPECT_EQ(refused.error().message, "The clock moved.");
  ASSERT_EQ(asked_.size(), 2U);
  EXPECT_TRUE(std::holds_alternative<ApplyRequest>(asked_[1]));
}

TEST_F(RetentionAccessTest, NothingIsOrderedTwice) {
  serve();
  const auto access = open();
  ASSERT_TRUE(access);
  server_->stop();
  server_.reset();
  serve();  // started again between two questions
  EXPECT_FALSE(access->ask(ApplyRequest{}));
  EXPECT_TRUE(asked_.empty());
  EXPECT_TRUE(access->ask(ApplyRequest{})) << "who asks again is heard";
}

TEST_F(RetentionAccessTest, AnAnswerThatNoFrameTakesIsAnError) {
  answer_ = std::string(kAnswerBytesMax + 1, 'x');
  serve();
  const auto answer = open()->ask(ListHoldsRequest{});
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().code, ErrorCode::kResources);
}

TEST_F(RetentionAccessTest, OpensAStoreThatNobodyOwns) {
  Settings settings;
  settings.config = config::defaults();
  settings.store_directory = directory_.path();
  ASSERT_TRUE(storage::Store::open(store_options(settings, storage::StoreMode::kCreateIfMissing)));
  const auto access = open();
  ASSERT_TRUE(access);
  const auto answer = access->ask(ListHoldsRequest{});
  ASSERT_TRUE(answer) << answer.error().message;
  EXPECT_EQ(*answer, R"({"holds":[]})");
  EXPECT_EQ(access->get_call(make_uid(1, {})).error().code, ErrorCode::kNotFound);
}

}  // namespace
}  // namespace tapdeck::control
