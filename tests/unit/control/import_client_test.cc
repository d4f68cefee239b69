#include "control/import_client.h"

#include <unistd.h>

#include <gtest/gtest.h>

#include "model/call_codec.h"
#include "tests/support/sample_event.h"
#include "tests/unit/control/fake_import.h"
#include "tests/unit/control/fake_store.h"

namespace tapdeck::control {
namespace {

class ImportClientTest : public testing::ServedStore {
 protected:
  void SetUp() override {
    ServerCallbacks callbacks;
    callbacks.open_reader = [this](const ClientInfo& /*client*/) {
      return std::make_unique<testing::FakeStore>(contents_);
    };
    callbacks.open_import =
        [this](const std::string& retention_class) -> Result<std::unique_ptr<ImportSink>> {
      if (busy_) return make_error(ErrorCode::kBusy, "another import");
      log_.told.push_back("begin " + retention_class);
      return std::unique_ptr<ImportSink>(std::make_unique<testing::FakeImport>(log_));
    };
    auto server = Server::start({.store_directory = directory_.path()}, std::move(callbacks));
    ASSERT_TRUE(server) << server.error().message;
    server_ = std::move(*server);
  }

  std::unique_ptr<ImportClient> connect() {
    auto client = ImportClient::connect(directory_.path(), "imported");
    EXPECT_TRUE(client) << client.error().message;
    return client ? std::move(*client) : nullptr;
  }

  testing::ImportLog log_;
  bool busy_ = false;
};

TEST_F(ImportClientTest, EverythingArrivesInTheOrderInWhichItWasHandedOver) {
  const auto call = testing::make_calls(1)[0];
  const auto made = std::make_unique<Chunk>();
  Chunk& chunk = *made;
  chunk.recording = call.uid;
  chunk.sequence = 7;
  chunk.last_us = 99;
  chunk.section.ssrc = 5;
  std::memset(chunk.append(RecordKind::kRtp, 3, 4), 0x5a, 4);
  const auto client = connect();
  ASSERT_NE(client, nullptr);
  EXPECT_EQ(*client->presence_of(call.uid), storage::Presence::kAbsent);
  EXPECT_EQ(client->writer().try_append(chunk), storage::AppendVerdict::kTaken);
  EXPECT_EQ(client->writer().try_append_messages(call.uid, 1, "records"),
            storage::AppendVerdict::kTaken);
  EXPECT_TRUE(client->writer().is_settled(call.uid));
  ASSERT_TRUE(client->put_calls({&call, 1}));
  const EventRecord event = tapdeck::testing::sample_event();
  ASSERT_TRUE(client->put_events({&event, 1}));
  client->note_pause({call.uid, PauseChange::kResumed, PauseCause::kDtmf, 5});
  client->writer().abandon(call.uid, storage::ShredParts::kAll);
  ASSERT_TRUE(client->shred(call.uid, storage::ShredParts::kAll));
  ASSERT_TRUE(client->put_pending_rows());
  ASSERT_TRUE(client->finish());
  EXPECT_FALSE(client->failure());
  const std::string uid = to_string(call.uid);
  EXPECT_EQ(log_.told,
            (std::vector<std::string>{"begin imported",
                                      "ask " + uid,
                                      "chunk 7",
                                      "messages records",
                                      "call " + uid,
                                      "event " + event.call_id,
                                      "pause " + uid + " 1",
                                      "shred " + uid + " 3",
                                      "tick",
                                      "finish"}));
  ASSERT_EQ(log_.chunks.size(), 1U);
  EXPECT_EQ(log_.chunks[0].recording, call.uid);
  EXPECT_EQ(log_.chunks[0].last_us, 99);
  EXPECT_EQ(as_text(log_.chunks[0].section_view()), as_text(chunk.section_view()));
  EXPECT_EQ(encode_call(log_.calls.at(0)), encode_call(call));
  EXPECT_EQ(log_.ended, 1) << "the next import would find the service busy";
}

TEST_F(ImportClientTest, WhatIsThereAlreadyIsToldApart) {
  log_.present = testing::make_calls(2)[0].uid;
  log_.erased = testing::make_calls(2)[1].uid;
  const auto client = connect();
  ASSERT_NE(client, nullptr);
  EXPECT_EQ(*client->presence_of(log_.present), storage::Presence::kPresent);
  EXPECT_EQ(*client->presence_of(*log_.erased), storage::Presence::kErased);
  EXPECT_EQ(*client->presence_of({}), storage::Presence::kAbsent);
}

TEST_F(ImportClientTest, WithoutAServiceOrWithABusyOneThereIsNoImport) {
  busy_ = true;
  const auto refused = ImportClient::connect(directory_.path(), "imported");
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ErrorCode::kBusy);
  server_->stop();
  const auto absent = ImportClient::connect(directory_.path(), "imported");
  ASSERT_FALSE(absent);
  EXPECT_EQ(absent.error().code, ErrorCode::kNotFound);
}

TEST_F(ImportClientTest, AnErrorAtTheEndIsTold) {
  log_.disk_is_full = true;
  const auto client = connect();
  ASSERT_NE(client, nullptr);
  const auto finished = client->finish();
  ASSERT_FALSE(finished);
  EXPECT_EQ(finished.error().message, "the disk is full");
}

TEST_F(ImportClientTest, ARefusalInTheMiddleIsKeptInItsOwnWords) {
  log_.refuses_calls = true;
  const auto call = testing::make_calls(1)[0];
  const auto client = connect();
  ASSERT_NE(client, nullptr);
  // It is not waited for: it shows at one of the next things that are said.
  for (int i = 0; i < 5'000 && !client->failure(); ++i) {
    ASSERT_TRUE(client->put_calls({&call, 1}));
    ::usleep(1'000);
  }
  ASSERT_TRUE(client->failure());
  EXPECT_EQ(client->failure()->message, "not this call");
  ASSERT_FALSE(client->finish());
}

TEST_F(ImportClientTest, AServiceThatStopsIsAFailure) {
  const auto client = connect();
  ASSERT_NE(client, nullptr);
  server_->stop();
  EXPECT_EQ(log_.ended, 1);
  EXPECT_FALSE(client->finish());
  ASSERT_TRUE(client->failure());
  EXPECT_EQ(client->failure()->code, ErrorCode::kIo);
}

}  // namespace
}  // namespace tapdeck::control
