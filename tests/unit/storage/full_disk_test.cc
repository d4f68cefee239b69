// A store on a file system that fills up: SegmentOutput's failure paths with a real disk's answers.
#include "tests/unit/storage/small_disk.h"
#include "tests/unit/storage/store_fixture.h"

namespace tapdeck::storage {
namespace {

TEST(FullDisk, LosesWhatDoesNotFitAndKeepsTheRest) {
  const TemporaryDirectory directory;
  const SmallDisk disk(directory.path());
  if (!disk.mounted()) GTEST_SKIP() << "needs root and loop devices";
  const StoreOptions options = test_options(disk.path() + "/store");
  std::size_t readable = 0;
  std::uint64_t failed = 0;
  constexpr std::uint64_t kReserve = 4U << 20;  // to open the store again
  constexpr std::uint32_t kChunks = 4'000;      // 62 MiB, which cannot fit
  {
    auto store = open_store(options);
    ASSERT_NE(store, nullptr);
    disk.take(kReserve);
    for (std::uint32_t i = 0; i < kChunks; ++i) {
      const auto chunk = make_chunk({.sequence = i});
      while (store->writer().try_append(*chunk) == AppendVerdict::kBusy) {
        store->writer().step(monotonic_now_ns());
      }
    }
    EXPECT_FALSE(store->writer().flush());
    const RecordingSummary summary = end(store->writer(), test_uid(1));
    failed = summary.failed_chunk_count;
    std::uint64_t packets = 0;
    for (const LostMedia& lost : summary.lost) packets += lost.packets;
    EXPECT_EQ(packets, failed * 80);
    const auto sections = read_sections(*store->reader(), test_uid(1));
    ASSERT_TRUE(sections) << sections.error().message;
    readable = sections->size();
    EXPECT_GT(figure(*store, "io_errors"), 0U);
  }
  EXPECT_GT(readable, 0U);
  EXPECT_GT(failed, 0U);
  EXPECT_EQ(readable + failed, kChunks) << "every chunk is kept or told";
  disk.free();
  auto store = Store::open(options);
  ASSERT_TRUE(store) << store.error().message;
  EXPECT_GE(read_sections(*(*store)->reader(), test_uid(1))->size(), readable);
}

// The disk refuses what it had not yet been asked to take when the call ended.
TEST(FullDisk, LossesBehindTheEndOfARecordingReachItsSummary) {
  const TemporaryDirectory directory;
  const SmallDisk disk(directory.path());
  if (!disk.mounted()) GTEST_SKIP() << "needs root and loop devices";
  auto store = open_store(test_options(disk.path() + "/store"));
  ASSERT_NE(store, nullptr);
  for (std::uint32_t i = 0; i < 3; ++i) append(store->writer(), *make_chunk({.sequence = i}));
  disk.fill(0);
  store->writer().end_recording(test_uid(1));
  EXPECT_FALSE(store->writer().flush());
  EXPECT_TRUE(store->writer().is_settled(test_uid(1)));
  const RecordingSummary summary = store->writer().take_summary(test_uid(1));
  EXPECT_EQ(summary.failed_chunk_count, 3U);
  EXPECT_EQ(summary.bytes, 0U);
  EXPECT_TRUE(summary.sha256.empty());
  ASSERT_EQ(summary.lost.size(), 1U) << "neighbours are one gap";
  EXPECT_EQ(summary.lost.front().packets, 240U);
  // With room again the next recording is whole.
  disk.free();
  store->writer().step(monotonic_now_ns() + 2 * kNsPerSecond);
  append(store->writer(), *make_chunk({.recording = 2}));
  EXPECT_TRUE(store->writer().flush());
  EXPECT_EQ(end(store->writer(), test_uid(2)).failed_chunk_count, 0U);
}

}  // namespace
}  // namespace tapdeck::storage
