#include "storage/disk_room.h"

#include <filesystem>

#include <gtest/gtest.h>

namespace tapdeck::storage {
namespace {

constexpr std::uint64_t kMiB = 1U << 20;

TEST(DiskRoom, a_quarter_of_a_gigabyte_and_a_step_are_no_room_for_recordings) {
  const DiskRoom room = room_for_recordings(100'000 * kMiB, 1'000 * kMiB, 64 * kMiB);
  EXPECT_EQ(room.bytes, (100'000 - 320) * kMiB);
  EXPECT_EQ(room.free, (1'000 - 320) * kMiB);
}

TEST(DiskRoom, of_a_small_disk_it_is_a_tenth) {
  EXPECT_EQ(room_for_recordings(160 * kMiB, 18 * kMiB, kMiB).free, kMiB);
  EXPECT_EQ(room_for_recordings(160 * kMiB, 17 * kMiB, kMiB).free, 0U);
}

TEST(DiskRoom, less_than_that_is_none) {
  const DiskRoom room = room_for_recordings(10 * kMiB, 2 * kMiB, 64 * kMiB);
  EXPECT_EQ(room.bytes, 0U);
  EXPECT_EQ(room.free, 0U);
}

TEST(DiskRoom, a_directory_tells_that_of_its_file_system) {
  const auto room = read_disk_room(std::filesystem::temp_directory_path().string(), kMiB);
  ASSERT_TRUE(room) << room.error().message;
  EXPECT_GT(room->bytes, 0U);
  EXPECT_EQ(read_disk_room("/nonexistent/store", kMiB).error().code, ErrorCode::kIo);
  EXPECT_EQ(read_disk_room(-1, kMiB).error().code, ErrorCode::kIo);
}

}  // namespace
}  // namespace tapdeck::storage
