#include "control/doctor/host_files.h"

#include <algorithm>
#include <charconv>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <system_error>

namespace tapdeck::control {
namespace {

constexpr int kCpuMax = 65'535;

std::optional<std::int64_t> to_number(std::string_view text) {
  std::int64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return value;
}

}  // namespace

std::optional<std::string> HostFiles::text(std::string_view path) const {
  std::ifstream file(root_ + std::string(path));
  if (!file) return std::nullopt;
  std::ostringstream content;
  content << file.rdbuf();
  std::string text = content.str();
  const std::size_t end = text.find_last_not_of(" \t\r\n");
  text.erase(end == std::string::npos ? 0 : end + 1);
  text.erase(0, text.find_first_not_of(" \t\r\n"));
  return text;
}

std::optional<std::int64_t> HostFiles::number(std::string_view path) const {
  const std::optional<std::string> found = text(path);
  return found ? to_number(*found) : std::nullopt;
}

std::vector<std::string> HostFiles::names(std::string_view path) const {
  std::vector<std::string> names;
  std::error_code error;
  for (std::filesystem::directory_iterator entry(root_ + std::string(path), error), end;
       !error && entry != end;
       entry.increment(error)) {
    names.push_back(entry->path().filename().string());
  }
  std::sort(names.begin(), names.end());
  return names;
}

std::string HostFiles::link_name(std::string_view path) const {
  std::error_code error;
  const auto target = std::filesystem::read_symlink(root_ + std::string(path), error);
  return error ? std::string() : target.filename().string();
}

std::vector<unsigned> allowed_cpus(const HostFiles& host) {
  constexpr std::string_view kLine = "Cpus_allowed_list:";
  const std::string status = host.text("/proc/thread-self/status").value_or("");
  std::size_t begin = status.find(kLine);
  if (begin == std::string::npos) return {};
  begin = status.find_first_not_of(" \t", begin + kLine.size());
  const std::vector<int> cpus =
      parse_cpu_list(std::string_view(status).substr(begin, status.find('\n', begin) - begin));
  return {cpus.begin(), cpus.end()};
}

std::vector<int> parse_cpu_list(std::string_view list) {
  std::vector<int> cpus;
  while (!list.empty()) {
    const std::size_t comma = std::min(list.find(','), list.size());
    const std::string_view part = list.substr(0, comma);
    list.remove_prefix(std::min(comma + 1, list.size()));
    const std::size_t dash = std::min(part.find('-'), part.size());
    const auto first = to_number(part.substr(0, dash));
    const auto last = dash < part.size() ? to_number(part.substr(dash + 1)) : first;
    if (!first || !last || *first < 0 || *last > kCpuMax) continue;
    for (std::int64_t cpu = *first; cpu <= *last; ++cpu) cpus.push_back(static_cast<int>(cpu));
  }
  return cpus;
}

}  // namespace tapdeck::control
