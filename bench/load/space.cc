// Runs space_load and prints what it found as one JSON object: what calls take on disk for each
// byte of their media.  `space DIRECTORY [FLUSH_INTERVAL_S]`: stores are made there and removed.
#include <cstdio>
#include <cstdlib>

#include <nlohmann/json.hpp>

#include "bench/load/space_load.h"
#include "engine/eal.h"

namespace {

int complain(const tapdeck::Error& error) {
  std::fprintf(stderr, "%s\n", error.message.c_str());
  return 1;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 2 || argc > 3) {
    std::fprintf(stderr, "space DIRECTORY [FLUSH_INTERVAL_S]\n");
    return 2;
  }
  constexpr std::uint32_t kMemoryMib = 256;  // DPDK's heap: mbufs, rings
  const auto eal = tapdeck::engine::Eal::start(
      {.hugepages = tapdeck::engine::HugepageUse::kNo, .memory_mib = kMemoryMib});
  if (!eal) return complain(eal.error());
  tapdeck::load::SpaceOptions options;
  options.directory = argv[1];
  if (argc == 3) options.flush_interval_s = std::atof(argv[2]);
  const auto found = tapdeck::load::run_space_load(options);
  if (!found) return complain(found.error());
  nlohmann::json out = {{"bench", "space"},
                        {"rows", nlohmann::json::array()},
                        {"results", nlohmann::json::object()},
                        {"wrong", nlohmann::json::array()}};
  out["simulated"] = {
      "Time: packets, their ages and those of chunks are as in a live capture, without the "
      "waiting.",
      "No calls: streams were bound at the start of each, and messages are none."};
  for (const tapdeck::load::SpaceResult& row : *found) {
    out["rows"].push_back({{"traffic", row.traffic},
                           {"packets", row.packets},
                           {"payload_bytes", row.payload_bytes},
                           {"stored_bytes", row.stored_bytes},
                           {"sections", row.sections},
                           {"ratio", row.ratio()}});
    if (row.wrong) out["wrong"].push_back(row.traffic + ": what was read back was not sent so");
  }
  std::printf("%s\n", out.dump().c_str());
  return out["wrong"].empty() ? 0 : 1;
}
