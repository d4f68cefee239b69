// manifest.json of an export: every matching call with its files or the reason why it has none.
// Threads: any.  Memory: the manifest's JSON.
#pragma once

#include <string>

#include "base/result.h"
#include "control/call_json.h"
#include "pipelines/export/manifest.h"
#include "storage/crypto.h"

namespace tapdeck::control {

// Files are named relative to the manifest.
Json manifest_to_json(const exports::Manifest& manifest);

// Writes DIRECTORY/manifest.json (mode 0600) so that it is there whole or not at all; SHA-256 of
// its bytes.  One of an earlier export is kept under another name.
Result<storage::Hash> write_manifest(const exports::Manifest& manifest,
                                     const std::string& directory);

}  // namespace tapdeck::control
