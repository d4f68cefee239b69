// The bytes of the ledger's files: file header, entries, and the leaf of each entry that Merkle
// trees are made of; with the keys and salts of its contents. Pure encoding and decoding, no files.
// Layout and its reasons: docs/formats/ledger.md.
//
// Threads: any; plain values.  Memory: none; views borrow.  Bad bytes: a verdict, never a header
// that looks whole.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

#include "base/bytes.h"
#include "model/ids.h"
#include "model/ledger_content.h"
#include "storage/crypto.h"
#include "storage/segment_format.h"

namespace tapdeck::storage {

constexpr std::size_t kLedgerFileHeaderBytes = 64;
constexpr std::size_t kLedgerEntryHeaderBytes = 128;
constexpr std::size_t kLedgerLeafBytes = 64;
constexpr std::size_t kLedgerAlignment = 8;
constexpr std::size_t kLedgerEntryBytesMax = kLedgerEntryHeaderBytes + kLedgerContentBytesMax;

using LedgerId = std::array<std::uint8_t, 16>;  // of one ledger, in all of its files
using LedgerFileHeaderBytes = std::array<std::uint8_t, kLedgerFileHeaderBytes>;
using LedgerLeaf = std::array<std::uint8_t, kLedgerLeafBytes>;

struct LedgerFileHeader {
  LedgerId id{};
  std::uint32_t number = 0;          // of the file, from 0
  std::uint64_t first_sequence = 0;  // of the entry behind this header
  std::int64_t created_us = 0;
};

// What was found where a header or an entry should be.
enum class LedgerByteVerdict : std::uint8_t {
  kGood = 0,
  kEnd,           // nothing more
  kNoEntry,       // its first bytes are of nothing that was written here
  kCut,           // it ends behind the bytes that are there
  kBadLength,     // its lengths contradict each other or the limits
  kBadChecksum,   // altered
  kNewer,         // whole, but with bits that this version does not know
  kOutOfSequence  // whole, but not the one that must follow
};

std::string_view ledger_byte_verdict_text(LedgerByteVerdict verdict);  // "its checksum is wrong"…

LedgerFileHeaderBytes encode_ledger_file_header(const LedgerFileHeader& header);
LedgerByteVerdict decode_ledger_file_header(ByteView bytes, LedgerFileHeader& header);

struct LedgerEntryHeader {
  std::uint64_t sequence = 0;
  std::uint64_t group = 0;  // sequence of the first entry that was written and synced with this one
  std::uint16_t type = 0;   // LedgerType, or one of a newer writer
  std::uint32_t content_bytes = 0;
  std::int64_t time_us = 0;
  Uid uid{};  // nil: about no call
  Hash commitment{};
  std::uint32_t key_id = kNoKey;  // slot of the call's key; kNoKey: the store's
  Nonce nonce{};
  Tag tag{};
};

// Header, content and zeros up to the alignment.
constexpr std::size_t ledger_entry_bytes(std::size_t content_bytes) {
  const std::size_t bytes = kLedgerEntryHeaderBytes + content_bytes;
  return (bytes + kLedgerAlignment - 1) / kLedgerAlignment * kLedgerAlignment;
}

// Writes the header, with zeros for tag and CRC: what the content is bound to.
void encode_ledger_entry_header(const LedgerEntryHeader& header,
                                std::span<std::uint8_t, kLedgerEntryHeaderBytes> to);
// Puts the tag in and the CRC over `entry`, header to padding.
void finish_ledger_entry(MutableByteView entry, const Tag& tag);

// `bytes`: from the entry's first to whatever there is.  Good: its first
// ledger_entry_bytes(header.content_bytes) are the entry.
LedgerByteVerdict decode_ledger_entry(ByteView bytes, LedgerEntryHeader& header);

// What RFC 6962 calls the leaf input, its 0x00 in front included.
LedgerLeaf encode_ledger_leaf(const LedgerEntryHeader& header);
Hash ledger_leaf_hash(Hasher& hasher, const LedgerEntryHeader& header);

// The store's key and salt for the entries of one file.
RecordingKey ledger_file_key(Hasher& hasher,
                             const MasterKey& master,
                             const LedgerId& id,
                             std::uint32_t file_number);

// The salt of one entry, made of that of its key; and what the entry says of its content.
Hash ledger_entry_salt(Hasher& hasher, const RecordingKey& key, std::uint64_t sequence);
Hash ledger_commitment(Hasher& hasher, const Hash& entry_salt, ByteView content);

}  // namespace tapdeck::storage
