#include "engine/stray_marks.h"

#include <gtest/gtest.h>

namespace tapdeck::engine {
namespace {

StreamHot stream_at(std::int64_t time_ns, std::uint32_t highest) {
  StreamHot hot{};
  hot.last_ns = time_ns;
  hot.highest = highest;
  return hot;
}

TEST(StrayMarks, WhatRunsOnIsKnown) {
  Arena arena(0);
  StrayMarks marks(arena);
  EXPECT_EQ(kNoStray, marks.find(0, 0, 0)) << "nothing was noted";
  marks.note(7, stream_at(10 * kNsPerSecond, 65'535), 5);
  EXPECT_EQ(5, marks.find(7, 0, 10 * kNsPerSecond + 20'000'000)) << "numbers wrap";
  EXPECT_EQ(5, marks.find(7, 65'530, 10 * kNsPerSecond)) << "out of order";
  EXPECT_EQ(kNoStray, marks.find(7, 0, 11 * kNsPerSecond)) << "it has paused";
  EXPECT_EQ(kNoStray, marks.find(7, 500, 10 * kNsPerSecond)) << "it begins anew";
  EXPECT_EQ(kNoStray, marks.find(8, 0, 10 * kNsPerSecond));
}

TEST(StrayMarks, ANewerMarkTakesThePlaceOfAnOlderOne) {
  Arena arena(0);
  StrayMarks marks(arena);
  marks.note(7, stream_at(1, 1), 5);
  marks.note(7 + 1'024, stream_at(1, 1), 5);
  EXPECT_EQ(kNoStray, marks.find(7, 2, 2));
  EXPECT_EQ(5, marks.find(7 + 1'024, 2, 2));
}

}  // namespace
}  // namespace tapdeck::engine
