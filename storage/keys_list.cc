// keys/unsettled.list of KeyVault: which slots may be in use and named by no row.  Written before
// any of them is given out.
#include <algorithm>
#include <cerrno>
#include <fcntl.h>
#include <iterator>
#include <sys/stat.h>
#include <utility>

#include "base/log.h"
#include "storage/crc32c.h"
#include "storage/keys.h"

namespace tapdeck::storage {
namespace {

constexpr std::uint32_t kListMagic = 0x314c'4454U;  // "TDL1"
constexpr std::size_t kListHeadBytes = 8;
constexpr std::size_t kListedAtOnce = 4'096;       // slots, and so a write for so many keys
constexpr std::uint32_t kInheritedAtOnce = 4'096;  // slots looked at
constexpr std::size_t kLooksAtOnce = 256;          // for destroyed slots, each of sixteen
constexpr std::uint64_t kListBytesMax = 256U << 20;

std::string list_path(const std::string& directory) { return directory + "/unsettled.list"; }

}  // namespace

std::vector<std::uint8_t> encode_key_list(std::span<const std::uint32_t> slots) {
  std::vector<std::uint8_t> bytes(kListHeadBytes + 4 * slots.size() + 4);
  store_le(bytes.data(), kListMagic);
  store_le(bytes.data() + 4, static_cast<std::uint32_t>(slots.size()));
  std::uint8_t* at = bytes.data() + kListHeadBytes;
  for (const std::uint32_t slot : slots) {
    store_le(at, slot);
    at += 4;
  }
  store_le(at, crc32c({bytes.data(), bytes.size() - 4}));
  return bytes;
}

std::optional<std::vector<std::uint32_t>> decode_key_list(ByteView bytes) {
  if (bytes.size() < kListHeadBytes + 4 || load_le<std::uint32_t>(bytes.data()) != kListMagic ||
      (bytes.size() - kListHeadBytes - 4) / 4 != load_le<std::uint32_t>(bytes.data() + 4) ||
      bytes.size() % 4 != 0 ||
      load_le<std::uint32_t>(bytes.data() + bytes.size() - 4) !=
          crc32c(bytes.first(bytes.size() - 4))) {
    return std::nullopt;
  }
  std::vector<std::uint32_t> slots;
  slots.reserve((bytes.size() - kListHeadBytes - 4) / 4);
  for (std::size_t at = kListHeadBytes; at + 4 < bytes.size(); at += 4) {
    const auto slot = load_le<std::uint32_t>(bytes.data() + at);
    if (!slots.empty() && slot <= slots.back()) return std::nullopt;
    slots.push_back(slot);
  }
  return slots;
}

// Without a list every slot may be one that nothing names.
Result<void> KeyVault::load_list() {
  const std::string path = list_path(directory_);
  const Descriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW));
  if (!file.valid() && errno == ENOENT) {
    inherits_all_ = !files_.empty();
    return {};
  }

  struct stat status {};

  if (!file.valid() || fstat(file.get(), &status) != 0) {
    return make_errno_error(ErrorCode::kIo, "The list " + path + " cannot be read", errno);
  }
  std::vector<std::uint8_t> bytes(
      std::min(static_cast<std::uint64_t>(status.st_size), kListBytesMax));
  bytes.resize(read_up_to(file.get(), bytes, 0));
  auto slots = decode_key_list(bytes);
  if (!slots) log_warning(path + " is damaged: all key slots are looked at instead.");
  inherits_all_ = !slots;
  inherited_ = std::move(slots).value_or(std::vector<std::uint32_t>());
  listed_ = inherited_;
  return {};
}

Result<void> KeyVault::write_list(const std::vector<std::uint32_t>& slots) {
  return write_file_durably(list_path(directory_), encode_key_list(slots), 0600);
}

// Whatever is remembered, only a slot that is read as free is given out: a key that is in use is
// never overwritten.
std::optional<std::uint32_t> KeyVault::take_listed() {
  while (!ready_.empty()) {
    const std::uint32_t id = ready_.back();
    ready_.pop_back();
    const auto slot = read_slot(id);
    if (slot && slot->state != KeySlotState::kUsed) return id;
  }
  return std::nullopt;
}

// In the order in which they are to be used: destroyed ones, as far as they are found by looking at
// about as many slots as are wanted, then fresh ones.
Result<std::vector<std::uint32_t>> KeyVault::take_candidates() {
  for (std::size_t i = 0; i < kLooksAtOnce && free_.size() < kListedAtOnce; ++i) {
    look_for_destroyed();
  }
  const std::size_t destroyed = std::min(free_.size(), kListedAtOnce);
  std::vector<std::uint32_t> slots(free_.end() - static_cast<std::ptrdiff_t>(destroyed),
                                   free_.end());
  free_.resize(free_.size() - destroyed);
  while (slots.size() < kListedAtOnce) {
    if (fresh_ / kKeySlotsPerFile >= files_.size()) {
      auto added = add_file();
      if (!added && slots.empty()) return Error(std::move(added.error()));
      if (!added) break;
    }
    slots.push_back(fresh_++);
  }
  return slots;
}

// With the candidates that are ready, and for what was given out of them meanwhile.
std::vector<std::uint32_t> KeyVault::must_be_listed() const {
  std::vector<std::uint32_t> slots = inherited_;
  slots.insert(slots.end(), ready_.begin(), ready_.end());
  for (const auto& [uid, keys] : unsettled_) {
    for (const Unsettled& key : keys) slots.push_back(key.id);
  }
  return slots;
}

namespace {

std::vector<std::uint32_t> ascending(std::vector<std::uint32_t> slots) {
  std::sort(slots.begin(), slots.end());
  slots.erase(std::unique(slots.begin(), slots.end()), slots.end());
  return slots;
}

// Until the new list is written, and if it cannot be, the disk has either.
std::vector<std::uint32_t> in_both(const std::vector<std::uint32_t>& a,
                                   const std::vector<std::uint32_t>& b) {
  std::vector<std::uint32_t> both;
  std::set_intersection(a.begin(), a.end(), b.begin(), b.end(), std::back_inserter(both));
  return both;
}

}  // namespace

Result<void> KeyVault::list_ahead() {
  {
    const std::lock_guard lock(mutex_);
    if (ready_.empty()) return {};  // nobody has asked for a key so far
  }
  return list_more(kListedAtOnce / 2);
}

Result<void> KeyVault::list_more(std::size_t least) {
  const std::lock_guard one_at_a_time(list_mutex_);
  std::vector<std::uint32_t> taken;
  std::vector<std::uint32_t> slots;
  {
    const std::lock_guard lock(mutex_);
    if (ready_.size() >= least) return {};
    auto candidates = take_candidates();
    if (!candidates) return Error(std::move(candidates.error()));
    taken = std::move(*candidates);
    slots = must_be_listed();
    slots.insert(slots.end(), taken.begin(), taken.end());
    slots = ascending(std::move(slots));
    listed_ = in_both(listed_, slots);
  }
  auto written = write_list(slots);
  const std::lock_guard lock(mutex_);
  if (!written) {
    free_.insert(free_.end(), taken.begin(), taken.end());
    return written;
  }
  ready_.insert(ready_.begin(), taken.rbegin(), taken.rend());
  listed_ = std::move(slots);
  return {};
}

Result<void> KeyVault::close_list() {
  const std::lock_guard one_at_a_time(list_mutex_);
  std::vector<std::uint32_t> slots;
  {
    const std::lock_guard lock(mutex_);
    free_.insert(free_.end(), ready_.rbegin(), ready_.rend());
    ready_.clear();
    slots = ascending(must_be_listed());
    if (slots == listed_ || inherits_all_) return {};
    listed_ = in_both(listed_, slots);
  }
  return write_list(slots);
}

void KeyVault::settle(std::span<const KeyOwner> keys) {
  const std::lock_guard lock(mutex_);
  for (const KeyOwner& key : keys) drop_unsettled(key);
}

void KeyVault::drop_unsettled(const KeyOwner& key) {
  const auto found = unsettled_.find(key.recording);
  if (found == unsettled_.end()) return;
  std::erase_if(found->second, [&](const Unsettled& other) { return other.id == key.id; });
  if (found->second.empty()) unsettled_.erase(found);
}

std::vector<KeyVault::Unsettled> KeyVault::unsettled_of(const Uid& recording) {
  const std::lock_guard lock(mutex_);
  const auto found = unsettled_.find(recording);
  return found == unsettled_.end() ? std::vector<Unsettled>() : found->second;
}

void KeyVault::for_each_used(const std::function<void(const KeySlot& slot, bool listed)>& sink) {
  for (std::uint32_t first = 0;; first += kInheritedAtOnce) {
    std::vector<std::pair<KeySlot, bool>> used;
    {
      const std::lock_guard lock(mutex_);  // given up in between: allocations go on
      if (first / kKeySlotsPerFile >= files_.size()) return;
      for (const auto& slot : read_slots(first, kInheritedAtOnce)) {
        if (!slot || slot->state != KeySlotState::kUsed) continue;
        const bool listed = std::binary_search(inherited_.begin(), inherited_.end(), slot->id);
        used.emplace_back(*slot, listed);
      }
    }
    for (const auto& [slot, listed] : used) sink(slot, listed);
  }
}

std::vector<KeySlot> KeyVault::next_inherited() {
  std::vector<KeySlot> used;
  while (used.empty()) {
    const std::lock_guard lock(mutex_);
    const std::size_t end = inherits_all_ ? files_.size() * kKeySlotsPerFile : inherited_.size();
    if (inherited_at_ >= end) break;
    const auto count =
        static_cast<std::uint32_t>(std::min<std::size_t>(kInheritedAtOnce, end - inherited_at_));
    if (inherits_all_) {
      for (const auto& slot : read_slots(static_cast<std::uint32_t>(inherited_at_), count)) {
        if (slot && slot->state == KeySlotState::kUsed) used.push_back(*slot);
      }
    } else {
      for (std::size_t at = inherited_at_; at < inherited_at_ + count; ++at) {
        const auto slot = read_slot(inherited_[at]);
        if (slot && slot->state == KeySlotState::kUsed) used.push_back(*slot);
      }
    }
    inherited_at_ += count;
  }
  return used;
}

Result<void> KeyVault::finish_inherited() {
  const std::lock_guard one_at_a_time(list_mutex_);
  {
    const std::lock_guard lock(mutex_);
    inherited_.clear();
    if (!std::exchange(inherits_all_, false)) return {};
  }
  return write_list({});
}

}  // namespace tapdeck::storage
