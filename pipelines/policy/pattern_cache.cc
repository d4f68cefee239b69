#include "pipelines/policy/pattern_cache.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <fcntl.h>
#include <string_view>
#include <sys/stat.h>
#include <vector>

#include "storage/files.h"

namespace tapdeck::policy {
namespace {

constexpr std::string_view kMagic = "TDPATTRN";
constexpr std::uint32_t kVersion = 1;

// Offsets in the file.
constexpr std::size_t kVersionAt = 8;
constexpr std::size_t kHashAt = 12;
constexpr std::size_t kLengthAt = kHashAt + storage::kHashBytes;
constexpr std::size_t kSumAt = kLengthAt + 8;
constexpr std::size_t kHeaderBytes = kSumAt + storage::kHashBytes;

Error damaged(const std::string& path, const char* why) {
  return make_error(ErrorCode::kCorrupt, path + " " + why);
}

bool holds(ByteView header, std::size_t at, ByteView wanted) {
  return std::ranges::equal(header.subspan(at, wanted.size()), wanted);
}

}  // namespace

storage::Hash pattern_hash(std::span<const Expression> expressions) {
  std::string text = PatternDatabase::platform();
  for (const Expression& expression : expressions) {
    text += '\0';
    text += expression.caseless ? 'i' : '-';
    text += expression.text;
  }
  return storage::sha256(as_bytes(text));
}

Result<PatternDatabase> load_patterns(const std::string& path, const storage::Hash& hash) {
  const storage::Descriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW));
  if (!file.valid()) {
    const int saved = errno;
    return make_errno_error(
        saved == ENOENT ? ErrorCode::kNotFound : ErrorCode::kIo, "cannot open " + path, saved);
  }

  struct stat status {};

  if (::fstat(file.get(), &status) != 0 || !S_ISREG(status.st_mode)) {
    return make_error(ErrorCode::kIo, path + " is no file");
  }
  const auto bytes = static_cast<std::uint64_t>(status.st_size);
  std::array<std::uint8_t, kHeaderBytes> header{};
  if (bytes < kHeaderBytes || bytes > kPatternCacheBytesMax ||
      !storage::read_fully(file.get(), header, 0)) {
    return damaged(path, "is no file of patterns");
  }
  if (!holds(header, 0, as_bytes(kMagic)) ||
      load_le<std::uint32_t>(header.data() + kVersionAt) != kVersion ||
      !holds(header, kHashAt, hash)) {
    return damaged(path, "has other patterns");
  }
  std::vector<std::uint8_t> body(bytes - kHeaderBytes);
  if (load_le<std::uint64_t>(header.data() + kLengthAt) != body.size() ||
      !storage::read_fully(file.get(), body, kHeaderBytes) ||
      !holds(header, kSumAt, storage::sha256(body))) {
    return damaged(path, "is damaged");
  }
  return PatternDatabase::deserialise(body);
}

Result<void> store_patterns(const std::string& path,
                            const storage::Hash& hash,
                            const PatternDatabase& database) {
  const auto body = database.serialise();
  if (!body) return Error(body.error());
  std::vector<std::uint8_t> bytes(kHeaderBytes);
  std::ranges::copy(kMagic, bytes.begin());
  store_le(bytes.data() + kVersionAt, kVersion);
  std::ranges::copy(hash, bytes.begin() + kHashAt);
  store_le(bytes.data() + kLengthAt, std::uint64_t{body->size()});
  std::ranges::copy(storage::sha256(*body), bytes.begin() + kSumAt);
  bytes.insert(bytes.end(), body->begin(), body->end());
  return storage::write_file_durably(path, bytes, 0600);
}

}  // namespace tapdeck::policy
