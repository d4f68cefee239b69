// Runs retention_load and prints what it found as one JSON object.
// `retention DIRECTORY [RECORDINGS [HELD_PCT]]`: makes DIRECTORY, which must not be there and must
// lie on a disk, and removes it.  A recording takes 12 KiB there.
#include <cstdio>
#include <cstdlib>

#include <nlohmann/json.hpp>

#include "bench/load/retention_load.h"

namespace {

using Json = nlohmann::ordered_json;
using tapdeck::load::RetentionLoadResult;

Json row(const char* step, std::uint64_t count, double seconds) {
  return {{"step", step},
          {"count", count},
          {"seconds", seconds},
          {"per_s", seconds > 0 ? Json(static_cast<double>(count) / seconds) : Json()}};
}

Json rows_of(const RetentionLoadResult& found) {
  const double named = found.due_seconds + found.retire_seconds + found.reclaim_seconds;
  return {row("make", found.recordings, found.make_seconds),
          row("hold", found.held, found.hold_seconds),
          row("expire", found.expired, found.expire_seconds),
          row("expire: find", found.expired, found.due_seconds),
          row("expire: decide and journal", found.expired, found.expire_seconds - named),
          row("expire: keys and rows", found.expired, found.retire_seconds),
          row("expire: segments", found.segments, found.reclaim_seconds),
          row("open and compact", 1, found.settle_seconds),
          row("expire again", found.held, found.again_seconds),
          row("make files", found.recordings, found.files.make_seconds),
          row("unlink files", found.recordings, found.files.unlink_seconds)};
}

Json results_of(const RetentionLoadResult& found) {
  const auto each = static_cast<double>(found.recordings);
  return {
      {"recordings", found.recordings},
      {"held", found.held},
      {"payload_bytes_each", static_cast<double>(found.payload_bytes) / each},
      {"segment_bytes_each", static_cast<double>(found.segment_bytes) / each},
      {"expire_s", found.expire_seconds},
      {"expire_cpu_s", found.expire_cpu_seconds},
      {"us_per_recording", 1e6 / found.recordings_per_second()},
      {"cpu_us_per_recording", 1e6 * found.expire_cpu_seconds / static_cast<double>(found.expired)},
      {"retire_most_ms", found.retire_most_ms},
      {"segments", found.segments},
      {"segments_free", found.segments_free},
      {"segment_unlinks", found.unlinks},
      {"unlinks_of_segments_free",
       found.segments_free == 0
           ? Json()
           : Json(static_cast<double>(found.unlinks) / static_cast<double>(found.segments_free))},
      {"bytes_removed", found.bytes_removed},
      {"bytes_punched", found.bytes_punched},
      {"journal_syncs", found.journal_syncs},
      {"key_syncs", found.key_syncs},
      {"row_syncs", found.row_syncs},
      {"keys_destroyed", found.keys_destroyed},
      {"log_bytes_before", found.log_bytes_before},
      {"log_bytes_after", found.log_bytes_after},
      {"log_bytes_settled", found.log_bytes_settled},
      {"log_share_left",
       static_cast<double>(found.log_bytes_settled) / static_cast<double>(found.log_bytes_before)},
      {"held_read", found.held_read},
      {"gone_looked_for", found.gone_looked_for},
      {"unlink_files_s", found.files.unlink_seconds},
      {"unlink_files_cpu_s", found.files.unlink_cpu_seconds},
      {"of_unlinking_files_cpu", found.expire_cpu_seconds / found.files.unlink_cpu_seconds},
      {"of_unlinking_files", found.expire_seconds / found.files.unlink_seconds}};
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 2 || argc > 4) {
    std::fprintf(stderr, "retention DIRECTORY [RECORDINGS [HELD_PCT]]\n");
    return 2;
  }
  tapdeck::load::RetentionLoadOptions options;
  options.directory = argv[1];
  if (argc > 2) options.recordings = std::strtoull(argv[2], nullptr, 10);
  if (argc > 3) options.held_pct = std::atof(argv[3]);
  if (options.recordings < 1'000 || options.held_pct < 0 || options.held_pct > 25) {
    std::fprintf(stderr, "At least 1000 recordings, and 0 to 25 per cent of them held.\n");
    return 2;
  }
  const auto found = tapdeck::load::run_retention_load(options);
  if (!found) {
    std::fprintf(stderr, "%s\n", found.error().message.c_str());
    return 1;
  }
  Json out = {{"bench", "retention"}};
  out["simulated"] = {
      "No network: each call has four packets of 172 bytes and a message, written as the recorder "
      "writes them.",
      "Time: the desk is told that ninety days have passed; nothing is recorded meanwhile."};
  out["rows"] = rows_of(*found);
  out["results"] = results_of(*found);
  out["wrong"] = found->wrong;
  std::printf("%s\n", out.dump().c_str());
  return found->wrong.empty() ? 0 : 1;
}
