#include <algorithm>
#include <cstring>

#include "pipelines/export/export.h"
#include "pipelines/export/g711.h"
#include "pipelines/export/layout.h"
#include "pipelines/export/output_file.h"
#include "pipelines/export/rtp_view.h"

namespace tapdeck::exports {
namespace {

constexpr std::size_t kHeaderBytes = 44;
constexpr std::size_t kFrameBytes = 4;  // two sides of 16 bits

void write_header(MutableByteView to, std::size_t data_bytes) {
  std::uint8_t* at = to.data();
  const auto data_size = static_cast<std::uint32_t>(data_bytes);
  const auto rate = static_cast<std::uint32_t>(kSampleRate);
  std::memcpy(at, "RIFF", 4);
  store_le(at + 4, static_cast<std::uint32_t>(kHeaderBytes - 8 + data_size));
  std::memcpy(at + 8, "WAVEfmt ", 8);
  store_le(at + 16, std::uint32_t{16});
  store_le(at + 20, std::uint16_t{1});  // PCM
  store_le(at + 22, std::uint16_t{2});
  store_le(at + 24, rate);
  store_le(at + 28, static_cast<std::uint32_t>(rate * kFrameBytes));
  store_le(at + 32, std::uint16_t{kFrameBytes});
  store_le(at + 34, std::uint16_t{16});
  std::memcpy(at + 36, "data", 4);
  store_le(at + 40, data_size);
}

// Adds one sample to what other streams of the side have there.
void mix_sample(std::uint8_t* at, std::int16_t sample) {
  const int there = static_cast<std::int16_t>(load_le<std::uint16_t>(at));
  const int sum = std::clamp(there + sample, -32'768, 32'767);
  store_le(at, static_cast<std::uint16_t>(sum));
}

void mix_packet(MutableByteView frames,
                const StreamPlan& plan,
                const PacketEntry& entry,
                ByteView payload) {
  const G711Table& table =
      plan.codings[entry.payload_type] == Coding::kAlaw ? kAlawTable : kUlawTable;
  const std::size_t side = plan.side == Side::kRight ? 2 : 0;
  const auto first = static_cast<std::size_t>(entry.position);
  for (std::size_t i = entry.skip; i < payload.size(); ++i) {
    mix_sample(frames.data() + (first + i) * kFrameBytes + side, table[payload[i]]);
  }
}

std::string explain_silence(const CallRecord& call, const MediaIndex& index, const WavPlan& plan) {
  if (index.packet_count == 0) return missing_media_reason(call);
  std::string reason;
  for (const std::string& note : plan.notes) reason += (reason.empty() ? "" : ", ") + note;
  return reason.empty() ? "no audio" : reason;
}

}  // namespace

Result<ExportOutcome> export_wav(storage::StoreAccess& store,
                                 const CallRecord& call,
                                 const std::string& path) {
  Result<MediaIndex> index = index_media(store, call.uid);
  // Destroyed on purpose: that is what there is to say.
  if (!index && index.error().code == ErrorCode::kNotFound) {
    return ExportOutcome(Explained{std::move(index.error().message)});
  }
  if (!index) return Error(std::move(index.error()));
  if (index->too_long) return ExportOutcome(Explained{"more packets than an export takes"});
  WavPlan plan = plan_wav(call, *index);
  if (plan.sample_count == 0) {
    return ExportOutcome(Explained{explain_silence(call, *index, plan)});
  }
  if (plan.sample_count > kWavSecondsMax * kSampleRate) {
    return ExportOutcome(Explained{"longer than a WAV file can be"});
  }
  const std::size_t data_bytes = static_cast<std::size_t>(plan.sample_count) * kFrameBytes;
  Result<OutputFile> file = OutputFile::create(path, kHeaderBytes + data_bytes);
  if (!file) return Error(std::move(file.error()));
  write_header(file->bytes(), data_bytes);
  const MutableByteView frames = file->bytes().subspan(kHeaderBytes);
  TD_TRY(for_each_packet(store,
                         call.uid,
                         *index,
                         [&](const MediaStream& stream, const PacketEntry& entry, ByteView packet) {
                           if (entry.position == kNowhere) return;
                           const std::optional<RtpView> rtp = view_rtp(packet);
                           if (!rtp || rtp->payload.size() != entry.payload_bytes) return;
                           const auto at =
                               static_cast<std::size_t>(&stream - index->streams.data());
                           mix_packet(frames, plan.streams[at], entry, rtp->payload);
                         }));
  Result<ExportedFile> exported = file->publish();
  if (!exported) return Error(std::move(exported.error()));
  exported->duration_ms = plan.sample_count * 1'000 / kSampleRate;
  exported->notes = std::move(plan.notes);
  store_gaps(std::move(plan.gaps), *exported);
  return ExportOutcome(std::move(*exported));
}

}  // namespace tapdeck::exports
