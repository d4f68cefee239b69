#include "storage/signing_key.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <fcntl.h>

#include "base/clock.h"
#include "base/log.h"
#include "storage/crc32c.h"
#include "storage/files.h"

namespace tapdeck::storage {
namespace {

constexpr std::uint32_t kMagic = 0x31534454;  // "TDS1"
constexpr std::size_t kPublicAt = 16;
constexpr std::size_t kNonceAt = 48;
constexpr std::size_t kSigningTagAt = 60;
constexpr std::size_t kSeedAt = 76;
constexpr std::size_t kSigningCrcAt = kSigningFileBytes - 4;
static_assert(kSeedAt + kKeyBytes == kSigningCrcAt);

// Magic, time and public key are bound to the seed.
ByteView associated(ByteView bytes) { return bytes.first(kNonceAt); }

}  // namespace

SigningFileBytes encode_signing_key(const SigningKey& key,
                                    const MasterKey& master,
                                    std::int64_t created_us) {
  SigningFileBytes bytes{};
  store_le(bytes.data(), kMagic);
  store_le(bytes.data() + 8, static_cast<std::uint64_t>(created_us));
  std::ranges::copy(key.public_key, bytes.begin() + kPublicAt);
  Nonce nonce;
  random_bytes(nonce);
  std::ranges::copy(nonce, bytes.begin() + kNonceAt);
  Aead aead;
  Tag tag;
  const ByteView seed = key.seed;
  aead.seal({.key = master.bytes, .nonce = nonce, .associated = associated(bytes)},
            {&seed, 1},
            bytes.data() + kSeedAt,
            tag);
  std::ranges::copy(tag, bytes.begin() + kSigningTagAt);
  store_le(bytes.data() + kSigningCrcAt, crc32c(ByteView(bytes).first(kSigningCrcAt)));
  return bytes;
}

Result<SigningKey> decode_signing_key(ByteView bytes, const MasterKey& master) {
  if (bytes.size() != kSigningFileBytes || load_le<std::uint32_t>(bytes.data()) != kMagic ||
      load_le<std::uint32_t>(bytes.data() + kSigningCrcAt) != crc32c(bytes.first(kSigningCrcAt))) {
    return make_error(ErrorCode::kCorrupt, "it is damaged");
  }
  Tag tag;
  std::ranges::copy(bytes.subspan(kSigningTagAt, tag.size()), tag.begin());
  Aead aead;
  std::array<std::uint8_t, kKeyBytes> seed;
  const bool opened = aead.open({.key = master.bytes,
                                 .nonce = bytes.subspan(kNonceAt, kNonceBytes),
                                 .associated = associated(bytes)},
                                bytes.subspan(kSeedAt, kKeyBytes),
                                tag,
                                seed.data());
  if (!opened) {
    return make_error(ErrorCode::kPermission, "it does not open under this master key");
  }
  const SigningKey key = signing_key_of(seed);
  secure_zero(seed);
  return key;
}

Result<SigningKey> SigningKeyFile::load() const {
  const Descriptor file(::open(path_.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW));
  if (!file.valid()) {
    return make_errno_error(errno == ENOENT ? ErrorCode::kNotFound : ErrorCode::kPermission,
                            "The signing key " + path_ + " cannot be opened",
                            errno);
  }
  std::array<std::uint8_t, kSigningFileBytes + 1> bytes{};
  const std::size_t length = read_up_to(file.get(), bytes, 0);
  auto key = decode_signing_key(ByteView(bytes).first(length), master_);
  if (key) return key;
  return make_error(key.error().code,
                    "Nothing can be signed with " + path_ + ": " + key.error().message +
                        ". Put it back from a backup, or move it away for a new key.");
}

Result<SigningKey> SigningKeyFile::make() const {
  std::array<std::uint8_t, kKeyBytes> seed;
  random_bytes(seed);
  const SigningKey key = signing_key_of(seed);
  secure_zero(seed);
  TD_TRY(
      write_file_durably(path_, encode_signing_key(key, master_, wall_now_ns() / kNsPerUs), 0600));
  log_info("made the signing key " + to_hex(key_id_of(key.public_key)));
  return key;
}

Result<SigningKey> SigningKeyFile::get() {
  const std::lock_guard lock(mutex_);
  if (key_) return *key_;
  auto key = load();
  if (!key && key.error().code == ErrorCode::kNotFound) key = make();
  if (key) key_ = *key;
  return key;
}

}  // namespace tapdeck::storage
