// What KeyVault makes durable: destroyed slots at once, fresh ones when their users sync.
//
// A sync that fails leaves pages that the kernel counts as written and the disk does not have: the
// next one succeeds and proves nothing, in this process or in one that comes after it. So nothing
// is called durable that was not written again since.
#include <algorithm>
#include <cerrno>
#include <unistd.h>

#include "base/assert.h"
#include "storage/keys.h"

namespace tapdeck::storage {
namespace {

constexpr std::uint32_t kAllUsers = (1U << kKeyUsers) - 1;
constexpr std::size_t kWrittenAtOnce = 1U << 20;
constexpr std::uint32_t kSlotsApart = 16;      // a page: a longer gap is two writes
constexpr std::uint32_t kSlotsAtOnce = 4'096;  // 1 MiB

// True: a key was there.  What is not this recording's stays as it is.
bool make_blank(const KeyOwner& key, KeySlotBytes& bytes) {
  const auto slot = decode_key_slot(key.id, bytes);
  // A damaged one opens nothing for anybody, but may hold what somebody could put right.
  if (slot && (slot->state != KeySlotState::kUsed || slot->recording != key.recording)) {
    return false;
  }
  KeySlot blank;
  blank.state = KeySlotState::kDestroyed;
  blank.id = key.id;
  bytes = encode_key_slot(blank);
  return true;
}

}  // namespace

void KeyVault::doubt(File& file) {
  file.doubtful = true;
  file.unsynced = kAllUsers;
}

// As far as the page cache still has what was written; what it has dropped reads as it was before,
// and a slot that was to be destroyed is destroyed anew when it is asked for again.
Result<void> KeyVault::write_again(File& file) {
  if (!file.doubtful) return {};
  std::vector<std::uint8_t> bytes(kWrittenAtOnce);
  for (std::uint64_t at = 0; at < kKeySlotBytes * kKeySlotsPerFile; at += bytes.size()) {
    if (!read_fully(file.descriptor.get(), bytes, at) ||
        !write_fully(file.descriptor.get(), bytes, at)) {
      return make_errno_error(
          ErrorCode::kIo, "The key file " + file.path + " cannot be written again", errno);
    }
  }
  file.doubtful = false;
  return {};
}

Result<void> KeyVault::sync(File& file) {
  TD_TRY(write_again(file));
  if (fdatasync(file.descriptor.get()) == 0) return {};
  const int error = errno;
  doubt(file);
  return make_errno_error(ErrorCode::kIo, "The key file " + file.path + " cannot be synced", error);
}

Result<void> KeyVault::write_slot(std::uint32_t id, const KeySlotBytes& bytes) {
  File& file = *files_[id / kKeySlotsPerFile];
  if (!write_fully(file.descriptor.get(), bytes, id % kKeySlotsPerFile * kKeySlotBytes)) {
    return make_errno_error(
        ErrorCode::kIo, "The key file " + file.path + " cannot be written", errno);
  }
  file.unsynced = kAllUsers;
  return {};
}

Result<std::vector<int>> KeyVault::take_unsynced_files(std::uint32_t user) {
  TD_ASSERT(user < kKeyUsers);
  const std::lock_guard lock(mutex_);
  for (const auto& file : files_) TD_TRY(write_again(*file));
  std::vector<int> unsynced;
  for (const auto& file : files_) {
    if ((file->unsynced >> user & 1U) != 0) unsynced.push_back(file->descriptor.get());
    file->unsynced &= ~(1U << user);
  }
  return unsynced;
}

void KeyVault::mark_unsynced(int file) {
  const std::lock_guard lock(mutex_);
  for (const auto& known : files_) {
    if (known->descriptor.get() == file) doubt(*known);
  }
}

// Between two files others have their turn.
Result<void> KeyVault::destroy_many(std::span<const KeyOwner> keys) {
  std::vector<KeyOwner> sorted(keys.begin(), keys.end());
  std::sort(sorted.begin(), sorted.end(), [](const KeyOwner& a, const KeyOwner& b) {
    return a.id < b.id;
  });
  for (auto at = sorted.begin(); at != sorted.end();) {
    const std::lock_guard lock(mutex_);
    const std::uint32_t index = at->id / kKeySlotsPerFile;
    const auto end = std::find_if(
        at, sorted.end(), [&](const KeyOwner& key) { return key.id / kKeySlotsPerFile != index; });
    // A slot that does not exist holds no key.
    if (index < files_.size()) TD_TRY(destroy_in(*files_[index], {at, end}));
    at = end;
  }
  return {};
}

Result<void> KeyVault::destroy_in(File& file, std::span<const KeyOwner> keys) {
  for (auto at = keys.begin(); at != keys.end();) {
    auto end = at + 1;
    while (end != keys.end() && end->id - (end - 1)->id <= kSlotsApart &&
           end->id - at->id < kSlotsAtOnce) {
      ++end;
    }
    TD_TRY(overwrite(file, {at, end}));
    at = end;
  }
  TD_TRY(sync(file));
  for (const KeyOwner& key : keys) {
    drop_unsettled(key);
    if (unacknowledged_.erase(key.id) == 0) continue;
    const bool listed = std::binary_search(listed_.begin(), listed_.end(), key.id);
    (listed ? ready_ : free_).push_back(key.id);
    ++figures_.destroyed;
  }
  return {};
}

// All slots from the first key's to the last one's, read and written once.
Result<void> KeyVault::overwrite(File& file, std::span<const KeyOwner> keys) {
  const std::uint32_t first = keys.front().id;
  const std::uint64_t at = std::uint64_t{first} % kKeySlotsPerFile * kKeySlotBytes;
  std::vector<KeySlotBytes> slots(keys.back().id - first + 1);
  const std::span bytes(slots.front().data(), slots.size() * kKeySlotBytes);
  if (!read_fully(file.descriptor.get(), bytes, at)) {
    return make_errno_error(ErrorCode::kIo, "The key file " + file.path + " cannot be read", errno);
  }
  std::vector<std::uint32_t> overwritten;
  for (const KeyOwner& key : keys) {
    if (make_blank(key, slots[key.id - first])) overwritten.push_back(key.id);
  }
  if (!write_fully(file.descriptor.get(), bytes, at)) {
    return make_errno_error(
        ErrorCode::kIo, "The key file " + file.path + " cannot be written", errno);
  }
  file.unsynced = kAllUsers;
  unacknowledged_.insert(overwritten.begin(), overwritten.end());
  return {};
}

}  // namespace tapdeck::storage
