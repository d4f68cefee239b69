#include "pipelines/signalling/stream_framer.h"

#include <string>

#include <gtest/gtest.h>

#include "pipelines/signalling/message.h"

namespace tapdeck::sip {
namespace {

TEST(BeginsMessage, TellsStartLinesFromOtherText) {
  struct Case {
    std::string_view text;
    StartVerdict verdict;
  };

  const Case cases[] = {
      {"INVITE sip:b@x SIP/2.0\r\nVia: a", StartVerdict::kYes},
      {"SIP/2.0 200 OK\r\nv: a", StartVerdict::kYes},
      {"SIP/2.0 200\nVia : a", StartVerdict::kYes},
      {"INVITE sip:b@x SIP/2.0\r\n", StartVerdict::kMaybe},
      {"INVITE sip:b@x SIP/2.0\r\nVi", StartVerdict::kMaybe},
      {"INVITE sip:b", StartVerdict::kMaybe},
      {"INV", StartVerdict::kMaybe},
      {"SIP/2.", StartVerdict::kMaybe},
      {"INVITE sip:b@x SIP/2.0\r\n\r\n", StartVerdict::kNo},  // a sipfrag, or nothing
      {"SIP/2.0 200 OK\r\nINVITE sip:b@x SIP/2.0", StartVerdict::kNo},
      {"INVITE sip:b@x HTTP/1.1\r\nHost: a", StartVerdict::kNo},
      {"SIP/2.0 OK\r\nVia: a", StartVerdict::kNo},
      {"Via: SIP/2.0/TCP a\r\nTo: b", StartVerdict::kNo},
      {"v=0\r\no=- 1 1 IN IP4 a", StartVerdict::kNo},
      {"OPTIONS  \r\n", StartVerdict::kNo},
      {std::string_view("\0\0", 2), StartVerdict::kNo},
  };
  for (const Case& one : cases) {
    EXPECT_EQ(begins_message(one.text), one.verdict) << one.text;
  }
  EXPECT_EQ(begins_message("INVITE " + std::string(5'000, 'x')), StartVerdict::kNo) << "endless";
}

// The items of `text` as one letter each: Message, Keep-alive, Garbage, too Long; then what is
// left.
std::string items_of(std::string_view text, std::string& rest) {
  std::string items;
  StreamFramer framer;
  while (true) {
    const StreamStep step = framer.next(text);
    if (step.item == StreamItem::kNeedMore) break;
    if (step.length == 0 || step.length > text.size()) return items + "!";
    items += ".MKGL"[static_cast<int>(step.item)];
    if (step.without_length) items += "w";
    text.remove_prefix(step.length);
  }
  rest = text;
  return items;
}

std::string message(std::string_view headers, std::string_view body = "") {
  return "OPTIONS sip:a SIP/2.0\r\nVia: x\r\n" + std::string(headers) + "\r\n" + std::string(body);
}

TEST(StreamFramer, FindsMessagesByTheirLength) {
  const std::string plain = message("Content-Length: 0\r\n");

  struct Case {
    std::string text;
    std::string items;
    std::string rest;
  };

  const Case cases[] = {
      {"", "", ""},
      {plain, "M", ""},
      {plain + plain + plain, "MMM", ""},
      {plain + "\r\n\r\n" + plain + "\r\n", "MKMK", ""},
      {message("l: 5\r\n", "hello") + plain, "MM", ""},
      {message("Content-Length : 5\r\n", "hel"), "", message("Content-Length : 5\r\n", "hel")},
      {message(""), "M", ""},                                   // no body, no length
      {message("Content-Type: a/b\r\n", "v=0\r\n"), "Mw", ""},  // to the end of the bytes
      {message("c: a/b\r\n", "v=0\r\n") + plain, "MwM", ""},    // to the next message
      {message("Content-Length: x\r\nc: a\r\n", "v=0\r\n") + plain, "MwM", ""},
      {message("l: 1\r\nl: 2\r\nc: a\r\n", "v=0\r\n") + plain, "MwM", ""},
      {message("Content-Length: 4294967295\r\n", "x") + "\r\n" + plain, "LGM", ""},
      {"rest of a body\r\n" + plain, "GM", ""},
      {"rest\r\nOPTI", "G", "OPTI"},
      {std::string("\x16\x03\x01\0\0", 5), "G", ""},
      {"OPTIONS sip:a SIP/2.0\nVia: x\nl: 0\n\nSIP/2.0 200 OK\nVia: x\n\n", "MM", ""},
  };
  for (const Case& one : cases) {
    std::string rest;
    EXPECT_EQ(items_of(one.text, rest), one.items) << one.text;
    EXPECT_EQ(rest, one.rest) << one.text;
  }
}

TEST(StreamFramer, BytesOneByOneGiveTheSame) {
  const std::string text = message("Content-Length: 5\r\n", "hello") + "\r\n" + message("l: 0\r\n");
  StreamFramer framer;
  std::string buffered;
  std::string items;
  for (const char c : text) {
    buffered += c;
    const StreamStep step = framer.next(buffered);
    if (step.item == StreamItem::kNeedMore) continue;
    items += ".MKGL"[static_cast<int>(step.item)];
    buffered.erase(0, step.length);
  }
  EXPECT_EQ(items, "MKKM");
}

TEST(StreamFramer, AHeaderSectionWithoutEndIsGivenUp) {
  std::string text = message("");
  text.resize(text.size() - 2);
  while (text.size() <= kMessageBytesMax) text += "X-Header: a\r\n";
  std::string rest;
  EXPECT_EQ(items_of(text, rest), "LG");
  EXPECT_EQ(rest, "");
}

}  // namespace
}  // namespace tapdeck::sip
