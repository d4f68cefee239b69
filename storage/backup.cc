#include "storage/backup.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <fcntl.h>
#include <filesystem>
#include <linux/fs.h>
#include <optional>
#include <sys/file.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>
#include <vector>

#include "storage/files.h"
#include "storage/ledger_format.h"

namespace tapdeck::storage {
namespace {

constexpr std::size_t kCopyWindowBytes = 1UL << 20;

Error failed(const std::string& what, const std::string& path) {
  return make_errno_error(
      errno == ENOSPC ? ErrorCode::kResources : ErrorCode::kIo, path + " cannot be " + what, errno);
}

// From there on, up to the next hole.
Result<std::uint64_t> copy_data(
    int from, int to, std::uint64_t offset, std::uint64_t end, const std::string& path) {
  std::vector<std::uint8_t> window(kCopyWindowBytes);
  while (offset < end) {
    const std::uint64_t wanted = std::min<std::uint64_t>(window.size(), end - offset);
    const std::size_t got = read_up_to(from, MutableByteView(window).first(wanted), offset);
    if (got == 0) break;
    if (!write_fully(to, ByteView(window).first(got), offset)) return failed("written", path);
    offset += got;
  }
  return offset;
}

// A file that grows meanwhile is copied up to where it had grown.
Result<void> copy_bytes(int from, int to, const std::string& path, CopiedFiles& copied) {
  std::uint64_t end = 0;
  for (;;) {
    const off_t begin = ::lseek(from, static_cast<off_t>(end), SEEK_DATA);
    if (begin < 0) break;
    const off_t hole = ::lseek(from, begin, SEEK_HOLE);
    if (hole < 0) break;
    const auto at = copy_data(
        from, to, static_cast<std::uint64_t>(begin), static_cast<std::uint64_t>(hole), path);
    if (!at) return Error(at.error());
    copied.bytes += *at - static_cast<std::uint64_t>(begin);
    if (*at == end) break;
    end = *at;
  }
  if (errno != ENXIO) return failed("read", path);

  struct stat status {};

  if (::fstat(from, &status) != 0) return failed("read", path);
  const auto size = std::max<off_t>(status.st_size, static_cast<off_t>(end));
  return ::ftruncate(to, size) == 0 ? Result<void>() : failed("written", path);
}

Result<void> copy_file(const std::string& from, const std::string& to, CopiedFiles& copied) {
  const Descriptor source(::open(from.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW));
  if (!source.valid()) {
    if (errno == ENOENT) return {};
    return failed("read", from);
  }

  struct stat status {};

  if (::fstat(source.get(), &status) != 0) return failed("read", from);
  const Descriptor target(::open(to.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600));
  if (!target.valid()) return failed("made", to);
  ++copied.files;
  if (::ioctl(target.get(), FICLONE, source.get()) == 0) {
    ++copied.cloned;
  } else {
    TD_TRY(copy_bytes(source.get(), target.get(), to, copied));
  }
  if (::fchmod(target.get(), status.st_mode & 0777) != 0) return failed("given its mode", to);
  return ::fsync(target.get()) == 0 ? Result<void>() : failed("synced", to);
}

bool exists(const std::string& path) {
  struct stat status {};

  return ::lstat(path.c_str(), &status) == 0;
}

// The ledger's id; nullopt: there is none.
Result<std::optional<LedgerId>> ledger_id(const std::string& directory) {
  const std::string path = directory + "/00000000.ledger";
  const Descriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW));
  if (!file.valid()) {
    if (errno == ENOENT) return std::optional<LedgerId>();
    return failed("read", path);
  }
  LedgerFileHeaderBytes bytes{};
  LedgerFileHeader header;
  if (!read_fully(file.get(), bytes, 0) ||
      decode_ledger_file_header(bytes, header) != LedgerByteVerdict::kGood) {
    return make_error(ErrorCode::kCorrupt, path + " is no file of a ledger.");
  }
  return std::optional<LedgerId>(header.id);
}

Result<void> check_same_ledger(const std::string& copy, const std::string& journal) {
  const auto own = ledger_id(copy);
  if (!own) return Error(own.error());
  const auto other = ledger_id(journal);
  if (!other) return Error(other.error());
  if (!*other) return make_error(ErrorCode::kNotFound, "There is no journal in " + journal + ".");
  if (*own && **own != **other) {
    return make_error(ErrorCode::kCorrupt,
                      journal + " is the journal of another store than that of the backup.");
  }
  return {};
}

// Files of a ledger only grow: whose are fewer or shorter ends before what the backup knows.
Result<void> check_no_older(const std::string& copy, const std::string& journal) {
  std::error_code trouble;
  for (auto at = std::filesystem::directory_iterator(copy, trouble);
       !trouble && at != std::filesystem::directory_iterator();
       at.increment(trouble)) {
    if (at->path().extension() != ".ledger") continue;
    std::error_code gone;
    const auto known = std::filesystem::file_size(at->path(), gone);
    const auto newer =
        std::filesystem::file_size(std::filesystem::path(journal) / at->path().filename(), gone);
    if (gone || newer < known) {
      return make_error(ErrorCode::kCorrupt,
                        journal +
                            " is older than the backup: it does not know all that was "
                            "held and erased until then.");
    }
  }
  return {};
}

}  // namespace

Result<void> copy_tree(const std::string& from, const std::string& to, CopiedFiles& copied) {
  TD_TRY(make_directories(to));
  std::error_code trouble;
  std::vector<std::filesystem::directory_entry> entries;
  for (auto at = std::filesystem::directory_iterator(from, trouble);
       !trouble && at != std::filesystem::directory_iterator();
       at.increment(trouble)) {
    entries.push_back(*at);
  }
  if (trouble) {
    errno = trouble.value();
    return failed("listed", from);
  }
  for (const auto& entry : entries) {
    const std::string source = entry.path();
    const std::string target = std::filesystem::path(to) / entry.path().filename();
    std::error_code gone;
    if (entry.is_directory(gone)) {
      TD_TRY(copy_tree(source, target, copied));
    } else if (entry.is_regular_file(gone)) {
      TD_TRY(copy_file(source, target, copied));
    }
  }
  return sync_directory(to);
}

Result<CopiedFiles> make_whole(const std::string& to,
                               const std::function<Result<CopiedFiles>(const std::string&)>& make) {
  const std::string partial = to + ".partial";
  auto copied = make(partial);
  if (copied && ::rename(partial.c_str(), to.c_str()) != 0) copied = failed("renamed", partial);
  if (!copied) {
    std::error_code trouble;
    std::filesystem::remove_all(partial, trouble);
    return copied;
  }
  const auto parent = std::filesystem::path(to).parent_path().string();
  TD_TRY(sync_directory(parent.empty() ? "." : parent));
  return copied;
}

namespace {

// A store that somebody writes to changes while it is copied.  Holds its lock, where it has one: a
// backup has none.
Result<Descriptor> hold_still(const std::string& from) {
  Descriptor file(::open((from + "/LOCK").c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW));
  if (!file.valid() || ::flock(file.get(), LOCK_SH | LOCK_NB) == 0) return file;
  return make_error(ErrorCode::kBusy,
                    from + " is a store in use: `tapdeck store backup` makes a copy of it.");
}

}  // namespace

Result<CopiedFiles> restore_copy(const std::string& from,
                                 const std::string& to,
                                 const std::string& journal) {
  if (!exists(from + "/FORMAT")) {
    return make_error(ErrorCode::kNotFound, from + " is no backup of a store.");
  }
  if (exists(to)) {
    return make_error(ErrorCode::kAlreadyExists,
                      to + " is there already: a backup is restored to where there is nothing.");
  }
  const auto lock = hold_still(from);
  if (!lock) return Error(lock.error());
  const std::string ledger = journal.empty() ? from + "/ledger" : journal;
  if (!journal.empty()) {
    TD_TRY(check_same_ledger(from + "/ledger", journal));
    TD_TRY(check_no_older(from + "/ledger", journal));
  } else if (!exists(ledger + "/00000000.ledger")) {
    return make_error(ErrorCode::kCorrupt,
                      "There is no journal in " + ledger +
                          ", which says what is held and erased: nothing is restored without it.");
  }
  const std::string partial = to + ".partial";
  if (exists(partial)) {
    return make_error(ErrorCode::kAlreadyExists,
                      partial + " is there, of a restore that was cut short: remove it first.");
  }
  return make_whole(to, [&](const std::string& made) -> Result<CopiedFiles> {
    CopiedFiles copied;
    for (const char* part : {"segments", "calls", "keys"}) {
      TD_TRY(copy_tree(from + "/" + part, made + "/" + part, copied));
    }
    TD_TRY(copy_tree(ledger, made + "/ledger", copied));
    TD_TRY(copy_file(from + "/FORMAT", made + "/FORMAT", copied));
    TD_TRY(sync_directory(made));
    return copied;
  });
}

}  // namespace tapdeck::storage
