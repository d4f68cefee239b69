// Metadata of a recording session (SIPREC, RFC 7865), as far as it says who is recorded and whose
// voice is in which m-line: participants, streams with the labels of their m-lines, who sends
// which, and the Session-ID of the call that is recorded.  Drafts of the RFC are read as well, as
// vendors still send them: identifiers in `id`, `send` within the participant, `aor` as an element
// of its own, names in any case and namespace. Threads: any.  Memory: that of the XML parser while
// it reads, and the texts, within the bounds below.  Bad XML, a DOCTYPE (there are no entities but
// the five of XML), more depth or bytes than is allowed: kBroken, and nothing is read.  More
// elements or longer texts: left out, kCut.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace tapdeck::sip {

constexpr std::size_t kMetadataBytesMax = 65'535;
constexpr std::size_t kMetadataDepthMax = 16;
constexpr std::size_t kMetadataParticipantsMax = 32;
constexpr std::size_t kMetadataStreamsMax = 64;
constexpr std::size_t kMetadataSendsMax = 16;  // streams that one participant sends
constexpr std::size_t kMetadataTextMax = 512;  // bytes

enum class MetadataVerdict : std::uint8_t { kOk, kCut, kBroken };

struct RecordingParticipant {
  std::string id;
  std::string aor;                 // as it stands, mostly a SIP or tel URI; the first of several
  std::string name;                // likewise
  std::vector<std::string> sends;  // ids of streams
  bool tells_streams = false;      // something is said of them, if only that there are none
  bool has_left = false;
};

struct RecordingStream {
  std::string id;
  std::string label;  // a=label of its m-line
};

struct RecordingMetadata {
  bool is_partial = false;  // says what has changed, and nothing of the rest
  std::vector<RecordingParticipant> participants;
  std::vector<RecordingStream> streams;
  std::string session_id;  // sipSessionID; empty where several calls have different ones
};

// Clears and fills `metadata`.
MetadataVerdict read_recording_metadata(std::string_view xml, RecordingMetadata& metadata);

}  // namespace tapdeck::sip
