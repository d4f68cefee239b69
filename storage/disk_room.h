// The room that a file system has for recordings: all of it but what call records, keys and the
// journal need, which media leaves free.
//
// Threads: any.  Memory: none.
#pragma once

#include <cstdint>
#include <string>

#include "base/result.h"

namespace tapdeck::storage {

struct DiskRoom {
  std::uint64_t bytes = 0;  // that recordings could have in all, with everything else of the disk
  std::uint64_t free = 0;   // of those; 0: no segment grows any more
};

// Of a file system of `total_bytes`, of which `free_bytes` may be taken: without 256 MiB, or a
// tenth of a smaller one, and without `step_bytes` (StoreOptions::preallocate_bytes), by which a
// segment grows.
DiskRoom room_for_recordings(std::uint64_t total_bytes,
                             std::uint64_t free_bytes,
                             std::uint64_t step_bytes);

// kIo: the disk does not tell.
Result<DiskRoom> read_disk_room(int file, std::uint64_t step_bytes);
Result<DiskRoom> read_disk_room(const std::string& path, std::uint64_t step_bytes);

}  // namespace tapdeck::storage
