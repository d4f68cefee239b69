#include "config/sizing.h"

#include <gtest/gtest.h>

namespace tapdeck::config {
namespace {

TEST(Sizing, TheDefaultsAbsorbASecond) {
  const Sizing sizing = size_up(defaults().streams);
  EXPECT_GE(sizing.stall_s, 1.0);
  EXPECT_LE(sizing.chunks_for_1s, defaults().streams.chunk_count);
  EXPECT_EQ(to_string(sizing, defaults().streams),
            "209 MiB of media buffers absorb a disk stall of 1.0 s at 8192 streams (74 MB/s)");
}

TEST(Sizing, SaysHowManyChunksASecondTakes) {
  Streams streams;
  streams.stream_count_max = 105'000;  // a full 10GbE port
  streams.chunk_count = 110'000;
  EXPECT_LT(size_up(streams).stall_s, 0.1);
  streams.chunk_count = size_up(streams).chunks_for_1s;
  EXPECT_NEAR(size_up(streams).stall_s, 1.0, 0.001);
  --streams.chunk_count;
  EXPECT_LT(size_up(streams).stall_s, 1.0);
  EXPECT_NEAR(static_cast<double>(size_up(streams).bytes_per_second), 955.7e6, 1e6);
  streams.chunk_count = 1;
  EXPECT_EQ(size_up(streams).stall_s, 0);
}

}  // namespace
}  // namespace tapdeck::config
