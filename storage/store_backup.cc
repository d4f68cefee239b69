// The part of a store that copies itself while it is in use.
#include <algorithm>
#include <filesystem>
#include <sys/stat.h>
#include <unistd.h>

#include "storage/backup.h"
#include "storage/store_impl.h"

namespace tapdeck::storage {
namespace {

bool is_inside(const std::string& path, const std::string& directory) {
  std::error_code trouble;
  const auto inner = std::filesystem::weakly_canonical(path, trouble);
  const auto outer = std::filesystem::weakly_canonical(directory, trouble);
  const auto differs = std::mismatch(outer.begin(), outer.end(), inner.begin(), inner.end());
  return differs.first == outer.end();
}

bool on_same_file_system(const std::string& a, const std::string& b) {
  struct stat of_a {};

  struct stat of_b {};

  return ::stat(a.c_str(), &of_a) == 0 && ::stat(b.c_str(), &of_b) == 0 &&
         of_a.st_dev == of_b.st_dev;
}

Result<void> check_destination(const std::string& destination, const std::string& store) {
  struct stat status {};

  for (const std::string& path : {destination, destination + ".partial"}) {
    if (::lstat(path.c_str(), &status) != 0) continue;
    return make_error(ErrorCode::kAlreadyExists,
                      path + " is there already: a backup is made where there is nothing.");
  }
  if (!is_inside(destination, store)) return {};
  return make_error(ErrorCode::kInvalidArgument,
                    destination + " is inside of the store: a backup would be part of itself.");
}

// Of a tree that somebody else has copied.
Result<void> count_tree(const std::string& directory, CopiedFiles& copied) {
  std::error_code trouble;
  std::filesystem::recursive_directory_iterator at(directory, trouble);
  for (; !trouble && at != std::filesystem::recursive_directory_iterator(); at.increment(trouble)) {
    if (!at->is_regular_file(trouble) || trouble) continue;
    ++copied.files;
    copied.bytes += at->file_size(trouble);
  }
  if (!trouble) return {};
  return make_errno_error(ErrorCode::kIo, directory + " cannot be read", trouble.value());
}

}  // namespace

// RocksDB links its tables where it can, so there they are copied; onto another file system it
// copies them itself.
Result<void> StoreImpl::copy_calls(const std::string& to, CopiedFiles& copied) {
  const std::string checkpoint = to + ".checkpoint";
  TD_TRY(calls_->checkpoint(checkpoint));
  if (!on_same_file_system(checkpoint, options_.directory)) {
    if (::rename(checkpoint.c_str(), to.c_str()) == 0) return count_tree(to, copied);
    return make_errno_error(ErrorCode::kIo, checkpoint + " cannot be renamed", errno);
  }
  TD_TRY(copy_tree(checkpoint, to, copied));
  std::error_code trouble;
  std::filesystem::remove_all(checkpoint, trouble);
  if (!trouble) return {};
  return make_errno_error(ErrorCode::kIo, checkpoint + " cannot be removed", trouble.value());
}

Result<CopiedFiles> StoreImpl::copy_parts(const std::string& to) {
  CopiedFiles copied;
  TD_TRY(make_directories(to));
  TD_TRY(copy_calls(to + "/calls", copied));
  for (const char* part : {"segments", "keys", "ledger"}) {
    TD_TRY(copy_tree(options_.directory + "/" + part, to + "/" + part, copied));
  }
  TD_TRY(write_file_durably(to + "/FORMAT", as_bytes(kStoreFormat), 0600));
  copied.bytes += as_bytes(kStoreFormat).size();
  ++copied.files;
  TD_TRY(sync_directory(to));
  return copied;
}

Result<void> StoreImpl::check_backup(const std::string& destination) {
  return check_destination(destination, options_.directory);
}

Result<CopiedFiles> StoreImpl::backup(const std::string& destination) {
  TD_TRY(check_backup(destination));
  TD_TRY(put_pending_rows());
  return make_whole(destination, [this](const std::string& to) { return copy_parts(to); });
}

}  // namespace tapdeck::storage
