// Where a harness may write in tests.
// Threads: any.  Memory: none.
#pragma once

#include <filesystem>
#include <string>

namespace tapdeck::load {

// A path with nothing there, below this program: /tmp may be memory.
inline std::string fresh_directory(const std::string& name) {
  const std::string path =
      std::filesystem::read_symlink("/proc/self/exe").parent_path().string() + "/" + name;
  std::filesystem::remove_all(path);
  return path;
}

}  // namespace tapdeck::load
