#include "bench/load/stream_source.h"

#include <algorithm>
#include <array>
#include <numeric>
#include <random>

#include "base/assert.h"
#include "base/clock.h"
#include "base/hash.h"
#include "bench/traffic/frame.h"
#include "engine/prefetch.h"

namespace tapdeck::load {
namespace {

constexpr std::int64_t kStartNs = 1'700'000'000 * kNsPerSecond;
constexpr std::size_t kIpAt = 14;
constexpr std::size_t kUdpAt = 34;
constexpr std::size_t kRtpAt = 42;
constexpr std::size_t kSamplesAt = 12;  // in RTP; the first 8 are the hash of the rest
constexpr std::size_t kHashBytes = 8;
constexpr std::uint32_t kSourceNetwork = 0x0b000000;
constexpr std::uint32_t kDestinationNetwork = 0x0a000000;
constexpr std::uint32_t kSamplesPerPacket = 160;
constexpr std::uint32_t kStreamsAhead = 16;  // streams asked for before their turn

std::uint16_t port_of(std::uint32_t stream) {
  return static_cast<std::uint16_t>(10'000U + (stream & 0xffU) * 2U);
}

std::uint64_t hash_samples(const std::uint8_t* rtp) {
  return hash_bytes(
      {rtp + kSamplesAt + kHashBytes, StreamSource::kRtpBytes - kSamplesAt - kHashBytes}, 1);
}

// One packet's share of its stream's checksum.
std::uint64_t share(const std::uint8_t* rtp) {
  return mix64(load_le<std::uint64_t>(rtp + kSamplesAt) ^ 0x9e3779b97f4a7c15ULL,
               load_le<std::uint64_t>(rtp) ^ 0xd6e8feb86659fd93ULL);
}

// Of the words of an IPv4 header that are the same in all packets: not checksum and addresses.
std::uint32_t sum_of_header() {
  std::array<std::uint8_t, StreamSource::kFrameBytes> frame{};
  StreamSource::prepare(frame.data(), 1);
  std::uint32_t sum = 0;
  for (const std::size_t at : {0, 2, 4, 6, 8}) sum += load_be<std::uint16_t>(&frame[kIpAt + at]);
  return sum;
}

std::uint16_t ip_checksum(std::uint32_t sum, std::uint32_t source, std::uint32_t destination) {
  sum += (source >> 16) + (source & 0xffff) + (destination >> 16) + (destination & 0xffff);
  sum = (sum & 0xffff) + (sum >> 16);
  sum = (sum & 0xffff) + (sum >> 16);
  return static_cast<std::uint16_t>(~sum);
}

// Gives each packet of ours to `visit`.  Gap records stand where a worker has dropped something:
// they are no damage, and what stands behind them is read, too.  Returns how many records are none
// that a worker writes of our packets.
template <typename Visit>
std::uint64_t visit_records(ByteView records, std::uint64_t& gaps, Visit visit) {
  std::uint64_t damaged = 0;
  Cursor cursor(records);
  while (!cursor.at_end()) {
    const ByteView head_bytes = cursor.read_bytes(kRecordHeaderBytes);
    if (cursor.failed()) return damaged + 1;
    const RecordHead head = read_head(head_bytes.data());
    const ByteView bytes = cursor.read_bytes(head.bytes - kRecordHeaderBytes);
    if (cursor.failed()) return damaged + 1;
    if (head.kind == RecordKind::kGap && bytes.size() == kGapRecordBytes) {
      gaps += load_le<std::uint32_t>(bytes.data());
    } else if (head.kind == RecordKind::kRtp && bytes.size() == StreamSource::kRtpBytes) {
      visit(bytes.data());
    } else {
      ++damaged;
    }
  }
  return damaged;
}

}  // namespace

Tally tally_section(const SectionHeader& section, ByteView records) {
  Tally tally;
  tally.damaged += visit_records(records, tally.gaps, [&tally](const std::uint8_t* rtp) {
    if (load_le<std::uint64_t>(rtp + kSamplesAt) != hash_samples(rtp)) ++tally.damaged;
    tally.checksum += share(rtp);
    ++tally.packets;
  });
  if (tally.packets != section.packet_count) ++tally.damaged;
  return tally;
}

StreamSource::StreamSource(std::uint32_t stream_count)
    : sent_(stream_count),
      found_(stream_count),
      base_(stream_count),
      order_(stream_count),
      header_sum_(sum_of_header()),
      cycle_ns_(kStartNs),
      now_ns_(kStartNs) {
  std::iota(order_.begin(), order_.end(), 0U);
  std::shuffle(order_.begin(), order_.end(), std::mt19937(1));
}

void StreamSource::prepare(std::uint8_t* frame, std::uint64_t seed) {
  const Endpoint nobody{make_ipv4(kDestinationNetwork), 1};
  traffic::write_headers(frame, nobody, nobody, kRtpBytes);
  std::uint8_t* rtp = frame + kRtpAt;
  rtp[0] = 0x80;
  rtp[1] = 8;
  std::mt19937_64 random(seed);
  for (std::size_t at = kSamplesAt; at < kRtpBytes; at += 8) {
    store_le(rtp + at, static_cast<std::uint64_t>(random()));
  }
  store_le(rtp + kSamplesAt, hash_samples(rtp));
}

Endpoint StreamSource::destination(std::uint32_t stream) const {
  return {make_ipv4(kDestinationNetwork | (stream >> 8)), port_of(stream)};
}

StreamSource::Sent& StreamSource::next() {
  do {
    if (at_ == order_.size()) {
      at_ = 0;
      cycle_ns_ += kPacketNs;
    }
    stream_ = order_[at_++];
  } while (stream_ % kRanks > rank_);
  if (at_ + kStreamsAhead < order_.size())
    engine::prefetch_to_write(&sent_[order_[at_ + kStreamsAhead]]);
  now_ns_ = cycle_ns_ + kPacketNs * at_ / static_cast<std::int64_t>(order_.size());
  Sent& sent = sent_[stream_];
  ++sent.number;
  return sent;
}

std::uint32_t StreamSource::write(std::uint8_t* frame) {
  Sent& sent = next();
  std::uint8_t* ip = frame + kIpAt;
  const std::uint32_t source = kSourceNetwork | (stream_ >> 8);
  const std::uint32_t destination = kDestinationNetwork | (stream_ >> 8);
  store_be(ip + 10, ip_checksum(header_sum_, source, destination));
  store_be(ip + 12, source);
  store_be(ip + 16, destination);
  store_be(frame + kUdpAt, port_of(stream_));
  store_be(frame + kUdpAt + 2, port_of(stream_));
  std::uint8_t* rtp = frame + kRtpAt;
  store_be(rtp + 2, static_cast<std::uint16_t>(sent.number));
  store_be(rtp + 4, sent.number * kSamplesPerPacket);
  store_be(rtp + 8, stream_);
  sent.checksum += share(rtp);
  ++sent.count;
  return stream_;
}

void StreamSource::skip() { static_cast<void>(next()); }

void StreamSource::take_back(const std::uint8_t* frame) {
  const std::uint8_t* rtp = frame + kRtpAt;
  Sent& sent = sent_[load_be<std::uint32_t>(rtp + 8)];
  sent.checksum -= share(rtp);
  --sent.count;
}

void StreamSource::begin() {
  for (std::size_t i = 0; i < sent_.size(); ++i) {
    base_[i] = sent_[i].number;
    sent_[i].count = 0;
    sent_[i].checksum = 0;
    found_[i] = {};
  }
  damaged_ = 0;
  gaps_ = 0;
  found_count_ = 0;
}

void StreamSource::read_back(const SectionHeader& section, ByteView records) {
  const std::uint32_t stream = section.ssrc;
  if (stream >= found_.size()) {
    damaged_ += section.packet_count;
    return;
  }
  Found& found = found_[stream];
  std::uint32_t packets = 0;
  damaged_ += visit_records(records, gaps_, [&](const std::uint8_t* rtp) {
    ++packets;
    ++found_ever_;
    const std::uint32_t number = load_be<std::uint32_t>(rtp + 4) / kSamplesPerPacket;
    if (number <= base_[stream]) return;  // of the time before begin()
    const bool whole = load_le<std::uint64_t>(rtp + kSamplesAt) == hash_samples(rtp);
    const bool right = load_be<std::uint16_t>(rtp + 2) == (number & 0xffff) &&
                       load_be<std::uint32_t>(rtp + 8) == stream;
    if (!whole || !right) ++damaged_;
    ++found.count;
    ++found_count_;
    found.checksum += share(rtp);
  });
  if (packets != section.packet_count) ++damaged_;
}

StreamSource::Comparison StreamSource::compare() const {
  Comparison out;
  out.damaged = damaged_;
  out.gaps = gaps_;
  for (std::size_t i = 0; i < sent_.size(); ++i) {
    const Sent& sent = sent_[i];
    const Found& found = found_[i];
    out.sent += sent.count;
    if (found.count < sent.count) {
      out.missing += sent.count - found.count;
      ++out.incomplete_streams;
    } else if (found.count > sent.count || found.checksum != sent.checksum) {
      ++out.wrong_streams;
    }
  }
  return out;
}

}  // namespace tapdeck::load
