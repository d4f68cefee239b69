#include "pipelines/signalling/stream_reader.h"

#include <string>
#include <vector>

#include <gtest/gtest.h>

namespace tapdeck::sip {
namespace {

constexpr std::string_view kSipWithBody = "OPTIONS sip:a SIP/2.0\r\nVia: x\r\nl: 2\r\n\r\nhi";
constexpr std::string_view kUpgradeToSip =
    "GET / HTTP/1.1\r\nUpgrade: websocket\r\nSec-WebSocket-Protocol: sip\r\n\r\n";
constexpr std::string_view kHep{"HEP3\0\x0dpayload", 13};
constexpr std::string_view kGap = "<gap>";
constexpr std::string_view kCut = "<cut>";

// What is found, one word an item.
class Words final : public MessageSink {
 public:
  void on_sip(ByteView message, SignalTransport transport) override {
    EXPECT_TRUE(kSipWithBody.starts_with(as_text(message)));
    if (message.size() < kSipWithBody.size()) text += "cut ";
    text += transport == SignalTransport::kWebSocket ? "ws " : "sip ";
  }

  void on_hep(ByteView packet) override {
    EXPECT_EQ(as_text(packet), kHep);
    text += "hep ";
  }

  std::string text;
};

std::string text_frame(std::string_view payload) {
  return "\x81" + std::string(1, static_cast<char>(payload.size())) + std::string(payload);
}

struct ReaderCase {
  std::string_view name;
  std::vector<std::string> pieces;
  std::string_view words;
  std::vector<StreamCount> counts = {};
};

std::vector<ReaderCase> reader_cases() {
  const std::string sip(kSipWithBody);
  const std::string gap(kGap);
  const std::string cut(kCut);
  const std::string hep(kHep);
  const std::string ask(kUpgradeToSip);
  return {
      {"SIP", {sip + sip, sip}, "sip sip sip "},
      {"SIP in pieces", {sip.substr(0, 3), sip.substr(3, 30), sip.substr(33) + sip}, "sip sip "},
      {"keep-alive first", {"\r\n\r\n", sip}, "sip ", {StreamCount::kKeepAlive}},
      {"gap between", {sip, gap, sip}, "sip sip ", {StreamCount::kGap}},
      {"gap within",
       {sip.substr(0, 9), gap, sip.substr(20) + "\r\n" + sip},
       "sip ",
       {StreamCount::kGap, StreamCount::kMessageLost, StreamCount::kGarbage}},
      {"gap at the beginning",
       {gap, "rest\r\n" + sip},
       "sip ",
       {StreamCount::kGap, StreamCount::kGarbage}},
      {"cut within the body",
       {sip + sip.substr(0, 40), cut, sip},
       "sip cut sip sip ",
       {StreamCount::kGap, StreamCount::kMessageCut}},
      {"cut within the headers, the rest comes",
       {sip.substr(0, 30), cut, sip.substr(33) + "\r\n" + sip},
       "cut sip sip ",
       {StreamCount::kGap, StreamCount::kMessageCut, StreamCount::kGarbage}},
      {"cut within the start line",
       {sip.substr(0, 9), cut, sip},
       "sip ",
       {StreamCount::kGap, StreamCount::kMessageLost}},
      {"cut between", {sip, cut, sip}, "sip sip ", {StreamCount::kGap}},
      {"HEP that is cut",
       {hep + hep.substr(0, 8), cut, hep},
       "hep hep ",
       {StreamCount::kGap, StreamCount::kMessageLost}},
      {"HEP", {hep + hep, hep.substr(0, 2), hep.substr(2)}, "hep hep hep "},
      {"HEP behind a gap",
       {hep, gap, "load" + hep},
       "hep hep ",
       {StreamCount::kGap, StreamCount::kGarbage}},
      {"WebSocket", {ask + text_frame(sip), text_frame(sip)}, "ws ws "},
      {"handshake in pieces", {ask.substr(0, 2), ask.substr(2, 50), ask.substr(52)}, ""},
      {"WebSocket mid-stream", {text_frame(sip)}, "ws "},
      {"WebSocket keep-alive",
       {text_frame(sip), text_frame("\r\n")},
       "ws ",
       {StreamCount::kKeepAlive}},
      {"WebSocket behind a gap",
       {text_frame(sip), gap, "masked text", text_frame(sip)},
       "ws ws ",
       {StreamCount::kGap}},
      {"no frame",
       {text_frame(sip), "\xff\xff", text_frame(sip)},
       "ws ws ",
       {StreamCount::kWebSocketBad}},
      {"other HTTP", {"GET / HTTP/1.1\r\n\r\n", "<html>"}, "", {StreamCount::kForeign}},
      {"refused, then agreed",
       {"HTTP/1.1 401 No\r\n\r\n", text_frame(sip)},
       "ws ",
       {StreamCount::kForeign}},
      {"TLS", {"\x16\x03\x01", "\x17\x03"}, "", {StreamCount::kForeign}},
  };
}

TEST(StreamReader, FindsMessagesInWhateverCarriesThem) {
  for (const ReaderCase& one : reader_cases()) {
    StreamReader reader;
    StreamCounters counters;
    Words words;
    for (const std::string& piece : one.pieces) {
      if (piece == kGap) {
        reader.on_gap(counters);
      } else if (piece == kCut) {
        reader.on_cut(words, counters);
      } else {
        reader.take(as_bytes(piece), words, counters);
      }
    }
    reader.on_end(counters);
    EXPECT_EQ(words.text, one.words) << one.name;
    EXPECT_LT(reader.memory(), 64U) << one.name;
    std::vector<StreamCount> counted;
    for (std::size_t i = 0; i < kStreamCountNames.size(); ++i) {
      if (counters.value(static_cast<StreamCount>(i)) > 0) {
        counted.push_back(static_cast<StreamCount>(i));
      }
    }
    EXPECT_EQ(std::vector<StreamCount>(one.counts.begin(), one.counts.end()).size(), counted.size())
        << one.name;
    for (const StreamCount count : one.counts) {
      EXPECT_EQ(counters.value(count), 1U)
          << one.name << ": " << kStreamCountNames[static_cast<std::size_t>(count)].name;
    }
  }
}

TEST(StreamReader, KnowsWhereAStreamMayBegin) {
  for (const std::string_view text : {kSipWithBody,
                                      std::string_view("SIP/2.0 2"),
                                      std::string_view("\r\n"),
                                      kHep,
                                      kUpgradeToSip}) {
    EXPECT_TRUE(StreamReader::begins_here(as_bytes(text))) << text;
  }
  for (const std::string_view text : {std::string_view("v=0\r\no=-"),
                                      std::string_view("Via: x"),
                                      std::string_view("\x17\x03"),
                                      std::string_view()}) {
    EXPECT_FALSE(StreamReader::begins_here(as_bytes(text))) << text;
  }
  EXPECT_TRUE(StreamReader::begins_here(as_bytes(text_frame(kSipWithBody))));
}

}  // namespace
}  // namespace tapdeck::sip
