#include "control/connection.h"

#include <sys/socket.h>
#include <thread>

#include <gtest/gtest.h>

#include "control/protocol.h"
#include "tests/unit/control/fake_store.h"

namespace tapdeck::control {
namespace {

// A service that answers one greeting with `type` and `payload`.
Result<Socket> greet(FrameType type, const std::string& payload) {
  const testing::TemporaryDirectory directory;
  auto listener = listen_control_socket(directory.path());
  EXPECT_TRUE(listener);
  std::thread service([&] {
    const Socket client(::accept(listener->fd(), nullptr, nullptr));
    EXPECT_TRUE(receive_frame(client, kRequestBytesMax));
    EXPECT_TRUE(send_frame(client, type, payload));
  });
  auto connected = connect_to_service(directory.path());
  service.join();
  return connected;
}

TEST(Connection, OpensWithAWelcome) { EXPECT_TRUE(greet(FrameType::kWelcome, encode_hello())); }

TEST(Connection, NobodyServesIsNotFound) {
  const testing::TemporaryDirectory directory;
  EXPECT_EQ(connect_to_service(directory.path()).error().code, ErrorCode::kNotFound);
  EXPECT_EQ(connect_to_service(directory.path() + "/absent").error().code, ErrorCode::kNotFound);
}

TEST(Connection, GivesTheReasonOfARefusal) {
  const auto refused =
      greet(FrameType::kError, encode_error(make_error(ErrorCode::kBusy, "too many")));
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ErrorCode::kBusy);
  EXPECT_EQ(refused.error().message, "too many");
}

TEST(Connection, AnythingElseIsNoService) {
  EXPECT_EQ(greet(FrameType::kWelcome, "x").error().code, ErrorCode::kCorrupt);
  EXPECT_EQ(greet(FrameType::kEnd, encode_hello()).error().code, ErrorCode::kCorrupt);
}

}  // namespace
}  // namespace tapdeck::control
