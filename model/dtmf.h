// Where RTP tells which keys a person pressed (RFC 4733), and how that is made unreadable.
// Threads: any; plain values.  Memory: none.
#pragma once

#include <array>
#include <cstdint>

namespace tapdeck {

// A set of RTP payload types.
struct PayloadTypes {
  std::array<std::uint64_t, 2> bits{};

  [[nodiscard]] constexpr bool has(std::uint8_t type) const {
    return (bits[type >> 6 & 1] >> (type & 63) & 1) != 0;
  }

  [[nodiscard]] constexpr bool empty() const { return (bits[0] | bits[1]) == 0; }

  constexpr void add(std::uint8_t type) { bits[type >> 6 & 1] |= std::uint64_t{1} << (type & 63); }

  constexpr void add(const PayloadTypes& other) {
    bits[0] |= other.bits[0];
    bits[1] |= other.bits[1];
  }

  [[nodiscard]] constexpr PayloadTypes without(const PayloadTypes& other) const {
    return {{bits[0] & ~other.bits[0], bits[1] & ~other.bits[1]}};
  }

  bool operator==(const PayloadTypes&) const = default;
};

// Payload types whose packets tell which keys a person pressed: telephone-event (RFC 4733), and
// red (RFC 2198), in whose blocks those may travel.
struct DtmfTypes {
  PayloadTypes events;
  PayloadTypes redundant;

  // Nobody has declared any: all that SDP might have assigned (RFC 3551 section 6) are in question.
  constexpr void guess() {
    for (std::uint8_t type = 96; type < 128; ++type) events.add(type);
  }

  // Then only a payload as long as one event is taken for one.  SDP that assigns all of them to
  // events leaves none for a codec: nobody sends it.
  [[nodiscard]] constexpr bool guessed() const { return events.bits[1] >> 32 == 0xffff'ffffU; }

  // Whether a packet of this type may tell keys.
  [[nodiscard]] constexpr bool concerns(std::uint8_t type) const {
    return events.has(type) || (redundant.has(type) && !events.empty());
  }

  constexpr void add(const DtmfTypes& other) {
    events.add(other.events);
    redundant.add(other.redundant);
  }

  bool operator==(const DtmfTypes&) const = default;
};

// RFC 4733 section 3.2: events 0 to 15 are the keys 0 to 9, *, # and A to D.  One that must not be
// read becomes the last code there is, which IANA has not assigned: players and dissectors show it
// as an unknown event.
constexpr std::uint8_t kLastKeyEvent = 15;
constexpr std::uint8_t kMaskedEvent = 255;

}  // namespace tapdeck
