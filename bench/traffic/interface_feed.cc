#include "bench/traffic/interface_feed.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <ctime>
#include <net/if.h>
#include <netinet/in.h>
#include <netpacket/packet.h>
#include <sys/socket.h>
#include <unistd.h>
#include <utility>

#include "base/clock.h"

namespace tapdeck::traffic {
namespace {

constexpr std::uint16_t kEtherAll = 3;  // ETH_P_ALL
constexpr std::int64_t kSleepLeastNs = 100'000;

}  // namespace

Result<InterfaceFeed> InterfaceFeed::open(const std::string& interface, double speed) {
  const unsigned index = if_nametoindex(interface.c_str());
  if (index == 0) {
    return make_error(ErrorCode::kNotFound, "There is no network interface " + interface + ".");
  }
  InterfaceFeed feed(socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0), speed);
  sockaddr_ll address{};
  address.sll_family = AF_PACKET;
  address.sll_protocol = htons(kEtherAll);
  address.sll_ifindex = static_cast<int>(index);
  if (feed.socket_ < 0 ||
      bind(feed.socket_, reinterpret_cast<sockaddr*>(&address), sizeof address) != 0) {
    return make_errno_error(ErrorCode::kPermission, "Cannot send on " + interface, errno);
  }
  return feed;
}

InterfaceFeed::InterfaceFeed(InterfaceFeed&& other) noexcept
    : socket_(std::exchange(other.socket_, -1)), speed_(other.speed_) {}

InterfaceFeed::~InterfaceFeed() {
  if (socket_ >= 0) close(socket_);
}

Result<bool> InterfaceFeed::put(const Frame& frame) {
  const std::int64_t now_ns = monotonic_now_ns();
  if (started_ns_ == 0) {
    started_ns_ = now_ns;
    first_ns_ = frame.time_ns;
  }
  if (speed_ > 0) {
    const std::int64_t due_ns =
        started_ns_ +
        static_cast<std::int64_t>(static_cast<double>(frame.time_ns - first_ns_) / speed_);
    behind_ns_ = std::max(behind_ns_, now_ns - due_ns);
    if (due_ns - now_ns > kSleepLeastNs) {
      Result<bool> sent = flush();
      if (!sent) return sent;
      const timespec until = {due_ns / kNsPerSecond, due_ns % kNsPerSecond};
      while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &until, nullptr) == EINTR) {
      }
    }
  }
  bytes_.insert(bytes_.end(), frame.bytes.begin(), frame.bytes.end());
  ends_.push_back(bytes_.size());
  return ends_.size() == kBatch ? flush() : Result<bool>(true);
}

Result<bool> InterfaceFeed::flush() {
  std::array<iovec, kBatch> parts{};
  std::array<mmsghdr, kBatch> messages{};
  std::size_t begin = 0;
  for (std::size_t i = 0; i < ends_.size(); ++i) {
    parts[i] = {bytes_.data() + begin, ends_[i] - begin};
    begin = ends_[i];
    messages[i].msg_hdr.msg_iov = &parts[i];
    messages[i].msg_hdr.msg_iovlen = 1;
  }
  std::size_t sent = 0;
  while (sent < ends_.size()) {
    const int count =
        sendmmsg(socket_, messages.data() + sent, static_cast<unsigned>(ends_.size() - sent), 0);
    if (count > 0) {
      sent += static_cast<std::size_t>(count);
    } else if (errno != EINTR && errno != ENOBUFS && errno != EAGAIN) {
      return make_errno_error(ErrorCode::kIo, "Cannot send", errno);
    }
  }
  bytes_.clear();
  ends_.clear();
  return true;
}

}  // namespace tapdeck::traffic
