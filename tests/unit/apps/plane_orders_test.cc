#include "apps/plane_orders.h"

#include <thread>

#include <gtest/gtest.h>

namespace tapdeck::apps {
namespace {

class NoSink final : public calls::CallPlaneSink {
 public:
  void bind(const BindMessage&) override {}

  void keep_messages(const Uid&, std::uint16_t, std::string) override {}

  void put_call(CallRecord) override {}

  bool pass_rtcp(const SignalMessage&) override { return true; }
};

TEST(PlaneOrders, AreObeyedByTheThreadThatServes) {
  NoSink sink;
  const auto plane = calls::CallPlane::create({}, sink);
  PlaneOrders orders;
  orders.serve(*plane, 1);  // nothing waits
  std::atomic<bool> answered{false};
  std::thread asking([&] {
    const auto answer = orders.ask({.uid = make_uid(1, {}), .call_id = "nobody's"});
    ASSERT_TRUE(answer) << answer.error().message;
    EXPECT_FALSE(answer->known);
    answered = true;
  });
  while (!answered) orders.serve(*plane, 2);
  asking.join();
}

TEST(PlaneOrders, ThatNobodyServesEndInAnErrorAndAreForgotten) {
  NoSink sink;
  const auto plane = calls::CallPlane::create({}, sink);
  PlaneOrders orders;
  const auto answer = orders.ask({.uid = make_uid(1, {}), .call_id = "x"});
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().code, ErrorCode::kBusy);
  orders.serve(*plane, 1);  // would keep the promise of somebody who is gone
}

}  // namespace
}  // namespace tapdeck::apps
