// G.711 expansion (ITU-T G.711, tables 1a to 2b) to 16-bit linear PCM, full scale as G.191 has it:
// A-law's 13 and µ-law's 14 bits are shifted to the top.
// Threads: any.  Memory: none.
#pragma once

#include <array>
#include <cstdint>

namespace tapdeck::exports {

using G711Table = std::array<std::int16_t, 256>;

// Even bits are inverted on the line; sign, 3 bits of segment, 4 bits of step.  A step stands for
// its middle.
constexpr std::int16_t expand_alaw(std::uint8_t code) {
  const unsigned value = code ^ 0x55U;
  const unsigned segment = (value >> 4) & 7;
  unsigned magnitude = ((value & 15) << 4) + 8;
  if (segment > 0) magnitude = (magnitude + 256) << (segment - 1);
  const int linear = static_cast<int>(magnitude);
  return static_cast<std::int16_t>((value & 0x80) != 0 ? linear : -linear);
}

// All bits are inverted on the line; the bias of 33 (here 132, in 16 bits) makes segments double.
constexpr std::int16_t expand_ulaw(std::uint8_t code) {
  constexpr unsigned kBias = 132;
  const unsigned value = ~unsigned{code} & 0xff;
  const unsigned segment = (value >> 4) & 7;
  const unsigned magnitude = ((((value & 15) << 3) + kBias) << segment) - kBias;
  const int linear = static_cast<int>(magnitude);
  return static_cast<std::int16_t>((value & 0x80) != 0 ? -linear : linear);
}

template <typename Expand>
constexpr G711Table make_g711_table(Expand expand) {
  G711Table table{};
  for (unsigned code = 0; code < 256; ++code) {
    table[code] = expand(static_cast<std::uint8_t>(code));
  }
  return table;
}

inline constexpr G711Table kAlawTable = make_g711_table(expand_alaw);
inline constexpr G711Table kUlawTable = make_g711_table(expand_ulaw);

}  // namespace tapdeck::exports
