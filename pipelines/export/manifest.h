// What an export did, call by call: every call that matched has files or the reason why it has
// none, so that matched = exported + explained.  control/ renders it as DIR/manifest.json.
// Threads: plain value.  Memory: strings; one entry for each call.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "model/ids.h"
#include "pipelines/export/export.h"

namespace tapdeck::exports {

struct ManifestEntry {
  Uid uid{};
  std::vector<ExportedFile> files;
  std::string reason;  // empty exactly when there are files
};

struct Manifest {
  std::string format;  // as asked: wav, pcap
  std::uint64_t matched = 0;
  std::uint64_t exported = 0;
  std::uint64_t explained = 0;
  std::vector<ManifestEntry> entries;  // in the order in which the calls were found
};

// Takes the outcome of one call into `manifest`; an Error becomes the call's reason.
void add_outcome(Manifest& manifest, const Uid& uid, Result<ExportOutcome> outcome);

}  // namespace tapdeck::exports
