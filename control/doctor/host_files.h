// Reads the kernel's files under /proc and /sys, below a root that a test may choose.
// Threads: any.  Memory: strings.  Errors: what cannot be read is empty or absent.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace tapdeck::control {

class HostFiles {
 public:
  // `root` is put before every path; "" is the host itself.
  explicit HostFiles(std::string root = "") : root_(std::move(root)) {}

  // The text of a file without blanks at its ends; nothing when it cannot be read.
  [[nodiscard]] std::optional<std::string> text(std::string_view path) const;
  [[nodiscard]] std::optional<std::int64_t> number(std::string_view path) const;

  // Names in a directory, sorted; empty when there is none.
  [[nodiscard]] std::vector<std::string> names(std::string_view path) const;

  // The last part of what a symbolic link points to; empty when it is none.
  [[nodiscard]] std::string link_name(std::string_view path) const;

 private:
  std::string root_;
};

// Those that the calling thread may use: taskset and cpusets say so.  Empty: not known.
std::vector<unsigned> allowed_cpus(const HostFiles& host);

// The CPUs of a kernel list ("0-3,8"), in order; malformed parts are left out.
std::vector<int> parse_cpu_list(std::string_view list);

}  // namespace tapdeck::control
