// The way back: RTP and RTCP that the call plane's thread came by, put together of IP fragments or
// told of in HEP, on its way to the worker whose stream it belongs to.  A bounded ring and as many
// buffers as it has places.
//
// Threads: take() and push() are the call plane's thread's, pop() the worker's; what was popped is
// given back by WorkerRings::release().  Memory: DPDK's heap on `socket`, in create(); none
// afterwards.  Full: take() gives null, and the caller counts.
#pragma once

#include <cstdint>

#include <rte_mempool.h>
#include <rte_ring.h>

#include "base/result.h"
#include "model/chunk.h"
#include "model/signal.h"

namespace tapdeck::engine {

// One byte more than is ever recorded of a packet: a longer one arrives as too long.
constexpr std::uint32_t kReturnedBytesMax = kRecordLengthMax + 1;

class ReturnedMedia {
 public:
  struct Options {
    std::uint16_t worker = 0;  // part of the names
    int socket = 0;            // NUMA node
    std::uint32_t slots = 0;   // a power of two; one less are on their way at once
  };

  static Result<ReturnedMedia> create(const Options& options);

  ReturnedMedia() = default;
  ReturnedMedia(ReturnedMedia&& other) noexcept;
  ReturnedMedia& operator=(ReturnedMedia&& other) noexcept;
  ~ReturnedMedia();  // every message must be home or forgotten

  // A buffer for kReturnedBytesMax bytes, with `bytes` and `capacity` set; null when none is free.
  // The caller owes push().
  [[nodiscard]] SignalMessage* take();
  void push(SignalMessage* message);

  // Null when there is none.
  [[nodiscard]] SignalMessage* pop() {
    void* object = nullptr;
    return rte_ring_dequeue(ring_, &object) == 0 ? static_cast<SignalMessage*>(object) : nullptr;
  }

 private:
  rte_ring* ring_ = nullptr;
  rte_mempool* pool_ = nullptr;
};

}  // namespace tapdeck::engine
