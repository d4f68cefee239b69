#include "pipelines/signalling/pressed_keys.h"

#include <string>

#include <gtest/gtest.h>

namespace tapdeck::sip {
namespace {

std::string keys_of(const std::string& type, const std::string& body) {
  const std::string text =
      "INFO sip:b@h SIP/2.0\r\nVia: SIP/2.0/UDP h;branch=z9hG4bK1\r\nFrom: <sip:a@h>;tag=1\r\n"
      "To: <sip:b@h>;tag=2\r\nCall-ID: c\r\nCSeq: 5 INFO\r\nContent-Type: " +
      type + "\r\nContent-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body;
  Message message;
  EXPECT_EQ(parse(as_bytes(text), message), ParseVerdict::kOk);
  return std::string(read_pressed_keys(message).text());
}

TEST(PressedKeys, OneOfARelay) {
  EXPECT_EQ(keys_of("application/dtmf-relay", "Signal=5\r\nDuration=160\r\n"), "5");
  EXPECT_EQ(keys_of("Application/DTMF-Relay; charset=utf-8", "signal = *\nDuration= 9\n"), "*");
  EXPECT_EQ(keys_of("application/dtmf-relay", "Duration: 80\r\nSignal: d"), "D");
}

TEST(PressedKeys, NumbersOfEvents) {
  EXPECT_EQ(keys_of("application/dtmf-relay", "Signal=10"), "*");
  EXPECT_EQ(keys_of("application/dtmf-relay", "Signal=11"), "#");
  EXPECT_EQ(keys_of("application/dtmf", "15"), "D");
  EXPECT_EQ(keys_of("application/dtmf-relay", "Signal=16"), "16") << "no event of a key: two keys";
}

TEST(PressedKeys, KeysAlone) {
  EXPECT_EQ(keys_of("application/dtmf", "9"), "9");
  EXPECT_EQ(keys_of("application/dtmf", " *7\r\n"), "*7");
  EXPECT_EQ(keys_of("application/dtmf", "Signal=7\r\n"), "7");
}

TEST(PressedKeys, PartsOfABody) {
  EXPECT_EQ(keys_of("multipart/mixed;boundary=b",
                    "--b\r\nContent-Type: text/plain\r\n\r\n4711\r\n--b\r\nContent-Type: "
                    "application/dtmf-relay\r\n\r\nSignal=8\r\n--b--\r\n"),
            "8");
  EXPECT_EQ(keys_of("multipart/mixed", "--b\r\n\r\nSignal=8\r\n--b--\r\n"), "");
}

TEST(PressedKeys, WhatIsNoKeyIsNone) {
  EXPECT_EQ(keys_of("application/dtmf-relay", "Signal=star\r\n"), "");
  EXPECT_EQ(keys_of("application/dtmf-relay", "Signal=!\r\n"), "");
  EXPECT_EQ(keys_of("application/dtmf-relay", "Signal=\r\n"), "");
  EXPECT_EQ(keys_of("application/dtmf-relay", "5\r\n"), "");
  EXPECT_EQ(keys_of("application/dtmf", ""), "");
  EXPECT_EQ(keys_of("text/plain", "Signal=5"), "");
}

TEST(PressedKeys, NoMoreThanItsRoom) {
  EXPECT_EQ(keys_of("application/dtmf", std::string(100, '1')).size(), kPressedKeysMax);
}

}  // namespace
}  // namespace tapdeck::sip
