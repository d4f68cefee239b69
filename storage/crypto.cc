#include "storage/crypto.h"

#include <algorithm>
#include <bit>
#include <cstring>
#include <intel-ipsec-mb.h>
#include <vector>

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/rand.h>

#include "base/assert.h"
#include "storage/sha256_lanes.h"

namespace tapdeck::storage {
namespace {

// Intel's library, which DPDK brings along: three to four times as fast as OpenSSL 3.0 where the
// processor has VAES.  Used only by its direct functions, which know no state but ours.
const IMB_MGR& multi_buffer() {
  static const IMB_MGR* const kManager = [] {
    IMB_MGR* made = alloc_mb_mgr(0);
    TD_ASSERT(made != nullptr);
    init_mb_mgr_auto(made, nullptr);
    TD_ASSERT(imb_get_errno(made) == 0);
    return made;
  }();
  return *kManager;
}

}  // namespace

void random_bytes(MutableByteView to) {
  TD_ASSERT(RAND_bytes(to.data(), static_cast<int>(to.size())) == 1);
}

void secure_zero(MutableByteView bytes) { OPENSSL_cleanse(bytes.data(), bytes.size()); }

std::string to_hex(ByteView bytes) {
  constexpr char kDigits[] = "0123456789abcdef";
  std::string text;
  text.reserve(bytes.size() * 2);
  for (const std::uint8_t byte : bytes) {
    text.push_back(kDigits[byte >> 4]);
    text.push_back(kDigits[byte & 15]);
  }
  return text;
}

std::string to_base64(ByteView bytes) {
  std::string text((bytes.size() + 2) / 3 * 4 + 1, '\0');
  const int length = EVP_EncodeBlock(
      reinterpret_cast<unsigned char*>(text.data()), bytes.data(), static_cast<int>(bytes.size()));
  text.resize(static_cast<std::size_t>(length));
  return text;
}

// The library forgives blanks and lost bits; what is not what to_base64() makes is refused.
std::optional<std::vector<std::uint8_t>> from_base64(std::string_view text) {
  std::vector<std::uint8_t> bytes(text.size() / 4 * 3 + 3);
  const int length = EVP_DecodeBlock(bytes.data(),
                                     reinterpret_cast<const unsigned char*>(text.data()),
                                     static_cast<int>(text.size()));
  const auto padding = static_cast<std::size_t>(std::ranges::count(text, '='));
  if (length < 0 || padding > static_cast<std::size_t>(length)) return std::nullopt;
  bytes.resize(static_cast<std::size_t>(length) - padding);
  if (to_base64(bytes) != text) return std::nullopt;
  return bytes;
}

struct Aead::State {
  const IMB_MGR& functions = multi_buffer();
  alignas(64) gcm_key_data key{};  // the library does not say so in its types
  alignas(64) gcm_context_data context{};

  State() = default;
  State(const State&) = delete;
  State& operator=(const State&) = delete;

  ~State() {
    OPENSSL_cleanse(&key, sizeof key);
    OPENSSL_cleanse(&context, sizeof context);
  }

  void start(const Input& input) {
    TD_ASSERT(input.key.size() == kKeyBytes && input.nonce.size() == kNonceBytes);
    functions.gcm256_pre(input.key.data(), &key);
    functions.gcm256_init(
        &key, &context, input.nonce.data(), input.associated.data(), input.associated.size());
  }
};

Aead::Aead() : state_(std::make_unique<State>()) {}

Aead::~Aead() = default;

void Aead::seal(const Input& input, std::span<const ByteView> pieces, std::uint8_t* to, Tag& tag) {
  State& state = *state_;
  state.start(input);
  for (const ByteView piece : pieces) {
    if (piece.empty()) continue;
    state.functions.gcm256_enc_update(&state.key, &state.context, to, piece.data(), piece.size());
    to += piece.size();
  }
  state.functions.gcm256_enc_finalize(&state.key, &state.context, tag.data(), tag.size());
}

bool Aead::open(const Input& input, ByteView from, const Tag& tag, std::uint8_t* to) {
  State& state = *state_;
  state.start(input);
  if (!from.empty()) {
    state.functions.gcm256_dec_update(&state.key, &state.context, to, from.data(), from.size());
  }
  Tag made;
  state.functions.gcm256_dec_finalize(&state.key, &state.context, made.data(), made.size());
  if (CRYPTO_memcmp(made.data(), tag.data(), tag.size()) == 0) return true;
  secure_zero({to, from.size()});
  return false;
}

struct Hasher::State {
  EVP_MD* digest = EVP_MD_fetch(nullptr, "SHA256", nullptr);
  EVP_MD_CTX* context = EVP_MD_CTX_new();

  State() { TD_ASSERT(digest != nullptr && context != nullptr); }

  State(const State&) = delete;
  State& operator=(const State&) = delete;

  ~State() {
    EVP_MD_CTX_free(context);
    EVP_MD_free(digest);
  }

  void start() const { TD_ASSERT(EVP_DigestInit_ex2(context, digest, nullptr) == 1); }

  void add(ByteView bytes) const {
    TD_ASSERT(EVP_DigestUpdate(context, bytes.data(), bytes.size()) == 1);
  }

  [[nodiscard]] Hash finish() const {
    Hash hash;
    unsigned length = 0;
    TD_ASSERT(EVP_DigestFinal_ex(context, hash.data(), &length) == 1 && length == kHashBytes);
    return hash;
  }
};

Hasher::Hasher() : state_(std::make_unique<State>()) {}

Hasher::~Hasher() = default;

Hash Hasher::sha256(std::span<const ByteView> pieces) {
  state_->start();
  for (const ByteView piece : pieces) state_->add(piece);
  return state_->finish();
}

Hash Hasher::leaf(ByteView salt, std::span<const ByteView> plaintext) {
  constexpr std::uint8_t kLeaf = 0;
  state_->start();
  state_->add({&kLeaf, 1});
  state_->add(salt);
  for (const ByteView piece : plaintext) state_->add(piece);
  return state_->finish();
}

void Hasher::leaves(std::span<const SaltedPlaintext> extents, Hash* leaves) {
  static_assert(kLeavesAtOnce == sha256_lanes::kLanes);
  TD_ASSERT(!extents.empty() && extents.size() <= kLeavesAtOnce);
  if (!sha256_lanes::usable()) {
    for (const SaltedPlaintext& extent : extents) {
      *leaves++ = leaf(extent.salt, {&extent.plaintext, 1});
    }
    return;
  }
  std::array<std::array<std::uint8_t, 1 + kSaltBytes>, kLeavesAtOnce> prefixes{};
  std::array<sha256_lanes::Message, kLeavesAtOnce> messages;
  for (std::size_t i = 0; i < extents.size(); ++i) {
    TD_ASSERT(extents[i].salt.size() == kSaltBytes);
    std::memcpy(prefixes[i].data() + 1, extents[i].salt.data(), kSaltBytes);
    messages[i] = {prefixes[i], extents[i].plaintext};
  }
  sha256_lanes::hash({messages.data(), extents.size()}, {leaves, extents.size()});
}

Hash Hasher::merkle_root(std::span<const Hash> leaves) {
  if (leaves.empty()) return sha256({});
  // Pairing neighbours level by level and carrying an odd last one up gives the tree of RFC 6962,
  // whose left half is the largest power of two smaller than the count.
  std::vector<Hash> level(leaves.begin(), leaves.end());
  constexpr std::uint8_t kNode = 1;
  while (level.size() > 1) {
    std::size_t kept = 0;
    for (std::size_t i = 0; i < level.size(); i += 2) {
      if (i + 1 < level.size()) {
        const ByteView pieces[] = {{&kNode, 1}, level[i], level[i + 1]};
        level[kept++] = sha256(pieces);
      } else {
        level[kept++] = level[i];
      }
    }
    level.resize(kept);
  }
  return level.front();
}

Hash sha256(ByteView bytes) {
  Hasher hasher;
  return hasher.sha256({&bytes, 1});
}

Nonce NonceSource::next() {
  if (used_ == sizeof buffer_) {
    random_bytes(buffer_);
    used_ = 0;
  }
  Nonce nonce;
  std::memcpy(nonce.data(), buffer_.data() + used_, kNonceBytes);
  used_ += kNonceBytes;
  return nonce;
}

WrappedKey wrap_key(Aead& aead,
                    const MasterKey& master,
                    ByteView associated,
                    const RecordingKey& key) {
  WrappedKey wrapped;
  random_bytes(wrapped.nonce);
  const ByteView pieces[] = {key.key, key.salt};
  aead.seal({.key = master.bytes, .nonce = wrapped.nonce, .associated = associated},
            pieces,
            wrapped.bytes.data(),
            wrapped.tag);
  return wrapped;
}

bool unwrap_key(Aead& aead,
                const MasterKey& master,
                ByteView associated,
                const WrappedKey& wrapped,
                RecordingKey& key) {
  std::array<std::uint8_t, kWrappedKeyBytes> plain;
  const bool opened =
      aead.open({.key = master.bytes, .nonce = wrapped.nonce, .associated = associated},
                wrapped.bytes,
                wrapped.tag,
                plain.data());
  if (opened) {
    std::memcpy(key.key.data(), plain.data(), kKeyBytes);
    std::memcpy(key.salt.data(), plain.data() + kKeyBytes, kSaltBytes);
  }
  secure_zero(plain);
  return opened;
}

namespace {

// RFC 8410: SEQUENCE { SEQUENCE { OID 1.3.101.112 }, BIT STRING }, in front of the key's 32 bytes.
constexpr std::array<std::uint8_t, kPublicKeyDerBytes - sizeof(PublicKey)> kDerPrefix = {
    0x30, 0x2a, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x03, 0x21, 0x00};
constexpr std::string_view kPemBegin = "-----BEGIN PUBLIC KEY-----";
constexpr std::string_view kPemEnd = "-----END PUBLIC KEY-----";

struct PrivateKey {
  EVP_PKEY* key;

  explicit PrivateKey(ByteView seed)
      : key(EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, nullptr, seed.data(), seed.size())) {
    TD_ASSERT(key != nullptr);
  }

  PrivateKey(const PrivateKey&) = delete;
  PrivateKey& operator=(const PrivateKey&) = delete;

  ~PrivateKey() { EVP_PKEY_free(key); }
};

}  // namespace

SigningKey signing_key_of(ByteView seed) {
  SigningKey made;
  TD_ASSERT(seed.size() == made.seed.size());
  std::ranges::copy(seed, made.seed.begin());
  const PrivateKey key(seed);
  std::size_t length = made.public_key.size();
  TD_ASSERT(EVP_PKEY_get_raw_public_key(key.key, made.public_key.data(), &length) == 1 &&
            length == made.public_key.size());
  return made;
}

Signature sign(const SigningKey& key, ByteView message) {
  const PrivateKey seed(key.seed);
  Signature signature;
  std::size_t length = signature.size();
  EVP_MD_CTX* context = EVP_MD_CTX_new();
  TD_ASSERT(context != nullptr);
  TD_ASSERT(EVP_DigestSignInit(context, nullptr, nullptr, nullptr, seed.key) == 1);
  TD_ASSERT(EVP_DigestSign(context, signature.data(), &length, message.data(), message.size()) ==
                1 &&
            length == signature.size());
  EVP_MD_CTX_free(context);
  return signature;
}

bool is_signed(const PublicKey& key, ByteView message, const Signature& signature) {
  EVP_PKEY* const loaded =
      EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, nullptr, key.data(), key.size());
  if (loaded == nullptr) return false;
  EVP_MD_CTX* context = EVP_MD_CTX_new();
  TD_ASSERT(context != nullptr);
  const bool good =
      EVP_DigestVerifyInit(context, nullptr, nullptr, nullptr, loaded) == 1 &&
      EVP_DigestVerify(
          context, signature.data(), signature.size(), message.data(), message.size()) == 1;
  EVP_MD_CTX_free(context);
  EVP_PKEY_free(loaded);
  return good;
}

std::array<std::uint8_t, kPublicKeyDerBytes> to_der(const PublicKey& key) {
  std::array<std::uint8_t, kPublicKeyDerBytes> der;
  std::ranges::copy(key, std::ranges::copy(kDerPrefix, der.begin()).out);
  return der;
}

std::string to_pem(const PublicKey& key) {
  return std::string(kPemBegin) + "\n" + to_base64(to_der(key)) + "\n" + std::string(kPemEnd) +
         "\n";
}

std::optional<PublicKey> public_key_from_der(ByteView der) {
  if (der.size() != kPublicKeyDerBytes ||
      !std::ranges::equal(der.first(kDerPrefix.size()), kDerPrefix)) {
    return std::nullopt;
  }
  PublicKey key;
  std::ranges::copy(der.subspan(kDerPrefix.size()), key.begin());
  return key;
}

std::optional<PublicKey> public_key_from_pem(std::string_view pem) {
  const std::size_t begin = pem.find(kPemBegin);
  const std::size_t end = pem.find(kPemEnd);
  if (begin == std::string_view::npos || end == std::string_view::npos ||
      end < begin + kPemBegin.size()) {
    return std::nullopt;
  }
  std::string text(pem.substr(begin + kPemBegin.size(), end - begin - kPemBegin.size()));
  std::erase_if(text, [](char each) { return each == '\n' || each == '\r' || each == ' '; });
  const auto der = from_base64(text);
  return der ? public_key_from_der(*der) : std::nullopt;
}

Hash key_id_of(const PublicKey& key) { return sha256(to_der(key)); }

}  // namespace tapdeck::storage
