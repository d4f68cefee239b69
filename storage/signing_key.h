// The key with which a store signs: keys/signing.key, made when it is missing, wrapped by the
// master key.  Layout: docs/formats/keys.md.
//
// Threads: any; a mutex guards it.  Memory: the key.  Failing: get() says why there is none, and
// tries again when it is asked again; a damaged file is never replaced.
#pragma once

#include <cstdint>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "storage/crypto.h"

namespace tapdeck::storage {

constexpr std::size_t kSigningFileBytes = 112;

using SigningFileBytes = std::array<std::uint8_t, kSigningFileBytes>;
SigningFileBytes encode_signing_key(const SigningKey& key,
                                    const MasterKey& master,
                                    std::int64_t created_us);

// kCorrupt: no such file's bytes; kPermission: they do not open under this master key.
Result<SigningKey> decode_signing_key(ByteView bytes, const MasterKey& master);

class SigningKeyFile {
 public:
  SigningKeyFile(std::string path, const MasterKey& master)
      : path_(std::move(path)), master_(master) {}

  Result<SigningKey> get();

 private:
  Result<SigningKey> load() const;
  Result<SigningKey> make() const;

  const std::string path_;
  const MasterKey master_;
  std::mutex mutex_;
  std::optional<SigningKey> key_;  // under mutex_
};

}  // namespace tapdeck::storage
