// A store in memory, and helpers to serve it and to run the command line against it.
// Threads: the contents are not changed while served.  Memory: the calls themselves.
#pragma once

#include <algorithm>
#include <atomic>
#include <charconv>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "control/cli/command_line.h"
#include "control/server.h"
#include "model/call_query.h"
#include "storage/store_access.h"
#include "tests/support/sample_call.h"
#include "tests/unit/control/temporary_directory.h"

namespace tapdeck::control::testing {

struct FakeContents {
  std::vector<CallRecord> calls;  // oldest first
  std::vector<storage::MessageRecord> messages;
  std::vector<storage::StreamDurability> durability;
  std::size_t section_count = 0;
  bool media_fails_at_end = false;
  std::vector<storage::StoreFault> faults;
  std::vector<EventRecord> events;  // oldest first
};

class FakeStore final : public storage::StoreAccess {
 public:
  explicit FakeStore(const FakeContents& contents) : contents_(contents) {}

  Result<EventPage> find_events(const EventQuery& query) override {
    EventPage page;
    for (const EventRecord& event : contents_.events) {
      if (matches(query, event)) page.events.push_back(event);
    }
    return page;
  }

  Result<CallPage> find_calls(const CallQuery& query) override {
    std::size_t at = 0;
    const char* end = query.cursor.data() + query.cursor.size();
    if (!query.cursor.empty() && std::from_chars(query.cursor.data(), end, at).ptr != end) {
      return make_error(ErrorCode::kInvalidArgument, "bad cursor");
    }
    CallPage page;
    for (; at < contents_.calls.size(); ++at) {
      if (!matches(query, contents_.calls[at])) continue;
      if (query.limit != 0 && page.calls.size() == query.limit) {
        page.next_cursor = std::to_string(at);
        break;
      }
      page.calls.push_back(contents_.calls[at]);
    }
    return page;
  }

  Result<CallRecord> get_call(const Uid& uid) override {
    for (const CallRecord& call : contents_.calls) {
      if (call.uid == uid) return call;
    }
    return make_error(ErrorCode::kNotFound, "no such call");
  }

  Result<std::vector<CallRecord>> get_versions(const Uid& uid) override {
    auto call = get_call(uid);
    if (!call) return Error(call.error());
    return std::vector<CallRecord>{*call};
  }

  Result<void> read_media(const Uid& /*uid*/, const storage::SectionSink& sink) override {
    const std::vector<std::uint8_t> records(16'000, 0x5a);
    for (std::size_t i = 0; i < contents_.section_count; ++i) {
      SectionHeader header;
      header.ssrc = static_cast<std::uint32_t>(i);
      header.record_bytes = static_cast<std::uint32_t>(records.size());
      if (!sink(header, records)) return {};
    }
    if (contents_.media_fails_at_end) return make_error(ErrorCode::kCorrupt, "torn extent");
    return {};
  }

  Result<void> read_messages(const Uid& /*uid*/, const storage::MessageSink& sink) override {
    for (const auto& message : contents_.messages) {
      if (!sink(message)) return {};
    }
    return {};
  }

  Result<std::vector<storage::StreamDurability>> durability(const Uid& /*uid*/) override {
    return contents_.durability;
  }

  Result<storage::StoreStatistics> statistics() override {
    return storage::StoreStatistics{{{"calls", contents_.calls.size()}, {"segments", 3}}};
  }

  Result<std::vector<storage::StoreFault>> check() override { return contents_.faults; }

 private:
  const FakeContents& contents_;
};

// `count` calls, a second apart, told apart by uid; the first at `start_us`.
inline std::vector<CallRecord> make_calls(std::size_t count,
                                          std::int64_t start_us = 1'700'000'000'000'000) {
  std::vector<CallRecord> calls;
  for (std::size_t i = 0; i < count; ++i) {
    CallRecord call = tapdeck::testing::sample_call();
    call.start_us = call.first_seen_us = start_us + static_cast<std::int64_t>(i) * 1'000'000;
    call.uid = tapdeck::testing::sample_uid(*call.start_us);
    calls.push_back(std::move(call));
  }
  return calls;
}

inline storage::MessageRecord make_message(std::int64_t time_us, std::string bytes) {
  storage::MessageRecord message;
  message.time_us = time_us;
  message.source = {make_ipv4(0xc0000201), 5060};
  message.destination = {make_ipv4(0xc0000202), 5060};
  message.bytes = std::move(bytes);
  return message;
}

// A store directory whose control socket serves `contents`.
class ServedStore : public ::testing::Test {
 protected:
  void serve(ServerOptions options = {}) {
    options.store_directory = directory_.path();
    ServerCallbacks callbacks;
    callbacks.open_reader = [this](const ClientInfo& client) {
      purpose_ = client.purpose;
      return std::make_unique<FakeStore>(contents_);
    };
    callbacks.stats_json = [this] { return stats_; };
    callbacks.status_json = [this] { return status_; };
    callbacks.administer = [this](const RetentionRequest& request,
                                  const LedgerActor& actor) -> Result<std::string> {
      asked_.push_back(request);
      actor_ = actor;
      if (refusal_) return Error(*refusal_);
      return answer_;
    };
    auto server = Server::start(std::move(options), std::move(callbacks));
    ASSERT_TRUE(server) << server.error().message;
    server_ = std::move(*server);
  }

  // Runs `tapdeck --store DIRECTORY words...` in this process.
  int run(std::vector<std::string> words) {
    words.insert(words.begin(), {"tapdeck", "--store", directory_.path()});
    return run_words(words);
  }

  int run_words(std::vector<std::string> words) {
    std::vector<char*> argv;
    for (std::string& word : words) argv.push_back(word.data());
    argv.push_back(nullptr);
    ::testing::internal::CaptureStdout();
    ::testing::internal::CaptureStderr();
    const int status = run_command_line(static_cast<int>(words.size()), argv.data(), bodies_);
    out_ = ::testing::internal::GetCapturedStdout();
    err_ = ::testing::internal::GetCapturedStderr();
    return status;
  }

  TemporaryDirectory directory_;
  FakeContents contents_;
  std::string stats_ = R"({"ports":{"eth1":{"rx":5}}})";
  std::string status_ = R"({"healthy":true})";
  // What it is asked about the life of recordings, by whom, and what it says then.
  std::vector<RetentionRequest> asked_;
  LedgerActor actor_;
  std::atomic<AccessKind> purpose_{AccessKind::kSearch};  // of who connected last
  std::string answer_ = "{}";
  std::optional<Error> refusal_;
  CommandBodies bodies_;
  std::unique_ptr<Server> server_;
  std::string out_;
  std::string err_;
};

}  // namespace tapdeck::control::testing
