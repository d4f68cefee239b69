#include "storage/store_opening.h"

#include <algorithm>
#include <cerrno>
#include <fcntl.h>
#include <filesystem>
#include <string_view>
#include <sys/file.h>
#include <unistd.h>
#include <utility>

#include "storage/recovery.h"
#include "storage/store_impl.h"

namespace tapdeck::storage {
namespace {

constexpr std::string_view kMarkHead = "tapdeck rebuild 1\n";
constexpr std::size_t kMarkBytesMax = 4'096;

std::string mark_path(const std::string& directory) { return directory + "/REBUILD"; }

}  // namespace

Result<Descriptor> take_store_lock(const std::string& directory) {
  const std::string path = directory + "/LOCK";
  Descriptor file(::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600));
  if (!file.valid()) {
    return make_errno_error(
        ErrorCode::kPermission, "The lock " + path + " cannot be opened", errno);
  }
  if (flock(file.get(), LOCK_EX | LOCK_NB) != 0) {
    std::string holder(16, '\0');
    const ssize_t got = pread(file.get(), holder.data(), holder.size(), 0);
    holder.resize(got > 0 ? static_cast<std::size_t>(got) : 0);
    return make_error(ErrorCode::kBusy,
                      "The store " + directory + " is owned by another process" +
                          (holder.empty() ? "." : " (" + holder + ")."));
  }
  const std::string self = "pid " + std::to_string(getpid());
  if (ftruncate(file.get(), 0) != 0 || !write_fully(file.get(), as_bytes(self), 0)) {
    return make_errno_error(ErrorCode::kIo, "The lock " + path + " cannot be written", errno);
  }
  return file;
}

// An absent FORMAT means a new store, unless something that only a store has is there already.
Result<void> check_store_format(const std::string& directory) {
  const std::string path = directory + "/FORMAT";
  const Descriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW));
  if (file.valid()) {
    std::string text(kStoreFormat.size() + 1, '\0');
    MutableByteView bytes(reinterpret_cast<std::uint8_t*>(text.data()), text.size());
    text.resize(read_up_to(file.get(), bytes, 0));
    if (text == kStoreFormat) return {};
    return make_error(ErrorCode::kUnsupported,
                      path + " names a format that this version of tapdeck does not know.");
  }
  if (errno != ENOENT) {
    return make_errno_error(ErrorCode::kPermission, path + " cannot be opened", errno);
  }
  if (access((directory + "/calls").c_str(), F_OK) == 0) {
    return make_error(ErrorCode::kCorrupt,
                      directory + " holds calls but no FORMAT file: not opened as a store.");
  }
  for (const char* part : {"/segments", "/keys"}) {
    TD_TRY(make_directories(directory + part));
  }
  return write_file_durably(path, as_bytes(kStoreFormat), 0600);
}

Result<void> check_parts_are_there(const std::string& directory) {
  const std::string again = "`tapdeck --store " + directory + " store rebuild` ";
  const auto mark = read_rebuild_mark(directory);
  if (!mark) return Error(mark.error());
  if (*mark) {
    return make_error(ErrorCode::kCorrupt,
                      "The rebuilding of the store " + directory + " was cut short: " + again +
                          "goes on with it.");
  }
  if (access((directory + "/calls/CURRENT").c_str(), F_OK) == 0) {
    // A new store has its journal before it has a call store.
    if (access((directory + "/ledger/00000000.ledger").c_str(), F_OK) == 0) return {};
    return make_error(
        ErrorCode::kCorrupt,
        "The store " + directory + " has calls, but no journal in " + directory +
            "/ledger, which says what is held and erased. Put it back from the newest "
            "copy of the store; if there is none, " +
            again + "makes the call store anew without it.");
  }
  if (list_segment_files(directory).segments.empty()) return {};
  return make_error(ErrorCode::kCorrupt,
                    "The store " + directory + " has segments, but no call store in " + directory +
                        "/calls: " + again + "makes it anew from segments, keys and journal.");
}

Result<OpenedKeys> open_store_keys(const StoreOptions& options) {
  const bool own = options.master_key_file.empty();
  const std::string directory = options.directory + "/keys";
  const std::string path = own ? directory + "/master.key" : options.master_key_file;
  // A store that has keys already must never be given a fresh master key.
  const std::string ledger = options.directory + "/ledger";
  const bool has_keys = access((directory + "/00000000.keys").c_str(), F_OK) == 0 ||
                        access((directory + "/signing.key").c_str(), F_OK) == 0 ||
                        access((ledger + "/00000000.ledger").c_str(), F_OK) == 0;
  auto master = load_master_key(
      path, own && !has_keys ? MissingMasterKey::kCreate : MissingMasterKey::kRefuse);
  if (!master) return Error(std::move(master.error()));
  auto keys = KeyVault::open(directory, *master);
  if (!keys) return Error(std::move(keys.error()));
  OpenedKeys opened;
  opened.keys = std::move(*keys);
  opened.signing_key = std::make_unique<SigningKeyFile>(directory + "/signing.key", *master);
  LedgerOptions ledger_options;
  ledger_options.master = *master;
  ledger_options.keys = opened.keys.get();
  auto journal = Journal::open(ledger, ledger_options);
  if (!journal) return Error(std::move(journal.error()));
  opened.journal = std::move(*journal);
  return opened;
}

Result<std::vector<std::string>> list_set_aside(const std::string& directory) {
  std::vector<std::string> names;
  std::error_code error;
  for (const auto& entry : std::filesystem::directory_iterator(directory, error)) {
    std::string name = entry.path().filename().string();
    if (name.starts_with(kSetAsidePrefix)) names.push_back(std::move(name));
  }
  if (error) {
    return make_errno_error(ErrorCode::kIo, directory + " cannot be listed", error.value());
  }
  std::sort(names.begin(), names.end());
  return names;
}

Result<std::optional<std::string>> read_rebuild_mark(const std::string& directory) {
  const std::string path = mark_path(directory);
  const Descriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW));
  if (!file.valid() && errno == ENOENT) return std::optional<std::string>();
  if (!file.valid()) {
    return make_errno_error(ErrorCode::kPermission, path + " cannot be opened", errno);
  }
  std::string text(kMarkBytesMax, '\0');
  const MutableByteView bytes(reinterpret_cast<std::uint8_t*>(text.data()), text.size());
  text.resize(read_up_to(file.get(), bytes, 0));
  const bool known = text.starts_with(kMarkHead) && text.ends_with('\n');
  const std::string name = known && text.size() > kMarkHead.size()
                               ? text.substr(kMarkHead.size(), text.size() - kMarkHead.size() - 1)
                               : std::string();
  if (!known || name.find_first_of(std::string_view("/\n\0", 3)) != std::string::npos) {
    return make_error(ErrorCode::kCorrupt, path + " is not understood.");
  }
  return std::optional(name);
}

Result<void> write_rebuild_mark(const std::string& directory, const std::string& set_aside) {
  std::string text(kMarkHead);
  if (!set_aside.empty()) text += set_aside + "\n";
  return write_file_durably(mark_path(directory), as_bytes(text), 0600);
}

Result<void> remove_rebuild_mark(const std::string& directory) {
  const std::string path = mark_path(directory);
  if (unlink(path.c_str()) != 0 && errno != ENOENT) {
    return make_errno_error(ErrorCode::kIo, path + " cannot be removed", errno);
  }
  return sync_directory(directory);
}

}  // namespace tapdeck::storage
