#include "bench/traffic/capture_file.h"

#include <array>
#include <cerrno>

#include "base/clock.h"

namespace tapdeck::traffic {

Result<CaptureFile> CaptureFile::create(const std::string& path) {
  CaptureFile capture(path, std::fopen(path.c_str(), "wb"));
  if (capture.file_ == nullptr) {
    return make_errno_error(ErrorCode::kIo, "Cannot write " + path, errno);
  }
  constexpr std::array<std::uint32_t, 6> kHeader = {0xa1b2c3d4, 0x00040002, 0, 0, 262'144, 1};
  std::fwrite(kHeader.data(), sizeof kHeader, 1, capture.file_.get());
  return capture;
}

void CaptureFile::put(const Frame& frame) {
  const auto length = static_cast<std::uint32_t>(frame.bytes.size());
  const std::array<std::uint32_t, 4> record = {
      static_cast<std::uint32_t>(frame.time_ns / kNsPerSecond),
      static_cast<std::uint32_t>(frame.time_ns % kNsPerSecond / kNsPerUs),
      length,
      length};
  std::fwrite(record.data(), sizeof record, 1, file_.get());
  std::fwrite(frame.bytes.data(), length, 1, file_.get());
}

Result<bool> CaptureFile::close() {
  const bool failed = std::ferror(file_.get()) != 0;
  if (std::fclose(file_.release()) != 0 || failed) {
    return make_errno_error(ErrorCode::kIo, "Cannot write all of " + path_, errno);
  }
  return true;
}

}  // namespace tapdeck::traffic
