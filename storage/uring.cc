#include "storage/uring.h"

#include <cerrno>
#include <string>
#include <sys/uio.h>
#include <unistd.h>

#include <liburing.h>

#include "base/assert.h"
#include "base/log.h"

namespace tapdeck::storage {

struct Uring::Ring {
  io_uring ring{};
  bool started = false;

  Ring() = default;
  Ring(const Ring&) = delete;
  Ring& operator=(const Ring&) = delete;

  ~Ring() {
    if (started) io_uring_queue_exit(&ring);
  }
};

namespace {

// Newest flags first: kernels before 6.1 and 6.0 refuse them with EINVAL.
int start_ring(std::uint32_t entries, io_uring& ring) {
  constexpr unsigned kFlags[] = {
      IORING_SETUP_SINGLE_ISSUER | IORING_SETUP_DEFER_TASKRUN, IORING_SETUP_SINGLE_ISSUER, 0};
  int error = 0;
  for (const unsigned flags : kFlags) {
    error = io_uring_queue_init(entries, &ring, flags);
    if (error != -EINVAL) break;
  }
  return error;
}

bool register_buffers(io_uring& ring, const std::vector<MutableByteView>& buffers) {
  std::vector<iovec> vectors;
  vectors.reserve(buffers.size());
  for (const MutableByteView buffer : buffers) vectors.push_back({buffer.data(), buffer.size()});
  const int error =
      io_uring_register_buffers(&ring, vectors.data(), static_cast<unsigned>(vectors.size()));
  if (error == 0) return true;
  std::string notice =
      make_errno_error(ErrorCode::kIo, "io_uring buffers are not registered", -error).message;
  if (error == -ENOMEM) notice += "; raise the memlock limit";
  log_warning(notice + "; writes cost more CPU");
  return false;
}

}  // namespace

Uring::Uring(std::uint32_t entries, std::vector<MutableByteView> buffers)
    : entries_(entries), buffers_(std::move(buffers)) {}

Uring::~Uring() = default;

bool Uring::uses_ring() const { return ring_ != nullptr; }

bool Uring::uses_registered_buffers() const { return registered_; }

bool Uring::usable_here() const {
  return ring_ == nullptr || issuer_ == std::this_thread::get_id() || in_flight_ == ready_.size();
}

void Uring::ensure_ring() {
  if (denied_ || (ring_ != nullptr && issuer_ == std::this_thread::get_id())) return;
  TD_ASSERT(usable_here());
  ring_.reset();
  auto ring = std::make_unique<Ring>();
  const int error = start_ring(entries_, ring->ring);
  if (error != 0) {
    denied_ = true;
    log_warning(
        make_errno_error(ErrorCode::kIo, "io_uring is not available", -error).message +
        "; segments are written with blocking calls, which are slower. A container's seccomp "
        "profile must allow io_uring_setup, io_uring_enter and io_uring_register, and sysctl "
        "kernel.io_uring_disabled must be 0 (docs/OPERATIONS.md).");
    return;
  }
  ring->started = true;
  ring_ = std::move(ring);
  issuer_ = std::this_thread::get_id();
  registered_ = register_buffers(ring_->ring, buffers_);
}

void Uring::queue_write(const UringWrite& write) {
  TD_ASSERT(has_room(1));
  ensure_ring();
  ++in_flight_;
  const auto length = static_cast<unsigned>(write.bytes.size());
  if (ring_ == nullptr) {
    std::int32_t result = -ECANCELED;
    if (!chain_failed_) {
      const ssize_t written = pwrite(
          write.file, write.bytes.data(), write.bytes.size(), static_cast<off_t>(write.offset));
      result = written < 0 ? -errno : static_cast<std::int32_t>(written);
    }
    chain_failed_ =
        write.link == UringLink::kNextWaits && result != static_cast<std::int32_t>(length);
    ready_.push_back({write.token, result});
    return;
  }
  io_uring_sqe* entry = io_uring_get_sqe(&ring_->ring);
  TD_ASSERT(entry != nullptr);
  if (registered_ && write.buffer_index != kUnregistered) {
    io_uring_prep_write_fixed(
        entry, write.file, write.bytes.data(), length, write.offset, write.buffer_index);
  } else {
    io_uring_prep_write(entry, write.file, write.bytes.data(), length, write.offset);
  }
  if (write.link == UringLink::kNextWaits) entry->flags |= IOSQE_IO_LINK;
  io_uring_sqe_set_data64(entry, write.token);
}

void Uring::queue_sync(int file, std::uint64_t token, UringLink link) {
  TD_ASSERT(has_room(1));
  ensure_ring();
  ++in_flight_;
  if (ring_ == nullptr) {
    const int result = chain_failed_ ? -ECANCELED : fdatasync(file) == 0 ? 0 : -errno;
    chain_failed_ = link == UringLink::kNextWaits && result < 0;
    ready_.push_back({token, result});
    return;
  }
  io_uring_sqe* entry = io_uring_get_sqe(&ring_->ring);
  TD_ASSERT(entry != nullptr);
  io_uring_prep_fsync(entry, file, IORING_FSYNC_DATASYNC);
  if (link == UringLink::kNextWaits) entry->flags |= IOSQE_IO_LINK;
  io_uring_sqe_set_data64(entry, token);
}

void Uring::submit() {
  if (ring_ == nullptr || in_flight_ == ready_.size()) return;
  io_uring_submit_and_get_events(&ring_->ring);
}

void Uring::wait() {
  if (ring_ == nullptr || in_flight_ == ready_.size() || !usable_here()) return;
  io_uring_submit_and_wait(&ring_->ring, 1);
}

void Uring::take_completions() {
  if (ring_ == nullptr || issuer_ != std::this_thread::get_id()) return;
  io_uring_cqe* entry = nullptr;
  unsigned head = 0;
  unsigned seen = 0;
  io_uring_for_each_cqe(&ring_->ring, head, entry) {
    ready_.push_back({io_uring_cqe_get_data64(entry), entry->res});
    ++seen;
  }
  io_uring_cq_advance(&ring_->ring, seen);
}

std::vector<UringCompletion>& Uring::reap() {
  if (issuer_ == std::this_thread::get_id()) submit();
  take_completions();
  reaped_.clear();
  reaped_.swap(ready_);
  in_flight_ -= static_cast<std::uint32_t>(reaped_.size());
  return reaped_;
}

}  // namespace tapdeck::storage
