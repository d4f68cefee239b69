#include "pipelines/signalling/message.h"

#include <cstdlib>
#include <new>
#include <string>

#include <gtest/gtest.h>

#include "pipelines/signalling/body.h"
#include "pipelines/signalling/sdp.h"

namespace {

std::size_t allocation_count = 0;

}  // namespace

void* operator new(std::size_t size) {
  ++allocation_count;
  void* memory = std::malloc(size);
  if (memory == nullptr) std::abort();
  return memory;
}

void operator delete(void* memory) noexcept { std::free(memory); }

void operator delete(void* memory, std::size_t) noexcept { std::free(memory); }

namespace tapdeck::sip {
namespace {

const std::string kBasic =
    "INVITE sip:bob@example.com SIP/2.0\r\n"
    "Via: SIP/2.0/UDP 192.0.2.1;branch=z9hG4bK1\r\n"
    "From: <sip:alice@example.com>;tag=a1\r\n"
    "To: <sip:bob@example.com>\r\n"
    "Call-ID: c1@192.0.2.1\r\n"
    "CSeq: 1 INVITE\r\n";

ParseVerdict parse_text(const std::string& text, Message& message) {
  return parse(as_bytes(text), message);
}

std::string without(std::string_view header) {
  std::string text = kBasic;
  const std::size_t begin = text.find("\r\n" + std::string(header) + ":") + 2;
  text.erase(begin, text.find("\r\n", begin) + 2 - begin);
  return text + "\r\n";
}

TEST(Message, RequestFields) {
  const std::string text = kBasic + "Content-Length: 3\r\n\r\nabcdef";
  Message message;
  ASSERT_EQ(parse_text(text, message), ParseVerdict::kOk);
  EXPECT_TRUE(message.is_request());
  EXPECT_EQ(message.method(), Method::kInvite);
  EXPECT_EQ(message.request_uri_text(), "sip:bob@example.com");
  EXPECT_EQ(message.call_id(), "c1@192.0.2.1");
  EXPECT_EQ(message.from_tag(), "a1");
  EXPECT_EQ(message.to_tag(), "");
  EXPECT_EQ(message.cseq().number, 1u);
  EXPECT_EQ(message.body(), "abc");
  EXPECT_EQ(message.bytes_used(), text.size() - 3);
}

TEST(Message, ResponseFields) {
  std::string text = kBasic + "\r\n";
  text.replace(0, text.find("\r\n"), "sip/2.0 183 Session Progress");
  Message message;
  ASSERT_EQ(parse_text(text, message), ParseVerdict::kOk);
  EXPECT_TRUE(message.is_response());
  EXPECT_EQ(message.status_code(), 183);
  EXPECT_EQ(message.reason_phrase(), "Session Progress");
  EXPECT_EQ(message.method(), Method::kInvite);
  text.replace(0, text.find("\r\n"), "SIP/2.0 200");
  ASSERT_EQ(parse_text(text, message), ParseVerdict::kOk);
  EXPECT_EQ(message.reason_phrase(), "");
}

TEST(Message, UnknownMethodsAreTakenAndNotMistaken) {
  std::string text = kBasic + "\r\n";
  text.replace(0, 6, "INVITE1");
  Message message;
  EXPECT_EQ(parse_text(text, message), ParseVerdict::kBadCSeq);
  text.replace(text.find("1 INVITE\r\n"), 8, "1 INVITE1");
  ASSERT_EQ(parse_text(text, message), ParseVerdict::kOk);
  EXPECT_EQ(message.method(), Method::kOther);
  EXPECT_EQ(message.method_token(), "INVITE1");
}

TEST(Message, FoldsCompactFormsAndBlanksAroundColon) {
  const std::string text =
      "INVITE sip:bob@example.com SIP/2.0\r\n"
      "v \t:\r\n  SIP / 2.0 / UDP 192.0.2.1;branch=z9hG4bK1 ,\r\n\tSIP/2.0/UDP 192.0.2.2\r\n"
      "F: \"A\r\n B\" <sip:alice@example.com>\r\n ;tag=a1\r\n"
      "t:<sip:bob@example.com>\r\ni:c1\r\nCsEq: 1\r\n INVITE\r\nVIA: SIP/2.0/UDP h3\r\n\r\n";
  Message message;
  ASSERT_EQ(parse_text(text, message), ParseVerdict::kOk);
  EXPECT_EQ(message.from_tag(), "a1");
  EXPECT_EQ(message.call_id(), "c1");
  std::string hosts;
  Message::ValueIterator iterator = message.values(HeaderId::kVia);
  for (std::string_view value; iterator.next(value);) {
    hosts += std::string(parse_via(value)->host) + " ";
  }
  EXPECT_EQ(hosts, "192.0.2.1 192.0.2.2 h3 ");
}

TEST(Message, RepairsAreNoted) {
  std::string lf = kBasic + "\r\n";
  for (std::size_t at = lf.find('\r'); at != std::string::npos; at = lf.find('\r')) lf.erase(at, 1);

  const struct {
    std::string text;
    std::uint16_t repair;
  } rows[] = {
      {lf, kRepairBareLf},
      {"\r\n\r\n" + kBasic + "\r\n", kRepairLeadingSpace},
      {kBasic, kRepairNoBlankLine},
      {kBasic + "no colon\r\n\r\n", kRepairBadHeaderLine},
      {kBasic + "Content-Length: 9\r\n\r\nabc", kRepairContentLengthLong},
      {kBasic + "Content-Length: -9\r\n\r\nabc", kRepairContentLengthBad},
      {kBasic + "l: 1\r\nContent-Length: 2\r\n\r\nabc", kRepairContentLengthBad},
      {"INVITE " + kBasic.substr(6) + "\r\n", kRepairStartLineSpace},
      {kBasic + "f: <sip:eve@example.com>;tag=e\r\n\r\n", kRepairDuplicateHeader},
  };

  for (const auto& row : rows) {
    Message message;
    EXPECT_EQ(parse_text(row.text, message), ParseVerdict::kRepaired) << row.text;
    EXPECT_EQ(message.repairs(), row.repair) << row.text;
    EXPECT_EQ(message.from_tag(), "a1") << row.text;
    if (row.text.ends_with("\r\n\r\nabc")) {
      EXPECT_EQ(message.body(), "abc") << row.text;
    }
  }
}

// As the address says, or as it stands behind an address that cannot be read.
TEST(Message, TagsAreFoundInAllFormsOfAnAddress) {
  struct Row {
    const char* from;
    const char* tag;
  };

  const Row rows[] = {
      {"<sip:a@x>;tag=1", "1"},
      {"\"A <1>;tag=no\" <sip:a@x>;tag=1", "1"},
      {"<sip:a@x;tag=no>;TAG = 1 ;x=y", "1"},
      {"<sip:a@x>;x=\";tag=no\";tag=1", "1"},
      {"<sip:a@x>;x=<sip:b@x;tag=no>;tag=1", "1"},
      {"sip:a@x;tag=1", "1"},
      {"sip:a@x;tag=1>;tag=no", "1>"},
      {"<no address>;tag=1", "1"},
      {"<sip:a@x", ""},
      {"<sip:a@x>", ""},
      {"\"A <sip:a@x>;tag=1", "1"},
  };
  for (const Row& row : rows) {
    const std::string text = std::string("INVITE sip:b@x SIP/2.0\r\nVia: SIP/2.0/UDP h\r\nFrom: ") +
                             row.from + "\r\nTo: <sip:b@x>\r\nCall-ID: c\r\nCSeq: 1 INVITE\r\n\r\n";
    Message message;
    ASSERT_TRUE(is_accepted(parse(as_bytes(text), message))) << row.from;
    EXPECT_EQ(message.from_tag(), row.tag) << row.from;
  }
}

TEST(Message, MissingContentLengthTakesTheDatagram) {
  Message message;
  const std::string text = kBasic + "\r\nabc";
  ASSERT_EQ(parse_text(text, message), ParseVerdict::kOk);
  EXPECT_EQ(message.body(), "abc");
}

TEST(Message, EveryRejectionHasItsReason) {
  const std::string rest = kBasic.substr(kBasic.find("\r\n")) + "\r\n";

  const struct {
    std::string text;
    ParseVerdict verdict;
  } rows[] = {
      {"", ParseVerdict::kKeepAlive},
      {std::string("\r\n\r\n\0", 5), ParseVerdict::kKeepAlive},
      {"GET / HTTP/1.1" + rest, ParseVerdict::kNotSip},
      {"INVITE SIP/2.0" + rest, ParseVerdict::kBadStartLine},
      {"IN(VITE sip:a@b SIP/2.0" + rest, ParseVerdict::kBadStartLine},
      {"INVITE sip:a@b SIP/7.0" + rest, ParseVerdict::kBadVersion},
      {"SIP/3.0 200 OK" + rest, ParseVerdict::kBadVersion},
      {"SIP/2.0 4294967301 OK" + rest, ParseVerdict::kBadStatusCode},
      {"SIP/2.0 099 OK" + rest, ParseVerdict::kBadStatusCode},
      {"SIP/2.0" + rest, ParseVerdict::kBadStatusCode},
      {"INVITE sip:a@b SIP/2.0\r\n\r\n", ParseVerdict::kNoHeaders},
      {without("Via"), ParseVerdict::kMissingVia},
      {without("From"), ParseVerdict::kMissingFrom},
      {without("To"), ParseVerdict::kMissingTo},
      {without("Call-ID"), ParseVerdict::kMissingCallId},
      {without("CSeq"), ParseVerdict::kMissingCSeq},
      {std::string(kMessageBytesMax + 1, 'a'), ParseVerdict::kTooLong},
  };

  for (const auto& row : rows) {
    Message message;
    EXPECT_EQ(parse_text(row.text, message), row.verdict) << row.text.substr(0, 60);
  }
}

TEST(Message, HeaderCountIsBounded) {
  std::string text = kBasic;
  for (std::size_t i = 5; i < kHeadersMax; ++i) text += "X: y\r\n";
  Message message;
  EXPECT_EQ(parse_text(text + "\r\n", message), ParseVerdict::kOk);
  EXPECT_EQ(message.header_count(), kHeadersMax);
  EXPECT_EQ(parse_text(text + "X: y\r\n\r\n", message), ParseVerdict::kHeaderTooMany);
}

TEST(Message, NamesOfVerdictsAreDistinct) {
  for (int i = 0; i < static_cast<int>(ParseVerdict::kCount); ++i) {
    for (int j = 0; j < i; ++j) {
      EXPECT_NE(verdict_name(static_cast<ParseVerdict>(i)),
                verdict_name(static_cast<ParseVerdict>(j)));
    }
    EXPECT_NE(verdict_name(static_cast<ParseVerdict>(i)), "unknown");
  }
}

TEST(Message, ParsingAllocatesNothing) {
  const std::string text = kBasic +
                           "Content-Type: application/sdp\r\nContact: <sip:a@b>\r\n\r\n"
                           "v=0\r\no=a 1 1 IN IP4 192.0.2.1\r\nc=IN IP4 192.0.2.1\r\n"
                           "m=audio 4000 RTP/AVP 0 101\r\na=rtpmap:101 telephone-event/8000\r\n";
  Message message;
  static Sdp sdp;
  const std::size_t before = allocation_count;
  const ParseVerdict verdict = parse(as_bytes(text), message);
  const SdpVerdict sdp_verdict = parse_sdp(find_sdp(message).text, sdp);
  const bool has_fields = message.from() && message.top_via() && message.contact();
  const std::size_t after = allocation_count;
  EXPECT_EQ(verdict, ParseVerdict::kOk);
  EXPECT_EQ(sdp_verdict, SdpVerdict::kOk);
  EXPECT_TRUE(has_fields);
  EXPECT_EQ(after, before);
  EXPECT_GT(after, 0u);  // the counter counts
}

}  // namespace
}  // namespace tapdeck::sip
