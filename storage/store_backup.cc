// The part of a store that copies itself while it is in use.
#include <filesystem>
#include <sys/stat.h>
#include <unistd.h>

#include "storage/backup.h"
#include "storage/store_impl.h"

namespace tapdeck::storage {

// Segments may be linked: they are not written any more when they are sealed, and holes are only
// punched where nobody can read. A hole appears in the copy, too: what was destroyed goes there.
Result<CopiedFiles> StoreImpl::backup(const std::string& destination) {
  struct stat status {};

  const std::string partial = destination + ".partial";
  for (const std::string& path : {destination, partial}) {
    if (::lstat(path.c_str(), &status) != 0) continue;
    return make_error(ErrorCode::kAlreadyExists,
                      path + " is there already: a backup is made where there is nothing.");
  }
  TD_TRY(put_pending_rows());
  TD_TRY(make_directories(partial));
  CopiedFiles copied;
  TD_TRY(calls_->checkpoint(partial + "/calls"));
  const auto copy = [&](const char* part, CopyWay way) {
    return copy_tree(options_.directory + "/" + part, partial + "/" + part, way, copied);
  };
  TD_TRY(copy("segments", CopyWay::kLinkSealed));
  TD_TRY(copy("keys", CopyWay::kCopyAll));
  TD_TRY(copy("ledger", CopyWay::kLinkSealed));
  TD_TRY(write_file_durably(partial + "/FORMAT", as_bytes(kStoreFormat), 0600));
  TD_TRY(sync_directory(partial));
  if (::rename(partial.c_str(), destination.c_str()) != 0) {
    return make_errno_error(ErrorCode::kIo, partial + " cannot be renamed", errno);
  }
  const auto parent = std::filesystem::path(destination).parent_path().string();
  TD_TRY(sync_directory(parent.empty() ? "." : parent));
  return copied;
}

}  // namespace tapdeck::storage
