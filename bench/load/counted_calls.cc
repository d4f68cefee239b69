#include "bench/load/counted_calls.h"

#include <array>
#include <atomic>
#include <cstdio>
#include <string_view>
#include <sys/syscall.h>
#include <unistd.h>

namespace tapdeck::load {
namespace {

struct FolderSyncs {
  std::string_view folder;
  std::atomic<std::uint64_t> count{0};
};

FolderSyncs journal_syncs{"/ledger/"};
FolderSyncs key_syncs{"/keys/"};
FolderSyncs row_syncs{"/calls/"};
FolderSyncs segment_syncs{"/segments/"};
std::atomic<std::uint64_t> unlinks{0};

void count_sync(int file) {
  std::array<char, 32> link{};
  std::array<char, 512> path{};
  std::snprintf(link.data(), link.size(), "/proc/self/fd/%d", file);
  const ssize_t length = ::readlink(link.data(), path.data(), path.size());
  const std::string_view name(path.data(), length > 0 ? static_cast<std::size_t>(length) : 0);
  const std::size_t store = name.rfind("/store/");  // what the harness calls it
  if (store == std::string_view::npos) return;
  for (FolderSyncs* counter : {&journal_syncs, &key_syncs, &row_syncs, &segment_syncs}) {
    if (name.find(counter->folder, store) != std::string_view::npos) ++counter->count;
  }
}

}  // namespace

CountedCalls counted_calls() {
  return {journal_syncs.count, key_syncs.count, row_syncs.count, segment_syncs.count, unlinks};
}

}  // namespace tapdeck::load

extern "C" int fdatasync(int file) {
  tapdeck::load::count_sync(file);
  return static_cast<int>(::syscall(SYS_fdatasync, file));
}

extern "C" int unlink(const char* path) noexcept {
  if (std::string_view(path).ends_with(".seg")) ++tapdeck::load::unlinks;
  return static_cast<int>(::syscall(SYS_unlink, path));
}
