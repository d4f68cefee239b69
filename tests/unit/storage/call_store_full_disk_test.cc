// A purge on a disk that has nearly no room: it may fail, and the call store goes on when there is
// room again, without being opened anew.
#include <chrono>
#include <thread>

#include "tests/unit/storage/call_store_fixture.h"
#include "tests/unit/storage/small_disk.h"

namespace tapdeck::storage {
namespace {

constexpr std::chrono::seconds kRecoveryMax{60};

struct Directory {
  Directory() { EXPECT_NE(::mkdtemp(path.data()), nullptr); }

  ~Directory() {
    std::error_code ignored;
    std::filesystem::remove_all(path, ignored);
  }

  Directory(const Directory&) = delete;
  Directory& operator=(const Directory&) = delete;

  std::string path = (std::filesystem::temp_directory_path() / "full.XXXXXX").string();
};

TEST(CallStoreFullDisk, APurgeWithoutRoomEndsNothing) {
  const Directory directory;
  const SmallDisk disk(directory.path, 128);
  if (!disk.mounted()) GTEST_SKIP() << "needs root and loop devices";
  auto store = CallStore::open(disk.path() + "/calls", {});
  ASSERT_TRUE(store) << store.error().message;
  std::uint32_t n = 0;
  int refused = 0;
  for (const std::uint64_t spare_kib : {0, 200, 500, 900, 1'200, 1'800, 2'600}) {
    const CallRecord call = nth_call(n++, "111", "222");
    ASSERT_TRUE((*store)->put({&call, 1}, {})) << spare_kib;
    disk.fill(spare_kib << 10);
    for (int again = 0; again < 3; ++again) refused += (*store)->purge_everywhere() ? 0 : 1;
    disk.free();
    const auto until = std::chrono::steady_clock::now() + kRecoveryMax;
    const CallRecord next = nth_call(n++, "111", "222");
    Result<void> put = (*store)->put({&next, 1}, {});
    while (!put && std::chrono::steady_clock::now() < until) {
      std::this_thread::sleep_for(std::chrono::milliseconds(100));
      put = (*store)->put({&next, 1}, {});
    }
    ASSERT_TRUE(put) << spare_kib << ": " << put.error().message;
    const auto purged = (*store)->purge_everywhere();
    ASSERT_TRUE(purged) << spare_kib << ": " << purged.error().message;
  }
  EXPECT_GT(refused, 0) << "there was room: nothing was tested";
  EXPECT_TRUE((*store)->check()->empty());
}

}  // namespace
}  // namespace tapdeck::storage
