#include <algorithm>
#include <array>
#include <cerrno>
#include <linux/if_packet.h>
#include <net/if.h>
#include <netinet/in.h>
#include <numeric>
#include <random>
#include <sys/socket.h>
#include <unistd.h>
#include <vector>

#include "bench/load/outlet.h"

namespace tapdeck::load {
namespace {

constexpr std::size_t kFrameSlotBytes = 256;

class InterfaceOutlet : public Outlet {
 public:
  explicit InterfaceOutlet(int socket)
      : socket_(socket), bytes_(kFrameSlotBytes * kPacketBuffers), order_(kPacketBuffers) {
    std::iota(order_.begin(), order_.end(), 0U);
    std::shuffle(order_.begin(), order_.end(), std::mt19937(3));
    for (std::uint32_t i = 0; i < kPacketBuffers; ++i) StreamSource::prepare(frame(i), i + 1);
  }

  InterfaceOutlet(const InterfaceOutlet&) = delete;
  InterfaceOutlet& operator=(const InterfaceOutlet&) = delete;

  ~InterfaceOutlet() override { close(socket_); }

  Result<void> send(StreamSource& source, std::uint32_t count) override {
    std::array<iovec, kBurst> parts{};
    std::array<mmsghdr, kBurst> messages{};
    for (std::uint32_t i = 0; i < count; ++i) {
      std::uint8_t* bytes = frame(order_[at_++ % kPacketBuffers]);
      static_cast<void>(source.write(bytes));
      parts[i] = {bytes, StreamSource::kFrameBytes};
      messages[i].msg_hdr.msg_iov = &parts[i];
      messages[i].msg_hdr.msg_iovlen = 1;
    }
    for (std::uint32_t sent = 0; sent < count;) {
      const int done = sendmmsg(socket_, messages.data() + sent, count - sent, 0);
      if (done > 0) {
        sent += static_cast<std::uint32_t>(done);
      } else if (errno != EINTR && errno != ENOBUFS && errno != EAGAIN) {
        return make_errno_error(ErrorCode::kIo, "Cannot send", errno);
      }
    }
    return {};
  }

  [[nodiscard]] bool has_room() const override { return true; }  // send() waits

 private:
  std::uint8_t* frame(std::uint32_t number) { return bytes_.data() + kFrameSlotBytes * number; }

  int socket_;
  std::vector<std::uint8_t> bytes_;
  std::vector<std::uint32_t> order_;
  std::uint32_t at_ = 0;
};

}  // namespace

Result<std::unique_ptr<Outlet>> make_interface_outlet(const std::string& interface) {
  const unsigned index = if_nametoindex(interface.c_str());
  if (index == 0) {
    return make_error(ErrorCode::kNotFound, "There is no network interface " + interface + ".");
  }
  const int out = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0);
  if (out < 0) {
    return make_errno_error(ErrorCode::kPermission, "Cannot send on " + interface, errno);
  }
  auto outlet = std::make_unique<InterfaceOutlet>(out);  // closes the socket
  sockaddr_ll address{};
  address.sll_family = AF_PACKET;
  address.sll_protocol = 0;  // receives nothing
  address.sll_ifindex = static_cast<int>(index);
  if (bind(out, reinterpret_cast<sockaddr*>(&address), sizeof address) != 0) {
    return make_errno_error(ErrorCode::kIo, "Cannot send on " + interface, errno);
  }
  return std::unique_ptr<Outlet>(std::move(outlet));
}

}  // namespace tapdeck::load
