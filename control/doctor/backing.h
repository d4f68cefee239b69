// On what a folder really lies: the file system that it shows, and what is below that.  Memory is
// memory behind an overlay and behind a file that a loop device makes a disk of, too.
// Threads: any.  Memory: strings.  Errors: what cannot be found out is left out.
#pragma once

#include <string>

#include "control/doctor/host_files.h"

namespace tapdeck::control {

struct Backing {
  std::string filesystem;  // "overlay"
  std::string chain;       // "overlay, its upper folder /dev/shm/u: tmpfs"
  bool in_memory = false;  // at the end of the chain
};

// `path` may be a file, or not exist yet.
Backing backing_of(const std::string& path, const HostFiles& host);

}  // namespace tapdeck::control
