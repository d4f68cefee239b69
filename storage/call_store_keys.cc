#include <algorithm>
#include <cstring>

#include "base/bytes.h"
#include "storage/call_store_internal.h"

namespace tapdeck::storage {
namespace {

constexpr std::uint64_t kSignBit = 1ULL << 63;
constexpr std::size_t kIndexTermBytesMax = 200;
constexpr std::string_view kOpenPrefix = "open/";
constexpr std::string_view kDisplacedPrefix = "uid/";
constexpr std::string_view kUserPrefix = "value/";
constexpr char kRowTag = 'r';
constexpr char kSegmentTag = 's';
constexpr char kDiscardTag = 'd';
constexpr char kClaimTag = 'k';
constexpr char kDestroyedTag = 'x';
constexpr std::size_t kRowKeyBytes = 1 + 16 + 1 + 16;
constexpr std::size_t kDiscardKeyBytes = 1 + 16 + 16;
constexpr std::size_t kClaimKeyBytes = 1 + 16 + 4;

std::string_view uid_view(const Uid& uid) {
  return {reinterpret_cast<const char*>(uid.bytes.data()), uid.bytes.size()};
}

std::string_view segment_view(const SegmentId& segment) {
  return {reinterpret_cast<const char*>(segment.data()), segment.size()};
}

int hex_value(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  return -1;
}

}  // namespace

CallKey make_call_key(std::int64_t time_us, const Uid& uid) {
  CallKey key = first_call_key(time_us);
  std::memcpy(key.data() + 8, uid.bytes.data(), uid.bytes.size());
  return key;
}

CallKey first_call_key(std::int64_t time_us) {
  CallKey key{};
  store_be(key.data(), static_cast<std::uint64_t>(time_us) ^ kSignBit);
  return key;
}

std::int64_t call_key_time_us(std::string_view key) {
  return static_cast<std::int64_t>(load_be<std::uint64_t>(key.data()) ^ kSignBit);
}

Uid call_key_uid(std::string_view key) {
  Uid uid;
  std::memcpy(uid.bytes.data(), key.data() + 8, uid.bytes.size());
  return uid;
}

std::string version_key(const CallKey& key, std::uint32_t version) {
  std::array<char, 4> suffix{};
  store_be(suffix.data(), version);
  std::string bytes(view(key));
  bytes.append(suffix.data(), suffix.size());
  return bytes;
}

std::string big_endian(std::uint64_t value) {
  std::array<char, 8> bytes{};
  store_be(bytes.data(), value);
  return {bytes.data(), bytes.size()};
}

std::string index_term(std::string_view text) {
  std::string term(text.substr(0, kIndexTermBytesMax));
  std::replace(term.begin(), term.end(), '\0', '\1');
  return term;
}

std::string index_key(std::string_view term, std::string_view call_key) {
  std::string key(term);
  key.push_back('\0');
  key.append(call_key);
  return key;
}

std::string open_key(const CallKey& key) { return std::string(kOpenPrefix).append(view(key)); }

std::string displaced_key(const Uid& uid) {
  return std::string(kDisplacedPrefix).append(uid_view(uid));
}

std::string gone_key(const Uid& uid) { return std::string(kGonePrefix).append(uid_view(uid)); }

std::optional<Uid> parse_displaced_key(std::string_view key) {
  if (key.size() != kDisplacedPrefix.size() + 16 || !key.starts_with(kDisplacedPrefix)) {
    return std::nullopt;
  }
  Uid uid;
  std::memcpy(uid.bytes.data(), key.data() + kDisplacedPrefix.size(), 16);
  return uid;
}

std::string user_key(std::string_view name) { return std::string(kUserPrefix).append(name); }

std::string row_prefix(const Uid& recording) {
  return std::string(1, kRowTag).append(uid_view(recording));
}

std::string segment_prefix(const SegmentId& segment) {
  return std::string(1, kSegmentTag).append(segment_view(segment));
}

std::string row_key(const ExtentRow& row) {
  std::string key = row_prefix(row.recording);
  key.push_back(static_cast<char>(row.kind));
  return key.append(segment_view(row.segment));
}

std::string row_by_segment_key(const ExtentRow& row) {
  std::string key = segment_prefix(row.segment).append(uid_view(row.recording));
  key.push_back(static_cast<char>(row.kind));
  return key;
}

std::string discard_prefix(const SegmentId& segment) {
  return std::string(1, kDiscardTag).append(segment_view(segment));
}

std::string discard_key(const ExtentRow& row) {
  return discard_prefix(row.segment).append(uid_view(row.recording));
}

std::string claim_prefix(const Uid& recording) {
  return std::string(1, kClaimTag).append(uid_view(recording));
}

std::string claim_key(const KeyClaim& claim) {
  std::array<char, 4> slot{};
  store_be(slot.data(), claim.slot);
  return claim_prefix(claim.recording).append(slot.data(), slot.size());
}

std::string destroyed_prefix(const Uid& recording) {
  return std::string(1, kDestroyedTag).append(uid_view(recording));
}

std::string destroyed_key(const Uid& recording, SegmentKind kind) {
  std::string key = destroyed_prefix(recording);
  key.push_back(static_cast<char>(kind));
  return key;
}

std::optional<SegmentKind> parse_kind(char value) {
  if (value == static_cast<char>(SegmentKind::kMedia)) return SegmentKind::kMedia;
  if (value == static_cast<char>(SegmentKind::kSip)) return SegmentKind::kSip;
  return std::nullopt;
}

std::optional<KeyClaim> parse_claim(std::string_view key, std::string_view value) {
  if (key.size() != kClaimKeyBytes || key[0] != kClaimTag || value.size() != 1) return std::nullopt;
  const std::optional<SegmentKind> kind = parse_kind(value[0]);
  if (!kind) return std::nullopt;
  KeyClaim claim;
  claim.kind = *kind;
  std::memcpy(claim.recording.bytes.data(), key.data() + 1, 16);
  claim.slot = load_be<std::uint32_t>(key.data() + 17);
  return claim;
}

std::optional<Uid> parse_discard_key(std::string_view key) {
  if (key.size() != kDiscardKeyBytes || key[0] != kDiscardTag) return std::nullopt;
  Uid recording;
  std::memcpy(recording.bytes.data(), key.data() + 17, 16);
  return recording;
}

std::optional<ExtentRow> parse_row_key(std::string_view key) {
  if (key.size() != kRowKeyBytes || key[0] != kRowTag) return std::nullopt;
  const std::optional<SegmentKind> kind = parse_kind(key[17]);
  if (!kind) return std::nullopt;
  ExtentRow row;
  row.kind = *kind;
  std::memcpy(row.recording.bytes.data(), key.data() + 1, 16);
  std::memcpy(row.segment.data(), key.data() + 18, 16);
  return row;
}

std::optional<ExtentRow> parse_row_by_segment_key(std::string_view key) {
  if (key.size() != kRowKeyBytes || key[0] != kSegmentTag) return std::nullopt;
  const std::optional<SegmentKind> kind = parse_kind(key[33]);
  if (!kind) return std::nullopt;
  ExtentRow row;
  row.kind = *kind;
  std::memcpy(row.segment.data(), key.data() + 1, 16);
  std::memcpy(row.recording.bytes.data(), key.data() + 17, 16);
  return row;
}

std::string successor(std::string_view prefix) {
  std::string next(prefix);
  while (!next.empty() && next.back() == '\xff') next.pop_back();
  if (!next.empty()) next.back() = static_cast<char>(static_cast<unsigned char>(next.back()) + 1);
  return next;
}

std::string encode_cursor(const CallKey& key) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  std::string text;
  for (const char c : key) {
    const auto byte = static_cast<unsigned char>(c);
    text.push_back(kDigits[byte >> 4]);
    text.push_back(kDigits[byte & 15]);
  }
  return text;
}

std::optional<CallKey> decode_cursor(std::string_view text) {
  CallKey key{};
  if (text.size() != key.size() * 2) return std::nullopt;
  for (std::size_t i = 0; i < key.size(); ++i) {
    const int high = hex_value(text[2 * i]);
    const int low = hex_value(text[2 * i + 1]);
    if (high < 0 || low < 0) return std::nullopt;
    key[i] = static_cast<char>(high * 16 + low);
  }
  return key;
}

Error undecodable_call(std::string_view call_key) {
  return make_error(ErrorCode::kCorrupt,
                    "The stored record of call " + to_string(call_key_uid(call_key)) +
                        " cannot be decoded; `store check` tells what else is wrong.");
}

rocksdb::Slice slice(std::string_view text) { return {text.data(), text.size()}; }

Result<void> translate_unless_ok(const rocksdb::Status& status, std::string_view what) {
  if (status.ok()) return {};
  return translate(status, what);
}

Error translate(const rocksdb::Status& status, std::string_view what) {
  ErrorCode code = ErrorCode::kIo;
  if (status.IsCorruption() || status.IsInvalidArgument()) code = ErrorCode::kCorrupt;
  if (status.IsNotFound()) code = ErrorCode::kNotFound;
  if (status.IsNoSpace()) code = ErrorCode::kResources;
  return make_error(code, std::string(what) + ": " + status.ToString());
}

}  // namespace tapdeck::storage
