#include "storage/ledger_format.h"

#include <algorithm>
#include <cstring>

#include "base/assert.h"
#include "storage/crc32c.h"

namespace tapdeck::storage {
namespace {

constexpr std::string_view kFileMagic = "TDLEDGR1";
constexpr std::uint32_t kFileVersion = 1;
constexpr std::uint32_t kEntryMagic = 0x3145'4c54U;  // "TLE1"
constexpr std::uint8_t kLeafPrefix = 0;              // RFC 6962, section 2.1
constexpr std::uint8_t kLeafVersion = 1;

constexpr std::size_t kEntryTagAt = 104;
constexpr std::size_t kEntryCrcAt = 124;
constexpr std::size_t kFileCrcAt = 60;

std::uint32_t entry_crc(ByteView entry) {
  constexpr std::array<std::uint8_t, 4> kZero{};
  const std::uint32_t head = crc32c(entry.first(kEntryCrcAt));
  return crc32c(entry.subspan(kEntryCrcAt + 4), crc32c(kZero, head));
}

bool all_zero(ByteView bytes) {
  return std::all_of(bytes.begin(), bytes.end(), [](std::uint8_t byte) { return byte == 0; });
}

template <typename To>
void load_array(To& to, const std::uint8_t* from) {
  std::memcpy(to.data(), from, to.size());
}

template <typename From>
void store_array(std::uint8_t* to, const From& from) {
  std::memcpy(to, from.data(), from.size());
}

}  // namespace

std::string_view ledger_byte_verdict_text(LedgerByteVerdict verdict) {
  switch (verdict) {
    case LedgerByteVerdict::kGood: return "it is good";
    case LedgerByteVerdict::kEnd: return "there is nothing more";
    case LedgerByteVerdict::kNoEntry: return "it does not begin as it must";
    case LedgerByteVerdict::kCut: return "it is cut off";
    case LedgerByteVerdict::kBadLength: return "its lengths are wrong";
    case LedgerByteVerdict::kBadChecksum: return "its checksum is wrong";
    case LedgerByteVerdict::kNewer: return "a newer version of tapdeck wrote it";
    case LedgerByteVerdict::kOutOfSequence: return "it is not the one that must follow";
  }
  return "";
}

LedgerFileHeaderBytes encode_ledger_file_header(const LedgerFileHeader& header) {
  LedgerFileHeaderBytes bytes{};
  std::uint8_t* at = bytes.data();
  store_array(at, kFileMagic);
  store_le(at + 8, kFileVersion);
  store_le(at + 12, header.number);
  store_array(at + 16, header.id);
  store_le(at + 32, header.first_sequence);
  store_le(at + 40, static_cast<std::uint64_t>(header.created_us));
  store_le(at + kFileCrcAt, crc32c({at, kFileCrcAt}));
  return bytes;
}

LedgerByteVerdict decode_ledger_file_header(ByteView bytes, LedgerFileHeader& header) {
  if (bytes.size() < kLedgerFileHeaderBytes) return LedgerByteVerdict::kCut;
  const std::uint8_t* at = bytes.data();
  if (as_text(bytes.first(kFileMagic.size())) != kFileMagic) return LedgerByteVerdict::kNoEntry;
  if (load_le<std::uint32_t>(at + kFileCrcAt) != crc32c({at, kFileCrcAt})) {
    return LedgerByteVerdict::kBadChecksum;
  }
  if (load_le<std::uint32_t>(at + 8) != kFileVersion || !all_zero({at + 48, kFileCrcAt - 48})) {
    return LedgerByteVerdict::kNewer;
  }
  header.number = load_le<std::uint32_t>(at + 12);
  load_array(header.id, at + 16);
  header.first_sequence = load_le<std::uint64_t>(at + 32);
  header.created_us = static_cast<std::int64_t>(load_le<std::uint64_t>(at + 40));
  return LedgerByteVerdict::kGood;
}

void encode_ledger_entry_header(const LedgerEntryHeader& header,
                                std::span<std::uint8_t, kLedgerEntryHeaderBytes> to) {
  TD_ASSERT(header.content_bytes <= kLedgerContentBytesMax && header.group <= header.sequence);
  std::uint8_t* at = to.data();
  std::memset(at, 0, to.size());
  store_le(at, kEntryMagic);
  store_le(at + 4, static_cast<std::uint32_t>(ledger_entry_bytes(header.content_bytes)));
  store_le(at + 8, header.sequence);
  store_le(at + 16, header.group);
  store_le(at + 24, header.type);
  store_le(at + 28, header.content_bytes);
  store_le(at + 32, static_cast<std::uint64_t>(header.time_us));
  store_array(at + 40, header.uid.bytes);
  store_array(at + 56, header.commitment);
  store_le(at + 88, header.key_id);
  store_array(at + 92, header.nonce);
}

void finish_ledger_entry(MutableByteView entry, const Tag& tag) {
  store_array(entry.data() + kEntryTagAt, tag);
  store_le(entry.data() + kEntryCrcAt, entry_crc(entry));
}

LedgerByteVerdict decode_ledger_entry(ByteView bytes, LedgerEntryHeader& header) {
  if (bytes.empty()) return LedgerByteVerdict::kEnd;
  const std::uint8_t* at = bytes.data();
  if (bytes.size() < sizeof kEntryMagic) return LedgerByteVerdict::kCut;
  if (load_le<std::uint32_t>(at) != kEntryMagic) return LedgerByteVerdict::kNoEntry;
  if (bytes.size() < kLedgerEntryHeaderBytes) return LedgerByteVerdict::kCut;
  const std::uint32_t stored_bytes = load_le<std::uint32_t>(at + 4);
  const std::uint32_t content_bytes = load_le<std::uint32_t>(at + 28);
  if (content_bytes > kLedgerContentBytesMax || stored_bytes != ledger_entry_bytes(content_bytes)) {
    return LedgerByteVerdict::kBadLength;
  }
  if (bytes.size() < stored_bytes) return LedgerByteVerdict::kCut;
  if (load_le<std::uint32_t>(at + kEntryCrcAt) != entry_crc(bytes.first(stored_bytes))) {
    return LedgerByteVerdict::kBadChecksum;
  }
  const std::size_t end = kLedgerEntryHeaderBytes + content_bytes;
  if (!all_zero({at + 26, 2}) || !all_zero({at + 120, 4}) ||
      !all_zero(bytes.subspan(end, stored_bytes - end))) {
    return LedgerByteVerdict::kNewer;
  }
  header.sequence = load_le<std::uint64_t>(at + 8);
  header.group = load_le<std::uint64_t>(at + 16);
  header.type = load_le<std::uint16_t>(at + 24);
  header.content_bytes = content_bytes;
  header.time_us = static_cast<std::int64_t>(load_le<std::uint64_t>(at + 32));
  load_array(header.uid.bytes, at + 40);
  load_array(header.commitment, at + 56);
  header.key_id = load_le<std::uint32_t>(at + 88);
  load_array(header.nonce, at + 92);
  load_array(header.tag, at + kEntryTagAt);
  return LedgerByteVerdict::kGood;
}

LedgerLeaf encode_ledger_leaf(const LedgerEntryHeader& header) {
  LedgerLeaf leaf{};
  leaf[0] = kLeafPrefix;
  leaf[1] = kLeafVersion;
  store_le(leaf.data() + 2, header.type);
  store_le(leaf.data() + 8, static_cast<std::uint64_t>(header.time_us));
  store_array(leaf.data() + 16, header.uid.bytes);
  store_array(leaf.data() + 32, header.commitment);
  return leaf;
}

Hash ledger_leaf_hash(Hasher& hasher, const LedgerEntryHeader& header) {
  const LedgerLeaf leaf = encode_ledger_leaf(header);
  const ByteView bytes(leaf);
  return hasher.sha256({&bytes, 1});
}

RecordingKey ledger_file_key(Hasher& hasher,
                             const MasterKey& master,
                             const LedgerId& id,
                             std::uint32_t file_number) {
  std::array<std::uint8_t, 4> number{};
  store_le(number.data(), file_number);
  const ByteView key[] = {as_bytes("tapdeck.lkey.1"), master.bytes, id, number};
  const ByteView salt[] = {as_bytes("tapdeck.lslt.1"), master.bytes, id, number};
  RecordingKey made;
  made.key = hasher.sha256(key);
  made.salt = hasher.sha256(salt);
  return made;
}

Hash ledger_entry_salt(Hasher& hasher, const RecordingKey& key, std::uint64_t sequence) {
  std::array<std::uint8_t, 8> number{};
  store_le(number.data(), sequence);
  const ByteView pieces[] = {as_bytes("tapdeck.salt.1"), key.salt, number};
  return hasher.sha256(pieces);
}

Hash ledger_commitment(Hasher& hasher, const Hash& entry_salt, ByteView content) {
  const ByteView pieces[] = {entry_salt, content};
  return hasher.sha256(pieces);
}

}  // namespace tapdeck::storage
