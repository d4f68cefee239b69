#include "storage/disk_room.h"

#include <algorithm>
#include <cerrno>
#include <sys/statvfs.h>

namespace tapdeck::storage {
namespace {

constexpr std::uint64_t kKeptFreeBytes = 256U << 20;  // a tenth of a smaller disk

DiskRoom room_of(const struct statvfs& space, std::uint64_t step_bytes) {
  return room_for_recordings(
      space.f_blocks * space.f_frsize, space.f_bavail * space.f_frsize, step_bytes);
}

}  // namespace

DiskRoom room_for_recordings(std::uint64_t total_bytes,
                             std::uint64_t free_bytes,
                             std::uint64_t step_bytes) {
  const std::uint64_t kept = std::min(kKeptFreeBytes, total_bytes / 10) + step_bytes;
  return {total_bytes - std::min(kept, total_bytes), free_bytes - std::min(kept, free_bytes)};
}

Result<DiskRoom> read_disk_room(int file, std::uint64_t step_bytes) {
  struct statvfs space {};

  if (fstatvfs(file, &space) == 0) return room_of(space, step_bytes);
  return make_errno_error(ErrorCode::kIo, "A disk does not tell its room", errno);
}

Result<DiskRoom> read_disk_room(const std::string& path, std::uint64_t step_bytes) {
  struct statvfs space {};

  if (statvfs(path.c_str(), &space) == 0) return room_of(space, step_bytes);
  return make_errno_error(ErrorCode::kIo, "The disk of " + path + " does not tell its room", errno);
}

}  // namespace tapdeck::storage
