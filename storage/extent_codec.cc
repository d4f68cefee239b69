#include "storage/extent_codec.h"

#include <algorithm>
#include <cstring>
#include <utility>

#include <zstd.h>

#include "base/assert.h"

namespace tapdeck::storage {

void ExtentCodec::seal(ExtentHeader& header,
                       const RecordingKey& key,
                       std::span<const ByteView> plaintext,
                       std::uint8_t* to) {
  header.nonce = nonces_.next();
  header.tag = {};
  header.crc = 0;
  const ExtentHeaderBytes associated = extent_associated_bytes(header);
  std::uint8_t* body = to + kExtentHeaderBytes;
  aead_.seal({.key = key.key, .nonce = header.nonce, .associated = associated},
             plaintext,
             body,
             header.tag);
  const std::size_t used = kExtentHeaderBytes + header.plaintext_bytes;
  TD_ASSERT(used <= header.stored_bytes);
  std::memset(to + used, 0, header.stored_bytes - used);
  header.crc = extent_crc(header, {body, header.plaintext_bytes});
  const ExtentHeaderBytes bytes = encode_extent_header(header);
  std::memcpy(to, bytes.data(), bytes.size());
}

bool ExtentCodec::open(const ExtentHeader& header,
                       const RecordingKey& key,
                       ByteView extent,
                       std::vector<std::uint8_t>& plaintext) {
  TD_ASSERT(extent.size() >= kExtentHeaderBytes + header.plaintext_bytes);
  plaintext.resize(header.plaintext_bytes);
  const ExtentHeaderBytes associated = extent_associated_bytes(header);
  return aead_.open({.key = key.key, .nonce = header.nonce, .associated = associated},
                    extent.subspan(kExtentHeaderBytes, header.plaintext_bytes),
                    header.tag,
                    plaintext.data());
}

Hash ExtentCodec::leaf(const RecordingKey& key, std::span<const ByteView> plaintext) {
  return hasher_.leaf(key.salt, plaintext);
}

std::string recording_digest(Hasher& hasher, std::vector<ExtentEntry> media) {
  if (media.empty()) return {};
  std::sort(media.begin(), media.end(), [](const ExtentEntry& a, const ExtentEntry& b) {
    return std::pair(a.stream, a.sequence) < std::pair(b.stream, b.sequence);
  });
  std::vector<Hash> leaves;
  leaves.reserve(media.size());
  for (const ExtentEntry& entry : media) leaves.push_back(entry.leaf);
  return to_hex(hasher.merkle_root(leaves));
}

struct MessageCompressor::State {
  ZSTD_CCtx* compress = ZSTD_createCCtx();
  ZSTD_DCtx* decompress = ZSTD_createDCtx();
  std::vector<std::uint8_t> buffer;

  State() { TD_ASSERT(compress != nullptr && decompress != nullptr); }

  State(const State&) = delete;
  State& operator=(const State&) = delete;

  ~State() {
    ZSTD_freeCCtx(compress);
    ZSTD_freeDCtx(decompress);
  }
};

MessageCompressor::MessageCompressor() : state_(std::make_unique<State>()) {}

MessageCompressor::~MessageCompressor() = default;

ByteView MessageCompressor::compress(std::string_view raw) {
  constexpr int kLevel = 3;  // SIP shrinks about fivefold; higher levels gain little
  std::vector<std::uint8_t>& buffer = state_->buffer;
  if (buffer.size() < ZSTD_compressBound(raw.size())) buffer.resize(ZSTD_compressBound(raw.size()));
  const std::size_t size = ZSTD_compressCCtx(
      state_->compress, buffer.data(), buffer.size(), raw.data(), raw.size(), kLevel);
  TD_ASSERT(ZSTD_isError(size) == 0);
  return {buffer.data(), size};
}

bool MessageCompressor::decompress(ByteView compressed, std::size_t raw_bytes, std::string& raw) {
  raw.resize(raw_bytes);
  const std::size_t size = ZSTD_decompressDCtx(
      state_->decompress, raw.data(), raw.size(), compressed.data(), compressed.size());
  return ZSTD_isError(size) == 0 && size == raw_bytes;
}

}  // namespace tapdeck::storage
