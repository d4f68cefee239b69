#include "control/frame_io.h"

#include <sys/socket.h>
#include <sys/stat.h>
#include <thread>

#include "tests/unit/control/fake_store.h"

namespace tapdeck::control {
namespace {

using testing::TemporaryDirectory;

std::pair<Socket, Socket> socket_pair() {
  int ends[2] = {-1, -1};
  EXPECT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends), 0);
  return {Socket(ends[0]), Socket(ends[1])};
}

void send_raw(const Socket& socket, std::string_view bytes) {
  ASSERT_EQ(::send(socket.fd(), bytes.data(), bytes.size(), 0), static_cast<ssize_t>(bytes.size()));
}

TEST(FrameIo, CarriesFramesInOrder) {
  auto [left, right] = socket_pair();
  ASSERT_TRUE(send_frame(left, FrameType::kGetCall, "first"));
  ASSERT_TRUE(send_frame(left, FrameType::kGetCall, ""));
  const auto first = receive_frame(right, 100);
  ASSERT_TRUE(first);
  EXPECT_EQ(first->type, FrameType::kGetCall);
  EXPECT_EQ(first->payload, "first");
  const auto second = receive_frame(right, 100);
  ASSERT_TRUE(second);
  EXPECT_TRUE(second->payload.empty());
}

TEST(FrameIo, AClosedPeerIsNotABrokenOne) {
  auto [left, right] = socket_pair();
  left.close();
  EXPECT_EQ(receive_frame(right, 100).error().code, ErrorCode::kNotFound);
}

TEST(FrameIo, AFrameCutShortIsAnError) {
  const std::string whole = encode_frame_header(FrameType::kGetCall, 3) + "abc";
  for (std::size_t size = 1; size < whole.size(); ++size) {
    auto [left, right] = socket_pair();
    send_raw(left, std::string_view(whole).substr(0, size));
    left.close();
    const auto frame = receive_frame(right, 100);
    ASSERT_FALSE(frame);
    EXPECT_EQ(frame.error().code, ErrorCode::kIo) << size;
  }
}

TEST(FrameIo, RefusesNonsenseAndWhatIsTooLong) {
  auto [left, right] = socket_pair();
  send_raw(left, "GET / HTTP/1.1\r\n\r\n");
  EXPECT_EQ(receive_frame(right, 100).error().code, ErrorCode::kCorrupt);
  auto [sender, receiver] = socket_pair();
  ASSERT_TRUE(send_frame(sender, FrameType::kGetCall, std::string(101, 'x')));
  EXPECT_EQ(receive_frame(receiver, 100).error().code, ErrorCode::kCorrupt);
}

TEST(FrameIo, ASilentPeerIsGivenUp) {
  auto [left, right] = socket_pair();
  ASSERT_TRUE(set_time_limits(right, kNoTimeout, 20));
  const auto frame = receive_frame(right, 100);
  ASSERT_FALSE(frame);
  EXPECT_EQ(frame.error().code, ErrorCode::kIo);
  EXPECT_NE(frame.error().message.find("said nothing"), std::string::npos);
}

TEST(FrameIo, APeerThatTakesNothingIsGivenUp) {
  auto [left, right] = socket_pair();
  ASSERT_TRUE(set_time_limits(left, 20, kNoTimeout));
  const auto sent = send_frame(left, FrameType::kGetCall, std::string(8U << 20, 'x'));
  ASSERT_FALSE(sent);
  EXPECT_EQ(sent.error().code, ErrorCode::kIo);
}

TEST(FrameIo, ServesOnlyItsOwnerAndReplacesADeadSocket) {
  const TemporaryDirectory directory;
  EXPECT_EQ(connect_control_socket(directory.path()).error().code, ErrorCode::kNotFound);
  { ASSERT_TRUE(listen_control_socket(directory.path())); }  // its owner "crashed"
  EXPECT_EQ(connect_control_socket(directory.path()).error().code, ErrorCode::kNotFound);
  const auto listener = listen_control_socket(directory.path());
  ASSERT_TRUE(listener);

  struct stat status {};

  ASSERT_EQ(::stat((directory.path() + "/control.sock").c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 07777, 0600U);
  EXPECT_TRUE(connect_control_socket(directory.path()));
}

TEST(FrameIo, DirectoriesMayHaveLongNames) {
  const TemporaryDirectory directory;
  const std::string deep = directory.path() + "/" + std::string(120, 'd');
  std::filesystem::create_directory(deep);
  const auto listener = listen_control_socket(deep);
  ASSERT_TRUE(listener) << listener.error().message;
  EXPECT_TRUE(connect_control_socket(deep));
}

}  // namespace
}  // namespace tapdeck::control
