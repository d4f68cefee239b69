// Large zeroed blocks for a worker's tables and chunks: from DPDK's heap on the worker's NUMA node
// when it has hugepages, else straight from the kernel, because that heap zeroes what it takes back
// and so would touch every page of a block of which a small capture uses a few.
// Threads: the creating thread.  Memory: as Paging says, but hugepages are always there; the kernel
// is asked for 2 MiB at a time.  No memory left: an empty block.
#pragma once

#include <cstddef>

namespace tapdeck::engine {

struct HostBlock {
  void* memory = nullptr;  // aligned to 64 bytes at least; nullptr: none
  std::size_t bytes = 0;
};

enum class Paging {
  kWhenTouched,  // a page is cleared when it is first used: little of it may ever be
  kAtStart,      // all of them are there at once: none is cleared while packets wait
};

HostBlock take_block(std::size_t bytes, int socket, Paging paging = Paging::kWhenTouched);

// Asks the kernel to back a mapping with large pages where it can (transparent hugepages).
void ask_for_large_pages(void* memory, std::size_t bytes);

// Leaves `block` empty; an empty one is left alone.  EAL must still be as it was.
void give_back(HostBlock& block);

}  // namespace tapdeck::engine
