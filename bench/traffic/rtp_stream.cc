#include "bench/traffic/rtp_stream.h"

#include <algorithm>
#include <limits>

#include <zlib.h>

#include "base/clock.h"

namespace tapdeck::traffic {
namespace {

constexpr Codec kCodecs[] = {
    {"PCMA", 8, 8'000, 20, 160, 0, 0, false},
    {"PCMU", 0, 8'000, 20, 160, 0, 0, false},
    {"PCMA", 8, 8'000, 10, 80, 0, 0, false},
    {"PCMU", 0, 8'000, 30, 240, 0, 0, false},
    {"G729", 18, 8'000, 20, 20, 2, 160, false},
    {"opus", 111, 48'000, 20, 120, 1, 400, true},
};
constexpr std::uint32_t kShares[] = {45, 15, 5, 5, 15, 15};  // per cent

constexpr double kSpeechMeanS = 1.4;
constexpr double kSilenceMeanS = 1.8;
constexpr std::uint32_t kCleanPackets = 3;  // a stream's first packets are spared
constexpr std::int64_t kNever = std::numeric_limits<std::int64_t>::max();

}  // namespace

const Codec& pick_codec(Random& random, const TrafficOptions& options) {
  if (options.one_codec) return kCodecs[0];
  std::uint32_t at = random.below(100);
  std::size_t codec = 0;
  while (at >= kShares[codec]) at -= kShares[codec++];
  return kCodecs[codec];
}

RtpStream::RtpStream(const Codec& codec, const TrafficOptions& options, std::uint64_t seed)
    : codec_(&codec), options_(&options), random_(seed) {
  dtx_ = codec.silence_bytes > 0 && !options.one_codec && random_.chance_pct(options.dtx_pct);
  begin_run();
}

void RtpStream::begin_run() {
  ssrc_ = static_cast<std::uint32_t>(random_.next());
  sequence_ = static_cast<std::uint16_t>(random_.next());
  timestamp_ = static_cast<std::uint32_t>(random_.next());
  number_ = 0;
  marker_ = true;
}

void RtpStream::start(std::int64_t begin_ns, std::int64_t end_ns, std::uint32_t truth) {
  truth_ = truth;
  // Senders are not in step.
  next_ns_ = begin_ns + ns_of(random_.unit() * 1e-3 * codec_->packet_ms);
  end_ns_ = end_ns;
  arrival_ns_ = next_ns_;
  turn_ns_ = next_ns_ + ns_of(random_.exponential(kSpeechMeanS));
  change_ns_ = random_.chance_pct(options_->ssrc_change_pct) ? (begin_ns + end_ns) / 2 : kNever;
}

void RtpStream::change_ssrc(std::uint32_t truth) {
  change_ns_ = kNever;
  truth_ = truth;
  begin_run();
}

void RtpStream::follow_speech() {
  if (!dtx_ || next_ns_ < turn_ns_) return;
  silent_ = !silent_;
  marker_ = !silent_;
  turn_ns_ = next_ns_ + ns_of(random_.exponential(silent_ ? kSilenceMeanS : kSpeechMeanS));
}

std::optional<RtpPacket> RtpStream::send(std::int64_t& copy_ns) {
  follow_speech();
  RtpPacket packet;
  packet.truth = truth_;
  packet.number = number_++;
  packet.timestamp = timestamp_;
  packet.sequence = sequence_++;
  packet.marker = marker_;
  packet.payload_bytes = silent_ ? codec_->silence_bytes : codec_->payload_bytes;
  if (codec_->varies && !silent_) {
    packet.payload_bytes = static_cast<std::uint16_t>(
        packet.payload_bytes / 2U + random_.below(packet.payload_bytes / 2U + 1U));
  }
  marker_ = false;
  const bool clean = packet.number < kCleanPackets;
  const bool lost = !clean && random_.chance_pct(options_->loss_pct);
  const bool late = !clean && random_.chance_pct(options_->reorder_pct);
  const bool twice = !clean && random_.chance_pct(options_->duplicate_pct);
  const std::int64_t step_ms = silent_ ? codec_->silence_ms : codec_->packet_ms;
  const std::int64_t due_ns = next_ns_ + ns_of(random_.exponential(options_->jitter_us * 1e-6));
  next_ns_ += step_ms * kNsPerMs;
  timestamp_ += static_cast<std::uint32_t>(step_ms * codec_->clock_rate_hz / 1'000);
  packet.time_ns = std::max(due_ns, arrival_ns_ + kNsPerUs);
  // Late by more than the successor can be, and no later than the end of the media.
  if (late && next_ns_ + step_ms * kNsPerMs < end_ns_) {
    packet.time_ns += (step_ms + step_ms / 2) * kNsPerMs;
  } else {
    arrival_ns_ = packet.time_ns;
  }
  copy_ns = packet.time_ns + 50 * kNsPerUs;
  if (!twice || copy_ns >= end_ns_) copy_ns = 0;
  if (lost || packet.time_ns >= end_ns_) return std::nullopt;
  return packet;
}

std::size_t write_rtp(const RtpPacket& packet,
                      std::uint8_t payload_type,
                      std::uint32_t ssrc,
                      std::uint8_t* into) {
  into[0] = 0x80;
  into[1] = static_cast<std::uint8_t>(payload_type | (packet.marker ? 0x80 : 0));
  store_be(into + 2, packet.sequence);
  store_be(into + 4, packet.timestamp);
  store_be(into + 8, ssrc);
  Random random((std::uint64_t{ssrc} << 32) | packet.number);
  for (std::size_t at = 0; at < packet.payload_bytes; at += 8) {
    const std::uint64_t word = random.next();
    std::memcpy(into + 12 + at, &word, std::min<std::size_t>(8, packet.payload_bytes - at));
  }
  return 12U + packet.payload_bytes;
}

void count_rtp(const RtpPacket& packet,
               ByteView payload,
               StreamTruth& stream,
               std::uint32_t& highest) {
  if (packet.duplicate) {
    ++stream.duplicated;
  } else if (stream.packets > 0 && packet.number < highest) {
    ++stream.reordered;
  }
  highest = std::max(highest, packet.number);
  ++stream.packets;
  stream.expected = highest + std::uint64_t{1};  // the first packets are never lost or late
  stream.bytes += payload.size();
  if (!packet.duplicate) stream.checksum += crc32_z(0, payload.data(), payload.size());
}

}  // namespace tapdeck::traffic
