#include <string>

#include <gtest/gtest.h>

#include "apps/record_path.h"
#include "tests/unit/storage/store_fixture.h"

namespace tapdeck::apps {
namespace {

using storage::open_store;
using storage::TemporaryDirectory;
using storage::test_options;
using storage::test_uid;

std::string message_records() {
  storage::MessageRecord message;
  message.time_us = storage::kTestStartMs * 1000;
  message.bytes = "OPTIONS sip:a SIP/2.0\r\n\r\n";
  std::string records;
  storage::append_message_record(message, records);
  return records;
}

CallRecord record_of(std::uint8_t number, bool final) {
  CallRecord record;
  record.uid = test_uid(number);
  record.final = final;
  return record;
}

void push(RecordQueues& queues, RecordCommand command) {
  ASSERT_TRUE(queues.to_writer.try_push(command));
}

TEST(FinalRecord, WaitsUntilWhatItsCallKeptIsDurable) {
  const TemporaryDirectory directory;
  storage::StoreOptions options = test_options(directory.path());
  options.flush_interval_ms = 3'600'000;  // never by itself
  const auto store = open_store(options);
  RecordQueues queues(16);
  RecordFigures figures;
  RecordWriter writer(store->writer(), {}, queues, figures);

  push(queues, record_of(1, false));
  push(queues, KeepMessages{test_uid(1), 0, message_records()});
  push(queues, record_of(1, true));
  push(queues, record_of(2, false));
  for (int i = 0; i < 3; ++i) writer.step(monotonic_now_ns());
  EXPECT_TRUE(writer.is_idle());
  EXPECT_TRUE(writer.has_finals());
  ASSERT_EQ(queues.to_keeper.size(), 2U);  // calls in progress do not wait
  EXPECT_FALSE(queues.to_keeper.try_pop()->final);
  EXPECT_FALSE(queues.to_keeper.try_pop()->final);

  ASSERT_TRUE(writer.flush());
  writer.step(monotonic_now_ns());
  EXPECT_FALSE(writer.has_finals());
  ASSERT_EQ(queues.to_keeper.size(), 1U);
  EXPECT_TRUE(queues.to_keeper.try_pop()->final);
}

}  // namespace
}  // namespace tapdeck::apps
