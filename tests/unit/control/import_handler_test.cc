#include "control/import_handler.h"

#include <sys/socket.h>
#include <thread>

#include <gtest/gtest.h>

#include "tests/unit/control/fake_import.h"

namespace tapdeck::control {
namespace {

// Serves one import on a thread; the test is its client.
class ImportHandlerTest : public ::testing::Test {
 protected:
  ImportHandlerTest() {
    int ends[2] = {-1, -1};
    EXPECT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends), 0);
    client_ = Socket(ends[0]);
    service_ = Socket(ends[1]);
    thread_ = std::thread(
        [this] { served_ = serve_import(service_, std::make_unique<testing::FakeImport>(log_)); });
    EXPECT_EQ(answer().type, FrameType::kEnd);
  }

  ~ImportHandlerTest() override { end(); }

  Frame answer() {
    auto frame = receive_frame(client_, kAnswerBytesMax);
    return frame ? std::move(*frame) : Frame{FrameType::kHello, frame.error().message};
  }

  void say(FrameType type, std::string_view payload) {
    ASSERT_TRUE(send_frame(client_, type, payload));
  }

  void end() {
    client_.close();
    if (thread_.joinable()) thread_.join();
  }

  testing::ImportLog log_;
  Socket client_;
  Socket service_;
  Result<void> served_;
  std::thread thread_;
};

TEST_F(ImportHandlerTest, AnswersAQuestionAndTheEnd) {
  say(FrameType::kImportTick, "");
  say(FrameType::kImportAsk, encode_uid(log_.present));
  EXPECT_EQ(answer().payload, kImportPresent);
  say(FrameType::kImportFinish, "");
  EXPECT_EQ(answer().type, FrameType::kEnd);
  end();
  EXPECT_TRUE(served_) << "the connection can be used for other requests";
}

TEST_F(ImportHandlerTest, AClientThatGoesAwayEndsTheImportUnfinished) {
  say(FrameType::kImportMessages, encode_import_messages({{}, "records"}));
  end();
  EXPECT_FALSE(served_);
  EXPECT_EQ(log_.told, std::vector<std::string>{"messages records"});
  EXPECT_EQ(log_.ended, 1);
}

TEST_F(ImportHandlerTest, NonsenseEndsTheImport) {
  say(FrameType::kImportChunk, "x");
  EXPECT_EQ(answer().type, FrameType::kError);
  end();
  EXPECT_FALSE(served_);
  EXPECT_EQ(log_.ended, 1);
}

TEST_F(ImportHandlerTest, ARequestOfAnotherKindEndsTheImport) {
  say(FrameType::kStatsJson, "");
  EXPECT_EQ(answer().type, FrameType::kError);
}

}  // namespace
}  // namespace tapdeck::control
