#include "engine/capture/reader.h"

#include <utility>

#include "engine/capture/pcap.h"
#include "engine/capture/pcapng.h"
#include "engine/packet.h"

namespace tapdeck::engine {

Result<std::unique_ptr<CaptureReader>> CaptureReader::open(const std::string& path) {
  Result<std::unique_ptr<Source>> source = open_file_source(path);
  if (!source) return std::move(source.error());
  return open_source(std::move(*source), path);
}

Result<std::unique_ptr<CaptureReader>> CaptureReader::open_memory(ByteView bytes,
                                                                  std::string name) {
  return open_source(make_memory_source(bytes), std::move(name));
}

Result<std::unique_ptr<CaptureReader>> CaptureReader::open_source(std::unique_ptr<Source> source,
                                                                  std::string name) {
  const ByteView start = source->peek(4);
  if (start.empty() && source->failure().empty()) {
    return make_error(ErrorCode::kInvalidArgument, name + " is empty");
  }
  if (start.size() < 4) {
    const std::string why(source->failure());
    return make_error(ErrorCode::kInvalidArgument,
                      name + " is too short for a capture" + (why.empty() ? "" : ": " + why));
  }
  if (PcapngReader::recognises(start)) {
    return std::unique_ptr<CaptureReader>(
        std::make_unique<PcapngReader>(std::move(source), std::move(name)));
  }
  if (PcapReader::recognises(start)) return PcapReader::create(std::move(source), std::move(name));
  return make_error(ErrorCode::kInvalidArgument, name + " is no pcap or pcapng capture");
}

ReadVerdict CaptureReader::next(CapturedPacket& packet) {
  if (ended_ != ReadVerdict::kPacket) return ended_;
  const ReadVerdict verdict = read_next(packet);
  ended_ = verdict;
  if (verdict == ReadVerdict::kPacket && !link_type_known(packet.link_type)) {
    ++unknown_link_packets_;
    last_unknown_link_type_ = packet.link_type;
  }
  return verdict;
}

ReadVerdict CaptureReader::corrupt(std::string_view reason) {
  reason_ = reason;
  return ReadVerdict::kCorrupt;
}

ReadVerdict CaptureReader::short_read() {
  if (source_->failure().empty()) {
    reason_ = "the file ends inside a record";
    return ReadVerdict::kTruncated;
  }
  reason_ = source_->failure();
  return source_->failure().ends_with("cut off") ? ReadVerdict::kTruncated : ReadVerdict::kCorrupt;
}

}  // namespace tapdeck::engine
