#include "storage/crypto.h"

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

}  // namespace tapdeck::storage
