#include "pipelines/export/layout.h"

#include <algorithm>
#include <cstdlib>
#include <limits>
#include <optional>

#include "base/clock.h"
#include "pipelines/export/hops.h"

namespace tapdeck::exports {
namespace {

constexpr std::uint8_t kNobody = 0xff;
constexpr std::int64_t kClockJumpSamples = kSampleRate * 15 / 100;
constexpr std::size_t kJumpPacketsMax = 400;
constexpr std::size_t kOvertakenMax = 32;  // packets that may arrive before the first one
constexpr std::int64_t kComparedMin = 10;  // pairs of packets that tell of a clock

std::string upper(std::string_view text) {
  std::string result(text);
  for (char& c : result) {
    if (c >= 'a' && c <= 'z') c = static_cast<char>(c - 'a' + 'A');
  }
  return result;
}

std::int64_t samples_between(std::int64_t from_us, std::int64_t to_us) {
  const std::int64_t scaled = (to_us - from_us) * (kSampleRate / 1'000);
  return (scaled + (scaled >= 0 ? kUsPerMs / 2 : -kUsPerMs / 2)) / kUsPerMs;
}

// Some devices count milliseconds, at another rate, or nothing at all: then packets come as their
// sequence numbers and lengths say, and not as their timestamps do.
bool counts_samples(const MediaStream& stream,
                    const std::vector<OrderedPacket>& ordered,
                    const StreamPlan& plan) {
  std::int64_t pairs = 0;
  std::int64_t right = 0;
  std::int64_t stamped = 0;
  std::int64_t said = 0;
  std::int64_t passed = 0;
  for (std::size_t i = 1; i < ordered.size(); ++i) {
    const PacketEntry& before = stream.packets[ordered[i - 1].index];
    const PacketEntry& packet = stream.packets[ordered[i].index];
    const bool side_by_side = ordered[i].order == ordered[i - 1].order + 1;
    if (!side_by_side || !is_audible(before, plan) || !is_audible(packet, plan)) continue;
    const auto step = static_cast<std::int32_t>(packet.timestamp - before.timestamp);
    ++pairs;
    if (step == before.payload_bytes) ++right;
    stamped += step;
    said += before.payload_bytes;
    passed += samples_between(before.arrival_us, packet.arrival_us);
  }
  if (pairs < kComparedMin || right * 2 >= pairs) return true;
  return std::abs(passed - said) * 4 >= std::abs(passed - stamped);
}

// As if they counted samples, from sequence numbers.
void count_samples(MediaStream& stream,
                   const std::vector<OrderedPacket>& ordered,
                   const StreamPlan& plan) {
  const PacketEntry* before = nullptr;
  std::int64_t order = 0;
  for (const OrderedPacket& next : ordered) {
    PacketEntry& packet = stream.packets[next.index];
    if (!is_audible(packet, plan)) continue;
    if (before != nullptr) {
      packet.timestamp = before->timestamp +
                         static_cast<std::uint32_t>((next.order - order) * before->payload_bytes);
    }
    before = &packet;
    order = next.order;
  }
}

// Lays out the audible packets of one stream, in samples from `origin_us`.
class StreamLayout {
 public:
  StreamLayout(MediaStream& stream, const StreamPlan& plan, std::int64_t origin_us)
      : stream_(stream), plan_(plan), origin_us_(origin_us) {}

  void place(const std::vector<OrderedPacket>& ordered) {
    const PacketEntry* before = nullptr;
    bool run_begins = true;
    for (std::size_t i = 0; i < ordered.size(); ++i) {
      run_begins = run_begins || begins_run(ordered, i);
      PacketEntry& packet = stream_.packets[ordered[i].index];
      if (packet.is_heard_elsewhere || !is_audible(packet, plan_)) continue;
      if (run_begins) {
        anchor_run(ordered, i);
      } else if (clock_jumped(ordered, i, *before)) {
        anchor(packet, arrival(packet));
      }
      run_begins = false;
      before = &packet;
      place(packet);
    }
  }

 private:
  [[nodiscard]] std::int64_t arrival(const PacketEntry& packet) const {
    return samples_between(origin_us_, packet.arrival_us);
  }

  // By how much longer it took from one packet to the next than the sender's clock says.
  [[nodiscard]] std::int64_t delay(const PacketEntry& from, const PacketEntry& to) const {
    return arrival(to) - arrival(from) - static_cast<std::int32_t>(to.timestamp - from.timestamp);
  }

  // The sender's clock stood still in a pause, or jumped, and stays so: packets that were only held
  // up come all the faster until they have made up for it.
  [[nodiscard]] bool clock_jumped(const std::vector<OrderedPacket>& ordered,
                                  std::size_t at,
                                  const PacketEntry& before) const {
    const PacketEntry& first = stream_.packets[ordered[at].index];
    const std::int64_t jump = delay(before, first);
    if (std::abs(jump) < kClockJumpSamples) return false;
    const std::size_t end = std::min(ordered.size(), at + kJumpPacketsMax);
    for (std::size_t i = at + 1; i < end && !begins_run(ordered, i); ++i) {
      const PacketEntry& next = stream_.packets[ordered[i].index];
      const auto ahead = static_cast<std::int32_t>(next.timestamp - first.timestamp);
      if (ahead > std::abs(jump) + kClockJumpSamples) break;
      if (delay(before, next) * (jump > 0 ? 1 : -1) < kClockJumpSamples / 2) return false;
    }
    return true;
  }

  // The packet that arrived first may not be the first one: it gives the place, and those it
  // overtook go before it.
  void anchor_run(const std::vector<OrderedPacket>& ordered, std::size_t first) {
    const PacketEntry& begin = stream_.packets[ordered[first].index];
    const PacketEntry* earliest = &begin;
    const std::size_t end = std::min(ordered.size(), first + kOvertakenMax);
    for (std::size_t i = first + 1; i < end && !begins_run(ordered, i); ++i) {
      const PacketEntry& packet = stream_.packets[ordered[i].index];
      const auto ahead = static_cast<std::int32_t>(packet.timestamp - begin.timestamp);
      const bool near = ahead >= 0 && ahead <= kReanchorSamples;
      if (near && packet.arrival_us < earliest->arrival_us) earliest = &packet;
    }
    const auto ahead = static_cast<std::int32_t>(earliest->timestamp - begin.timestamp);
    anchor(begin, arrival(*earliest) - ahead);
  }

  void anchor(const PacketEntry& packet, std::int64_t at) {
    next_at_ = std::max(at, end_);
    last_timestamp_ = packet.timestamp;
  }

  void place(PacketEntry& packet) {
    next_at_ += static_cast<std::int32_t>(packet.timestamp - last_timestamp_);
    last_timestamp_ = packet.timestamp;
    const std::int64_t off = next_at_ - arrival(packet);
    if (off > kReanchorSamples || off < -kReanchorSamples) anchor(packet, arrival(packet));
    const std::int64_t filled = std::max<std::int64_t>(0, end_ - next_at_);
    if (filled >= packet.payload_bytes) return;
    packet.position = next_at_;
    packet.skip = static_cast<std::uint16_t>(filled);
    end_ = next_at_ + packet.payload_bytes;
  }

  MediaStream& stream_;
  const StreamPlan& plan_;
  std::int64_t origin_us_;
  std::int64_t next_at_ = 0;  // where last_timestamp_ lies
  std::uint32_t last_timestamp_ = 0;
  std::int64_t end_ = std::numeric_limits<std::int64_t>::min() / 2;
};

StreamPlan plan_stream(const CallRecord& call, const MediaStream& stream, WavPlan& plan) {
  StreamPlan result;
  result.side = side_of(call, stream);
  if (stream.kind == MediaKind::kVideo || stream.kind == MediaKind::kText ||
      stream.kind == MediaKind::kFax) {
    result.side = Side::kNone;
  }
  if (result.side == Side::kNone) return result;
  const MediaRecord* media = media_record(call, stream);
  const bool encrypted = media != nullptr && media->srtp;
  std::array<bool, 128> used{};
  for (const PacketEntry& packet : stream.packets) used[packet.payload_type] |= packet.is_rtp;
  for (std::size_t i = 0; i < used.size(); ++i) {
    if (!used[i]) continue;
    const auto type = static_cast<std::uint8_t>(i);
    const std::string name = codec_name(call, stream, type);
    result.codings[type] = encrypted ? Coding::kUnknown : coding_of(name);
    if (encrypted) {
      add_note(plan, "encrypted_without_key");
    } else if (result.codings[type] == Coding::kUnknown) {
      add_note(plan, "codec " + name + " not yet decodable");
    }
  }
  return result;
}

std::int64_t earliest_arrival_us(const MediaIndex& index) {
  std::int64_t earliest_us = std::numeric_limits<std::int64_t>::max();
  for (const MediaStream& stream : index.streams) {
    for (const PacketEntry& packet : stream.packets) {
      earliest_us = std::min(earliest_us, packet.arrival_us);
    }
  }
  return earliest_us;
}

// Packets that were overtaken at the very start lie before the first arrival: they begin the file.
void shift_to_zero(MediaIndex& index, WavPlan& plan) {
  std::int64_t first = 0;
  for (const MediaStream& stream : index.streams) {
    for (const PacketEntry& packet : stream.packets) {
      if (packet.position != kNowhere) first = std::min(first, packet.position + packet.skip);
    }
  }
  for (MediaStream& stream : index.streams) {
    for (PacketEntry& packet : stream.packets) {
      if (packet.position == kNowhere) continue;
      packet.position -= first;
      plan.sample_count = std::max(plan.sample_count, packet.position + packet.payload_bytes);
    }
  }
}

}  // namespace

Side side_of(const CallRecord& call, const MediaStream& stream) {
  const MediaRecord* media = media_record(call, stream);
  std::uint8_t sender = stream.sender;
  if (sender == kNobody && media != nullptr) sender = media->party.value_or(kNobody);
  const std::uint8_t caller = call.caller.value_or(0);
  if (media != nullptr && media->speaker) return *media->speaker == 1 ? Side::kLeft : Side::kRight;
  if (sender != kNobody) return sender == caller ? Side::kLeft : Side::kRight;
  if (stream.receiver != kNobody) return stream.receiver == caller ? Side::kRight : Side::kLeft;
  const bool from_caller =
      caller < call.parties.size() && call.parties[caller].ip == stream.source.ip;
  return from_caller ? Side::kLeft : Side::kRight;
}

std::optional<std::uint8_t> branch_of(const CallRecord& call, const MediaStream& stream) {
  const MediaRecord* media = media_record(call, stream);
  std::uint8_t sender = stream.sender;
  if (sender == kNobody && media != nullptr) sender = media->party.value_or(kNobody);
  for (const std::uint8_t party : {sender, stream.receiver}) {
    const bool is_known = party < call.parties.size();
    if (is_known && call.parties[party].role == PartyRole::kFork) return party;
  }
  return std::nullopt;
}

std::string codec_name(const CallRecord& call, const MediaStream& stream, std::uint8_t type) {
  if (const MediaRecord* media = media_record(call, stream)) {
    const auto found = media->codecs.find(type);
    if (found != media->codecs.end() && !found->second.empty()) return upper(found->second);
  }
  const std::string_view name = static_payload(type).codec;
  return name.empty() ? "payload type " + std::to_string(type) : std::string(name);
}

const MediaRecord* media_record(const CallRecord& call, const MediaStream& stream) {
  for (const MediaRecord& media : call.media) {
    if (media.ssrc == stream.ssrc && media.source == stream.source &&
        media.destination == stream.destination) {
      return &media;
    }
  }
  return nullptr;
}

Coding coding_of(std::string_view codec) {
  if (codec == "PCMA") return Coding::kAlaw;
  if (codec == "PCMU") return Coding::kUlaw;
  if (codec == "CN" || codec == "TELEPHONE-EVENT") return Coding::kSilent;
  return Coding::kUnknown;
}

bool is_audible(const PacketEntry& packet, const StreamPlan& plan) {
  const Coding coding = plan.codings[packet.payload_type];
  return packet.payload_bytes != 0 && (coding == Coding::kAlaw || coding == Coding::kUlaw);
}

void add_note(WavPlan& plan, std::string note) {
  if (std::find(plan.notes.begin(), plan.notes.end(), note) == plan.notes.end()) {
    plan.notes.push_back(std::move(note));
  }
}

WavPlan plan_wav(const CallRecord& call, MediaIndex& index) {
  WavPlan plan;
  for (const MediaStream& stream : index.streams) {
    plan.streams.push_back(plan_stream(call, stream, plan));
  }
  leave_out_hops(call, index, plan);
  const std::int64_t origin_us = earliest_arrival_us(index);
  for (std::size_t i = 0; i < index.streams.size(); ++i) {
    if (plan.streams[i].side == Side::kNone) continue;
    MediaStream& stream = index.streams[i];
    const std::vector<OrderedPacket> ordered = order_packets(stream.packets);
    if (!counts_samples(stream, ordered, plan.streams[i])) {
      count_samples(stream, ordered, plan.streams[i]);
      add_note(plan, "timestamps do not count samples: packets lie by their sequence numbers");
    }
    StreamLayout(stream, plan.streams[i], origin_us).place(ordered);
    append_gaps(stream, ordered, plan.gaps);
  }
  shift_to_zero(index, plan);
  return plan;
}

}  // namespace tapdeck::exports
