// Writes and fdatasyncs through one io_uring with its own counts of what is queued and in flight.
// The only file pair that knows liburing.
//
// Threads: one issuer.  The kernel ring is made by the first thread that queues something and is
// remade when, with nothing in flight, another thread takes over: so a store may be opened by one
// thread and written by another. Memory: the ring; buffers are the caller's and are registered.
// Failing: where the kernel denies io_uring, the same calls are made with pwrite and fdatasync at
// once; where RLIMIT_MEMLOCK forbids registering buffers, plain writes are queued; both are told
// once in the log and by the figures. A failed request completes with -errno.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <thread>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"

namespace tapdeck::storage {

struct UringCompletion {
  std::uint64_t token = 0;
  std::int32_t result = 0;  // bytes written, 0 for a sync, or -errno
};

enum class UringLink : std::uint8_t {
  kNone,
  kNextWaits,  // the next queued request starts after this one and only if it succeeded
};

constexpr int kUnregistered = -1;

struct UringWrite {
  int file = -1;
  int buffer_index = kUnregistered;  // into the buffers of the constructor
  ByteView bytes;                    // inside that buffer; otherwise valid until it completes
  std::uint64_t offset = 0;
  std::uint64_t token = 0;
  UringLink link = UringLink::kNone;
};

class Uring {
 public:
  // `entries`: requests in flight at most.
  Uring(std::uint32_t entries, std::vector<MutableByteView> buffers);
  ~Uring();
  Uring(const Uring&) = delete;
  Uring& operator=(const Uring&) = delete;

  // Room for `count` more requests.
  [[nodiscard]] bool has_room(std::uint32_t count) const { return in_flight_ + count <= entries_; }

  // Precondition of both: has_room(1).  Requests go to the kernel with submit() or wait().
  void queue_write(const UringWrite& write);
  void queue_sync(int file, std::uint64_t token, UringLink link);

  void submit();
  // Blocks until a request completes; returns at once when nothing is in flight.
  void wait();
  // What has completed since the last call, without blocking.
  std::vector<UringCompletion>& reap();

  [[nodiscard]] std::uint32_t in_flight() const { return in_flight_; }

  [[nodiscard]] bool uses_ring() const;
  [[nodiscard]] bool uses_registered_buffers() const;

  // False when requests of another thread's ring are still in flight: nothing can be queued here.
  [[nodiscard]] bool usable_here() const;

 private:
  struct Ring;

  void ensure_ring();
  void take_completions();

  const std::uint32_t entries_;
  std::vector<MutableByteView> buffers_;
  std::unique_ptr<Ring> ring_;  // null before first use and where the kernel denies it
  std::thread::id issuer_{};
  bool denied_ = false;
  bool registered_ = false;
  bool chain_failed_ = false;  // without a ring: a linked request failed, skip the next one
  std::uint32_t in_flight_ = 0;
  std::vector<UringCompletion> ready_;
  std::vector<UringCompletion> reaped_;
};

}  // namespace tapdeck::storage
