// How much memory this host has for a process that begins now, and who says so: the host itself, or
// a memory cgroup that this one is in (both versions of them).
// Threads: any.  Memory: strings.  Errors: what cannot be read bounds nothing.
#pragma once

#include <cstdint>
#include <limits>
#include <string>

#include "control/doctor/host_files.h"

namespace tapdeck::control {

struct MemoryRoom {
  std::uint64_t bytes = std::numeric_limits<std::uint64_t>::max();  // that: nobody says
  std::string of = "this host";  // or "the memory cgroup /tapdeck"
};

// All that the process could ever have: physical memory, limits of cgroups.
MemoryRoom memory_in_all(const HostFiles& host);

// What of it nobody uses now, or the kernel would give up at once.
MemoryRoom memory_available(const HostFiles& host);

std::int64_t free_hugepages_mib(const HostFiles& host);
std::int64_t all_hugepages_mib(const HostFiles& host);

}  // namespace tapdeck::control
