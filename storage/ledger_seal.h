// Entries of the ledger with their contents: sealed under the call's key or the store's, opened
// again. Formats: docs/formats/ledger.md.
//
// Threads: one caller at a time per object; KeyVault's own rules for what it asks of that.  Memory:
// contexts of the ciphers and one file's key; the caller's buffers grow by an entry.  Failing: what
// the vault says of a key that is to be used; content that does not open is a state, not an error.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "storage/keys.h"
#include "storage/ledger_format.h"

namespace tapdeck::storage {

enum class LedgerContentState : std::uint8_t {
  kReadable,
  kKeyGone,      // the call's key was destroyed: erased or expired, on purpose
  kDoesNotOpen,  // under the call's key: the slot has another one by now, or the content is damaged
  kStoreDamaged,  // under the store's key: damaged, or another store's master key
  kNotCommitted   // it opens, but is not what the leaf commits to: never written by tapdeck
};

class LedgerSealer {
 public:
  LedgerSealer(const MasterKey& master, const LedgerId& id, KeyVault& keys)
      : master_(master), id_(id), keys_(keys) {}

  LedgerSealer(const LedgerSealer&) = delete;
  LedgerSealer& operator=(const LedgerSealer&) = delete;

  // Before entries of another file.
  void set_file(std::uint32_t number);

  [[nodiscard]] const RecordingKey& file_key() const { return file_key_; }

  // The key that `header` names; kNotFound when it was destroyed.
  Result<RecordingKey> key_of(const LedgerEntryHeader& header);

  // Puts the entry behind what `to` has: fills in commitment, length, nonce and tag.
  void seal(const RecordingKey& key,
            LedgerEntryHeader header,
            std::string_view content,
            std::vector<std::uint8_t>& to);

  // Opens `entry` (whole, as decoded to `header`) to `content`, which is empty unless readable.
  // An error is of the disk, not of the content.
  Result<LedgerContentState> open(const LedgerEntryHeader& header,
                                  ByteView entry,
                                  std::vector<std::uint8_t>& content);

  Hasher& hasher() { return hasher_; }

 private:
  const MasterKey master_;
  const LedgerId id_;
  KeyVault& keys_;
  RecordingKey file_key_;
  Aead aead_;
  Hasher hasher_;
  NonceSource nonces_;
};

}  // namespace tapdeck::storage
