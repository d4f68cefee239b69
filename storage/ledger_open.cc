// Opening a ledger: which files there are, and what a crash left of the last one.
#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <fcntl.h>
#include <filesystem>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "storage/ledger.h"
#include "storage/ledger_scan.h"

namespace tapdeck::storage {
namespace {

constexpr std::string_view kSuffix = ".ledger";
constexpr std::size_t kDigits = 8;
constexpr std::uint32_t kLedgerFilesMax = 100'000'000;  // 10 to the kDigits

bool is_file_name(std::string_view name) {
  return name.size() == kDigits + kSuffix.size() && name.ends_with(kSuffix) &&
         name.substr(0, kDigits).find_first_not_of("0123456789") == std::string_view::npos;
}

Error cannot_open(const std::string& path, int cause) {
  return make_errno_error(
      cause == EACCES || cause == EPERM ? ErrorCode::kPermission : ErrorCode::kIo,
      "The ledger's file " + path + " cannot be opened",
      cause);
}

}  // namespace

std::string Ledger::path_of(std::uint32_t number) const {
  char name[32];
  std::snprintf(name, sizeof name, "/%08u", number);
  return directory_ + name + std::string(kSuffix);
}

Result<std::unique_ptr<Ledger>> Ledger::open(std::string directory, const LedgerOptions& options) {
  if (options.keys == nullptr || options.file_bytes_max <= kLedgerFileHeaderBytes) {
    return make_error(ErrorCode::kInvalidArgument, "The ledger's options make no sense.");
  }
  std::unique_ptr<Ledger> ledger(new Ledger(std::move(directory), options));
  auto started = ledger->start();
  if (!started) {
    ledger->file_.reset();  // not for close() to mark
    return Error(std::move(started.error()));
  }
  return ledger;
}

Result<void> Ledger::start() {
  TD_TRY(make_directories(directory_));
  const Result<std::uint32_t> count = count_files();
  if (!count) return Error(count.error());
  if (*count == 0) random_bytes(id_);
  TD_TRY(read_headers(*count));
  sealer_ = std::make_unique<LedgerSealer>(master_, id_, keys_);
  // Names may be there whose sync failed when they were made.
  const std::string parent = std::filesystem::path(directory_).parent_path();
  TD_TRY(sync_directory(*count > 0 ? directory_ : parent.empty() ? "." : parent));
  if (*count == 0) return make_file(0, 0);
  return recover_last();
}

// They are numbered from 0 without a gap: a file that is missing is not taken for one that never
// was.
Result<std::uint32_t> Ledger::count_files() const {
  std::vector<std::string> names;
  std::error_code failed;
  std::filesystem::directory_iterator at(directory_, failed);
  for (; !failed && at != std::filesystem::directory_iterator(); at.increment(failed)) {
    const std::string name = at->path().filename();
    if (is_file_name(name)) names.push_back(directory_ + "/" + name);
  }
  if (failed) {
    return make_errno_error(
        ErrorCode::kIo, "The ledger " + directory_ + " cannot be listed", failed.value());
  }
  std::sort(names.begin(), names.end());
  for (std::uint32_t number = 0; number < names.size(); ++number) {
    if (names[number] != path_of(number)) {
      return make_error(ErrorCode::kCorrupt,
                        "The ledger's file " + path_of(number) + " is missing.");
    }
  }
  return static_cast<std::uint32_t>(names.size());
}

Result<LedgerFileHeader> Ledger::read_header(int file, std::uint32_t number) const {
  LedgerFileHeaderBytes bytes{};
  LedgerFileHeader header;
  const std::size_t there = read_up_to(file, bytes, 0);
  LedgerByteVerdict verdict = decode_ledger_file_header(ByteView(bytes).first(there), header);
  if (verdict == LedgerByteVerdict::kGood && header.number != number) {
    verdict = LedgerByteVerdict::kOutOfSequence;
  }
  if (verdict != LedgerByteVerdict::kGood) return ledger_damage(path_of(number), 0, verdict);
  return header;
}

Result<void> Ledger::read_headers(std::uint32_t count) {
  for (std::uint32_t number = 0; number < count; ++number) {
    const std::string path = path_of(number);
    const Descriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW));
    if (!file.valid()) return cannot_open(path, errno);
    const auto header = read_header(file.get(), number);
    if (!header) return Error(header.error());
    if (number == 0) id_ = header->id;
    if (header->id != id_) {
      return make_error(ErrorCode::kCorrupt, path + ":0: the file belongs to another ledger.");
    }
    // Only the last file may be without entries.
    const bool follows = number == 0 ? header->first_sequence == 0
                                     : header->first_sequence > first_sequences_.back();
    if (!follows) return ledger_damage(path, 0, LedgerByteVerdict::kOutOfSequence);
    first_sequences_.push_back(header->first_sequence);
  }
  return {};
}

Result<void> Ledger::recover_last() {
  const auto number = static_cast<std::uint32_t>(first_sequences_.size() - 1);
  const std::string path = path_of(number);
  const Descriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW));

  struct stat status {};

  if (!file.valid() || fstat(file.get(), &status) != 0) return cannot_open(path, errno);
  const bool complete = (status.st_mode & S_IWUSR) == 0;
  const auto size = static_cast<std::uint64_t>(status.st_size);
  LedgerScanner scanner(file.get(), size, first_sequences_.back());
  LedgerByteVerdict verdict = LedgerByteVerdict::kGood;
  while (verdict == LedgerByteVerdict::kGood) {
    LedgerEntryHeader header;
    const auto next = scanner.next(header);
    if (!next) return Error(next.error());
    verdict = *next;
  }
  if (verdict != LedgerByteVerdict::kEnd) {
    // A write that was cut short leaves no entry with a right checksum in a wrong place.
    bool damaged = complete || verdict == LedgerByteVerdict::kNewer ||
                   verdict == LedgerByteVerdict::kOutOfSequence;
    if (!damaged) {
      const auto later = scanner.has_later_group();
      if (!later) return Error(later.error());
      damaged = *later;
    }
    if (damaged) return ledger_damage(path, scanner.position(), verdict);
  }
  next_sequence_ = scanner.next_sequence();
  end_ = scanner.position();
  if (fchmod(file.get(), 0600) != 0 || fsync(file.get()) != 0) return cannot_open(path, errno);
  TD_TRY(open_last());
  if (complete) return {};
  return repair(scanner.group_position(), end_, size - end_);
}

// The last group was perhaps not acknowledged because its sync failed: then what was just read came
// from memory, and memory counts as written. It is written once more, so that it is.
Result<void> Ledger::repair(std::uint64_t group_position,
                            std::uint64_t end,
                            std::uint64_t torn_bytes) {
  figures_.torn_bytes_dropped = torn_bytes;
  std::vector<std::uint8_t> group(static_cast<std::size_t>(end - group_position));
  if (!read_fully(file_.get(), group, group_position) ||
      !write_fully(file_.get(), group, group_position) ||
      ftruncate(file_.get(), static_cast<off_t>(end)) != 0 || fsync(file_.get()) != 0) {
    return make_errno_error(
        ErrorCode::kIo, "The end of the ledger " + directory_ + " cannot be repaired", errno);
  }
  return {};
}

// It appears under its name with its header durable: a file without one is damaged, never new.
Result<void> Ledger::make_file(std::uint32_t number, std::uint64_t first_sequence) {
  if (number >= kLedgerFilesMax) {
    return make_error(ErrorCode::kResources, "The ledger " + directory_ + " has no number left.");
  }
  const LedgerFileHeader header{id_, number, first_sequence, wall_now_ns() / kNsPerUs};
  TD_TRY(write_file_durably(path_of(number), encode_ledger_file_header(header), 0600));
  {
    const std::lock_guard lock(mutex_);
    first_sequences_.push_back(first_sequence);
    end_ = kLedgerFileHeaderBytes;
  }
  return open_last();
}

Result<void> Ledger::open_last() {
  const auto number = static_cast<std::uint32_t>(first_sequences_.size() - 1);
  const std::string path = path_of(number);
  file_ = Descriptor(::open(path.c_str(), O_RDWR | O_CLOEXEC | O_NOFOLLOW));
  if (!file_.valid()) return cannot_open(path, errno);
  sealer_->set_file(number);
  room_until_ = 0;
  make_room();
  return {};
}

}  // namespace tapdeck::storage
