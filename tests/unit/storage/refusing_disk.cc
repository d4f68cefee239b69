#include "tests/unit/storage/refusing_disk.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <sys/syscall.h>
#include <unistd.h>
#include <utility>

namespace tapdeck::storage {
namespace {

constexpr std::size_t kPage = 4'096;

std::string path_of(int file) {
  std::error_code failed;
  return std::filesystem::read_symlink("/proc/self/fd/" + std::to_string(file), failed);
}

bool is_same(const std::vector<std::uint8_t>& a,
             const std::vector<std::uint8_t>& b,
             std::size_t page) {
  const std::size_t end = std::min((page + 1) * kPage, a.size());
  return b.size() >= end &&
         std::memcmp(a.data() + page * kPage, b.data() + page * kPage, end - page * kPage) == 0;
}

}  // namespace

std::vector<std::uint8_t> whole_file(const std::string& path) {
  std::error_code failed;
  const auto size = std::filesystem::file_size(path, failed);
  if (failed) return {};
  std::vector<std::uint8_t> bytes(size);
  std::ifstream file(path, std::ios::binary);
  file.read(reinterpret_cast<char*>(bytes.data()), static_cast<std::streamsize>(bytes.size()));
  bytes.resize(static_cast<std::size_t>(file.gcount()));
  return bytes;
}

RefusingDisk& RefusingDisk::instance() {
  static RefusingDisk disk;
  return disk;
}

void RefusingDisk::watch(std::string suffix) {
  *this = RefusingDisk();
  suffix_ = std::move(suffix);
}

RefusingDisk::File& RefusingDisk::file_of(const std::string& path) {
  const auto [at, fresh] = files_.try_emplace(path);
  if (fresh) at->second.durable = whole_file(path);
  return at->second;
}

bool RefusingDisk::refuses_write() {
  const int number = writes++;
  return number == refuse_write || (refuse_on && refuse_write >= 0 && number > refuse_write);
}

bool RefusingDisk::refuses_sync() {
  const int number = syncs++;
  return number == refuse_sync || (refuse_on && refuse_sync >= 0 && number > refuse_sync);
}

void RefusingDisk::note_write(const std::string& path, std::uint64_t from, std::uint64_t bytes) {
  File& file = file_of(path);
  for (std::size_t page = from / kPage; page * kPage < from + bytes; ++page) {
    file.given_up.erase(page);
  }
}

void RefusingDisk::note_sync(const std::string& path) {
  File& file = file_of(path);
  std::vector<std::uint8_t> now = whole_file(path);
  file.durable.resize(now.size());
  for (const std::size_t page : file.given_up) {
    const auto from = static_cast<std::ptrdiff_t>(page * kPage);
    const auto end = static_cast<std::ptrdiff_t>(std::min((page + 1) * kPage, now.size()));
    std::copy(file.durable.begin() + from, file.durable.begin() + end, now.begin() + from);
  }
  file.durable = std::move(now);
}

void RefusingDisk::note_refused_sync(const std::string& path) {
  File& file = file_of(path);
  const std::vector<std::uint8_t> now = whole_file(path);
  for (std::size_t page = 0; page * kPage < now.size(); ++page) {
    if (!is_same(now, file.durable, page)) file.given_up.insert(page);
  }
}

}  // namespace tapdeck::storage

using tapdeck::storage::RefusingDisk;

// These stand before the C library's in this executable.
extern "C" {
ssize_t pwrite64(int file, const void* from, std::size_t bytes, off64_t offset) {
  RefusingDisk& disk = RefusingDisk::instance();
  const std::string path = tapdeck::storage::path_of(file);
  if (disk.watches(path)) {
    if (disk.refuses_write()) {
      errno = EIO;
      return -1;
    }
    disk.note_write(path, static_cast<std::uint64_t>(offset), bytes);
  }
  return syscall(SYS_pwrite64, file, from, bytes, offset);
}

int fdatasync(int file) {
  RefusingDisk& disk = RefusingDisk::instance();
  const std::string path = tapdeck::storage::path_of(file);
  if (!disk.watches(path)) return static_cast<int>(syscall(SYS_fdatasync, file));
  if (disk.refuses_sync()) {
    disk.note_refused_sync(path);
    errno = EIO;
    return -1;
  }
  disk.note_sync(path);
  return static_cast<int>(syscall(SYS_fdatasync, file));
}
}
