// Memory of one worker's tables: blocks taken once at start on the worker's NUMA node
// (host_memory.h), given back together. Threads: the creating thread.  Memory: zeroed.  When there
// is none left: take() returns an empty span and failed() stays true, so that a constructor may
// take all it needs and be asked once.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <type_traits>

#include "engine/host_memory.h"

namespace tapdeck::engine {

class Arena {
 public:
  explicit Arena(int socket, Paging paging = Paging::kWhenTouched)
      : socket_(socket), paging_(paging) {}

  Arena(const Arena&) = delete;
  Arena& operator=(const Arena&) = delete;
  ~Arena();

  // `count` zeroed objects, aligned to cache lines.
  template <typename T>
  std::span<T> take(std::size_t count) {
    static_assert(std::is_trivially_destructible_v<T>);
    void* memory = take_bytes(count * sizeof(T));
    return memory == nullptr ? std::span<T>{} : std::span<T>{static_cast<T*>(memory), count};
  }

  [[nodiscard]] bool failed() const { return failed_; }

 private:
  static constexpr std::size_t kBlocksMax = 32;

  void* take_bytes(std::size_t bytes);

  int socket_;
  Paging paging_;
  bool failed_ = false;
  std::size_t block_count_ = 0;
  std::array<HostBlock, kBlocksMax> blocks_{};
};

}  // namespace tapdeck::engine
