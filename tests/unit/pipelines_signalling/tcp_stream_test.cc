#include "pipelines/signalling/tcp_stream.h"

#include <string>
#include <vector>

#include <gtest/gtest.h>

namespace tapdeck::sip {
namespace {

// What comes out, as text: '|' is a gap, '/' a cut, '$' the end.
class Text final : public ByteSink {
 public:
  bool begins_here(ByteView bytes) override { return as_text(bytes).starts_with("A"); }

  void on_bytes(ByteView bytes, std::int64_t time_ns) override {
    text += as_text(bytes);
    times.push_back(time_ns);
  }

  void on_gap() override { text += '|'; }

  void on_cut() override { text += '/'; }

  void on_end() override { text += '$'; }

  std::string text;
  std::vector<std::int64_t> times;
};

struct Piece {
  std::int64_t at = 0;  // relative to the first byte
  std::string_view bytes = {};
  bool syn = false;
  bool fin = false;
  std::uint32_t missing = 0;
};

constexpr Piece kSyn{.at = -1, .syn = true};

struct StreamCase {
  std::string_view name;
  std::vector<Piece> pieces;
  std::string_view text;
};

std::vector<StreamCase> stream_cases() {
  return {
      {"in order", {kSyn, {0, "abc"}, {3, "def"}}, "abcdef"},
      {"out of order", {kSyn, {6, "ghi"}, {3, "def"}, {0, "abc"}}, "abcdefghi"},
      {"sent again", {kSyn, {0, "abc"}, {0, "abc"}, {3, "def"}, {0, "abcdef"}}, "abcdef"},
      {"first copy wins", {kSyn, {2, "CD"}, {0, "abcdef"}}, "abCDef"},
      {"first copies win", {kSyn, {6, "G"}, {2, "CD"}, {1, "bcdefghi"}, {0, "a"}}, "abCDefGhi"},
      {"overlap at the front", {kSyn, {0, "abc"}, {2, "Cdef"}}, "abcdef"},
      {"early end covered", {kSyn, {3, "d"}, {0, "abcXef"}}, "abcdef"},
      {"SYN with bytes", {{-1, "abc", true}, {3, "def"}}, "abcdef"},
      {"SYN behind its bytes", {{0, "abc"}, kSyn}, "abc"},
      {"SYN twice", {kSyn, {0, "abc"}, kSyn, {3, "d"}}, "abcd"},
      {"probe of a silent end", {kSyn, {0, "abc"}, {2, "x"}, {3, "d"}}, "abcd"},
      {"FIN", {kSyn, {0, "abc", false, true}}, "abc$"},
      {"FIN too early", {kSyn, {3, "", false, true}, {0, "abc"}}, "abc$"},
      {"FIN twice", {kSyn, {0, "a", false, true}, {1, "", false, true}}, "a$"},
      {"mid-stream", {{100, "xyz"}, {103, "Abc"}, {106, "d"}}, "Abcd"},
      {"mid-stream out of order", {{106, "d"}, {97, "xyz"}, {103, "Abc"}}, "Abcd"},
      {"cut by the capture", {kSyn, {0, "ab", false, false, 2}, {4, "ef"}}, "ab/ef"},
      {"cut, then whole", {kSyn, {0, "ab", false, false, 2}, {0, "abcd"}, {4, "ef"}}, "ab/ef"},
      {"cut and early", {kSyn, {2, "c", false, false, 1}, {0, "ab"}, {4, "e"}}, "abc/e"},
  };
}

TEST(TcpStream, PutsBytesInOrderWhereverTheNumbersBegin) {
  for (const std::uint32_t first : {1'000U, 0U, 0xfffffffeU, 0x7ffffffdU}) {
    for (const StreamCase& one : stream_cases()) {
      TcpStream stream;
      Text text;
      for (const Piece& piece : one.pieces) {
        const TcpSegment segment{.sequence = first + static_cast<std::uint32_t>(piece.at),
                                 .bytes = as_bytes(piece.bytes),
                                 .missing_bytes = piece.missing,
                                 .syn = piece.syn,
                                 .fin = piece.fin};
        EXPECT_FALSE(stream.is_foreign(segment)) << one.name;
        stream.put(segment, text);
      }
      EXPECT_EQ(text.text, one.text) << one.name << " from " << first;
      EXPECT_FALSE(stream.has_gap()) << one.name;
      EXPECT_EQ(stream.held_bytes(), 0U) << one.name;
    }
  }
}

TEST(TcpStream, AGapIsSkippedWhenItsOwnerSaysSo) {
  TcpStream stream;
  Text text;
  stream.put({.sequence = 9, .syn = true}, text);
  stream.put({.sequence = 10, .bytes = as_bytes("ab"), .time_ns = 1}, text);
  EXPECT_EQ(stream.put({.sequence = 15, .bytes = as_bytes("fg"), .time_ns = 2}, text),
            SegmentVerdict::kHeld);
  stream.put({.sequence = 20, .bytes = as_bytes("k"), .fin = true, .time_ns = 3}, text);
  EXPECT_TRUE(stream.has_gap());
  EXPECT_TRUE(stream.skip_gap(text));
  EXPECT_EQ(text.text, "ab|fg");
  EXPECT_TRUE(stream.skip_gap(text));
  EXPECT_FALSE(stream.skip_gap(text));
  EXPECT_EQ(text.text, "ab|fg|k$");
  EXPECT_TRUE(stream.is_over());
  EXPECT_EQ(text.times, (std::vector<std::int64_t>{1, 2, 3}));
}

TEST(TcpStream, WhatWaitedHasTheTimeAtWhichItsGapWasFilled) {
  TcpStream stream;
  Text text;
  stream.put({.sequence = 9, .syn = true}, text);
  stream.put({.sequence = 12, .bytes = as_bytes("c"), .time_ns = 5}, text);
  stream.put({.sequence = 10, .bytes = as_bytes("ab"), .time_ns = 8}, text);
  EXPECT_EQ(text.times, (std::vector<std::int64_t>{8, 8}));
}

TEST(TcpStream, HeldBytesAreBounded) {
  TcpStream stream;
  Text text;
  stream.put({.sequence = 0, .syn = true}, text);
  const std::string bytes(1'000, 'x');
  std::uint32_t sequence = 10;
  while (!stream.is_full()) {
    ASSERT_LE(stream.held_bytes(), kHeldBytesMax);
    stream.put({.sequence = sequence, .bytes = as_bytes(bytes)}, text);
    sequence += 1'001;
  }
  EXPECT_GT(stream.held_bytes(), kHeldBytesMax);
}

TEST(TcpStream, AnotherConnectionIsKnownByItsNumbers) {
  TcpStream stream;
  Text text;
  EXPECT_FALSE(stream.is_foreign({.sequence = 5, .syn = true}));
  stream.put({.sequence = 5, .syn = true}, text);
  EXPECT_FALSE(stream.is_foreign({.sequence = 5, .syn = true}));
  EXPECT_TRUE(stream.is_foreign({.sequence = 6, .syn = true})) << "nothing came of the first one";
  EXPECT_FALSE(stream.is_foreign({.sequence = 1'000'000}));
  EXPECT_TRUE(stream.is_foreign({.sequence = 1U << 30}));
  EXPECT_TRUE(stream.is_foreign({.sequence = 0U - (1U << 30)}));
}

TEST(TcpStream, ASynAmidAConnectionNeedsBytesBehindIt) {
  TcpStream stream;
  Text text;
  const auto put = [&](std::uint32_t sequence, std::string_view bytes, bool syn, bool fin = false) {
    const TcpSegment segment{
        .sequence = sequence, .bytes = as_bytes(bytes), .syn = syn, .fin = fin};
    if (stream.is_foreign(segment)) stream.begin_anew();
    stream.put(segment, text);
  };
  put(9, "", true);
  put(10, "abc", false);
  EXPECT_TRUE(stream.is_doubtful({.sequence = 5'000, .syn = true}));
  put(5'000, "", true);
  put(5'001, "", false);
  put(13, "def", false);
  EXPECT_EQ(text.text, "abcdef") << "forged, with its ACK";
  put(5'001, "new", false);
  put(5'004, "er", false);
  EXPECT_EQ(text.text, "abcdefnewer");
  put(5'006, "", false, true);
  EXPECT_FALSE(stream.is_doubtful({.sequence = 70, .syn = true})) << "the old one has ended";
  put(70, "", true);
  put(71, "x", false);
  EXPECT_EQ(text.text, "abcdefnewer$x");
}

}  // namespace
}  // namespace tapdeck::sip
