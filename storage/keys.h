// The store's keys: a master key file, and fixed slots in DIRECTORY/*.keys that hold the wrapped
// key and salt of one recording's media or SIP. Destroying a key overwrites its slot in place;
// after that nothing encrypted under it can be read. Layout: docs/formats/keys.md.
//
// Slots are read when they are needed, so that opening does not take longer with more keys. A slot
// is given out only when keys/unsettled.list names it on the disk, and stays in that list until a
// durable row names it (settle()): what a crash leaves without a row is found in the list.
//
// Threads: any; a mutex guards the slots, held over a slot's read or write.  Memory: four bytes per
// slot known to be free, about 100 for each key that no row names yet. Failing: a new slot file
// that cannot be made gives kIo or kResources from allocate().  After a failed sync all of that
// file is written again before a later sync of it is believed.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "base/result.h"
#include "model/ids.h"
#include "storage/crypto.h"
#include "storage/files.h"
#include "storage/segment_format.h"

namespace tapdeck::storage {

constexpr std::size_t kKeySlotBytes = 256;
constexpr std::uint32_t kKeySlotsPerFile = 65'536;  // 16 MiB
constexpr std::uint32_t kKeyUsers = 3;  // the store's writer, an import's, and details_key()

enum class KeySlotState : std::uint8_t { kFree = 0, kUsed = 1, kDestroyed = 2 };

struct KeySlot {
  KeySlotState state = KeySlotState::kFree;
  SegmentKind kind = SegmentKind::kMedia;
  std::uint32_t id = 0;
  Uid recording{};
  std::int64_t created_us = 0;
  WrappedKey wrapped{};
};

using KeySlotBytes = std::array<std::uint8_t, kKeySlotBytes>;
KeySlotBytes encode_key_slot(const KeySlot& slot);
// All zero bytes are a free slot; nullopt: neither that nor a whole slot with this id.
std::optional<KeySlot> decode_key_slot(std::uint32_t id, ByteView bytes);

// keys/unsettled.list: slots in ascending order, each once.  nullopt: damaged.
std::vector<std::uint8_t> encode_key_list(std::span<const std::uint32_t> slots);
std::optional<std::vector<std::uint32_t>> decode_key_list(ByteView bytes);

// Reads the 32 bytes of `path`; with `create`, makes it first when it is missing, mode 0600.
// kPermission unless it is ours with mode 0600 or 0400; kCorrupt for another length.
enum class MissingMasterKey : std::uint8_t { kRefuse, kCreate };
Result<MasterKey> load_master_key(const std::string& path, MissingMasterKey missing);

struct KeyFigures {
  std::uint64_t slots = 0;      // that were ever used
  std::uint64_t allocated = 0;  // since the store was opened, as those below
  std::uint64_t destroyed = 0;
  std::uint64_t bad = 0;  // neither free nor whole, met when a free one was looked for
};

// A slot, and the recording whose key is meant: by now the slot may be another's.
struct KeyOwner {
  std::uint32_t id = kNoKey;
  Uid recording{};

  bool operator==(const KeyOwner&) const = default;
};

struct AllocatedKey {
  std::uint32_t id = kNoKey;
  RecordingKey key;
};

class KeyVault {
 public:
  // kPermission when a slot in use does not open under `master`: another store's master key.
  static Result<std::unique_ptr<KeyVault>> open(std::string directory, const MasterKey& master);
  ~KeyVault();
  KeyVault(const KeyVault&) = delete;
  KeyVault& operator=(const KeyVault&) = delete;

  // Writes a new random key into a free slot.  It is durable only once the files of
  // take_unsynced_files() have been synced.  Waits for the disk when the list has to be written.
  Result<AllocatedKey> allocate(const Uid& recording, SegmentKind kind);

  // Now and then, on a thread that may wait: writes the list before allocate() has to.
  Result<void> list_ahead();
  // Nothing will be allocated for a while: the list names no more than it must.
  Result<void> close_list();

  // Durable rows name these slots.
  void settle(std::span<const KeyOwner> keys);

  // Slots that `recording` was given in this life and that no row names.
  struct Unsettled {
    std::uint32_t id = kNoKey;
    SegmentKind kind = SegmentKind::kMedia;
  };

  std::vector<Unsettled> unsettled_of(const Uid& recording);
  // Every slot in use, where nothing else can tell; `listed`: an earlier life left it in the list.
  void for_each_used(const std::function<void(const KeySlot& slot, bool listed)>& sink);

  // Before the first allocate(): the slots in use that an earlier life left in the list (all of the
  // store's, when that is not there), a few at a time; empty: all.  At the end finish_inherited().
  std::vector<KeySlot> next_inherited();
  Result<void> finish_inherited();

  // Descriptors (the vault's) of slot files written since the last call of this user: to be
  // fdatasynced before anything under those keys is called durable.  Each user (0 to kKeyUsers - 1)
  // syncs for itself: it cannot see when another's sync is done.  kIo: what an earlier sync failed
  // to write cannot be written again.
  Result<std::vector<int>> take_unsynced_files(std::uint32_t user = 0);
  // A sync of these failed: they are unsynced again.
  void mark_unsynced(int file);

  // kNotFound: destroyed, free, or another recording's by now.
  Result<RecordingKey> read(std::uint32_t id, const Uid& recording);

  // Overwrites the slots that are still these recordings', and damaged ones, and syncs each file
  // that was touched once; durable when it returns, and only then free for reuse.  What is gone
  // already, in an earlier life for all that is known here, is written and synced all the same
  // before this says so.  An error: any of them may still be on the disk; to be asked again.
  Result<void> destroy_many(std::span<const KeyOwner> keys);

  Result<void> destroy(std::uint32_t id, const Uid& recording) {
    const KeyOwner key{id, recording};
    return destroy_many({&key, 1});
  }

  // Slots that cannot be read, as "file:offset" with a reason; for check().
  std::vector<std::pair<std::string, std::string>> faults();

  KeyFigures figures();

 private:
  struct File {
    Descriptor descriptor;
    std::string path;
    std::uint32_t unsynced = 0;  // a bit for each user that has yet to sync
    bool doubtful = false;  // a sync failed: pages may count as written that are not on the disk
  };

  KeyVault(std::string directory, const MasterKey& master);
  Result<void> load();
  Result<void> open_file(std::uint32_t index);
  Result<void> add_file();
  Result<void> prove_master();
  [[nodiscard]] std::uint32_t count_slots() const;
  std::vector<std::optional<KeySlot>> read_slots(std::uint32_t first, std::uint32_t count) const;
  void look_for_destroyed();
  Result<void> load_list();
  Result<AllocatedKey> make_key(std::uint32_t id, const Uid& recording, SegmentKind kind);
  std::optional<std::uint32_t> take_listed();
  Result<std::vector<std::uint32_t>> take_candidates();
  Result<void> list_more(std::size_t least);
  Result<void> write_list(const std::vector<std::uint32_t>& slots);
  [[nodiscard]] std::vector<std::uint32_t> must_be_listed() const;
  void drop_unsettled(const KeyOwner& key);
  Result<void> read_bytes(std::uint32_t id, KeySlotBytes& bytes) const;
  Result<KeySlot> read_slot(std::uint32_t id) const;
  Result<void> destroy_in(File& file, std::span<const KeyOwner> keys);
  Result<void> overwrite(File& file, std::span<const KeyOwner> keys);
  static Result<void> sync(File& file);
  static Result<void> write_again(File& file);
  static void doubt(File& file);
  Result<void> write_slot(std::uint32_t id, const KeySlotBytes& bytes);
  bool unwrap(const KeySlot& slot, RecordingKey& key);
  std::string_view fault_of(const std::optional<KeySlot>& slot);

  std::mutex mutex_;
  const std::string directory_;
  const MasterKey master_;
  Aead aead_;
  std::vector<std::unique_ptr<File>> files_;
  std::vector<std::uint32_t> free_;                   // candidates; read again before they are used
  std::uint32_t fresh_ = 0;                           // likely never used, as all behind it
  std::uint32_t looked_at_ = 0;                       // for destroyed slots; up to
  std::uint32_t look_until_ = 0;                      // this
  std::unordered_set<std::uint32_t> unacknowledged_;  // overwritten, but not known to be synced
  std::vector<std::uint32_t> ready_;   // candidates that the list names; the next one last
  std::vector<std::uint32_t> listed_;  // what the list on the disk surely names, ascending
  std::unordered_map<Uid, std::vector<Unsettled>, UidHash> unsettled_;
  std::vector<std::uint32_t> inherited_;  // listed by an earlier life
  bool inherits_all_ = false;             // there was no list
  std::size_t inherited_at_ = 0;          // how many next_inherited() has seen
  std::mutex list_mutex_;                 // held over writing the list, before mutex_
  KeyFigures figures_;
};

}  // namespace tapdeck::storage
