#include "control/doctor/disk_check.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <cstdlib>
#include <fcntl.h>
#include <filesystem>
#include <linux/magic.h>
#include <memory>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include <fmt/format.h>

#include "control/doctor/backing.h"

namespace tapdeck::control {
namespace {

constexpr std::size_t kBlockBytes = 1 << 20;
constexpr std::size_t kAlignment = 4'096;
constexpr std::uint64_t kBlocksPerSync = 32;

struct FreeMemory {
  void operator()(void* memory) const { std::free(memory); }
};

struct FileCloser {
  int descriptor = -1;

  ~FileCloser() {
    if (descriptor >= 0) close(descriptor);
  }
};

struct FilesystemName {
  std::int64_t magic;
  const char* name;
};

constexpr std::int64_t kXfsMagic = 0x58465342;

constexpr std::array kFilesystems = {FilesystemName{EXT4_SUPER_MAGIC, "ext4"},
                                     FilesystemName{kXfsMagic, "xfs"},
                                     FilesystemName{BTRFS_SUPER_MAGIC, "btrfs"},
                                     FilesystemName{TMPFS_MAGIC, "tmpfs"},
                                     FilesystemName{RAMFS_MAGIC, "ramfs"},
                                     FilesystemName{OVERLAYFS_SUPER_MAGIC, "overlay"},
                                     FilesystemName{NFS_SUPER_MAGIC, "nfs"}};

double seconds_since(std::chrono::steady_clock::time_point begin) {
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
}

// A store that is not there yet will be made in its nearest parent.
std::string nearest_existing(const std::string& directory) {
  std::filesystem::path path = std::filesystem::absolute(directory);
  std::error_code error;
  while (!std::filesystem::is_directory(path, error) && path.has_relative_path()) {
    path = path.parent_path();
  }
  return path.string();
}

int open_unnamed(const std::string& directory, bool& direct) {
  direct = true;
  int file = open(directory.c_str(), O_TMPFILE | O_WRONLY | O_CLOEXEC | O_DIRECT, 0600);
  if (file < 0 && errno == EINVAL) {
    direct = false;
    file = open(directory.c_str(), O_TMPFILE | O_WRONLY | O_CLOEXEC, 0600);
  }
  return file;
}

Result<void> write_blocks(int file, const char* block, std::uint64_t count, DiskSpeed& speed) {
  for (std::uint64_t i = 0; i < count; ++i) {
    const ssize_t written = pwrite(file, block, kBlockBytes, static_cast<off_t>(i * kBlockBytes));
    if (written != static_cast<ssize_t>(kBlockBytes)) {
      return make_errno_error(ErrorCode::kIo, "Writing the test file", written < 0 ? errno : EIO);
    }
    if ((i + 1) % kBlocksPerSync != 0 && i + 1 != count) continue;
    const auto begin = std::chrono::steady_clock::now();
    if (fdatasync(file) != 0) return make_errno_error(ErrorCode::kIo, "fdatasync", errno);
    speed.sync_ms_max = std::max(speed.sync_ms_max, seconds_since(begin) * 1e3);
  }
  return {};
}

}  // namespace

Result<DiskSpeed> measure_disk(const std::string& directory, std::uint64_t bytes) {
  DiskSpeed speed;
  const std::string place = nearest_existing(directory);

  struct statfs filesystem {};

  if (statfs(place.c_str(), &filesystem) != 0) {
    return make_errno_error(ErrorCode::kIo, "Looking at " + place, errno);
  }
  speed.free_bytes =
      std::uint64_t{filesystem.f_bavail} * static_cast<std::uint64_t>(filesystem.f_bsize);
  speed.filesystem = fmt::format("filesystem {:#x}", filesystem.f_type);
  for (const FilesystemName& known : kFilesystems) {
    if (known.magic == filesystem.f_type) speed.filesystem = known.name;
  }
  const Backing backing = backing_of(place, HostFiles());
  speed.in_memory = backing.in_memory || speed.filesystem == "tmpfs" || speed.filesystem == "ramfs";
  if (!backing.chain.empty()) speed.filesystem = backing.chain;
  if (speed.free_bytes < bytes * 2) {
    return make_error(ErrorCode::kResources, place + " has no room for the test file.");
  }
  const FileCloser file{open_unnamed(place, speed.direct)};
  if (file.descriptor < 0) {
    return make_errno_error(ErrorCode::kIo, "Making a test file in " + place, errno);
  }
  const std::unique_ptr<char, FreeMemory> block(
      static_cast<char*>(std::aligned_alloc(kAlignment, kBlockBytes)));
  // Noise, as encrypted media is: a disk that compresses must not shine.
  std::uint64_t noise = 0x9e3779b97f4a7c15ULL;
  for (std::size_t i = 0; i < kBlockBytes; ++i) {
    noise = noise * 6364136223846793005ULL + 1442695040888963407ULL;
    block.get()[i] = static_cast<char>(noise >> 56);
  }
  const auto begin = std::chrono::steady_clock::now();
  const std::uint64_t count = std::max<std::uint64_t>(1, bytes / kBlockBytes);
  TD_TRY(write_blocks(file.descriptor, block.get(), count, speed));
  speed.bytes_per_second = static_cast<double>(count * kBlockBytes) / seconds_since(begin);
  return speed;
}

Finding judge_disk(const Result<DiskSpeed>& speed, const config::Sizing& wanted) {
  if (!speed) {
    return {"disk",
            Health::kBlocked,
            speed.error().message,
            speed.error().code == ErrorCode::kResources
                ? "Make room there, put the store elsewhere, or name less with --disk-mib."
                : "Give --store a directory that this user may write."};
  }
  const std::string found = fmt::format(
      "{}, {:.0f} MB/s written in blocks of 1 MiB{}, longest sync {:.1f} ms, {} GB "
      "free: about {:.0f} calls of G.711 at once",
      speed->filesystem,
      speed->bytes_per_second / 1e6,
      speed->direct ? "" : " (buffered: O_DIRECT is refused)",
      speed->sync_ms_max,
      speed->free_bytes / 1'000'000'000,
      speed->bytes_per_second / (2 * config::kStreamBytesPerSecond));
  if (speed->in_memory) {
    return {"disk",
            Health::kBlocked,
            speed->filesystem + " is memory, not a disk: recordings are gone after a restart",
            "Put the store on ext4 or XFS."};
  }
  if (!speed->direct) return {"disk", Health::kSlow, found, "Put the store on ext4 or XFS."};
  if (speed->bytes_per_second < static_cast<double>(wanted.bytes_per_second)) {
    return {"disk",
            Health::kSlow,
            found,
            fmt::format("All streams of streams.stream_count_max write {} MB/s: a faster disk, or "
                        "fewer streams.",
                        wanted.bytes_per_second / 1'000'000)};
  }
  return {"disk", Health::kGood, found, ""};
}

}  // namespace tapdeck::control
