// Turns plaintext into an extent and back: leaf hash, AES-256-GCM, CRC, padding; and message
// extents' zstd. Layout: docs/formats/segment.md.
//
// Threads: one caller at a time per object.  Memory: cipher, hash and zstd contexts at
// construction, buffers of the caller.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "storage/crypto.h"
#include "storage/segment_format.h"

namespace tapdeck::storage {

class ExtentCodec {
 public:
  // Writes a whole extent of header.stored_bytes to `to`: sets nonce, tag and CRC of `header`,
  // which has everything else.
  void seal(ExtentHeader& header,
            const RecordingKey& key,
            std::span<const ByteView> plaintext,
            std::uint8_t* to);

  // Decrypts the extent whose decoded and intact header this is into `plaintext`, sized to it.
  // False: not what was encrypted under `key`.
  [[nodiscard]] bool open(const ExtentHeader& header,
                          const RecordingKey& key,
                          ByteView extent,
                          std::vector<std::uint8_t>& plaintext);

  Hash leaf(const RecordingKey& key, std::span<const ByteView> plaintext);

  Hasher& hasher() { return hasher_; }

 private:
  Aead aead_;
  Hasher hasher_;
  NonceSource nonces_;
};

// The digest of a recording: the Merkle root over the leaves of its media extents, each once, in
// the order of the (stream, sequence) of its first section; empty without media.
std::string recording_digest(Hasher& hasher, std::vector<ExtentEntry> media);

// zstd over message records, and over call records.
class MessageCompressor {
 public:
  MessageCompressor();
  ~MessageCompressor();
  MessageCompressor(const MessageCompressor&) = delete;
  MessageCompressor& operator=(const MessageCompressor&) = delete;

  // Borrowed until the next call.
  ByteView compress(std::string_view raw);
  // Fails when the result would not be exactly `raw_bytes` long.
  [[nodiscard]] bool decompress(ByteView compressed, std::size_t raw_bytes, std::string& raw);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace tapdeck::storage
