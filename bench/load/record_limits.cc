#include "bench/load/record_limits.h"

#include <cstdio>
#include <cstdlib>
#include <memory>
#include <unistd.h>

#include <nlohmann/json.hpp>

namespace tapdeck::load {
namespace {

Result<std::string> output_of(const std::string& command) {
  const std::unique_ptr<std::FILE, int (*)(std::FILE*)> pipe(popen(command.c_str(), "r"), pclose);
  if (pipe == nullptr) return make_errno_error(ErrorCode::kResources, "no pipe", errno);
  std::string text;
  char part[4096];
  for (std::size_t got = 0; (got = std::fread(part, 1, sizeof part, pipe.get())) > 0;) {
    text.append(part, got);
  }
  if (text.empty()) return make_error(ErrorCode::kNotFound, "This says nothing: " + command);
  return text;
}

// The first line that says something, not hundreds of JSON.
std::string reason_in(const std::string& text) {
  const std::size_t begin = text.find_first_not_of(" \t\r\n{}");
  if (begin == std::string::npos) return "";
  const std::string line =
      text.substr(begin, std::min<std::size_t>(text.find('\n', begin), begin + 200) - begin);
  return ": " + line;
}

Result<double> fio_bytes_per_second(const LimitsOptions& options) {
  const std::string file = options.directory + "/fio-limit";
  const std::uint64_t syncs = std::max<std::uint64_t>(1, options.sync_bytes / options.block_bytes);
  auto text = output_of(
      "fio --name=limit --filename='" + file +
      "' --rw=write --ioengine=io_uring --direct=1 --fixedbufs=1 --bs=" +
      std::to_string(options.block_bytes) + " --iodepth=" + std::to_string(options.depth) +
      " --size=" + std::to_string(options.file_bytes) + " --fdatasync=" + std::to_string(syncs) +
      " --end_fsync=1 --output-format=json 2>/dev/null");
  unlink(file.c_str());
  if (!text) return Error(std::move(text.error()));
  const auto json = nlohmann::json::parse(*text, nullptr, false);
  const auto rate = nlohmann::json::json_pointer("/jobs/0/write/bw_bytes");
  if (json.is_discarded() || !json.contains(rate) || json[rate].get<double>() <= 0) {
    return make_error(ErrorCode::kUnsupported,
                      "fio measured nothing" + reason_in(*text) + ". Without it: --no-limits.");
  }
  return json[rate].get<double>();
}

// The figures are in the last line of what is asked for in a form for machines:
// "+F:22:AES-256-GCM:4941456400.00".
Result<double> openssl_bytes_per_second(const char* algorithm, std::uint32_t bytes) {
  auto text = output_of("openssl speed -mr -seconds 2 -bytes " + std::to_string(bytes) + " -evp " +
                        algorithm + " 2>/dev/null");
  if (!text) return Error(std::move(text.error()));
  const std::size_t line = text->rfind("+F:");
  const std::size_t figure = line == std::string::npos ? line : text->rfind(':');
  const double rate = figure == std::string::npos ? 0 : std::atof(text->c_str() + figure + 1);
  if (rate > 0) return rate;
  return make_error(
      ErrorCode::kUnsupported,
      "openssl speed measured nothing" + reason_in(*text) + ". Without it: --no-limits.");
}

}  // namespace

Result<RecordLimits> measure_record_limits(const LimitsOptions& options) {
  const auto disk = fio_bytes_per_second(options);
  if (!disk) return Error(disk.error());
  const auto encrypt = openssl_bytes_per_second("aes-256-gcm", options.message_bytes);
  if (!encrypt) return Error(encrypt.error());
  const auto hash = openssl_bytes_per_second("sha256", options.message_bytes);
  if (!hash) return Error(hash.error());
  return RecordLimits{.disk = *disk, .encrypt = *encrypt, .hash = *hash};
}

}  // namespace tapdeck::load
