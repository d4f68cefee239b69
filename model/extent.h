// How sections of media lie on disk, as far as it decides which packets are worth writing together:
// docs/formats/segment.md.
// Threads: constants.  Memory: none.
#pragma once

#include <cstddef>

namespace tapdeck {

constexpr std::size_t kBlockBytes = 4'096;     // everything in a segment starts on a block
constexpr std::size_t kPackedEntryBytes = 16;  // before each section where several share an extent

}  // namespace tapdeck
