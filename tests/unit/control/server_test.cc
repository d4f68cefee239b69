#include "control/server.h"

#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <gtest/gtest.h>

#include "control/frame_io.h"
#include "control/remote_store.h"
#include "tests/unit/control/fake_store.h"

namespace tapdeck::control {
namespace {

using ServerTest = testing::ServedStore;
using testing::make_calls;

// Waits for what another thread is about to do.
template <typename Condition>
bool wait_until(Condition condition) {
  for (int i = 0; i < 5'000; ++i) {
    if (condition()) return true;  // asked no second time: a connection is gone by then
    ::usleep(1'000);
  }
  return false;
}

TEST_F(ServerTest, SocketIsForItsOwnerAloneAndGoneAfterwards) {
  serve();
  const std::string path = directory_.path() + "/control.sock";

  struct stat status {};

  ASSERT_EQ(::stat(path.c_str(), &status), 0);
  EXPECT_TRUE(S_ISSOCK(status.st_mode));
  EXPECT_EQ(status.st_mode & 0777U, 0600U);
  server_->stop();
  EXPECT_NE(::stat(path.c_str(), &status), 0);
  server_->stop();  // idempotent
}

TEST_F(ServerTest, TakesThePlaceOfACrashedOwner) {
  {
    const auto crashed = listen_control_socket(directory_.path());
    ASSERT_TRUE(crashed);
  }  // closed, its name left behind
  serve();
  EXPECT_TRUE(RemoteStore::connect(directory_.path()));
}

TEST_F(ServerTest, ServesADirectoryWithALongName) {
  const std::string deep = directory_.path() + "/" + std::string(120, 'd');
  std::filesystem::create_directory(deep);
  ServerOptions options;
  options.store_directory = deep;
  auto server = Server::start(
      options,
      {[this](const ClientInfo&) { return std::make_unique<testing::FakeStore>(contents_); },
       nullptr,
       nullptr});
  ASSERT_TRUE(server) << server.error().message;
  const auto store = RemoteStore::connect(deep);
  ASSERT_TRUE(store) << store.error().message;
  EXPECT_TRUE((*store)->statistics());
}

TEST_F(ServerTest, KnowsWhoItsClientsAre) {
  serve();
  const auto store = RemoteStore::connect(directory_.path());
  ASSERT_TRUE(store);
  const auto clients = server_->clients();
  ASSERT_EQ(clients.size(), 1U);
  EXPECT_EQ(clients[0].pid, ::getpid());
  EXPECT_EQ(clients[0].uid, ::getuid());
}

TEST_F(ServerTest, TurnsAwayOneTooManyAndTakesTheNextWhenOneLeft) {
  ServerOptions options;
  options.clients_max = 1;
  serve(options);
  auto first = RemoteStore::connect(directory_.path());
  ASSERT_TRUE(first);
  const auto second = RemoteStore::connect(directory_.path());
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().code, ErrorCode::kBusy);
  first->reset();
  EXPECT_TRUE(wait_until([&] { return RemoteStore::connect(directory_.path()).has_value(); }));
}

TEST_F(ServerTest, DropsAClientThatTakesNothing) {
  contents_.section_count = 100'000;
  ServerOptions options;
  options.send_timeout_ms = 50;
  serve(options);
  auto socket = connect_control_socket(directory_.path());
  ASSERT_TRUE(socket);
  ASSERT_TRUE(send_frame(*socket, FrameType::kHello, encode_hello()));
  ASSERT_TRUE(send_frame(*socket, FrameType::kReadMedia, encode_uid({})));
  ASSERT_TRUE(wait_until([&] { return !server_->clients().empty(); }));
  EXPECT_TRUE(wait_until([&] { return server_->clients().empty(); }));
}

TEST_F(ServerTest, SurvivesClientsThatVanishOrTalkNonsense) {
  contents_.section_count = 1'000;
  contents_.calls = make_calls(1);
  serve();
  for (const std::string& words : {std::string("GET / HTTP/1.1\r\n\r\n"),
                                   std::string("\xff\xff\xff\xff\x01", 5),
                                   std::string("\x01\0\0\0\x02", 5),
                                   std::string("\x07")}) {
    const auto socket = connect_control_socket(directory_.path());
    ASSERT_TRUE(socket);
    EXPECT_EQ(::send(socket->fd(), words.data(), words.size(), MSG_NOSIGNAL),
              static_cast<ssize_t>(words.size()));
  }
  {
    const auto socket = connect_control_socket(directory_.path());
    ASSERT_TRUE(socket);
    ASSERT_TRUE(send_frame(*socket, FrameType::kHello, encode_hello()));
    ASSERT_TRUE(send_frame(*socket, FrameType::kReadMedia, encode_uid({})));
    ASSERT_TRUE(receive_frame(*socket, kAnswerBytesMax));
  }  // gone in the middle of the answer
  EXPECT_TRUE(wait_until([&] { return server_->clients().empty(); }));
  const auto store = RemoteStore::connect(directory_.path());
  ASSERT_TRUE(store);
  EXPECT_TRUE((*store)->get_call(contents_.calls[0].uid));
}

TEST_F(ServerTest, AnswersARequestItCannotReadAndGoesOn) {
  serve();
  const auto socket = connect_control_socket(directory_.path());
  ASSERT_TRUE(socket);
  ASSERT_TRUE(send_frame(*socket, FrameType::kHello, encode_hello()));
  ASSERT_TRUE(receive_frame(*socket, kAnswerBytesMax));
  for (const FrameType type : {FrameType::kFindCalls, FrameType::kGetCall, FrameType::kWelcome}) {
    ASSERT_TRUE(send_frame(*socket, type, "x"));
    const auto answer = receive_frame(*socket, kAnswerBytesMax);
    ASSERT_TRUE(answer);
    ASSERT_EQ(answer->type, FrameType::kError);
    EXPECT_EQ(decode_error(answer->payload)->code, ErrorCode::kInvalidArgument);
  }
}

TEST_F(ServerTest, RefusesAnotherVersionWithASentence) {
  serve();
  const auto socket = connect_control_socket(directory_.path());
  ASSERT_TRUE(socket);
  std::string hello = encode_hello();
  hello[4] = 77;
  ASSERT_TRUE(send_frame(*socket, FrameType::kHello, hello));
  const auto answer = receive_frame(*socket, kAnswerBytesMax);
  ASSERT_TRUE(answer);
  ASSERT_EQ(answer->type, FrameType::kError);
  EXPECT_EQ(decode_error(answer->payload)->code, ErrorCode::kUnsupported);
}

TEST_F(ServerTest, StopsWhileAClientIsBeingServed) {
  contents_.section_count = 1'000'000;
  serve();
  auto socket = connect_control_socket(directory_.path());
  ASSERT_TRUE(socket);
  ASSERT_TRUE(send_frame(*socket, FrameType::kHello, encode_hello()));
  ASSERT_TRUE(send_frame(*socket, FrameType::kReadMedia, encode_uid({})));
  ASSERT_TRUE(wait_until([&] { return !server_->clients().empty(); }));
  server_->stop();  // returns, though 16 GB are still to be sent
  EXPECT_TRUE(server_->clients().empty());
}

TEST_F(ServerTest, ACallbackThatThrowsCostsOneClientOnly) {
  ServerOptions options;
  options.store_directory = directory_.path();
  ServerCallbacks callbacks;
  callbacks.open_reader = [this](const ClientInfo& /*client*/) {
    return std::make_unique<testing::FakeStore>(contents_);
  };
  callbacks.stats_json = []() -> std::string { throw std::runtime_error("no counters"); };
  callbacks.status_json = [] { return std::string("{}"); };
  auto server = Server::start(options, callbacks);
  ASSERT_TRUE(server);
  const auto store = RemoteStore::connect(directory_.path());
  ASSERT_TRUE(store);
  EXPECT_FALSE((*store)->stats_json());
  EXPECT_TRUE((*store)->status_json());
}

}  // namespace
}  // namespace tapdeck::control
