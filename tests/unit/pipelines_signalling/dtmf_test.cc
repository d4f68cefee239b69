#include "pipelines/signalling/dtmf.h"

#include <string>
#include <string_view>

#include <gtest/gtest.h>

namespace tapdeck::sip {
namespace {

constexpr std::string_view kInfoHead = "INFO sip:5@h:5060 SIP/2.0\r\nCSeq: 5 INFO\r\n";

std::string keys_blanked(std::string text) {
  const std::size_t length = text.size();
  blank_dtmf({reinterpret_cast<std::uint8_t*>(text.data()), text.size()});
  EXPECT_EQ(text.size(), length);
  return text;
}

std::string info_message(std::string_view type, std::string_view body) {
  return std::string(kInfoHead) + "Content-Type: " + std::string(type) + "\r\n\r\n" +
         std::string(body);
}

// What becomes of a body of this type; all before it stays.
std::string body_of(std::string_view type, std::string_view body) {
  const std::string text = keys_blanked(info_message(type, body));
  EXPECT_EQ(text.substr(0, text.size() - body.size()), info_message(type, ""));
  return text.substr(text.size() - body.size());
}

TEST(Dtmf, SignalGoesAndDurationStays) {
  for (const std::string_view type : {"application/dtmf-relay",
                                      "Application/DTMF-Relay; charset=utf-8",
                                      "application/vnd.example.dtmf"}) {
    EXPECT_EQ(body_of(type, "Signal=5\r\nDuration=160\r\n"), "Signal=x\r\nDuration=160\r\n");
    EXPECT_EQ(body_of(type, "signal= #\nduration = 250"), "signal= x\nduration = 250");
    EXPECT_EQ(body_of(type, "Signal: *\r\nDuration: 80"), "Signal: x\r\nDuration: 80");
    EXPECT_EQ(body_of(type, "Signal=11\r\nSignal=star"), "Signal=xx\r\nSignal=xxxx");
  }
}

TEST(Dtmf, KeysAloneGo) {
  EXPECT_EQ(body_of("application/dtmf", "5"), "x");
  EXPECT_EQ(body_of("application/dtmf", "12 *#\r\nA\r\n"), "xx xx\r\nx\r\n");
}

TEST(Dtmf, OtherSpellingsGo) {
  EXPECT_EQ(body_of("application/vnd.nortelnetworks.digits",
                    "p=Digit-Collection\r\ny=Digits\r\n\r\nd=Digits=5\r\n"),
            "p=Digit-Collection\r\ny=Digits\r\n\r\nd=xxxxxxxx\r\n");
  EXPECT_EQ(body_of("application/dtmf-relay", "Duration=160;Signal=5"), "Duration=xxxxxxxxxxxx")
      << "a line of several fields";
  EXPECT_EQ(body_of("application/dtmf-relay", "Duration=160 Signal=5"), "Duration=xxx xxxxxxxx");
  EXPECT_EQ(body_of("text/plain", "Signal=5\r\nDuration=160\r\n5\r\n"),
            "Signal=x\r\nDuration=160\r\n5\r\n");
  EXPECT_EQ(keys_blanked("INFO a SIP/2.0\n\nSIGNAL=5\n"), "INFO a SIP/2.0\n\nSIGNAL=x\n")
      << "without a type";
  EXPECT_EQ(keys_blanked("\r\nINFO a SIP/2.0\r\nc:\r\n  application/dtmf\r\nX: 1\r\n\r\n5"),
            "\r\nINFO a SIP/2.0\r\nc:\r\n  application/dtmf\r\nX: 1\r\n\r\nx")
      << "compact, folded, behind a break";
}

TEST(Dtmf, EventsAsTheyTravelInRtp) {
  using namespace std::string_view_literals;
  EXPECT_EQ(body_of("audio/telephone-event", "\x05\x8a\x03\x20\x42\x0a\x0a\x0a"sv),
            "\xff\x8a\x03\x20\x42\x0a\x0a\x0a"sv);
  EXPECT_EQ(body_of("audio/telephone-event", "\x0a\x0a\x00\xa0\r\n"sv), "\xff\x0a\x00\xa0\r\n"sv)
      << "* looks like a line break";
  EXPECT_EQ(body_of("audio/telephone-event;rate=1000", "0x05 0x80"), "xxxx xxxx");
  EXPECT_EQ(body_of("audio/telephone-event", ""), "");
}

TEST(Dtmf, XmlOfAnyDialect) {
  EXPECT_EQ(body_of("application/kpml-response+xml",
                    "<?xml version=\"1.0\"?><kpml-response version=\"1.0\" code=\"200\" "
                    "text=\"OK\" digits=\"4*7#\" forced_flush='false' tag=\"dtmf\"/>"),
            "<?xml version=\"1.0\"?><kpml-response version=\"1.0\" code=\"200\" "
            "text=\"OK\" digits=\"xxxx\" forced_flush='false' tag=\"dtmf\"/>");
  EXPECT_EQ(body_of("application/mediaservercontrol+xml",
                    "<response request=\"playcollect\" DIGITS = '12 3' code='200'/>"),
            "<response request=\"playcollect\" DIGITS = 'xx x' code='200'/>");
  EXPECT_EQ(body_of("application/msml+xml",
                    "<name>dtmf.digits</name><value>1234</value><name>end</name><value>9</value>"),
            "<name>dtmf.digits</name><value>xxxx</value><name>end</name><value>9</value>");
  EXPECT_EQ(body_of("text/xml", "<k:digits a='1'>12</k:digits><code>200</code><digit/>7"),
            "<k:digits a='1'>xx</k:digits><code>200</code><digit/>7");
  EXPECT_EQ(body_of("text/xml", "<dtmf digit='1'>2<b>3</b></dtmf>"),
            "<dtmf digit='x'>xxxxx</b></dtmf>");
  EXPECT_EQ(body_of("text/xml", "<mydigits>1</mydigits><digits-max>4</digits-max>"),
            "<mydigits>1</mydigits><digits-max>4</digits-max>");
}

TEST(Dtmf, XmlThatIsCutIsBlankedToItsEnd) {
  EXPECT_EQ(body_of("text/xml", "<r digits=\"123"), "<r digits=\"xxx");
  EXPECT_EQ(body_of("text/xml", "<digits>12"), "<digits>xx");
  for (const std::string_view cut : {"<r digits", "<r digits=", "<digits", "<digits a", "digits"}) {
    EXPECT_EQ(body_of("text/xml", cut), cut);
  }
}

TEST(Dtmf, PartsOfAMultipartBody) {
  const auto parts = [](std::string_view key, std::string_view event) {
    return "--b\r\nContent-Type: application/sdp\r\n\r\nv=0\r\na=5\r\n"
           "--b\r\nContent-Type: multipart/related;boundary=c\r\n\r\n"
           "--c\r\ncontent-type: APPLICATION/DTMF-RELAY\r\n\r\nSignal=" +
           std::string(key) + "\r\n--c--\r\n--b\r\nContent-Type: audio/telephone-event\r\n\r\n" +
           std::string(event) + "\n\x03\x20\r\n--b--\r\n5\r\n";
  };
  EXPECT_EQ(body_of("multipart/mixed;boundary=b", parts("7", "\x07")), parts("x", "\xff"));
}

TEST(Dtmf, EncodedKeysAreBlankedWhole) {
  EXPECT_EQ(body_of("application/dtmf-relay\r\nContent-Encoding: gzip", "Duration=1\r\nQUJD\r\n"),
            "xxxxxxxxxx\r\nxxxx\r\n");
  EXPECT_EQ(body_of("multipart/mixed",
                    "--b\r\nContent-Type: text/xml\r\nContent-Transfer-Encoding: base64\r\n\r\n"
                    "PGRpZ2l0cz4=\r\n--b--"),
            "--b\r\nContent-Type: text/xml\r\nContent-Transfer-Encoding: base64\r\n\r\n"
            "xxxxxxxxxxxx\r\n--b--");
  EXPECT_EQ(body_of("text/plain\r\nContent-Encoding: gzip", "QUJD"), "QUJD");
}

TEST(Dtmf, WhatTellsNoKeysStays) {
  for (const std::string& text :
       {info_message("application/sdp", "v=0\r\nm=audio 4000 RTP/AVP 101\r\na=fmtp:101 0-15\r\n"),
        info_message("message/sipfrag", "SIP/2.0 200 OK\r\nSignal-Strength: 5\r\n"),
        info_message("text/plain", "--b\r\nContent-Type: application/dtmf\r\n\r\n5"),
        std::string(kInfoHead) + "Content-Type: application/dtmf\r\n",
        std::string(kInfoHead) + "Signal: 5\r\n\r\n",
        std::string(),
        std::string("\r\n\r\n")}) {
    EXPECT_EQ(keys_blanked(text), text);
  }
}

}  // namespace
}  // namespace tapdeck::sip
