#include "storage/keys.h"

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/assert.h"
#include "base/clock.h"
#include "storage/files.h"

namespace tapdeck::storage {
namespace {

constexpr std::uint32_t kSlotsLookedAt = 16;  // a page
constexpr std::uint32_t kSlotFilesMax = 0xffff'fffeU / kKeySlotsPerFile;

// Binds a wrapped key to its place, so that slots cannot be swapped.
std::array<std::uint8_t, 24> slot_identity(const KeySlot& slot) {
  std::array<std::uint8_t, 24> bytes{};
  store_le(bytes.data(), slot.id);
  bytes[4] = static_cast<std::uint8_t>(slot.kind);
  std::memcpy(bytes.data() + 8, slot.recording.bytes.data(), slot.recording.bytes.size());
  return bytes;
}

}  // namespace

Result<MasterKey> load_master_key(const std::string& path, MissingMasterKey missing) {
  Descriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW));
  if (!file.valid() && errno == ENOENT && missing == MissingMasterKey::kCreate) {
    MasterKey fresh;
    random_bytes(fresh.bytes);
    TD_TRY(write_file_durably(path, fresh.bytes, 0600));
    return fresh;
  }
  if (!file.valid()) {
    return make_errno_error(errno == ENOENT ? ErrorCode::kNotFound : ErrorCode::kPermission,
                            "The master key " + path + " cannot be opened",
                            errno);
  }

  struct stat status {};

  if (fstat(file.get(), &status) != 0) {
    return make_errno_error(ErrorCode::kIo, "The master key " + path + " cannot be read", errno);
  }
  const mode_t mode = status.st_mode & 07777;
  if (!S_ISREG(status.st_mode) || status.st_uid != geteuid() || (mode != 0600 && mode != 0400)) {
    return make_error(ErrorCode::kPermission,
                      "The master key " + path +
                          " must be a file of the user who runs tapdeck, with mode 0600 or 0400.");
  }
  MasterKey key;
  std::uint8_t beyond = 0;
  if (status.st_size != static_cast<off_t>(kKeyBytes) || !read_fully(file.get(), key.bytes, 0) ||
      pread(file.get(), &beyond, 1, kKeyBytes) != 0) {
    return make_error(ErrorCode::kCorrupt, "The master key " + path + " is not 32 bytes long.");
  }
  return key;
}

KeyVault::KeyVault(std::string directory, const MasterKey& master)
    : directory_(std::move(directory)), master_(master) {}

KeyVault::~KeyVault() = default;

Result<std::unique_ptr<KeyVault>> KeyVault::open(std::string directory, const MasterKey& master) {
  std::unique_ptr<KeyVault> vault(new KeyVault(std::move(directory), master));
  TD_TRY(vault->load());
  return vault;
}

namespace {

std::string slot_file_name(const std::string& directory, std::uint32_t index) {
  char name[32];
  std::snprintf(name, sizeof name, "/%08u.keys", index);
  return directory + name;
}

}  // namespace

Result<void> KeyVault::load() {
  for (std::uint32_t index = 0; index < kSlotFilesMax; ++index) {
    if (access(slot_file_name(directory_, index).c_str(), F_OK) != 0) break;
    TD_TRY(open_file(index));
  }
  fresh_ = count_slots();
  look_until_ = fresh_;
  figures_.slots = fresh_;
  TD_TRY(load_list());
  return prove_master();
}

Result<void> KeyVault::open_file(std::uint32_t index) {
  auto file = std::make_unique<File>();
  file->path = slot_file_name(directory_, index);
  file->descriptor = Descriptor(::open(file->path.c_str(), O_RDWR | O_CLOEXEC));

  struct stat status {};

  if (!file->descriptor.valid() || fstat(file->descriptor.get(), &status) != 0) {
    return make_errno_error(
        ErrorCode::kPermission, "The key file " + file->path + " cannot be opened", errno);
  }
  // A file whose creation was cut short is all free behind its end.
  constexpr auto kBytes = static_cast<off_t>(kKeySlotBytes) * kKeySlotsPerFile;
  if (status.st_size < kBytes && posix_fallocate(file->descriptor.get(), 0, kBytes) != 0) {
    return make_error(ErrorCode::kResources,
                      "The key file " + file->path + " cannot be given its size.");
  }
  // What an earlier process wrote and did not sync is relied on from now on.
  TD_TRY(sync(*file));
  files_.push_back(std::move(file));
  return {};
}

// Slots are first used in order and never blank again, so that the first blank one can be searched
// for.  A power cut may have left blanks below it, or used ones above: a guess that is checked.
std::uint32_t KeyVault::count_slots() const {
  if (files_.empty()) return 0;
  const File& last = *files_.back();
  std::uint32_t low = 0;
  std::uint32_t high = kKeySlotsPerFile;
  while (low < high) {
    const std::uint32_t middle = (low + high) / 2;
    KeySlotBytes bytes{};
    read_up_to(last.descriptor.get(), bytes, middle * kKeySlotBytes);
    (bytes == KeySlotBytes{} ? high : low) = bytes == KeySlotBytes{} ? middle : middle + 1;
  }
  return static_cast<std::uint32_t>(files_.size() - 1) * kKeySlotsPerFile + low;
}

// One used slot proves it; the youngest are the likeliest to be used.
Result<void> KeyVault::prove_master() {
  const auto end = static_cast<std::uint32_t>(files_.size()) * kKeySlotsPerFile;
  std::uint32_t at = std::min(end, (fresh_ + kSlotsLookedAt) / kSlotsLookedAt * kSlotsLookedAt);
  while (at > 0) {
    at -= kSlotsLookedAt;
    for (const auto& slot : read_slots(at, kSlotsLookedAt)) {
      RecordingKey key;
      if (!slot || slot->state != KeySlotState::kUsed) continue;
      if (unwrap(*slot, key)) return {};
      return make_error(ErrorCode::kPermission,
                        "The keys in " + files_[slot->id / kKeySlotsPerFile]->path +
                            " do not open under this master key: it belongs to another store.");
    }
  }
  return {};
}

// `count` slots of one file; nullopt: damaged.
std::vector<std::optional<KeySlot>> KeyVault::read_slots(std::uint32_t first,
                                                         std::uint32_t count) const {
  std::vector<std::uint8_t> bytes(count * kKeySlotBytes);
  const File& file = *files_[first / kKeySlotsPerFile];
  read_up_to(file.descriptor.get(), bytes, first % kKeySlotsPerFile * kKeySlotBytes);
  std::vector<std::optional<KeySlot>> slots;
  for (std::uint32_t i = 0; i < count; ++i) {
    slots.push_back(decode_key_slot(first + i, ByteView(bytes).subspan(i * kKeySlotBytes)));
  }
  return slots;
}

// A few at a time, so that no allocation waits for all of them.
void KeyVault::look_for_destroyed() {
  if (looked_at_ >= look_until_) return;
  for (const auto& slot : read_slots(looked_at_, kSlotsLookedAt)) {
    if (!slot) {
      ++figures_.bad;
    } else if (slot->state != KeySlotState::kUsed) {
      free_.push_back(slot->id);
    }
  }
  looked_at_ += kSlotsLookedAt;
}

Result<void> KeyVault::add_file() {
  const std::uint32_t index = static_cast<std::uint32_t>(files_.size());
  if (index >= kSlotFilesMax) {
    return make_error(ErrorCode::kResources, "The store's key files are all full.");
  }
  auto file = std::make_unique<File>();
  file->path = slot_file_name(directory_, index);
  file->descriptor =
      Descriptor(::open(file->path.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600));
  if (!file->descriptor.valid()) {
    return make_errno_error(
        ErrorCode::kIo, "The key file " + file->path + " cannot be made", errno);
  }
  const int error = posix_fallocate(
      file->descriptor.get(), 0, static_cast<off_t>(kKeySlotBytes) * kKeySlotsPerFile);
  if (error != 0 || fsync(file->descriptor.get()) != 0) {
    const int cause = error != 0 ? error : errno;
    unlink(file->path.c_str());
    return make_errno_error(
        ErrorCode::kResources, "The key file " + file->path + " cannot be given its size", cause);
  }
  TD_TRY(sync_directory(directory_));
  files_.push_back(std::move(file));
  return {};
}

Result<AllocatedKey> KeyVault::allocate(const Uid& recording, SegmentKind kind) {
  while (true) {
    {
      const std::lock_guard lock(mutex_);
      if (const auto id = take_listed()) return make_key(*id, recording, kind);
    }
    TD_TRY(list_more(1));
  }
}

Result<AllocatedKey> KeyVault::make_key(std::uint32_t id, const Uid& recording, SegmentKind kind) {
  KeySlot slot;
  slot.state = KeySlotState::kUsed;
  slot.kind = kind;
  slot.id = id;
  slot.recording = recording;
  slot.created_us = wall_now_ns() / kNsPerUs;
  AllocatedKey allocated;
  allocated.id = slot.id;
  random_bytes(allocated.key.key);
  random_bytes(allocated.key.salt);
  slot.wrapped = wrap_key(aead_, master_, slot_identity(slot), allocated.key);
  if (auto written = write_slot(slot.id, encode_key_slot(slot)); !written) {
    ready_.push_back(slot.id);
    return Error(std::move(written.error()));
  }
  unsettled_[recording].push_back({id, kind});
  figures_.slots = std::max<std::uint64_t>(figures_.slots, std::uint64_t{id} + 1);
  ++figures_.allocated;
  return allocated;
}

Result<RecordingKey> KeyVault::read(std::uint32_t id, const Uid& recording) {
  const std::lock_guard lock(mutex_);
  auto slot = read_slot(id);
  if (!slot) return Error(std::move(slot.error()));
  if (slot->state != KeySlotState::kUsed || slot->recording != recording) {
    return make_error(ErrorCode::kNotFound, "The key of this recording has been destroyed.");
  }
  RecordingKey key;
  if (!unwrap(*slot, key)) {
    return make_error(ErrorCode::kCorrupt,
                      "Key slot " + std::to_string(id) + " does not open under the master key.");
  }
  return key;
}

std::vector<std::pair<std::string, std::string>> KeyVault::faults() {
  constexpr std::uint32_t kAtOnce = 4'096;
  std::vector<std::pair<std::string, std::string>> found;
  for (std::uint32_t first = 0;; first += kAtOnce) {
    const std::lock_guard lock(mutex_);  // given up in between: allocations go on
    if (first / kKeySlotsPerFile >= files_.size()) return found;
    const auto slots = read_slots(first, kAtOnce);
    for (std::uint32_t i = 0; i < kAtOnce; ++i) {
      const std::string_view fault = fault_of(slots[i]);
      if (fault.empty()) continue;
      found.emplace_back(files_[first / kKeySlotsPerFile]->path + ":" +
                             std::to_string((first + i) % kKeySlotsPerFile * kKeySlotBytes),
                         fault);
    }
  }
}

std::string_view KeyVault::fault_of(const std::optional<KeySlot>& slot) {
  RecordingKey key;
  if (!slot) return "the key slot is damaged";
  const bool opens = slot->state != KeySlotState::kUsed || unwrap(*slot, key);
  return opens ? "" : "does not open under the master key";
}

KeyFigures KeyVault::figures() {
  const std::lock_guard lock(mutex_);
  return figures_;
}

Result<void> KeyVault::read_bytes(std::uint32_t id, KeySlotBytes& bytes) const {
  if (id / kKeySlotsPerFile >= files_.size()) {
    return make_error(ErrorCode::kNotFound, "Key slot " + std::to_string(id) + " does not exist.");
  }
  const File& file = *files_[id / kKeySlotsPerFile];
  const std::uint64_t at = id % kKeySlotsPerFile * kKeySlotBytes;
  if (!read_fully(file.descriptor.get(), bytes, at)) {
    return make_errno_error(ErrorCode::kIo, "The key file " + file.path + " cannot be read", errno);
  }
  return {};
}

Result<KeySlot> KeyVault::read_slot(std::uint32_t id) const {
  KeySlotBytes bytes{};
  TD_TRY(read_bytes(id, bytes));
  auto slot = decode_key_slot(id, bytes);
  if (!slot) {
    return make_error(ErrorCode::kCorrupt, "Key slot " + std::to_string(id) + " is damaged.");
  }
  return *slot;
}

bool KeyVault::unwrap(const KeySlot& slot, RecordingKey& key) {
  return unwrap_key(aead_, master_, slot_identity(slot), slot.wrapped, key);
}

}  // namespace tapdeck::storage
