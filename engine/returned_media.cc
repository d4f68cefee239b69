#include "engine/returned_media.h"

#include <new>
#include <string>
#include <utility>

#include <rte_errno.h>

#include "base/assert.h"

namespace tapdeck::engine {

Result<ReturnedMedia> ReturnedMedia::create(const Options& options) {
  ReturnedMedia media;
  const std::string number = std::to_string(options.worker);
  media.ring_ = rte_ring_create(
      ("td_return" + number).c_str(), options.slots, options.socket, RING_F_SP_ENQ | RING_F_SC_DEQ);
  if (media.ring_ != nullptr) {
    media.pool_ = rte_mempool_create(("td_returned" + number).c_str(),
                                     options.slots - 1,
                                     unsigned{sizeof(SignalMessage)} + kReturnedBytesMax,
                                     0,
                                     0,
                                     nullptr,
                                     nullptr,
                                     nullptr,
                                     nullptr,
                                     options.socket,
                                     RTE_MEMPOOL_F_SC_GET | RTE_MEMPOOL_F_NO_IOVA_CONTIG);
  }
  if (media.pool_ == nullptr) {
    return make_errno_error(ErrorCode::kResources,
                            "No memory for " + std::to_string(options.slots) +
                                " packets of media on their way back to a worker (powers of two "
                                "only)",
                            rte_errno);
  }
  return media;
}

ReturnedMedia::ReturnedMedia(ReturnedMedia&& other) noexcept
    : ring_(std::exchange(other.ring_, nullptr)), pool_(std::exchange(other.pool_, nullptr)) {}

ReturnedMedia& ReturnedMedia::operator=(ReturnedMedia&& other) noexcept {
  std::swap(ring_, other.ring_);
  std::swap(pool_, other.pool_);
  return *this;
}

ReturnedMedia::~ReturnedMedia() {
  rte_ring_free(ring_);
  rte_mempool_free(pool_);
}

SignalMessage* ReturnedMedia::take() {
  void* object = nullptr;
  if (rte_mempool_get(pool_, &object) != 0) return nullptr;
  auto* message = new (object) SignalMessage{};
  message->capacity = kReturnedBytesMax;
  message->bytes = reinterpret_cast<const std::uint8_t*>(message) + sizeof(SignalMessage);
  return message;
}

void ReturnedMedia::push(SignalMessage* message) {
  const int full = rte_ring_enqueue(ring_, message);
  TD_ASSERT(full == 0);  // it holds all buffers there are
}

}  // namespace tapdeck::engine
