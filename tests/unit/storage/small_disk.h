// A small ext4 in a file, mounted in the caller's own mount namespace: it can be filled up.  Needs
// root and loop devices.  Threads: only the caller, and those that it starts later, see it; RocksDB
// has threads that outlive its databases.  Errors: failed expectations.
#pragma once

#include <cerrno>
#include <cstdint>
#include <cstdlib>
#include <fcntl.h>
#include <filesystem>
#include <sched.h>
#include <string>
#include <sys/mount.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <gtest/gtest.h>

#include "storage/files.h"

namespace tapdeck::storage {

class SmallDisk {
 public:
  explicit SmallDisk(const std::string& directory, std::uint32_t mib = 64)
      : path_(directory + "/disk") {
    const std::string image = directory + "/image";
    const std::string make = "truncate -s " + std::to_string(mib) + "M " + image +
                             " && mkfs.ext4 -q -m 0 " + image + " && mkdir " + path_ +
                             " && mount -o loop " + image + " " + path_ + " >/dev/null 2>&1";
    if (geteuid() != 0 || unshare(CLONE_NEWNS) != 0) return;
    if (mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr) != 0) return;
    mounted_ = std::system(make.c_str()) == 0;
  }

  ~SmallDisk() {
    if (mounted_) umount2(path_.c_str(), MNT_DETACH);
  }

  SmallDisk(const SmallDisk&) = delete;
  SmallDisk& operator=(const SmallDisk&) = delete;

  [[nodiscard]] bool mounted() const { return mounted_; }

  [[nodiscard]] const std::string& path() const { return path_; }

  // So many bytes, at once; a little less where the file system needs some to tell of them.
  void take(std::uint64_t bytes) const {
    constexpr std::uint64_t kStep = 64U << 10;
    const Descriptor file(::open(filler().c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600));
    ASSERT_TRUE(file.valid());
    while (::fallocate(file.get(), 0, 0, static_cast<off_t>(bytes)) != 0) {
      ASSERT_EQ(errno, ENOSPC);
      ASSERT_GT(bytes, kStep);
      bytes -= kStep;
    }
  }

  // All but `spare` bytes.
  void fill(std::uint64_t spare) const {
    struct statvfs disk {};

    ASSERT_EQ(::statvfs(path_.c_str(), &disk), 0);
    const std::uint64_t there = disk.f_bavail * disk.f_frsize;
    ASSERT_GT(there, spare);
    take(there - spare);
  }

  void free() const { std::filesystem::remove(filler()); }

 private:
  [[nodiscard]] std::string filler() const { return path_ + "/filler"; }

  std::string path_;
  bool mounted_ = false;
};

}  // namespace tapdeck::storage
