#include "storage/call_store_events.h"

#include <gtest/gtest.h>

#include "tests/unit/storage/call_store_fixture.h"

namespace tapdeck::storage {
namespace {

// The n-th event: n seconds after kStart.
EventRecord nth_event(std::uint32_t n, std::string from = "1001", std::string to = "2002") {
  EventRecord event;
  event.time_us = kStart + n * kSecond;
  event.uid = make_uid(event.time_us / 1'000, {static_cast<std::uint8_t>(n)});
  event.call_id = "event-" + std::to_string(n);
  event.from.number = std::move(from);
  event.to.number = std::move(to);
  event.source = {make_ipv4(0x0a000001), 5060};
  event.destination = {make_ipv4(0x0a000002), 5060};
  return event;
}

class CallStoreEvents : public CallStoreTest {
 protected:
  void put_events(const std::vector<EventRecord>& events, std::int64_t now_us = kStart) {
    const auto done = store_->put_events(events, now_us);
    ASSERT_TRUE(done) << done.error().message;
  }

  EventPage find_events(const EventQuery& query) {
    auto page = store_->find_events(query);
    EXPECT_TRUE(page) << page.error().message;
    return page ? std::move(*page) : EventPage{};
  }

  Ids ids_of(const EventQuery& query) {
    Ids ids;
    for (const EventRecord& event : find_events(query).events) ids.push_back(event.call_id);
    return ids;
  }

  void reopen_with(std::uint64_t events_max) {
    store_.reset();
    CallStoreOptions options;
    options.events_max = events_max;
    auto opened = CallStore::open(directory(), options);
    ASSERT_TRUE(opened) << opened.error().message;
    store_ = std::move(*opened);
  }
};

TEST_F(CallStoreEvents, AreFoundByWhatTheyHave) {
  std::vector<EventRecord> events = {nth_event(0), nth_event(1, "1002"), nth_event(2, "3", "1001")};
  events[1].source = {*parse_ip("2001:db8::1"), 5060};
  events[1].method = EventMethod::kMessage;
  put_events(events);
  EXPECT_EQ(ids_of({}), (Ids{"event-0", "event-1", "event-2"}));
  EXPECT_EQ(ids_of({.number = "1001"}), (Ids{"event-0", "event-2"}));
  EXPECT_EQ(ids_of({.number = "100*"}), (Ids{"event-0", "event-1", "event-2"}));
  EXPECT_EQ(ids_of({.number = "9"}), Ids{});
  EXPECT_EQ(ids_of({.number = "0100", .number_e164 = "1002"}), (Ids{"event-1"}));
  EXPECT_EQ(ids_of({.ip = parse_ip("2001:db8::1")}), (Ids{"event-1"}));
  EXPECT_EQ(ids_of({.ip = make_ipv4(0x0a000002)}), (Ids{"event-0", "event-1", "event-2"}));
  EXPECT_EQ(ids_of({.method = EventMethod::kMessage}), (Ids{"event-1"}));
  EXPECT_EQ(ids_of({.from_us = kStart + kSecond, .to_us = kStart + 2 * kSecond}), Ids{"event-1"});
  expect_consistent();
}

TEST_F(CallStoreEvents, PagesGoOnWhereTheyStopped) {
  for (std::uint32_t n = 0; n < 5; ++n) put_events({nth_event(n)});
  for (const std::string number : {"", "1001"}) {
    EventQuery query{.number = number, .limit = 2};
    Ids ids;
    do {
      EventPage page = find_events(query);
      for (const EventRecord& event : page.events) ids.push_back(event.call_id);
      query.cursor = page.next_cursor;
    } while (!query.cursor.empty());
    EXPECT_EQ(ids, (Ids{"event-0", "event-1", "event-2", "event-3", "event-4"})) << number;
  }
  const auto bad = store_->find_events({.cursor = "nonsense"});
  ASSERT_FALSE(bad);
  EXPECT_EQ(bad.error().code, ErrorCode::kInvalidArgument);
}

TEST_F(CallStoreEvents, AnEventThatIsReadAgainIsThereOnce) {
  put_events({nth_event(0), nth_event(1)});
  reopen();
  EventRecord again = nth_event(0, "1009");
  put_events({again, again});
  EXPECT_EQ(ids_of({}), (Ids{"event-0", "event-1"}));
  EXPECT_EQ(ids_of({.number = "1009"}), (Ids{"event-0"}));
  EXPECT_EQ(ids_of({.number = "1001"}), (Ids{"event-1"}));
  EXPECT_EQ(figure("events"), 2U);
  expect_consistent();
}

TEST_F(CallStoreEvents, TheOldestGoWhenThereIsNoRoom) {
  reopen_with(3);
  for (std::uint32_t n = 0; n < 5; ++n) put_events({nth_event(n)});
  EXPECT_EQ(ids_of({}), (Ids{"event-2", "event-3", "event-4"}));
  put_events({nth_event(1)});
  EXPECT_EQ(figure("events"), 4U) << "what comes now does not go at once";
  put_events({nth_event(5)});
  EXPECT_EQ(ids_of({}), (Ids{"event-3", "event-4", "event-5"}));
  expect_consistent();
  reopen_with(1);
  put_events({nth_event(6)});
  EXPECT_EQ(ids_of({}), (Ids{"event-6"}));
  EXPECT_EQ(ids_of({.number = "1001"}), (Ids{"event-6"}));
  expect_consistent();
}

TEST_F(CallStoreEvents, ThoseWhoseTimeIsOverGoAndImportedOnesStay) {
  std::vector<EventRecord> events;
  for (std::uint32_t n = 0; n < 4; ++n) {
    events.push_back(nth_event(n));
    if (n != 1) events.back().kept_until_us = kStart + (10 + n) * kSecond;
  }
  put_events(events);
  put_events({nth_event(20)}, kStart + 12 * kSecond);
  EXPECT_EQ(ids_of({}), (Ids{"event-1", "event-3", "event-20"}));
  reopen();
  put_events({nth_event(21)}, kStart + 100 * kSecond);
  EXPECT_EQ(ids_of({}), (Ids{"event-1", "event-20", "event-21"}));
  EXPECT_EQ(figure("events"), 3U);
  expect_consistent();
}

}  // namespace
}  // namespace tapdeck::storage
