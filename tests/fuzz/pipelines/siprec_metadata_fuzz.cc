// Any bytes as the metadata of a recording session: what is read stays within its bounds, nothing
// is read of what is broken, and reading ends.
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "base/assert.h"
#include "pipelines/signalling/siprec_metadata.h"

using namespace tapdeck::sip;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view xml(reinterpret_cast<const char*>(data), size);
  RecordingMetadata metadata;
  const MetadataVerdict verdict = read_recording_metadata(xml, metadata);
  const bool is_broken = verdict == MetadataVerdict::kBroken;
  TD_ASSERT(!is_broken || (metadata.participants.empty() && metadata.streams.empty()));
  TD_ASSERT(metadata.participants.size() <= kMetadataParticipantsMax);
  TD_ASSERT(metadata.streams.size() <= kMetadataStreamsMax);
  TD_ASSERT(metadata.session_id.size() <= kMetadataTextMax);
  for (const RecordingParticipant& person : metadata.participants) {
    TD_ASSERT(person.sends.size() <= kMetadataSendsMax);
    TD_ASSERT(person.sends.empty() || person.tells_streams);
    TD_ASSERT(person.aor.size() <= kMetadataTextMax && person.name.size() <= kMetadataTextMax);
  }
  for (const RecordingStream& stream : metadata.streams) {
    TD_ASSERT(stream.id.size() <= kMetadataTextMax && stream.label.size() <= kMetadataTextMax);
  }
  return 0;
}
