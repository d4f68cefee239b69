// All cryptography of the store: AES-256-GCM for extents and key slots, SHA-256 and RFC 6962 Merkle
// roots for digests, Ed25519 for signatures, random bytes. The only file pair that knows OpenSSL
// and IPsec-MB.
//
// Threads: Aead and Hasher are one caller at a time per object; free functions any thread.  Memory:
// contexts are allocated by the constructor and reused. Failing: a library call that cannot fail
// with valid arguments is asserted; open() of altered bytes gives false.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"

namespace tapdeck::storage {

constexpr std::size_t kKeyBytes = 32;
constexpr std::size_t kSaltBytes = 32;
constexpr std::size_t kNonceBytes = 12;
constexpr std::size_t kTagBytes = 16;
constexpr std::size_t kHashBytes = 32;
constexpr std::size_t kSignatureBytes = 64;

using Hash = std::array<std::uint8_t, kHashBytes>;
using Nonce = std::array<std::uint8_t, kNonceBytes>;
using Tag = std::array<std::uint8_t, kTagBytes>;
using PublicKey = std::array<std::uint8_t, 32>;  // as RFC 8032 has it
using Signature = std::array<std::uint8_t, kSignatureBytes>;

void random_bytes(MutableByteView to);
void secure_zero(MutableByteView bytes);
std::string to_hex(ByteView bytes);
std::string to_base64(ByteView bytes);                                        // RFC 4648 section 4
std::optional<std::vector<std::uint8_t>> from_base64(std::string_view text);  // strictly that

// Wipes itself when it dies; copies are the owner's business.
struct MasterKey {
  std::array<std::uint8_t, kKeyBytes> bytes{};

  MasterKey() = default;
  MasterKey(const MasterKey&) = default;
  MasterKey& operator=(const MasterKey&) = default;

  ~MasterKey() { secure_zero(bytes); }
};

// The key of one recording's media or SIP and the salt of its leaf hashes.
struct RecordingKey {
  std::array<std::uint8_t, kKeyBytes> key{};
  std::array<std::uint8_t, kSaltBytes> salt{};

  RecordingKey() = default;
  RecordingKey(const RecordingKey&) = default;
  RecordingKey& operator=(const RecordingKey&) = default;

  ~RecordingKey() {
    secure_zero(key);
    secure_zero(salt);
  }
};

constexpr std::size_t kWrappedKeyBytes = kKeyBytes + kSaltBytes;

// AES-256-GCM with a context that is reused over calls.
class Aead {
 public:
  Aead();
  ~Aead();
  Aead(const Aead&) = delete;
  Aead& operator=(const Aead&) = delete;

  struct Input {
    ByteView key;    // kKeyBytes
    ByteView nonce;  // kNonceBytes, never twice under one key
    ByteView associated;
  };

  // Encrypts the pieces one behind the other to `to`, which has room for all of them.
  void seal(const Input& input, std::span<const ByteView> pieces, std::uint8_t* to, Tag& tag);

  // Decrypts `from` to `to` (same length; may be the same place); false, and `to` zeroed, when key,
  // nonce, associated bytes, ciphertext or tag are not those of seal().
  [[nodiscard]] bool open(const Input& input, ByteView from, const Tag& tag, std::uint8_t* to);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

// What an extent's leaf hash is made of.
struct SaltedPlaintext {
  ByteView salt;  // kSaltBytes
  ByteView plaintext;
};

constexpr std::size_t kLeavesAtOnce = 4;

// SHA-256 with a context that is reused over calls.
class Hasher {
 public:
  Hasher();
  ~Hasher();
  Hasher(const Hasher&) = delete;
  Hasher& operator=(const Hasher&) = delete;

  Hash sha256(std::span<const ByteView> pieces);

  // RFC 6962 leaf over a salted extent: SHA-256(0x00 ‖ salt ‖ plaintext).
  Hash leaf(ByteView salt, std::span<const ByteView> plaintext);

  // leaf() of up to kLeavesAtOnce extents, in about half the time where the processor can.
  void leaves(std::span<const SaltedPlaintext> extents, Hash* leaves);

  // RFC 6962 Merkle tree hash; that of no leaves is SHA-256 of nothing.
  Hash merkle_root(std::span<const Hash> leaves);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

Hash sha256(ByteView bytes);

// Hands out nonces from a buffer of random bytes, so that an extent does not cost a system call.
class NonceSource {
 public:
  Nonce next();

 private:
  std::array<std::uint8_t, kNonceBytes * 256> buffer_{};
  std::size_t used_ = sizeof buffer_;
};

struct WrappedKey {
  Nonce nonce{};
  Tag tag{};
  std::array<std::uint8_t, kWrappedKeyBytes> bytes{};
};

// AES-256-GCM under the master key with `associated` (the slot's identity) bound to it.
WrappedKey wrap_key(Aead& aead,
                    const MasterKey& master,
                    ByteView associated,
                    const RecordingKey& key);
// False: another master key, another slot, or altered bytes.
[[nodiscard]] bool unwrap_key(Aead& aead,
                              const MasterKey& master,
                              ByteView associated,
                              const WrappedKey& wrapped,
                              RecordingKey& key);

// Ed25519 (RFC 8032).  Wipes its seed when it dies.
struct SigningKey {
  std::array<std::uint8_t, kKeyBytes> seed{};
  PublicKey public_key{};

  SigningKey() = default;
  SigningKey(const SigningKey&) = default;
  SigningKey& operator=(const SigningKey&) = default;

  ~SigningKey() { secure_zero(seed); }
};

SigningKey signing_key_of(ByteView seed);  // kKeyBytes, of random_bytes()
Signature sign(const SigningKey& key, ByteView message);
[[nodiscard]] bool is_signed(const PublicKey& key, ByteView message, const Signature& signature);

// SubjectPublicKeyInfo (RFC 8410), as OpenSSL reads it.
constexpr std::size_t kPublicKeyDerBytes = 44;
std::array<std::uint8_t, kPublicKeyDerBytes> to_der(const PublicKey& key);
std::string to_pem(const PublicKey& key);
std::optional<PublicKey> public_key_from_der(ByteView der);
std::optional<PublicKey> public_key_from_pem(std::string_view pem);

// SHA-256 of the DER form: what a key is called.
Hash key_id_of(const PublicKey& key);

}  // namespace tapdeck::storage
