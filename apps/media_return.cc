#include "apps/media_return.h"

#include <algorithm>
#include <cstring>

#include "engine/capture/flow_hash.h"
#include "engine/rtp/header.h"

namespace tapdeck::apps {
namespace {

using engine::ReassemblyCount;

constexpr std::uint16_t kLinkTypeRawIp = 101;

}  // namespace

std::uint16_t MediaReturn::queue_of(ByteView datagram) const {
  const auto count = static_cast<std::uint32_t>(workers_.size());
  return static_cast<std::uint16_t>(engine::choose_queue(kLinkTypeRawIp, datagram, count));
}

void MediaReturn::give(const SignalMessage& packet, std::uint16_t queue) {
  const bool alone = packet.kind == SignalKind::kRtcp || workers_.size() == 1;
  if (!send(packet, alone ? std::uint16_t{0} : home_of(packet, queue))) {
    counters_.add(ReassemblyCount::kMediaLost);
  }
}

bool MediaReturn::give_rtcp(const SignalMessage& packet) {
  if (!engine::is_rtcp(packet.view(), packet.length)) return false;
  SignalMessage rtcp = packet;
  rtcp.kind = SignalKind::kRtcp;
  return send(rtcp, 0);
}

std::uint16_t MediaReturn::home_of(const SignalMessage& packet, std::uint16_t queue) {
  engine::RtpHeader header;
  if (!engine::parse_rtp(packet.view(), packet.length + packet.missing_bytes, header)) return 0;
  const Stream stream{packet.source, packet.destination, header.ssrc, packet.realm};
  const auto known = homes_.find(stream);
  if (known != homes_.end()) {
    by_use_.splice(by_use_.end(), by_use_, known->second.place);
    return known->second.worker;
  }
  if (homes_.size() == kReturnedStreamsMax) {
    homes_.erase(by_use_.front());
    by_use_.pop_front();
    counters_.add(ReassemblyCount::kMediaForgotten);
  }
  homes_[stream] = {queue, false, by_use_.insert(by_use_.end(), stream)};
  return queue;
}

// A worker to which nothing was sent and that has the stream gets those of its packets that come
// in one piece.
void MediaReturn::learn(const StreamReport& report) {
  if (report.kind != StreamReportKind::kActivity) return;
  const auto home = homes_.find({report.source, report.destination, report.ssrc, report.realm});
  if (home == homes_.end() || home->second.told || home->second.worker == report.worker) return;
  home->second.worker = report.worker;
  home->second.told = true;
}

bool MediaReturn::send(const SignalMessage& packet, std::uint16_t worker) {
  engine::ReturnedMedia& way = workers_[worker]->returned();
  SignalMessage* message = way.take();
  if (message == nullptr) return false;
  const std::uint32_t capacity = message->capacity;
  auto* to = const_cast<std::uint8_t*>(message->bytes);
  const std::uint32_t length = std::min(packet.length, capacity);
  std::memcpy(to, packet.bytes, length);
  *message = packet;
  message->bytes = to;
  message->capacity = capacity;
  message->length = length;
  message->missing_bytes = packet.missing_bytes + packet.length - length;
  way.push(message);
  return true;
}

}  // namespace tapdeck::apps
