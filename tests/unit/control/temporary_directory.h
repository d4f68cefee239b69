// A directory of a test's own, gone with all that is in it when the test is over.
// Threads: one.  Memory: its name.
#pragma once

#include <cstdlib>
#include <filesystem>
#include <string>

namespace tapdeck::control::testing {

class TemporaryDirectory {
 public:
  TemporaryDirectory() {
    std::string name = (std::filesystem::temp_directory_path() / "tapdeck-XXXXXX").string();
    path_ = mkdtemp(name.data());
  }

  ~TemporaryDirectory() { std::filesystem::remove_all(path_); }

  TemporaryDirectory(const TemporaryDirectory&) = delete;
  TemporaryDirectory& operator=(const TemporaryDirectory&) = delete;

  [[nodiscard]] const std::string& path() const { return path_; }

 private:
  std::string path_;
};

}  // namespace tapdeck::control::testing
