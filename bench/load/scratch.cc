#include "bench/load/scratch.h"

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <fcntl.h>
#include <filesystem>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "bench/load/disk_directory.h"

namespace tapdeck::load {
namespace {

namespace fs = std::filesystem;

constexpr const char* kMarker = "/made-by-tapdeck-bench";

// Whoever makes a folder or looks for left-overs is alone meanwhile.
class FolderLock {
 public:
  explicit FolderLock(const std::string& folder)
      : file_(open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC)) {
    if (file_ >= 0) flock(file_, LOCK_EX);
  }

  FolderLock(const FolderLock&) = delete;
  FolderLock& operator=(const FolderLock&) = delete;

  ~FolderLock() {
    if (file_ >= 0) close(file_);
  }

 private:
  int file_;
};

enum class Owner { kNobody, kOther, kUnknown };

Owner owner_of(const std::string& folder) {
  const int marker = open((folder + kMarker).c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
  if (marker < 0) return Owner::kUnknown;
  const bool is_free = flock(marker, LOCK_EX | LOCK_NB) == 0;
  close(marker);
  return is_free ? Owner::kNobody : Owner::kOther;
}

}  // namespace

Result<std::unique_ptr<Scratch>> Scratch::make(const std::string& parent) {
  std::unique_ptr<Scratch> scratch(new Scratch());
  TD_TRY(scratch->make_parents(parent));
  const FolderLock lock(parent);
  scratch->remove_left_overs(parent);
  std::string path = parent + "/run-XXXXXX";
  if (mkdtemp(path.data()) == nullptr) {
    return make_errno_error(ErrorCode::kPermission, parent + " takes no folders", errno);
  }
  scratch->path_ = path;
  scratch->marker_ = open((path + kMarker).c_str(), O_CREAT | O_RDONLY | O_CLOEXEC, 0600);
  if (scratch->marker_ < 0 || flock(scratch->marker_, LOCK_EX) != 0) {
    return make_errno_error(ErrorCode::kIo, path + " takes no files", errno);
  }
  return scratch;
}

Scratch::~Scratch() {
  std::error_code ignored;
  if (!path_.empty()) fs::remove_all(path_, ignored);
  if (marker_ >= 0) close(marker_);
  for (auto folder = made_.rbegin(); folder != made_.rend(); ++folder) rmdir(folder->c_str());
}

// The last one is the harness's by its name, whoever made it.
Result<void> Scratch::make_parents(const std::string& parent) {
  std::vector<fs::path> missing = {fs::path(parent).lexically_normal()};
  std::error_code ignored;
  while (!fs::exists(missing.back(), ignored) && missing.back().has_relative_path()) {
    const fs::path above = missing.back().parent_path();
    missing.push_back(above.empty() ? fs::path(".") : above);
  }
  TD_TRY(check_disk_directory(missing.back().string()));
  missing.pop_back();
  for (; !missing.empty(); missing.pop_back()) {
    if (mkdir(missing.back().c_str(), 0755) != 0 && errno != EEXIST) {
      return make_errno_error(
          ErrorCode::kIo, "Cannot make the folder " + missing.back().string(), errno);
    }
    made_.push_back(missing.back().string());
  }
  if (made_.empty()) made_.push_back(parent);
  return {};
}

void Scratch::remove_left_overs(const std::string& parent) {
  std::error_code error;
  std::vector<std::string> found;
  for (const auto& entry : fs::directory_iterator(parent, error)) {
    found.push_back(entry.path().string());
  }
  std::sort(found.begin(), found.end());
  for (const std::string& path : found) {
    switch (owner_of(path)) {
      case Owner::kOther: break;
      case Owner::kNobody:
        fs::remove_all(path, error);
        notes_.push_back(error ? path + " of an earlier bench cannot be removed: " + error.message()
                               : path + " of an earlier bench that was killed was removed.");
        break;
      case Owner::kUnknown:
        notes_.push_back(path + " is nothing that this bench knows; if nobody needs it: rm -r '" +
                         path + "'");
    }
  }
}

}  // namespace tapdeck::load
