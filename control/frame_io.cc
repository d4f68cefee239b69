#include "control/frame_io.h"

#include <array>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

namespace tapdeck::control {
namespace {

constexpr int kListenBacklog = 64;
constexpr const char* kSocketName = "control.sock";
constexpr const char* kNewSocketName = "control.sock.new";

// An address of `name` in a directory of any length: through the directory's open descriptor,
// which must stay open while the address is used.
struct DirectoryAddress {
  Socket directory;
  sockaddr_un address{};
  std::string path;  // what the address stands for
};

Result<DirectoryAddress> address_of(const std::string& store_directory, const char* name) {
  DirectoryAddress result;
  result.path = store_directory + "/" + name;
  result.address.sun_family = AF_UNIX;
  std::string short_path = result.path;
  if (short_path.size() >= sizeof result.address.sun_path) {
    result.directory = Socket(::open(store_directory.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
    if (!result.directory.is_open()) {
      return make_errno_error(ErrorCode::kNotFound, store_directory, errno);
    }
    short_path = "/proc/self/fd/" + std::to_string(result.directory.fd()) + "/" + name;
  }
  std::memcpy(result.address.sun_path, short_path.c_str(), short_path.size() + 1);
  return result;
}

const sockaddr* as_sockaddr(const sockaddr_un& address) {
  return reinterpret_cast<const sockaddr*>(&address);
}

Result<Socket> new_socket() {
  Socket socket(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  if (!socket.is_open()) {
    return make_errno_error(ErrorCode::kResources, "cannot make a control socket", errno);
  }
  return socket;
}

ErrorCode connect_error_code(int errno_value) {
  switch (errno_value) {
    case ENOENT:
    case ENOTDIR:
    case ECONNREFUSED: return ErrorCode::kNotFound;
    case EACCES:
    case EPERM: return ErrorCode::kPermission;
    case EAGAIN: return ErrorCode::kBusy;
    default: return ErrorCode::kIo;
  }
}

Error stalled_error(const char* what) {
  return make_error(ErrorCode::kIo,
                    std::string("the other side of the control socket ") + what + " for too long.");
}

// Reads exactly `size` bytes.  kNotFound: closed before the first of them.
Result<void> receive_exactly(int fd, void* to, std::size_t size) {
  std::size_t done = 0;
  while (done < size) {
    const ssize_t got = ::recv(fd, static_cast<char*>(to) + done, size - done, 0);
    if (got > 0) {
      done += static_cast<std::size_t>(got);
    } else if (got == 0) {
      return done == 0 ? make_error(ErrorCode::kNotFound, "the control connection was closed.")
                       : make_error(ErrorCode::kIo, "the control connection broke off.");
    } else if (errno == EAGAIN || errno == EWOULDBLOCK) {
      return stalled_error("said nothing");
    } else if (errno != EINTR) {
      return make_errno_error(ErrorCode::kIo, "cannot read from the control socket", errno);
    }
  }
  return {};
}

Result<void> send_exactly(int fd, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t sent = ::send(fd, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent >= 0) {
      bytes.remove_prefix(static_cast<std::size_t>(sent));
    } else if (errno == EAGAIN || errno == EWOULDBLOCK) {
      return stalled_error("took nothing");
    } else if (errno != EINTR) {
      return make_errno_error(ErrorCode::kIo, "cannot write to the control socket", errno);
    }
  }
  return {};
}

Result<void> set_time_limit(int fd, int option, std::uint32_t limit_ms) {
  timeval limit{};
  limit.tv_sec = static_cast<time_t>(limit_ms / 1'000);
  limit.tv_usec = static_cast<suseconds_t>(limit_ms % 1'000 * 1'000);
  if (::setsockopt(fd, SOL_SOCKET, option, &limit, sizeof limit) != 0) {
    return make_errno_error(ErrorCode::kIo, "cannot set a time limit on the control socket", errno);
  }
  return {};
}

}  // namespace

Socket& Socket::operator=(Socket&& other) noexcept {
  if (this != &other) {
    close();
    fd_ = std::exchange(other.fd_, -1);
  }
  return *this;
}

void Socket::close() {
  if (fd_ >= 0) ::close(fd_);
  fd_ = -1;
}

Result<Socket> listen_control_socket(const std::string& store_directory) {
  auto address = address_of(store_directory, kNewSocketName);
  if (!address) return Error(address.error());
  auto socket = new_socket();
  if (!socket) return Error(socket.error());
  const std::string what = "cannot serve " + store_directory + "/" + kSocketName;
  // The mode is set before the name exists, so that nobody can connect in between.
  if (::fchmod(socket->fd(), S_IRUSR | S_IWUSR) != 0) {
    return make_errno_error(ErrorCode::kPermission, what, errno);
  }
  ::unlink(address->path.c_str());
  if (::bind(socket->fd(), as_sockaddr(address->address), sizeof address->address) != 0) {
    const ErrorCode code = errno == EACCES ? ErrorCode::kPermission : ErrorCode::kIo;
    return make_errno_error(code, what, errno);
  }
  // Its final name appears when it answers, in place of what a crashed owner left.
  if (::listen(socket->fd(), kListenBacklog) != 0 ||
      ::rename(address->path.c_str(), (store_directory + "/" + kSocketName).c_str()) != 0) {
    const Error error = make_errno_error(ErrorCode::kIo, what, errno);
    ::unlink(address->path.c_str());
    return error;
  }
  return socket;
}

Result<Socket> connect_control_socket(const std::string& store_directory) {
  auto address = address_of(store_directory, kSocketName);
  if (!address) return Error(address.error());
  auto socket = new_socket();
  if (!socket) return Error(socket.error());
  while (::connect(socket->fd(), as_sockaddr(address->address), sizeof address->address) != 0) {
    if (errno == EINTR) continue;
    return make_errno_error(connect_error_code(errno), "cannot connect to " + address->path, errno);
  }
  return socket;
}

Result<void> set_time_limits(const Socket& socket,
                             std::uint32_t send_ms,
                             std::uint32_t receive_ms) {
  TD_TRY(set_time_limit(socket.fd(), SO_SNDTIMEO, send_ms));
  return set_time_limit(socket.fd(), SO_RCVTIMEO, receive_ms);
}

Result<void> send_frame(const Socket& socket, FrameType type, std::string_view payload) {
  if (payload.size() > kAnswerBytesMax) {
    return make_error(ErrorCode::kResources, "an answer is larger than the control socket takes.");
  }
  TD_TRY(send_exactly(socket.fd(), encode_frame_header(type, payload.size())));
  return send_exactly(socket.fd(), payload);
}

Result<Frame> receive_frame(const Socket& socket, std::size_t payload_bytes_max) {
  std::array<std::uint8_t, kFrameHeaderBytes> bytes{};
  TD_TRY(receive_exactly(socket.fd(), bytes.data(), bytes.size()));
  const auto header = decode_frame_header(bytes, payload_bytes_max);
  if (!header) {
    return make_error(ErrorCode::kCorrupt,
                      "the other side of the control socket does not speak this protocol.");
  }
  Frame frame{header->type, std::string(header->payload_bytes, '\0')};
  const auto payload = receive_exactly(socket.fd(), frame.payload.data(), frame.payload.size());
  if (!payload) return make_error(ErrorCode::kIo, payload.error().message);
  return frame;
}

}  // namespace tapdeck::control
