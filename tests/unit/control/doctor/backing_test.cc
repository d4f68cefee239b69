// Memory is found behind everything that makes it look like a disk.
#include "control/doctor/backing.h"

#include <filesystem>
#include <fstream>
#include <unistd.h>

#include <gtest/gtest.h>

namespace tapdeck::control {
namespace {

class BackingTest : public ::testing::Test {
 protected:
  BackingTest() : root_(::testing::TempDir() + "backing-" + std::to_string(getpid())) {
    write("/proc/self/mountinfo",
          "1 0 8:1 / / rw - ext4 /dev/sda1 rw\n"
          "2 1 0:20 / /dev/shm rw shared:4 - tmpfs tmpfs rw,inode64\n"
          "3 1 0:30 / /o rw - overlay overlay rw,lowerdir=/l,upperdir=/dev/shm/u,workdir=/w\n"
          "4 1 7:0 / /loop rw - ext4 /dev/loop0 rw\n"
          "5 1 252:0 / /lv\\040m rw - xfs /dev/mapper/a-b rw\n"
          "6 1 0:31 / /c rw - overlay overlay rw,lowerdir=/l,upperdir=/host/only/u,workdir=/w\n"
          "7 1 253:0 / /z rw - ext4 /dev/zram0 rw\n");
    write("/sys/dev/block/7:0/loop/backing_file", "/dev/shm/image\n");
    write("/sys/dev/block/252:0/slaves/loop0/dev", "7:0\n");
    std::filesystem::create_directory_symlink("../../devices/zram0",
                                              root_ + "/sys/dev/block/253:0");
  }

  ~BackingTest() override { std::filesystem::remove_all(root_); }

  void write(const std::string& path, const std::string& text) const {
    std::filesystem::create_directories(std::filesystem::path(root_ + path).parent_path());
    std::ofstream(root_ + path) << text;
  }

  [[nodiscard]] Backing of(const std::string& path) const {
    return backing_of(path, HostFiles(root_));
  }

  std::string root_;
};

TEST_F(BackingTest, ADiskIsNamedWithItsDevice) {
  const Backing found = of("/srv/no/such/store");
  EXPECT_FALSE(found.in_memory);
  EXPECT_EQ(found.filesystem, "ext4");
  EXPECT_EQ(found.chain, "ext4 on /dev/sda1");
}

TEST_F(BackingTest, AnOverlayIsWhatItsUpperFolderIs) {
  const Backing found = of("/o/store");
  EXPECT_TRUE(found.in_memory);
  EXPECT_EQ(found.chain, "overlay, its upper folder /dev/shm/u: tmpfs");
  EXPECT_EQ(found.filesystem, "overlay");
}

TEST_F(BackingTest, AnUpperFolderOfAnotherNamespaceTellsNothing) {
  EXPECT_FALSE(of("/c/store").in_memory);
  EXPECT_EQ(of("/c/store").chain, "overlay");
}

TEST_F(BackingTest, ALoopDeviceIsWhereItsFileIs) {
  EXPECT_TRUE(of("/loop").in_memory);
  EXPECT_EQ(of("/loop").chain, "ext4 on /dev/loop0, its file /dev/shm/image: tmpfs");
  EXPECT_FALSE(of("/loops").in_memory) << "a folder of another name";
}

TEST_F(BackingTest, VolumesAreWhatTheyAreMadeOf) {
  EXPECT_TRUE(of("/lv m/store").in_memory);
  EXPECT_EQ(of("/lv m/store").filesystem, "xfs");
  EXPECT_TRUE(of("/z/store").in_memory) << "compressed memory";
}

TEST_F(BackingTest, WithoutMountsNothingIsKnown) {
  EXPECT_FALSE(backing_of("/srv", HostFiles(root_ + "/nothing")).in_memory);
}

}  // namespace
}  // namespace tapdeck::control
