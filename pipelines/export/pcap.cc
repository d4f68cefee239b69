#include <algorithm>
#include <array>
#include <cstring>
#include <tuple>
#include <utility>

#include "base/clock.h"
#include "pipelines/export/export.h"
#include "pipelines/export/media_index.h"
#include "pipelines/export/output_file.h"

namespace tapdeck::exports {
namespace {

constexpr std::size_t kFileHeaderBytes = 24;
constexpr std::size_t kRecordHeaderBytesPcap = 16;
constexpr std::size_t kUdpHeaderBytes = 8;
constexpr std::size_t kIpv4HeaderBytes = 20;
constexpr std::size_t kIpv6HeaderBytes = 40;
constexpr std::size_t kDatagramBytesMax = 65'535 - kIpv4HeaderBytes - kUdpHeaderBytes;
constexpr std::uint32_t kLinkTypeRaw = 101;
constexpr std::uint8_t kProtocolUdp = 17;
constexpr std::uint8_t kHops = 64;
constexpr std::size_t kFileBytesMax = 64ULL << 30;

struct MessageEntry {
  std::int64_t time_us = 0;
  std::size_t position = 0;
  std::size_t bytes = 0;
};

bool is_ipv4(const Endpoint& a, const Endpoint& b) { return a.ip.is_v4() && b.ip.is_v4(); }

std::size_t record_bytes(const Endpoint& source, const Endpoint& destination, std::size_t payload) {
  return kRecordHeaderBytesPcap +
         (is_ipv4(source, destination) ? kIpv4HeaderBytes : kIpv6HeaderBytes) + kUdpHeaderBytes +
         payload;
}

// Internet checksum (RFC 1071), summed up in pieces of even length but for the last.
class Checksum {
 public:
  void add(ByteView bytes) {
    std::size_t i = 0;
    for (; i + 1 < bytes.size(); i += 2) sum_ += load_be<std::uint16_t>(bytes.data() + i);
    if (i < bytes.size()) sum_ += std::uint64_t{bytes[i]} << 8;
  }

  void add(std::uint64_t value) { sum_ += value; }

  [[nodiscard]] std::uint16_t value() const {
    std::uint64_t folded = sum_;
    while (folded >> 16 != 0) folded = (folded & 0xffff) + (folded >> 16);
    return static_cast<std::uint16_t>(~folded);
  }

 private:
  std::uint64_t sum_ = 0;
};

struct Datagram {
  std::int64_t time_us = 0;
  Endpoint source{};
  Endpoint destination{};
  ByteView payload;
};

// Both write a header to `at`, return its end, and add its share of the UDP pseudo header.
std::uint8_t* write_ipv4(std::uint8_t* at, const Datagram& datagram, Checksum& pseudo) {
  const std::size_t total = kIpv4HeaderBytes + kUdpHeaderBytes + datagram.payload.size();
  std::memset(at, 0, kIpv4HeaderBytes);
  at[0] = 0x45;
  store_be(at + 2, static_cast<std::uint16_t>(total));
  at[8] = kHops;
  at[9] = kProtocolUdp;
  std::memcpy(at + 12, datagram.source.ip.bytes.data() + 12, 4);
  std::memcpy(at + 16, datagram.destination.ip.bytes.data() + 12, 4);
  Checksum header;
  header.add({at, kIpv4HeaderBytes});
  store_be(at + 10, header.value());
  pseudo.add(ByteView{at + 12, 8});
  return at + kIpv4HeaderBytes;
}

std::uint8_t* write_ipv6(std::uint8_t* at, const Datagram& datagram, Checksum& pseudo) {
  std::memset(at, 0, kIpv6HeaderBytes);
  at[0] = 0x60;
  store_be(at + 4, static_cast<std::uint16_t>(kUdpHeaderBytes + datagram.payload.size()));
  at[6] = kProtocolUdp;
  at[7] = kHops;
  std::memcpy(at + 8, datagram.source.ip.bytes.data(), 16);
  std::memcpy(at + 24, datagram.destination.ip.bytes.data(), 16);
  pseudo.add(ByteView{at + 8, 32});
  return at + kIpv6HeaderBytes;
}

void write_record(std::uint8_t* at, const Datagram& datagram) {
  const std::size_t bytes =
      record_bytes(datagram.source, datagram.destination, datagram.payload.size()) -
      kRecordHeaderBytesPcap;
  store_le(at, static_cast<std::uint32_t>(datagram.time_us / kUsPerSecond));
  store_le(at + 4, static_cast<std::uint32_t>(datagram.time_us % kUsPerSecond));
  store_le(at + 8, static_cast<std::uint32_t>(bytes));
  store_le(at + 12, static_cast<std::uint32_t>(bytes));
  at += kRecordHeaderBytesPcap;
  Checksum checksum;
  at = is_ipv4(datagram.source, datagram.destination) ? write_ipv4(at, datagram, checksum)
                                                      : write_ipv6(at, datagram, checksum);
  const auto udp_bytes = static_cast<std::uint16_t>(kUdpHeaderBytes + datagram.payload.size());
  store_be(at, datagram.source.port);
  store_be(at + 2, datagram.destination.port);
  store_be(at + 4, udp_bytes);
  store_be(at + 6, std::uint16_t{0});
  if (!datagram.payload.empty()) {
    std::memcpy(at + kUdpHeaderBytes, datagram.payload.data(), datagram.payload.size());
  }
  checksum.add(std::uint64_t{kProtocolUdp} + udp_bytes);
  checksum.add(ByteView{at, udp_bytes});
  const std::uint16_t sum = checksum.value();
  store_be(at + 6, sum == 0 ? std::uint16_t{0xffff} : sum);
}

void write_file_header(std::uint8_t* at) {
  store_le(at, std::uint32_t{0xa1b2c3d4});  // microseconds
  store_le(at + 4, std::uint16_t{2});
  store_le(at + 6, std::uint16_t{4});
  std::memset(at + 8, 0, 8);
  store_le(at + 16, std::uint32_t{262'144});
  store_le(at + 20, kLinkTypeRaw);
}

// UDP carries no more than this; longer messages came over TCP.
ByteView datagram_part(const std::string& message) {
  return as_bytes(message).first(std::min(message.size(), kDatagramBytesMax));
}

struct PcapPlan {
  std::vector<MessageEntry> messages;  // in the store's order
  std::size_t file_bytes = kFileHeaderBytes;
  std::int64_t first_us = 0;
  std::int64_t last_us = 0;
};

// Gives every message and packet its place in the file, in order of arrival.
void place_all(MediaIndex& index, PcapPlan& plan) {
  constexpr std::uint32_t kMessages = 0;  // before packets of the same microsecond
  using Arrival =
      std::tuple<std::int64_t, std::uint32_t, std::uint32_t>;  // time, stream + 1, number
  std::vector<Arrival> arrivals;
  arrivals.reserve(index.packet_count + plan.messages.size());
  for (std::uint32_t i = 0; i < plan.messages.size(); ++i) {
    arrivals.emplace_back(plan.messages[i].time_us, kMessages, i);
  }
  for (std::uint32_t s = 0; s < index.streams.size(); ++s) {
    for (std::uint32_t i = 0; i < index.streams[s].packets.size(); ++i) {
      arrivals.emplace_back(index.streams[s].packets[i].arrival_us, s + 1, i);
    }
  }
  std::sort(arrivals.begin(), arrivals.end());
  for (const auto& [time_us, stream_plus_one, number] : arrivals) {
    if (stream_plus_one == kMessages) {
      plan.messages[number].position = plan.file_bytes;
      plan.file_bytes += plan.messages[number].bytes;
      continue;
    }
    MediaStream& stream = index.streams[stream_plus_one - 1];
    PacketEntry& packet = stream.packets[number];
    packet.position = static_cast<std::int64_t>(plan.file_bytes);
    plan.file_bytes += record_bytes(stream.source, stream.destination, packet.bytes);
  }
  if (arrivals.empty()) return;
  plan.first_us = std::get<0>(arrivals.front());
  plan.last_us = std::get<0>(arrivals.back());
}

Result<void> plan_messages(storage::StoreAccess& store, const Uid& uid, PcapPlan& plan) {
  return store.read_messages(uid, [&plan](const storage::MessageRecord& message) {
    const std::size_t payload = datagram_part(message.bytes).size();
    plan.messages.push_back(
        {message.time_us, 0, record_bytes(message.source, message.destination, payload)});
    return plan.messages.size() < kPacketsMax;
  });
}

Result<void> write_messages(storage::StoreAccess& store,
                            const Uid& uid,
                            const PcapPlan& plan,
                            MutableByteView to) {
  std::size_t next = 0;
  bool same = true;
  TD_TRY(store.read_messages(uid, [&](const storage::MessageRecord& message) {
    if (next == plan.messages.size()) return false;
    const MessageEntry& entry = plan.messages[next++];
    const ByteView payload = datagram_part(message.bytes);
    same = entry.time_us == message.time_us &&
           entry.bytes == record_bytes(message.source, message.destination, payload.size());
    if (!same) return false;
    write_record(to.data() + entry.position,
                 {message.time_us, message.source, message.destination, payload});
    return true;
  }));
  if (same && next == plan.messages.size()) return {};
  return make_error(ErrorCode::kBusy,
                    "Recording " + to_string(uid) + " changed while it was read; try again.");
}

}  // namespace

Result<ExportOutcome> export_pcap(storage::StoreAccess& store,
                                  const CallRecord& call,
                                  const std::string& path) {
  std::string destroyed;  // one part on purpose: the other is exported
  Result<MediaIndex> index = index_media(store, call.uid);
  if (!index) {
    if (index.error().code != ErrorCode::kNotFound) return Error(std::move(index.error()));
    destroyed = std::exchange(index, MediaIndex()).error().message;
  }
  PcapPlan plan;
  const auto planned = plan_messages(store, call.uid, plan);
  if (!planned) {
    if (planned.error().code != ErrorCode::kNotFound) return Error(planned.error());
    plan.messages.clear();
    destroyed += (destroyed.empty() ? "" : " ") + planned.error().message;
  }
  place_all(*index, plan);
  if (plan.file_bytes == kFileHeaderBytes) {
    if (destroyed.empty()) destroyed = missing_media_reason(call);
    return ExportOutcome(Explained{std::move(destroyed)});
  }
  if (index->too_long || plan.messages.size() == kPacketsMax || plan.file_bytes > kFileBytesMax) {
    return ExportOutcome(Explained{"more packets than an export takes"});
  }
  Result<OutputFile> file = OutputFile::create(path, plan.file_bytes);
  if (!file) return Error(std::move(file.error()));
  write_file_header(file->bytes().data());
  if (!plan.messages.empty()) TD_TRY(write_messages(store, call.uid, plan, file->bytes()));
  if (!index->streams.empty()) {
    TD_TRY(for_each_packet(
        store,
        call.uid,
        *index,
        [&](const MediaStream& stream, const PacketEntry& entry, ByteView packet) {
          write_record(file->bytes().data() + entry.position,
                       {entry.arrival_us, stream.source, stream.destination, packet});
        }));
  }
  Result<ExportedFile> exported = file->publish();
  if (!exported) return Error(std::move(exported.error()));
  if (!destroyed.empty()) exported->notes.push_back(std::move(destroyed));
  exported->duration_ms = (plan.last_us - plan.first_us) / kUsPerMs;
  std::vector<RecordingGap> gaps;
  for (const MediaStream& stream : index->streams) {
    append_gaps(stream, order_packets(stream.packets), gaps);
  }
  store_gaps(std::move(gaps), *exported);
  return ExportOutcome(std::move(*exported));
}

}  // namespace tapdeck::exports
