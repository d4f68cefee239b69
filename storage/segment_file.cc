#include "storage/segment_file.h"

#include <cerrno>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"

namespace tapdeck::storage {

Result<SegmentFile> create_segment_file(const std::string& path) {
  constexpr int kFlags = O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW;
  SegmentFile file;
  file.descriptor = Descriptor(::open(path.c_str(), kFlags | O_DIRECT, 0600));
  file.direct = file.descriptor.valid();
  if (!file.direct && errno == EINVAL) {
    // The file system knows no O_DIRECT; some make the file before they say so.
    unlink(path.c_str());
    file.descriptor = Descriptor(::open(path.c_str(), kFlags, 0600));
  }
  if (!file.descriptor.valid()) {
    return make_errno_error(ErrorCode::kIo, "The segment file " + path + " cannot be made", errno);
  }
  TD_TRY(sync_directory(path.substr(0, path.rfind('/'))));
  return file;
}

bool clear_direct(int file) {
  const int flags = fcntl(file, F_GETFL);
  return flags >= 0 && fcntl(file, F_SETFL, flags & ~O_DIRECT) == 0;
}

Result<void> cut_for_footer(int file, std::uint64_t end) {
  // Cutting first gives the preallocated space back, of which a full disk may need a part.
  if (!clear_direct(file) || ftruncate(file, static_cast<off_t>(end)) != 0) {
    return make_errno_error(ErrorCode::kIo, "A segment cannot be cut at its end", errno);
  }
  return {};
}

Result<void> seal_segment_file(int file,
                               const SegmentId& id,
                               std::uint64_t end,
                               std::span<const FooterEntry> entries) {
  TD_TRY(cut_for_footer(file, end));
  if (!write_fully(file, encode_footer(id, end, entries), end) || fdatasync(file) != 0) {
    return make_errno_error(ErrorCode::kIo, "A segment cannot be sealed", errno);
  }
  return {};
}

std::optional<FoundFooter> read_segment_footer(int file, const SegmentId& id) {
  struct stat status {};

  std::vector<std::uint8_t> block(kBlockBytes);
  if (fstat(file, &status) != 0 || status.st_size < static_cast<off_t>(2 * kBlockBytes)) {
    return std::nullopt;
  }
  const auto bytes = static_cast<std::uint64_t>(status.st_size);
  if (!read_fully(file, block, bytes - kBlockBytes)) return std::nullopt;
  const auto at = footer_offset(id, bytes, block);
  std::vector<std::uint8_t> footer(at ? bytes - *at : 0);
  if (!at || !read_fully(file, footer, *at)) return std::nullopt;
  auto entries = decode_footer(id, footer);
  if (!entries) return std::nullopt;
  return FoundFooter{*at, std::move(*entries)};
}

Descriptor open_segment_to_write(const std::string& path) {
  const Descriptor reading(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW));

  struct stat status {};

  if (!reading.valid() || fstat(reading.get(), &status) != 0) return Descriptor();
  const mode_t mode = status.st_mode & 07777;
  if (fchmod(reading.get(), mode | S_IWUSR) != 0) return Descriptor();
  Descriptor file(::open(path.c_str(), O_RDWR | O_CLOEXEC | O_NOFOLLOW));
  const int cause = errno;
  fchmod(reading.get(), mode);
  errno = cause;
  return file;
}

Result<void> mark_segment_indexed(const std::string& path) {
  if (chmod(path.c_str(), 0400) != 0) {
    return make_errno_error(
        ErrorCode::kIo, "The segment file " + path + " cannot be made read-only", errno);
  }
  return {};
}

std::string segment_directory(const std::string& store,
                              const std::string& retention_class,
                              SegmentKind kind,
                              std::int32_t utc_day) {
  return store + "/segments/" + retention_class +
         (kind == SegmentKind::kMedia ? "/media/" : "/sip/") + format_utc_day(utc_day);
}

std::string segment_file_name(const SegmentId& id) { return to_hex(id) + ".seg"; }

}  // namespace tapdeck::storage
