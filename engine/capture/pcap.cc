#include "engine/capture/pcap.h"

#include <algorithm>
#include <utility>

namespace tapdeck::engine {
namespace {

constexpr std::uint32_t kMagicMicroseconds = 0xa1b2c3d4;
constexpr std::uint32_t kMagicNanoseconds = 0xa1b23c4d;
constexpr std::uint32_t kMagicModified = 0xa1b2cd34;  // Kuznetzov's: 8 more bytes per record
constexpr std::size_t kFileHeaderBytes = 24;
constexpr std::uint32_t kRecordHeaderBytesModified = 24;

bool is_magic(std::uint32_t magic) {
  return magic == kMagicMicroseconds || magic == kMagicNanoseconds || magic == kMagicModified;
}

}  // namespace

bool PcapReader::recognises(ByteView start) {
  return is_magic(load_le<std::uint32_t>(start.data())) ||
         is_magic(load_be<std::uint32_t>(start.data()));
}

Result<std::unique_ptr<CaptureReader>> PcapReader::create(std::unique_ptr<Source> source,
                                                          std::string name) {
  std::unique_ptr<PcapReader> reader(new PcapReader(std::move(source), std::move(name)));
  const ByteView header = reader->source_->peek(kFileHeaderBytes);
  if (header.size() < kFileHeaderBytes) {
    return make_error(ErrorCode::kInvalidArgument,
                      reader->name() + " ends inside the header of the capture");
  }
  reader->big_endian_ = is_magic(load_be<std::uint32_t>(header.data()));
  const std::uint32_t magic = reader->load32(header.data());
  if (magic == kMagicNanoseconds) reader->ns_per_tick_ = 1;
  if (magic == kMagicModified) reader->record_header_bytes_ = kRecordHeaderBytesModified;
  // The high half of the last word tells of frame check sequences; the low half is the link type.
  reader->link_type_ = static_cast<std::uint16_t>(reader->load32(header.data() + 20));
  reader->source_->skip(kFileHeaderBytes);
  return std::unique_ptr<CaptureReader>(std::move(reader));
}

ReadVerdict PcapReader::read_next(CapturedPacket& packet) {
  record_start_ = source_->position();
  const ByteView header = source_->peek(record_header_bytes_);
  if (header.size() < record_header_bytes_) {
    return header.empty() && source_->failure().empty() ? ReadVerdict::kEnd : short_read();
  }
  const std::uint32_t seconds = load32(header.data());
  const std::uint32_t ticks = load32(header.data() + 4);
  const std::uint32_t captured = load32(header.data() + 8);
  const std::uint32_t original = load32(header.data() + 12);
  if (captured > kSnaplenMax) return corrupt("a packet is longer than 256 KiB");
  const std::size_t whole = record_header_bytes_ + captured;
  const ByteView record = source_->peek(whole);
  if (record.size() < whole) return short_read();
  source_->skip(whole);
  packet.time_ns = std::int64_t{seconds} * 1'000'000'000 + std::int64_t{ticks} * ns_per_tick_;
  packet.original_length = std::max(original, captured);
  packet.interface_index = 0;
  packet.link_type = link_type_;
  packet.bytes = record.subspan(record_header_bytes_, captured);
  return ReadVerdict::kPacket;
}

}  // namespace tapdeck::engine
