// The journal: numbered, append-only files in STORE/ledger/ with every hold, release, erasure,
// expiry, pause, annotation, access… of the store, synced before it is acknowledged. No number or
// name is readable in them without keys. Format: docs/formats/ledger.md; who may write what:
// model/ledger_content.h.
//
// Threads: append() and close() by one thread at a time; replay(), next_sequence() and figures() by
// any, beside an append: they see what was acknowledged when they began.  Memory: the last group,
// at most kLedgerGroupBytesMax, and eight bytes a file; each replay a window of 256 KiB. Failing: a
// write or sync that fails leaves the state of the disk unknown, also where a second sync would
// succeed; from then on every call gives that error until the ledger is opened anew, and nothing of
// that group was acknowledged.  What is refused for its words (kInvalidArgument, kNotFound) changes
// nothing.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/result.h"
#include "model/ledger_content.h"
#include "storage/files.h"
#include "storage/ledger_seal.h"

namespace tapdeck::storage {

constexpr std::uint64_t kLedgerGroupBytesMax = 16ULL << 20;  // of one append()

struct LedgerOptions {
  MasterKey master;
  KeyVault* keys = nullptr;                    // not owned; outlives the ledger
  std::uint64_t file_bytes_max = 64ULL << 20;  // a larger group still makes one file
};

struct LedgerEntry {
  Uid uid{};  // the call it is about; nil: none
  std::int64_t time_us = 0;
  // Slot of the call's key for SIP and details where goes_with_call() and there is a uid; that slot
  // must be durable already.  kNoKey, and only then, in all other entries: the store's key.
  std::uint32_t key_id = kNoKey;
  LedgerContent content;
};

// What replay() hands out; `content` is borrowed for the call.
struct LedgerRecord {
  LedgerEntryHeader header;
  LedgerContentState state = LedgerContentState::kReadable;
  ByteView content;  // as encoded; empty unless readable
  std::uint32_t file_number = 0;
  std::uint64_t offset = 0;  // of the entry in its file
};

// False ends the replay without an error.
using LedgerVisitor = std::function<Result<bool>(const LedgerRecord& record)>;

struct LedgerFigures {
  std::uint64_t entries = 0;
  std::uint64_t files = 0;
  std::uint64_t groups = 0;              // appended since it was opened
  std::uint64_t torn_bytes_dropped = 0;  // cut off when it was opened: never acknowledged
};

class Ledger {
 public:
  // Makes `directory` and the first file where there is none.  The last file alone is read, and
  // repaired where a crash cut its last group short.  kCorrupt names file and offset of damage that
  // is no torn tail; kUnsupported: a newer version wrote it.
  static Result<std::unique_ptr<Ledger>> open(std::string directory, const LedgerOptions& options);
  ~Ledger();  // close(), whose error is logged
  Ledger(const Ledger&) = delete;
  Ledger& operator=(const Ledger&) = delete;

  // All of them or none, in this order, durable when it returns; the sequence number of the first.
  // Room for the next ones is taken ahead: a disk that is full does not prevent them.
  // kInvalidArgument: a content that readers would refuse, a key that does not fit, no entry or too
  // many bytes; kNotFound: the call's key is gone.
  Result<std::uint64_t> append(std::span<const LedgerEntry> entries);

  // Every acknowledged entry from `from_sequence` on, in order, proven by checksum and sequence.
  // Damage is kCorrupt with file and offset, after everything before it.
  Result<void> replay(std::uint64_t from_sequence, const LedgerVisitor& visitor) const;

  // Marks the last file as complete, so that no damage of it passes for a torn tail.  Nothing can
  // be appended afterwards.
  Result<void> close();

  [[nodiscard]] std::uint64_t next_sequence() const;
  [[nodiscard]] LedgerFigures figures() const;

  // "DIRECTORY/00000000.ledger:4096", as errors name it.
  [[nodiscard]] std::string place_of(const LedgerRecord& record) const;

 private:
  struct Part;  // of the ledger: what a replay walks of one file

  Ledger(std::string directory, const LedgerOptions& options);
  Result<void> start();
  Result<std::uint32_t> count_files() const;
  Result<LedgerFileHeader> read_header(int file, std::uint32_t number) const;
  Result<void> read_headers(std::uint32_t count);
  Result<void> recover_last();
  Result<void> repair(std::uint64_t group_position, std::uint64_t end, std::uint64_t torn_bytes);
  Result<void> make_file(std::uint32_t number, std::uint64_t first_sequence);
  Result<void> open_last();
  [[nodiscard]] std::string path_of(std::uint32_t number) const;

  Result<std::uint64_t> encode(std::span<const LedgerEntry> entries);
  Result<void> roll(std::uint64_t group_bytes);
  void make_room();
  Result<void> complete();
  void seal(std::span<const LedgerEntry> entries);
  Result<void> write_group();
  Error fail(Error error);
  Result<bool> replay_part(const Part& part,
                           LedgerSealer& sealer,
                           const LedgerVisitor& visitor) const;

  const std::string directory_;
  const MasterKey master_;
  KeyVault& keys_;
  const std::uint64_t file_bytes_max_;

  // The appender's.
  LedgerId id_{};
  std::unique_ptr<LedgerSealer> sealer_;
  Descriptor file_;                    // the last
  std::uint64_t room_until_ = 0;       // of it is allocated
  std::vector<std::string> contents_;  // of the group, as are these
  std::vector<RecordingKey> group_keys_;
  std::vector<std::uint8_t> group_;

  mutable std::mutex mutex_;                    // over what follows; never held over a write
  std::vector<std::uint64_t> first_sequences_;  // by file number
  std::uint64_t next_sequence_ = 0;             // of what is acknowledged, as is
  std::uint64_t end_ = 0;                       // the end of it in the last file
  std::optional<Error> failure_;
  LedgerFigures figures_;
};

// "PATH:OFFSET: the ledger is damaged…", as an error.
Error ledger_damage(const std::string& path, std::uint64_t offset, LedgerByteVerdict verdict);

}  // namespace tapdeck::storage
