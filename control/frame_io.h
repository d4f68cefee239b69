// Whole frames over a stream socket, with time limits.
// Threads: one at a time per Socket; shutdown_socket() from any.  Memory: one frame per call.
// A peer that stalls longer than the limit, closes or sends nonsense: Result with kIo or kCorrupt.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

#include "base/result.h"
#include "control/protocol.h"

namespace tapdeck::control {

// Owns one file descriptor.
class Socket {
 public:
  Socket() = default;

  explicit Socket(int fd) : fd_(fd) {}

  Socket(Socket&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}

  Socket& operator=(Socket&& other) noexcept;
  Socket(const Socket&) = delete;
  Socket& operator=(const Socket&) = delete;

  ~Socket() { close(); }

  void close();

  [[nodiscard]] int fd() const { return fd_; }

  [[nodiscard]] bool is_open() const { return fd_ >= 0; }

 private:
  int fd_ = -1;
};

constexpr std::uint32_t kNoTimeout = 0;

// STORE/control.sock, bound (mode 0600, in place of whatever was there) or connected.  Paths longer
// than a socket address go through /proc/self/fd.
Result<Socket> listen_control_socket(const std::string& store_directory);
Result<Socket> connect_control_socket(const std::string& store_directory);

// How long one send or receive may stall, kNoTimeout: forever.
Result<void> set_time_limits(const Socket& socket, std::uint32_t send_ms, std::uint32_t receive_ms);

Result<void> send_frame(const Socket& socket, FrameType type, std::string_view payload);

// kNotFound: the peer closed between two frames.
Result<Frame> receive_frame(const Socket& socket, std::size_t payload_bytes_max);

}  // namespace tapdeck::control
