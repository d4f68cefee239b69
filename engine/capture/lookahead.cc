#include "engine/capture/lookahead.h"

#include <algorithm>
#include <utility>

#include "base/clock.h"
#include "engine/packet.h"

namespace tapdeck::engine {
namespace {

constexpr std::size_t kStartPackets = 32;
constexpr std::size_t kStrangersMax = 3;
constexpr std::size_t kWitnesses = 7;      // that must not contradict a jump
constexpr std::size_t kConfirmations = 2;  // of them, for it to move the time
constexpr std::int64_t kJumpNs = 3'600 * kNsPerSecond;
constexpr std::int64_t kLateNs = kNsPerSecond;

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
std::size_t Lookahead::strangers_at_start() const {
  std::size_t best = 0;
  std::size_t best_count = 0;
  for (std::size_t i = 0; i < kept_.size(); ++i) {
    if (!link_type_known(kept_[i].packet.link_type)) continue;
    const auto count =
        static_cast<std::size_t>(std::count_if(kept_.begin(), kept_.end(), [&](const Kept& other) {
          return link_type_known(other.packet.link_type) && agree(kept_[i].packet, other.packet);
        }));
    if (count <= best_count) continue;
    best = i;
    best_count = count;
  }
  std::size_t first = 0;
  while (first < best && !agree(kept_[first].packet, kept_[best].packet)) ++first;
  return first <= kStrangersMax ? first : 0;
}

void Lookahead::start() {
  started_ = true;
  read_ahead(kStartPackets);
  if (kept_.empty()) return;
  strangers_left_ = strangers_at_start();
  const CapturedPacket& first = kept_[strangers_left_].packet;
  clock_ns_ = first.time_ns;
  if (link_type_known(first.link_type)) clock_start_ns_ = clock_ns_;
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

// A packet far ahead of the clock.  Those that follow are in kept_.
void Lookahead::date_jump(CapturedPacket& packet) {
  std::size_t witnesses = 0;
  const std::size_t count = std::min(kept_.size(), kWitnesses);
  for (std::size_t i = 0; i < count; ++i) {
    const CapturedPacket& witness = kept_[i].packet;
    if (!link_type_known(witness.link_type)) continue;
    if (!is_ahead(witness)) {
      packet.order_ns = clock_ns_;
      return;
    }
    ++witnesses;
  }
  if (witnesses < kConfirmations) return;
  clock_ns_ = packet.time_ns;
  packet.clock_ns = clock_ns_;
}

// Sets order_ns and clock_ns and moves the file's clock.
void Lookahead::date(CapturedPacket& packet) {
  packet.order_ns = packet.time_ns;
  packet.clock_ns = clock_ns_;
  if (strangers_left_ > 0) {
    --strangers_left_;
    packet.order_ns = std::min(packet.time_ns, clock_ns_);
    packet.clock_ns = INT64_MIN;
  } else if (!link_type_known(packet.link_type)) {
    packet.order_ns = std::min(packet.time_ns, clock_ns_);
  } else if (is_ahead(packet)) {
    date_jump(packet);
  } else {
    if (packet.time_ns < clock_ns_ - kLateNs) ++late_packets_;
    clock_ns_ = std::max(clock_ns_, packet.time_ns);
    packet.clock_ns = clock_ns_;
  }
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
  if (strangers_left_ == 0 && is_ahead(kept_.front().packet)) read_ahead(1 + kWitnesses);
  take_kept(packet);
  date(packet);
  return ReadVerdict::kPacket;
}

}  // namespace tapdeck::engine
