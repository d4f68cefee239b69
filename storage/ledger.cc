#include "storage/ledger.h"

#include <algorithm>
#include <cerrno>
#include <fcntl.h>
#include <sys/stat.h>
#include <utility>

#include "base/assert.h"
#include "base/log.h"
#include "model/ledger_codec.h"
#include "storage/ledger_scan.h"

namespace tapdeck::storage {
namespace {

// Some thousand entries: holds, erasures and accesses while somebody makes room on a full disk.
constexpr std::uint64_t kRoomAhead = 1U << 20;

Error refused(std::size_t index, std::string_view why) {
  return make_error(
      ErrorCode::kInvalidArgument,
      "Entry " + std::to_string(index) + " is refused by the ledger: " + std::string(why) + ".");
}

bool wants_key_of_call(const LedgerEntry& entry) {
  return !entry.uid.is_nil() && goes_with_call(type_of(entry.content));
}

}  // namespace

Error ledger_damage(const std::string& path, std::uint64_t offset, LedgerByteVerdict verdict) {
  const bool newer = verdict == LedgerByteVerdict::kNewer;
  return make_error(newer ? ErrorCode::kUnsupported : ErrorCode::kCorrupt,
                    path + ":" + std::to_string(offset) +
                        (newer ? ": the ledger cannot be read: " : ": the ledger is damaged: ") +
                        std::string(ledger_byte_verdict_text(verdict)) + ".");
}

Ledger::Ledger(std::string directory, const LedgerOptions& options)
    : directory_(std::move(directory)),
      master_(options.master),
      keys_(*options.keys),
      file_bytes_max_(options.file_bytes_max) {}

Ledger::~Ledger() {
  const auto closed = close();
  if (!closed) log_error(closed.error().message);
}

Error Ledger::fail(Error error) {
  if (!error.message.ends_with('.')) error.message += '.';
  error.message += " Nothing more goes into it until the store is opened again.";
  const std::lock_guard lock(mutex_);
  failure_ = error;
  return error;
}

Result<std::uint64_t> Ledger::append(std::span<const LedgerEntry> entries) {
  {
    const std::lock_guard lock(mutex_);
    if (failure_) return *failure_;
  }
  if (!file_.valid()) {
    return make_error(ErrorCode::kCancelled, "The ledger " + directory_ + " is closed.");
  }
  const Result<std::uint64_t> bytes = encode(entries);
  if (!bytes) return Error(bytes.error());
  TD_TRY(roll(*bytes));
  seal(entries);
  TD_ASSERT(group_.size() == *bytes);
  TD_TRY(write_group());
  const std::lock_guard lock(mutex_);
  end_ += group_.size();
  const std::uint64_t first = std::exchange(next_sequence_, next_sequence_ + entries.size());
  ++figures_.groups;
  make_room();
  return first;
}

// As far as the disk and the file system can: what is missing shows when it is written.
void Ledger::make_room() {
  if (end_ + kRoomAhead / 2 <= room_until_) return;
  const auto from = static_cast<off_t>(end_);
  if (fallocate(file_.get(), FALLOC_FL_KEEP_SIZE, from, kRoomAhead) == 0) {
    room_until_ = end_ + kRoomAhead;
  }
}

// Nothing is added to the file any more: its room is given back.
Result<void> Ledger::complete() {
  const int file = file_.get();
  if (ftruncate(file, static_cast<off_t>(end_)) == 0 && fchmod(file, 0400) == 0 &&
      fsync(file) == 0) {
    return {};
  }
  return fail(make_errno_error(
      ErrorCode::kIo, "A file of the ledger " + directory_ + " cannot be completed", errno));
}

// Contents and the calls' keys; the size of the group on disk.
Result<std::uint64_t> Ledger::encode(std::span<const LedgerEntry> entries) {
  if (entries.empty()) return refused(0, "it is not there");
  contents_.resize(entries.size());
  group_keys_.clear();
  group_keys_.resize(entries.size());
  std::uint64_t bytes = 0;
  for (std::size_t i = 0; i < entries.size(); ++i) {
    const LedgerEntry& entry = entries[i];
    const LedgerVerdict verdict = check_ledger_content(entry.content, entry.uid);
    if (verdict != LedgerVerdict::kGood) return refused(i, ledger_verdict_name(verdict));
    contents_[i] = encode_ledger_content(entry.content);
    if (contents_[i].size() > kLedgerContentBytesMax) {
      return refused(i, ledger_verdict_name(LedgerVerdict::kTooLong));
    }
    if (wants_key_of_call(entry) != (entry.key_id != kNoKey)) return refused(i, "wrong key");
    if (entry.key_id != kNoKey) {
      auto key = keys_.read(entry.key_id, entry.uid);
      if (!key) return Error(std::move(key.error()));
      group_keys_[i] = *key;
    }
    bytes += ledger_entry_bytes(contents_[i].size());
    if (bytes > kLedgerGroupBytesMax) return refused(i, "the group is too large");
  }
  return bytes;
}

Result<void> Ledger::roll(std::uint64_t group_bytes) {
  if (end_ == kLedgerFileHeaderBytes || end_ + group_bytes <= file_bytes_max_) return {};
  TD_TRY(complete());
  auto made = make_file(static_cast<std::uint32_t>(first_sequences_.size()), next_sequence_);
  if (!made) return fail(std::move(made.error()));
  return {};
}

void Ledger::seal(std::span<const LedgerEntry> entries) {
  group_.clear();
  for (std::size_t i = 0; i < entries.size(); ++i) {
    LedgerEntryHeader header;
    header.sequence = next_sequence_ + i;
    header.group = next_sequence_;
    header.type = static_cast<std::uint16_t>(type_of(entries[i].content));
    header.time_us = entries[i].time_us;
    header.uid = entries[i].uid;
    header.key_id = entries[i].key_id;
    const RecordingKey& key = header.key_id == kNoKey ? sealer_->file_key() : group_keys_[i];
    sealer_->seal(key, header, contents_[i], group_);
  }
  group_keys_.clear();
}

Result<void> Ledger::write_group() {
  errno = 0;
  if (!write_fully(file_.get(), group_, end_)) {
    const int cause = errno == 0 ? ENOSPC : errno;
    return fail(make_errno_error(
        cause == ENOSPC || cause == EDQUOT ? ErrorCode::kResources : ErrorCode::kIo,
        "The ledger " + directory_ + " cannot be written",
        cause));
  }
  if (fdatasync(file_.get()) != 0) {
    return fail(
        make_errno_error(ErrorCode::kIo, "The ledger " + directory_ + " cannot be synced", errno));
  }
  return {};
}

Result<void> Ledger::close() {
  if (!file_.valid()) return {};
  {
    const std::lock_guard lock(mutex_);
    if (failure_) {
      file_.reset();
      return *failure_;
    }
  }
  auto completed = complete();
  file_.reset();
  return completed;
}

struct Ledger::Part {
  std::uint32_t number = 0;
  std::uint64_t first_sequence = 0;
  std::uint64_t from_sequence = 0;          // the visitor sees these and later ones
  std::optional<std::uint64_t> end;         // of the last file: what is acknowledged
  std::optional<std::uint64_t> next_first;  // of others: where the next one goes on
};

Result<void> Ledger::replay(std::uint64_t from_sequence, const LedgerVisitor& visitor) const {
  std::vector<Part> parts;
  {
    const std::lock_guard lock(mutex_);
    if (failure_) return *failure_;
    if (from_sequence > next_sequence_) {
      return make_error(ErrorCode::kInvalidArgument,
                        "The ledger has no entry " + std::to_string(from_sequence) + " yet.");
    }
    const auto behind =
        std::upper_bound(first_sequences_.begin(), first_sequences_.end(), from_sequence);
    auto number = static_cast<std::size_t>(behind - first_sequences_.begin()) - 1;
    for (; number < first_sequences_.size(); ++number) {
      Part part{
          static_cast<std::uint32_t>(number), first_sequences_[number], from_sequence, {}, {}};
      if (number + 1 == first_sequences_.size()) {
        part.end = end_;
      } else {
        part.next_first = first_sequences_[number + 1];
      }
      parts.push_back(part);
    }
  }
  LedgerSealer sealer(master_, id_, keys_);
  for (const Part& part : parts) {
    const Result<bool> more = replay_part(part, sealer, visitor);
    if (!more) return Error(more.error());
    if (!*more) break;
  }
  return {};
}

Result<bool> Ledger::replay_part(const Part& part,
                                 LedgerSealer& sealer,
                                 const LedgerVisitor& visitor) const {
  const std::string path = path_of(part.number);
  const Descriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW));

  struct stat status {};

  if (!file.valid() || fstat(file.get(), &status) != 0) {
    return make_errno_error(ErrorCode::kIo, "The ledger's file " + path + " cannot be read", errno);
  }
  const auto header = read_header(file.get(), part.number);
  if (!header) return Error(header.error());
  if (header->first_sequence != part.first_sequence) {
    return ledger_damage(path, 0, LedgerByteVerdict::kOutOfSequence);
  }
  sealer.set_file(part.number);
  LedgerScanner scanner(file.get(),
                        part.end.value_or(static_cast<std::uint64_t>(status.st_size)),
                        part.first_sequence);
  std::vector<std::uint8_t> content;
  LedgerRecord record;
  record.file_number = part.number;
  while (true) {
    record.offset = scanner.position();
    const auto verdict = scanner.next(record.header);
    if (!verdict) return Error(verdict.error());
    if (*verdict == LedgerByteVerdict::kEnd) break;
    if (*verdict != LedgerByteVerdict::kGood) return ledger_damage(path, record.offset, *verdict);
    if (record.header.sequence < part.from_sequence) continue;
    const auto state = sealer.open(record.header, scanner.entry(), content);
    if (!state) return Error(state.error());
    record.state = *state;
    record.content = content;
    const Result<bool> more = visitor(record);
    if (!more) return Error(more.error());
    if (!*more) return false;
  }
  if (part.next_first && *part.next_first != scanner.next_sequence()) {
    return ledger_damage(path, scanner.position(), LedgerByteVerdict::kCut);
  }
  return true;
}

std::uint64_t Ledger::next_sequence() const {
  const std::lock_guard lock(mutex_);
  return next_sequence_;
}

LedgerFigures Ledger::figures() const {
  const std::lock_guard lock(mutex_);
  LedgerFigures figures = figures_;
  figures.entries = next_sequence_;
  figures.files = first_sequences_.size();
  return figures;
}

std::string Ledger::place_of(const LedgerRecord& record) const {
  return path_of(record.file_number) + ":" + std::to_string(record.offset);
}

}  // namespace tapdeck::storage
