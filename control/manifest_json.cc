#include "control/manifest_json.h"

#include <cerrno>
#include <cstdio>
#include <fcntl.h>
#include <string>
#include <sys/stat.h>
#include <unistd.h>
#include <utility>

#include "base/clock.h"
#include "control/frame_io.h"
#include "control/text.h"

namespace tapdeck::control {
namespace {

constexpr int kManifestSchema = 1;

Json file_to_json(const exports::ExportedFile& file) {
  Json gaps = Json::array();
  for (const RecordingGap& gap : file.gaps) {
    gaps.push_back({{"from", format_rfc3339_us(gap.from_us)},
                    {"to", format_rfc3339_us(gap.to_us)},
                    {"reason", to_valid_utf8(gap.reason)},
                    {"packets", gap.packets}});
  }
  Json notes = Json::array();
  for (const std::string& note : file.notes) notes.push_back(to_valid_utf8(note));
  return Json{{"path", to_valid_utf8(file.path.substr(file.path.rfind('/') + 1))},
              {"bytes", file.bytes},
              {"sha256", file.sha256},
              {"duration_ms", file.duration_ms},
              {"gaps", std::move(gaps)},
              {"gaps_left_out", file.gaps_left_out},
              {"notes", std::move(notes)}};
}

Result<void> write_all(const Socket& file, std::string_view text, const std::string& path) {
  while (!text.empty()) {
    const ssize_t written = ::write(file.fd(), text.data(), text.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return make_errno_error(ErrorCode::kIo, "cannot write " + path, errno);
    text.remove_prefix(static_cast<std::size_t>(written));
  }
  if (::fsync(file.fd()) != 0) {
    return make_errno_error(ErrorCode::kIo, "cannot write " + path, errno);
  }
  return {};
}

}  // namespace

Json manifest_to_json(const exports::Manifest& manifest) {
  Json calls = Json::array();
  for (const exports::ManifestEntry& entry : manifest.entries) {
    Json files = Json::array();
    for (const exports::ExportedFile& file : entry.files) files.push_back(file_to_json(file));
    calls.push_back(
        {{"uid", to_string(entry.uid)},
         {"files", std::move(files)},
         {"reason", entry.files.empty() ? Json(to_valid_utf8(entry.reason)) : Json(nullptr)}});
  }
  return Json{{"schema", kManifestSchema},
              {"format", manifest.format},
              {"matched", manifest.matched},
              {"exported", manifest.exported},
              {"explained", manifest.explained},
              {"calls", std::move(calls)}};
}

namespace {

// The journal has its digest: it stays, as manifest-1.json and so on.
Result<void> keep_earlier(const std::string& directory) {
  constexpr int kEarlierMax = 100'000;
  const std::string path = directory + "/manifest.json";
  for (int number = 1; number < kEarlierMax; ++number) {
    const std::string kept = directory + "/manifest-" + std::to_string(number) + ".json";
    if (::renameat2(AT_FDCWD, path.c_str(), AT_FDCWD, kept.c_str(), RENAME_NOREPLACE) == 0) {
      return {};
    }
    if (errno == ENOENT) return {};
    if (errno != EEXIST) return make_errno_error(ErrorCode::kIo, "cannot keep " + path, errno);
  }
  return make_error(ErrorCode::kResources, directory + " has too many manifests.");
}

}  // namespace

Result<storage::Hash> write_manifest(const exports::Manifest& manifest,
                                     const std::string& directory) {
  const std::string path = directory + "/manifest.json";
  const std::string new_path = path + ".new";
  const Socket file(::open(
      new_path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, S_IRUSR | S_IWUSR));
  if (!file.is_open()) return make_errno_error(ErrorCode::kIo, "cannot write " + path, errno);
  const std::string text =
      manifest_to_json(manifest).dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
  auto written = write_all(file, text, path);
  if (written) written = keep_earlier(directory);
  if (written && ::rename(new_path.c_str(), path.c_str()) == 0) {
    return storage::sha256(as_bytes(text));
  }
  const int rename_errno = errno;
  ::unlink(new_path.c_str());
  if (!written) return Error(written.error());
  return make_errno_error(ErrorCode::kIo, "cannot write " + path, rename_errno);
}

}  // namespace tapdeck::control
