#include "engine/capture/lookahead.h"

#include <algorithm>
#include <utility>

#include "base/clock.h"
#include "engine/packet.h"

namespace tapdeck::engine {
namespace {

constexpr std::size_t kStartPackets = 32;
constexpr std::size_t kWildAtStartMax = 3;
constexpr std::size_t kWitnesses = 7;  // that must not contradict a jump
constexpr std::int64_t kJumpNs = 3'600 * kNsPerSecond;

bool agree(const CapturedPacket& a, const CapturedPacket& b) {
  const std::int64_t low_ns = std::min(a.time_ns, b.time_ns);
  return std::max(a.time_ns, b.time_ns) <= low_ns + kJumpNs;
}

}  // namespace

void Lookahead::keep(const CapturedPacket& packet) {
  Kept& kept = kept_.emplace_back();
  kept.packet = packet;
  kept.bytes.assign(packet.bytes.begin(), packet.bytes.end());
}

bool Lookahead::read_ahead(std::size_t count) {
  CapturedPacket packet;
  while (kept_.size() < count && verdict_ == ReadVerdict::kPacket) {
    verdict_ = reader_->next(packet);
    if (verdict_ == ReadVerdict::kPacket) keep(packet);
  }
  return kept_.size() >= count;
}

// How many packets at the beginning are not of the time that most of the kept ones agree on.
std::size_t Lookahead::wild_at_start() const {
  std::size_t best = 0;
  std::size_t best_count = 0;
  for (std::size_t i = 0; i < kept_.size(); ++i) {
    const auto count =
        static_cast<std::size_t>(std::count_if(kept_.begin(), kept_.end(), [&](const Kept& other) {
          return agree(kept_[i].packet, other.packet);
        }));
    if (count <= best_count) continue;
    best = i;
    best_count = count;
  }
  std::size_t first = 0;
  while (first < kept_.size() && !agree(kept_[first].packet, kept_[best].packet)) ++first;
  return first <= kWildAtStartMax ? first : 0;
}

void Lookahead::start() {
  started_ = true;
  read_ahead(kStartPackets);
  if (kept_.empty()) return;
  wild_left_ = wild_at_start();
  clock_ns_ = kept_[wild_left_].packet.time_ns;
}

// A packet of which nothing is understood is no witness of the time either.
bool Lookahead::is_ahead(const CapturedPacket& packet) const {
  return link_type_known(packet.link_type) && packet.time_ns > clock_ns_ + kJumpNs;
}

void Lookahead::take_kept(CapturedPacket& packet) {
  current_ = std::move(kept_.front());
  kept_.pop_front();
  packet = current_.packet;
  packet.bytes = current_.bytes;
}

// Sets order_ns and moves the clock.  Packets that follow are in kept_ where they matter.
void Lookahead::date(CapturedPacket& packet) {
  packet.order_ns = packet.time_ns;
  if (wild_left_ > 0) {
    --wild_left_;
    packet.order_ns = clock_ns_;
    return;
  }
  if (!link_type_known(packet.link_type)) {
    packet.order_ns = std::min(packet.time_ns, clock_ns_);
    return;
  }
  if (is_ahead(packet)) {
    const std::size_t count = std::min(kept_.size(), kWitnesses);
    for (std::size_t i = 0; i < count; ++i) {
      if (is_ahead(kept_[i].packet)) continue;
      packet.order_ns = clock_ns_;
      return;
    }
  }
  clock_ns_ = std::max(clock_ns_, packet.time_ns);
}

ReadVerdict Lookahead::next(CapturedPacket& packet) {
  if (!started_) start();
  if (kept_.empty()) {
    if (verdict_ == ReadVerdict::kPacket) verdict_ = reader_->next(packet);
    if (verdict_ != ReadVerdict::kPacket) return verdict_;
    if (!is_ahead(packet)) {
      date(packet);
      return ReadVerdict::kPacket;
    }
    keep(packet);
  }
  if (wild_left_ == 0 && is_ahead(kept_.front().packet)) read_ahead(1 + kWitnesses);
  take_kept(packet);
  date(packet);
  return ReadVerdict::kPacket;
}

}  // namespace tapdeck::engine
