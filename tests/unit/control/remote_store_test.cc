#include "control/remote_store.h"

#include <sys/socket.h>
#include <thread>

#include <gtest/gtest.h>

#include "tests/support/sample_event.h"
#include "tests/unit/control/fake_store.h"

namespace tapdeck::control {
namespace {

using testing::make_calls;
using testing::make_message;

class RemoteStoreTest : public testing::ServedStore {
 protected:
  std::unique_ptr<RemoteStore> connect() {
    auto store = RemoteStore::connect(directory_.path());
    EXPECT_TRUE(store) << store.error().message;
    return store ? std::move(*store) : nullptr;
  }
};

TEST_F(RemoteStoreTest, FindsEveryCallAcrossPages) {
  contents_.calls = make_calls(kPageCallsMax * 2 + 5);
  serve();
  const auto store = connect();
  const auto page = store->find_calls({});
  ASSERT_TRUE(page) << page.error().message;
  ASSERT_EQ(page->calls.size(), contents_.calls.size());
  EXPECT_TRUE(page->next_cursor.empty());
  EXPECT_EQ(page->calls.back().uid, contents_.calls.back().uid);
  EXPECT_EQ(page->calls[0].parties[0].name, "J\xfcrgen");  // bytes as they are
}

TEST_F(RemoteStoreTest, FindsEvents) {
  contents_.events = {tapdeck::testing::sample_event(), tapdeck::testing::sample_event()};
  contents_.events[1].method = EventMethod::kMessage;
  serve();
  const auto store = connect();
  const auto page = store->find_events({.method = EventMethod::kMessage});
  ASSERT_TRUE(page) << page.error().message;
  ASSERT_EQ(page->events.size(), 1U);
  EXPECT_EQ(page->events[0].call_id, contents_.events[1].call_id);
  EXPECT_TRUE(page->next_cursor.empty());
}

TEST_F(RemoteStoreTest, KeepsToTheLimitAndGoesOnAtTheCursor) {
  contents_.calls = make_calls(kPageCallsMax + 10);
  serve();
  const auto store = connect();
  CallQuery query;
  query.limit = kPageCallsMax + 4;
  auto page = store->find_calls(query);
  ASSERT_TRUE(page);
  EXPECT_EQ(page->calls.size(), kPageCallsMax + 4);
  ASSERT_FALSE(page->next_cursor.empty());
  query.cursor = page->next_cursor;
  page = store->find_calls(query);
  ASSERT_TRUE(page);
  EXPECT_EQ(page->calls.size(), 6U);
  EXPECT_EQ(page->calls[0].uid, contents_.calls[kPageCallsMax + 4].uid);
  EXPECT_TRUE(page->next_cursor.empty());
}

TEST_F(RemoteStoreTest, FiltersTravel) {
  contents_.calls = make_calls(3);
  contents_.calls[1].outcome = CallOutcome::kBusy;
  serve();
  CallQuery query;
  query.outcome = CallOutcome::kBusy;
  const auto page = connect()->find_calls(query);
  ASSERT_TRUE(page);
  ASSERT_EQ(page->calls.size(), 1U);
  EXPECT_EQ(page->calls[0].uid, contents_.calls[1].uid);
}

TEST_F(RemoteStoreTest, ErrorsKeepTheirCodeAndTheConnection) {
  contents_.calls = make_calls(1);
  serve();
  const auto store = connect();
  CallQuery query;
  query.cursor = "nonsense";
  const auto page = store->find_calls(query);
  ASSERT_FALSE(page);
  EXPECT_EQ(page.error().code, ErrorCode::kInvalidArgument);
  const auto missing = store->get_call(make_uid(1, {}));
  ASSERT_FALSE(missing);
  EXPECT_EQ(missing.error().code, ErrorCode::kNotFound);
  const auto call = store->get_call(contents_.calls[0].uid);
  ASSERT_TRUE(call);
  EXPECT_EQ(call->call_id, contents_.calls[0].call_id);
}

TEST_F(RemoteStoreTest, WalksMediaAndTellsWhatEndedIt) {
  contents_.section_count = 100;
  contents_.media_fails_at_end = true;
  serve();
  std::uint32_t count = 0;
  const auto walked = connect()->read_media({}, [&](const SectionHeader& header, ByteView bytes) {
    EXPECT_EQ(header.ssrc, count);
    EXPECT_EQ(bytes.size(), 16'000U);
    ++count;
    return true;
  });
  EXPECT_EQ(count, 100U);  // everything readable before the fault
  ASSERT_FALSE(walked);
  EXPECT_EQ(walked.error().code, ErrorCode::kCorrupt);
  EXPECT_EQ(walked.error().message, "torn extent");
}

TEST_F(RemoteStoreTest, StopsAWalkAndIsOfUseAfterIt) {
  contents_.section_count = 100'000;  // 1.6 GB, if anybody read it
  contents_.messages = {make_message(7, "INVITE")};
  serve();
  const auto store = connect();
  std::uint32_t count = 0;
  const auto walked =
      store->read_media({}, [&](const SectionHeader&, ByteView) { return ++count < 3; });
  EXPECT_TRUE(walked) << walked.error().message;
  EXPECT_EQ(count, 3U);
  std::vector<storage::MessageRecord> messages;
  const auto read = store->read_messages({}, [&](const storage::MessageRecord& message) {
    messages.push_back(message);
    return true;
  });
  ASSERT_TRUE(read) << read.error().message;
  ASSERT_EQ(messages.size(), 1U);
  EXPECT_EQ(messages[0].bytes, "INVITE");
  EXPECT_EQ(messages[0].source, contents_.messages[0].source);
}

TEST_F(RemoteStoreTest, RefusesToBeAskedFromItsOwnSink) {
  contents_.section_count = 1;
  serve();
  const auto store = connect();
  ErrorCode code = ErrorCode::kCancelled;
  const auto walked = store->read_media({}, [&](const SectionHeader&, ByteView) {
    const auto nested = store->statistics();
    if (!nested) code = nested.error().code;
    return true;
  });
  EXPECT_TRUE(walked);
  EXPECT_EQ(code, ErrorCode::kBusy);
}

TEST_F(RemoteStoreTest, HandsOverTheRest) {
  contents_.calls = make_calls(2);
  contents_.durability = {{{make_ipv4(1), 2}, {make_ipv4(3), 4}, 5, 6}};
  contents_.faults = {{"a.seg:4096", "bad checksum"}};
  serve();
  const auto store = connect();
  const auto versions = store->get_versions(contents_.calls[1].uid);
  ASSERT_TRUE(versions);
  EXPECT_EQ(versions->size(), 1U);
  const auto durability = store->durability(contents_.calls[1].uid);
  ASSERT_TRUE(durability);
  ASSERT_EQ(durability->size(), 1U);
  EXPECT_EQ((*durability)[0].ssrc, 5U);
  const auto statistics = store->statistics();
  ASSERT_TRUE(statistics);
  EXPECT_EQ(statistics->figures[0], std::pair(std::string("calls"), std::uint64_t{2}));
  const auto faults = store->check();
  ASSERT_TRUE(faults);
  EXPECT_EQ(faults->at(0).where, "a.seg:4096");
  EXPECT_EQ(store->stats_json().value(), stats_);
  EXPECT_EQ(store->status_json().value(), status_);
}

TEST_F(RemoteStoreTest, TwoClientsAreServedWhileOneIsSlow) {
  contents_.section_count = 2'000;
  contents_.calls = make_calls(1);
  serve();
  const auto slow = connect();
  const auto quick = connect();
  bool asked = false;
  const auto walked = slow->read_media({}, [&](const SectionHeader&, ByteView) {
    // The slow one is in the middle of an answer, its socket full.
    if (!asked) {
      EXPECT_TRUE(quick->get_call(contents_.calls[0].uid));
    }
    asked = true;
    return true;
  });
  EXPECT_TRUE(walked);
  EXPECT_TRUE(asked);
}

TEST_F(RemoteStoreTest, ConnectsAgainWhenTheServiceWasRestarted) {
  contents_.calls = make_calls(1);
  serve();
  const auto store = connect();
  ASSERT_TRUE(store->statistics());
  server_->stop();
  const auto gone = store->statistics();
  ASSERT_FALSE(gone);
  serve();
  EXPECT_TRUE(store->statistics());
}

TEST_F(RemoteStoreTest, NobodyThereIsNotFound) {
  const auto store = RemoteStore::connect(directory_.path());
  ASSERT_FALSE(store);
  EXPECT_EQ(store.error().code, ErrorCode::kNotFound);
}

TEST_F(RemoteStoreTest, TellsAServiceThatBreaksOff) {
  // A service that welcomes, begins an answer and dies.
  auto listener = listen_control_socket(directory_.path());
  ASSERT_TRUE(listener);
  std::thread service([&] {
    const Socket client(::accept(listener->fd(), nullptr, nullptr));
    EXPECT_TRUE(receive_frame(client, kRequestBytesMax));
    EXPECT_TRUE(send_frame(client, FrameType::kWelcome, encode_hello()));
    EXPECT_TRUE(receive_frame(client, kRequestBytesMax));
    EXPECT_TRUE(send_frame(client, FrameType::kFigure, encode_figure("calls", 1)));
  });
  const auto store = connect();
  const auto statistics = store->statistics();
  service.join();
  ASSERT_FALSE(statistics);
  EXPECT_EQ(statistics.error().code, ErrorCode::kIo);
}

}  // namespace
}  // namespace tapdeck::control
