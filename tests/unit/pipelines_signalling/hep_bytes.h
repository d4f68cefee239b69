// HEP packets for tests.
// Threads: any.  Memory: the strings.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace tapdeck::sip {

inline std::string be16(std::size_t value) {
  return {static_cast<char>(value >> 8), static_cast<char>(value)};
}

inline std::string hep_chunk(unsigned type, std::string_view value, unsigned vendor = 0) {
  return be16(vendor) + be16(type) + be16(6 + value.size()) + std::string(value);
}

inline std::string hep_packet(const std::string& chunks) {
  return "HEP3" + be16(6 + chunks.size()) + chunks;
}

}  // namespace tapdeck::sip
