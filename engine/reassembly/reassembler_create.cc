// Making a Reassembler, apart from its hot path because it allocates.
#include <string>

#include "engine/reassembly/reassembler.h"

namespace tapdeck::engine {

Result<std::unique_ptr<Reassembler>> Reassembler::create(const ReassemblyOptions& options) {
  constexpr std::uint32_t kBlocksMin = 64;  // more than any fragment takes
  if (options.packets_max == 0 || options.block_count < kBlocksMin) {
    return make_error(ErrorCode::kInvalidArgument,
                      "Reassembly needs room for a packet and " + std::to_string(kBlocksMin) +
                          " blocks at least.");
  }
  std::unique_ptr<Reassembler> made(new Reassembler(options));
  if (made->arena_.failed()) {
    return make_error(ErrorCode::kResources, "No memory for the fragments of IP packets.");
  }
  return made;
}

}  // namespace tapdeck::engine
