// Sends frames out of a network interface of the kernel, at the pace of their times or a multiple
// of it.  Needs root or CAP_NET_RAW.
// Threads: one owner; put() sleeps until the frame is due.  Memory: one batch of frames.  When the
// interface is slower than the pace: sending falls behind, and behind_ns() tells by how much.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/result.h"
#include "bench/traffic/traffic.h"

namespace tapdeck::traffic {

class InterfaceFeed {
 public:
  // `speed` 1 is real time, 2 twice as fast; 0 sends as fast as it goes.
  static Result<InterfaceFeed> open(const std::string& interface, double speed);

  InterfaceFeed(InterfaceFeed&& other) noexcept;
  InterfaceFeed& operator=(InterfaceFeed&&) = delete;
  ~InterfaceFeed();

  Result<bool> put(const Frame& frame);
  Result<bool> flush();

  [[nodiscard]] std::int64_t behind_ns() const { return behind_ns_; }  // the most so far

 private:
  static constexpr std::size_t kBatch = 64;

  InterfaceFeed(int socket, double speed) : socket_(socket), speed_(speed) {}

  int socket_;
  double speed_;
  std::int64_t first_ns_ = 0;    // time of the first frame
  std::int64_t started_ns_ = 0;  // when it was sent; monotonic
  std::int64_t behind_ns_ = 0;
  std::vector<std::uint8_t> bytes_{};
  std::vector<std::size_t> ends_{};  // of the batch's frames in bytes_
};

}  // namespace tapdeck::traffic
