#include "pipelines/export/manifest.h"

#include <utility>

namespace tapdeck::exports {

void add_outcome(Manifest& manifest, const Uid& uid, Result<ExportOutcome> outcome) {
  ManifestEntry entry;
  entry.uid = uid;
  ++manifest.matched;
  if (!outcome) {
    entry.reason = std::move(outcome.error().message);
  } else if (auto* explained = std::get_if<Explained>(&*outcome)) {
    entry.reason = std::move(explained->reason);
  } else {
    entry.files.push_back(std::move(*std::get_if<ExportedFile>(&*outcome)));
  }
  ++(entry.files.empty() ? manifest.explained : manifest.exported);
  manifest.entries.push_back(std::move(entry));
}

}  // namespace tapdeck::exports
