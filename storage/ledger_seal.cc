#include "storage/ledger_seal.h"

#include <array>
#include <cstring>

#include "base/assert.h"

namespace tapdeck::storage {

void LedgerSealer::set_file(std::uint32_t number) {
  file_key_ = ledger_file_key(hasher_, master_, id_, number);
}

Result<RecordingKey> LedgerSealer::key_of(const LedgerEntryHeader& header) {
  if (header.key_id == kNoKey) return file_key_;
  return keys_.read(header.key_id, header.uid);
}

void LedgerSealer::seal(const RecordingKey& key,
                        LedgerEntryHeader header,
                        std::string_view content,
                        std::vector<std::uint8_t>& to) {
  TD_ASSERT(content.size() <= kLedgerContentBytesMax);
  Hash salt = ledger_entry_salt(hasher_, key, header.sequence);
  header.content_bytes = static_cast<std::uint32_t>(content.size());
  header.commitment = ledger_commitment(hasher_, salt, as_bytes(content));
  header.nonce = nonces_.next();
  secure_zero(salt);
  const std::size_t at = to.size();
  to.resize(at + ledger_entry_bytes(content.size()));
  const MutableByteView entry(to.data() + at, to.size() - at);
  const auto head = entry.first<kLedgerEntryHeaderBytes>();
  encode_ledger_entry_header(header, head);
  const ByteView piece = as_bytes(content);
  Tag tag;
  aead_.seal({.key = key.key, .nonce = header.nonce, .associated = head},
             {&piece, 1},
             entry.data() + kLedgerEntryHeaderBytes,
             tag);
  finish_ledger_entry(entry, tag);
}

Result<LedgerContentState> LedgerSealer::open(const LedgerEntryHeader& header,
                                              ByteView entry,
                                              std::vector<std::uint8_t>& content) {
  content.clear();
  const bool of_store = header.key_id == kNoKey;
  const Result<RecordingKey> key = key_of(header);
  if (!key) {
    if (key.error().code == ErrorCode::kNotFound) return LedgerContentState::kKeyGone;
    // A damaged slot is the key store's fault to name, and the end of what was under it.
    if (key.error().code == ErrorCode::kCorrupt) return LedgerContentState::kDoesNotOpen;
    return Error(key.error());
  }
  std::array<std::uint8_t, kLedgerEntryHeaderBytes> head{};
  encode_ledger_entry_header(header, head);
  content.resize(header.content_bytes);
  const bool opened = aead_.open({.key = key->key, .nonce = header.nonce, .associated = head},
                                 entry.subspan(kLedgerEntryHeaderBytes, header.content_bytes),
                                 header.tag,
                                 content.data());
  if (!opened) {
    content.clear();
    return of_store ? LedgerContentState::kStoreDamaged : LedgerContentState::kDoesNotOpen;
  }
  Hash salt = ledger_entry_salt(hasher_, *key, header.sequence);
  const bool committed = ledger_commitment(hasher_, salt, content) == header.commitment;
  secure_zero(salt);
  if (committed) return LedgerContentState::kReadable;
  content.clear();
  return LedgerContentState::kNotCommitted;
}

}  // namespace tapdeck::storage
