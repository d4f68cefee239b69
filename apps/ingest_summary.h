// What `ingest` says at its end: packets, classes, calls, streams, drops, files; as lines for a
// person or as JSON objects. Threads: one.  Memory: strings.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "apps/pipeline.h"
#include "control/call_json.h"

namespace tapdeck::apps {

enum class FileState : std::uint8_t {
  kWhole,
  kCut,      // taken in part: truncated, corrupt, or some packets of an unknown link type
  kRefused,  // nothing taken: no capture, empty, or of an unknown link type
};

struct FileOutcome {
  std::string path;
  std::uint64_t packets = 0;
  FileState state = FileState::kWhole;
  std::string problem;  // a sentence; empty when nothing is wrong
};

struct IngestFacts {
  std::vector<FileOutcome> files;
  double seconds = 0;
  std::uint64_t erased = 0;  // of the calls that are already present
};

// One JSON object per RTP stream that belonged to a call (`finals`) or passed probation without
// one, in order of first packet: {"stream": {...}}.
std::vector<control::Json> stream_rows(Pipeline& pipeline, const std::vector<StreamReport>& finals);

// {packets, by_class, calls, already_present, erased, streams, sip_messages, sip_rejected,
// sip_repaired, sdp, sip_assembly, events, unbound, drops, fragments, files, seconds}
control::Json summary_json(Pipeline& pipeline,
                           const IngestFacts& facts,
                           std::uint64_t stream_count);

// The same for a person, several lines.
std::string summary_text(const control::Json& summary);

}  // namespace tapdeck::apps
