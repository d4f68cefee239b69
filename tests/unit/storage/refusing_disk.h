// A disk whose writes and syncs fail when they are told to, for files whose paths end as told; and
// what of these files it would have after a power cut: pages that were synced, and of those whose
// sync failed what was there before, until they are written and synced again.  Stands before the C
// library: for programs of their own (io_uring's writes pass it by).
//
// Threads: one test.  Memory: a copy of each file that is watched.
#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <vector>

namespace tapdeck::storage {

class RefusingDisk {
 public:
  struct File {
    std::vector<std::uint8_t> durable;
    std::set<std::size_t> given_up;  // pages that count as written
  };

  static RefusingDisk& instance();

  // Forgets all; from now on files that end in `suffix` are watched, durable as they are.
  void watch(std::string suffix);

  void stop() { watch({}); }

  [[nodiscard]] bool watches(const std::string& path) const {
    return !suffix_.empty() && path.ends_with(suffix_);
  }

  bool refuses_write();
  bool refuses_sync();
  void note_write(const std::string& path, std::uint64_t from, std::uint64_t bytes);
  void note_sync(const std::string& path);
  void note_refused_sync(const std::string& path);

  [[nodiscard]] const std::vector<std::uint8_t>& durable(const std::string& path) const {
    return files_.at(path).durable;
  }

  int syncs = 0;           // so far, refused ones too
  int writes = 0;          // likewise
  int refuse_sync = -1;    // the sync of this number fails
  int refuse_write = -1;   // the write of this number fails
  bool refuse_on = false;  // and all that follow

 private:
  File& file_of(const std::string& path);

  std::string suffix_;
  std::map<std::string, File> files_;
};

std::vector<std::uint8_t> whole_file(const std::string& path);

}  // namespace tapdeck::storage
