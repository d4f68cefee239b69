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
#include "storage/crc32c.h"
#include "storage/files.h"

namespace tapdeck::storage {
namespace {

constexpr std::uint32_t kSlotMagic = 0x314b'4454U;  // "TDK1"
constexpr std::uint32_t kAllUsers = (1U << kKeyUsers) - 1;
constexpr std::uint32_t kFilesMax = 0xffff'fffeU / kKeySlotsPerFile;

// Binds a wrapped key to its place, so that slots cannot be swapped.
std::array<std::uint8_t, 24> slot_identity(const KeySlot& slot) {
  std::array<std::uint8_t, 24> bytes{};
  store_le(bytes.data(), slot.id);
  bytes[4] = static_cast<std::uint8_t>(slot.kind);
  std::memcpy(bytes.data() + 8, slot.recording.bytes.data(), slot.recording.bytes.size());
  return bytes;
}

}  // namespace

KeySlotBytes encode_key_slot(const KeySlot& slot) {
  KeySlotBytes bytes{};
  std::uint8_t* at = bytes.data();
  store_le(at, kSlotMagic);
  at[4] = static_cast<std::uint8_t>(slot.state);
  at[5] = static_cast<std::uint8_t>(slot.kind);
  store_le(at + 8, slot.id);
  store_le(at + 16, static_cast<std::uint64_t>(slot.created_us));
  std::memcpy(at + 24, slot.recording.bytes.data(), 16);
  std::memcpy(at + 40, slot.wrapped.nonce.data(), kNonceBytes);
  std::memcpy(at + 52, slot.wrapped.tag.data(), kTagBytes);
  std::memcpy(at + 68, slot.wrapped.bytes.data(), kWrappedKeyBytes);
  store_le(at + kKeySlotBytes - 4, crc32c({at, kKeySlotBytes - 4}));
  return bytes;
}

std::optional<KeySlot> decode_key_slot(std::uint32_t id, ByteView bytes) {
  if (bytes.size() < kKeySlotBytes) return std::nullopt;
  const std::uint8_t* at = bytes.data();
  KeySlot slot;
  slot.id = id;
  if (std::all_of(at, at + kKeySlotBytes, [](std::uint8_t byte) { return byte == 0; })) {
    return slot;
  }
  if (load_le<std::uint32_t>(at) != kSlotMagic || load_le<std::uint32_t>(at + 8) != id ||
      at[4] > static_cast<std::uint8_t>(KeySlotState::kDestroyed) || at[5] < 1 || at[5] > 2 ||
      load_le<std::uint32_t>(at + kKeySlotBytes - 4) != crc32c({at, kKeySlotBytes - 4})) {
    return std::nullopt;
  }
  slot.state = static_cast<KeySlotState>(at[4]);
  slot.kind = static_cast<SegmentKind>(at[5]);
  slot.created_us = static_cast<std::int64_t>(load_le<std::uint64_t>(at + 16));
  std::memcpy(slot.recording.bytes.data(), at + 24, 16);
  std::memcpy(slot.wrapped.nonce.data(), at + 40, kNonceBytes);
  std::memcpy(slot.wrapped.tag.data(), at + 52, kTagBytes);
  std::memcpy(slot.wrapped.bytes.data(), at + 68, kWrappedKeyBytes);
  return slot;
}

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

struct KeyVault::File {
  Descriptor descriptor;
  std::string path;
  std::uint32_t unsynced = 0;  // a bit for each user that has yet to sync
};

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
  for (std::uint32_t index = 0; index < kFilesMax; ++index) {
    if (access(slot_file_name(directory_, index).c_str(), F_OK) != 0) break;
    TD_TRY(load_file(index));
  }
  // Lower slots first, so that few files are touched.
  std::reverse(free_.begin(), free_.end());
  return {};
}

Result<void> KeyVault::load_file(std::uint32_t index) {
  auto file = std::make_unique<File>();
  file->path = slot_file_name(directory_, index);
  file->descriptor = Descriptor(::open(file->path.c_str(), O_RDWR | O_CLOEXEC));
  if (!file->descriptor.valid()) {
    return make_errno_error(
        ErrorCode::kPermission, "The key file " + file->path + " cannot be opened", errno);
  }
  std::vector<std::uint8_t> bytes(kKeySlotBytes * kKeySlotsPerFile);
  const std::size_t have = read_up_to(file->descriptor.get(), bytes, 0);
  // A file whose creation was cut short is all free behind its end.
  if (have < bytes.size() &&
      posix_fallocate(file->descriptor.get(), 0, static_cast<off_t>(bytes.size())) != 0) {
    return make_error(ErrorCode::kResources,
                      "The key file " + file->path + " cannot be given its size.");
  }
  bool proven = false;
  for (std::uint32_t i = 0; i < kKeySlotsPerFile; ++i) {
    const std::uint32_t id = index * kKeySlotsPerFile + i;
    const std::size_t at = i * kKeySlotBytes;
    const auto slot = decode_key_slot(id, ByteView(bytes).subspan(at, kKeySlotBytes));
    if (!slot) {
      ++figures_.bad;
    } else if (slot->state != KeySlotState::kUsed) {
      free_.push_back(id);
    } else {
      ++figures_.used;
      RecordingKey key;
      if (!proven && !unwrap(*slot, key)) {
        return make_error(ErrorCode::kPermission,
                          "The keys in " + file->path +
                              " do not open under this master key: it belongs to another store.");
      }
      proven = true;
    }
  }
  files_.push_back(std::move(file));
  return {};
}

Result<void> KeyVault::add_file() {
  const std::uint32_t index = static_cast<std::uint32_t>(files_.size());
  if (index >= kFilesMax) {
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
  for (std::uint32_t i = kKeySlotsPerFile; i-- > 0;) {
    free_.push_back(index * kKeySlotsPerFile + i);
  }
  return {};
}

Result<AllocatedKey> KeyVault::allocate(const Uid& recording, SegmentKind kind) {
  const std::lock_guard lock(mutex_);
  if (free_.empty()) TD_TRY(add_file());
  KeySlot slot;
  slot.state = KeySlotState::kUsed;
  slot.kind = kind;
  slot.id = free_.back();
  slot.recording = recording;
  slot.created_us = wall_now_ns() / kNsPerUs;
  AllocatedKey allocated;
  allocated.id = slot.id;
  random_bytes(allocated.key.key);
  random_bytes(allocated.key.salt);
  slot.wrapped = wrap_key(aead_, master_, slot_identity(slot), allocated.key);
  TD_TRY(write_slot(slot.id, encode_key_slot(slot)));
  free_.pop_back();
  ++figures_.used;
  return allocated;
}

std::vector<int> KeyVault::take_unsynced_files(std::uint32_t user) {
  TD_ASSERT(user < kKeyUsers);
  const std::lock_guard lock(mutex_);
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
    if (known->descriptor.get() == file) known->unsynced = kAllUsers;
  }
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

Result<void> KeyVault::destroy(std::uint32_t id) {
  const std::lock_guard lock(mutex_);
  auto slot = read_slot(id);
  if (!slot) return Error(std::move(slot.error()));
  if (slot->state != KeySlotState::kUsed) return {};
  KeySlot blank;
  blank.state = KeySlotState::kDestroyed;
  blank.id = id;
  TD_TRY(write_slot(id, encode_key_slot(blank)));
  File& file = *files_[id / kKeySlotsPerFile];
  if (fdatasync(file.descriptor.get()) != 0) {
    return make_errno_error(
        ErrorCode::kIo, "The key file " + file.path + " cannot be synced", errno);
  }
  free_.push_back(id);
  --figures_.used;
  ++figures_.destroyed;
  return {};
}

std::vector<std::pair<std::string, std::string>> KeyVault::faults() {
  const std::lock_guard lock(mutex_);
  std::vector<std::pair<std::string, std::string>> found;
  for (std::uint32_t id = 0; id < files_.size() * kKeySlotsPerFile; ++id) {
    const auto slot = read_slot(id);
    const std::string where = files_[id / kKeySlotsPerFile]->path + ":" +
                              std::to_string(id % kKeySlotsPerFile * kKeySlotBytes);
    RecordingKey key;
    if (!slot) {
      found.emplace_back(where, slot.error().message);
    } else if (slot->state == KeySlotState::kUsed && !unwrap(*slot, key)) {
      found.emplace_back(where, "does not open under the master key");
    }
  }
  return found;
}

KeyFigures KeyVault::figures() {
  const std::lock_guard lock(mutex_);
  return figures_;
}

Result<KeySlot> KeyVault::read_slot(std::uint32_t id) const {
  if (id / kKeySlotsPerFile >= files_.size()) {
    return make_error(ErrorCode::kNotFound, "Key slot " + std::to_string(id) + " does not exist.");
  }
  const File& file = *files_[id / kKeySlotsPerFile];
  KeySlotBytes bytes{};
  const std::uint64_t at = id % kKeySlotsPerFile * kKeySlotBytes;
  if (!read_fully(file.descriptor.get(), bytes, at)) {
    return make_errno_error(ErrorCode::kIo, "The key file " + file.path + " cannot be read", errno);
  }
  auto slot = decode_key_slot(id, bytes);
  if (!slot) {
    return make_error(ErrorCode::kCorrupt, "Key slot " + std::to_string(id) + " is damaged.");
  }
  return *slot;
}

Result<void> KeyVault::write_slot(std::uint32_t id, const KeySlotBytes& bytes) {
  File& file = *files_[id / kKeySlotsPerFile];
  const off_t at = static_cast<off_t>(id % kKeySlotsPerFile * kKeySlotBytes);
  if (pwrite(file.descriptor.get(), bytes.data(), bytes.size(), at) !=
      static_cast<ssize_t>(bytes.size())) {
    return make_errno_error(
        ErrorCode::kIo, "The key file " + file.path + " cannot be written", errno);
  }
  file.unsynced = kAllUsers;
  return {};
}

bool KeyVault::unwrap(const KeySlot& slot, RecordingKey& key) {
  return unwrap_key(aead_, master_, slot_identity(slot), slot.wrapped, key);
}

}  // namespace tapdeck::storage
