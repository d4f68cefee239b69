// Gives recordings back as files: WAV for ears, pcap for protocol tools, and the manifest that
// accounts for every call asked for.  A file is written under a temporary name (mode 0600) and
// appears under its own when it is complete; a failed export leaves nothing behind.
//
// Threads: any; one export at a time per StoreAccess.  Memory: 32 bytes for each packet of the
// call and 24 more while they are sorted, at most kPacketsMax of them; payload goes straight into
// the mapped file, never all into RAM.
// Failing: what cannot be given out for a known reason is Explained, what breaks is an Error.
#pragma once

#include <cstdint>
#include <string>
#include <variant>
#include <vector>

#include "base/result.h"
#include "model/call.h"
#include "storage/store_access.h"

namespace tapdeck::exports {

constexpr std::size_t kPacketsMax = 8'000'000;       // 22 hours of a two-way call at 50 packets/s
constexpr std::int64_t kWavSecondsMax = 36 * 3'600;  // 4 GiB, what a WAV header can say
constexpr std::size_t kGapsMax = 1'000;              // listed for a file; `gaps_left_out` counts on

struct ExportedFile {
  std::string path;
  std::uint64_t bytes = 0;
  std::string sha256;  // hex
  std::int64_t duration_ms = 0;
  std::vector<RecordingGap> gaps;  // by time; where audio or packets are missing, and why
  std::uint64_t gaps_left_out = 0;
  std::vector<std::string>
      notes;  // what a listener has to know, e.g. "codec G729 not yet decodable"
};

struct Explained {
  std::string reason;  // why the call has no such file
};

using ExportOutcome = std::variant<ExportedFile, Explained>;

// Stereo, 16 bits, 8 kHz.  Left: what the caller sends; right: everything the caller hears, losing
// forks left out; of a call that records another one the first speaker and the others.  Both sides
// start at the earliest media packet of the call as the tap saw it; each stream is laid out by its
// RTP timestamps from there, missing packets are silence.
Result<ExportOutcome> export_wav(storage::StoreAccess& store,
                                 const CallRecord& call,
                                 const std::string& path);

// SIP messages and RTP as received, in order of arrival, link type raw IP, microseconds.  IP and
// UDP headers are rebuilt from the addresses.
Result<ExportOutcome> export_pcap(storage::StoreAccess& store,
                                  const CallRecord& call,
                                  const std::string& path);

}  // namespace tapdeck::exports
