#include "pipelines/calls/registrations.h"

#include <gtest/gtest.h>

#include "base/clock.h"

namespace tapdeck::calls {
namespace {

Device device_at(std::string_view ip, std::int64_t from_s, std::int64_t until_s) {
  Device device;
  device.user_agent = "phone at " + std::string(ip);
  device.contact = "sip:1001@" + std::string(ip);
  device.address = {*parse_ip(ip), 5060};
  device.registered_us = from_s * kUsPerSecond;
  device.expires_us = until_s * kUsPerSecond;
  return device;
}

class RegistrationsTest : public ::testing::Test {
 protected:
  void put(std::string_view user, std::string_view ip, std::int64_t from_s, std::int64_t until_s) {
    table_.put(0, "sip:" + std::string(user) + "@Example.org", device_at(ip, from_s, until_s));
  }

  [[nodiscard]] std::string find(std::string_view uri,
                                 std::string_view ip = {},
                                 std::int64_t time_s = 0,
                                 RealmId realm = 0) const {
    const SharedDevice device =
        table_.find(realm, uri, ip.empty() ? std::nullopt : parse_ip(ip), time_s * kUsPerSecond);
    return device == nullptr ? "" : to_string(device->address.ip);
  }

  EventCounters counters_;
  Registrations table_{3, counters_, 7};
};

TEST_F(RegistrationsTest, APartyIsFoundByItsNameOrByWhereItIs) {
  put("1001", "10.0.0.1", 0, 60);
  EXPECT_EQ(find("sip:1001@example.ORG;user=phone"), "10.0.0.1");
  EXPECT_EQ(find("sip:1001@pbx.example", "10.0.0.1"), "10.0.0.1") << "another name of the host";
  EXPECT_EQ(find("sip:1001@pbx.example", "10.0.0.2"), "");
  EXPECT_EQ(find("sip:1002@example.org", "10.0.0.1"), "") << "another line of the same device";
  EXPECT_EQ(find("sip:1001@example.org", "", 0, 1), "") << "another address plan";
  EXPECT_EQ(find("sip:1001@example.org", "", 60), "") << "it has expired";
  EXPECT_EQ(find("sip:example.org"), "");
  EXPECT_EQ(find("nonsense"), "");
}

TEST_F(RegistrationsTest, OfSeveralDevicesTheOneAtTheAddressCountsThenTheLatest) {
  put("1001", "10.0.0.1", 0, 60);
  put("1001", "10.0.0.2", 1, 60);
  EXPECT_EQ(find("sip:1001@example.org"), "10.0.0.2");
  EXPECT_EQ(find("sip:1001@example.org", "10.0.0.1"), "10.0.0.1");
  table_.remove(0, "sip:1001@example.org", *parse_ip("10.0.0.2"));
  EXPECT_EQ(find("sip:1001@example.org"), "10.0.0.1");
  put("1001", "10.0.0.1", 5, 90);
  EXPECT_EQ(table_.size(), 1U) << "a refreshed registration is the same one";
  EXPECT_EQ(find("sip:1001@example.org", "", 80), "10.0.0.1");
}

TEST_F(RegistrationsTest, ExpiredOnesGoFirstThenTheLeastRecentlyRefreshed) {
  put("1", "10.0.0.1", 0, 100);
  put("2", "10.0.0.2", 0, 10);
  put("3", "10.0.0.3", 0, 100);
  put("4", "10.0.0.4", 20, 100);
  EXPECT_EQ(counters_.value(EventCount::kRegistrationExpired), 1U);
  EXPECT_EQ(counters_.value(EventCount::kRegistrationEvicted), 0U);
  EXPECT_EQ(find("sip:1@example.org"), "10.0.0.1");
  put("1", "10.0.0.1", 21, 100);
  put("5", "10.0.0.5", 22, 100);
  EXPECT_EQ(counters_.value(EventCount::kRegistrationEvicted), 1U);
  EXPECT_EQ(find("sip:3@example.org"), "");
  EXPECT_EQ(find("sip:1@example.org"), "10.0.0.1");
  EXPECT_EQ(table_.size(), 3U);
}

TEST_F(RegistrationsTest, WithoutRoomThereAreNone) {
  Registrations none(0, counters_, 1);
  none.put(0, "sip:1@example.org", device_at("10.0.0.1", 0, 9));
  EXPECT_TRUE(none.empty());
}

}  // namespace
}  // namespace tapdeck::calls
