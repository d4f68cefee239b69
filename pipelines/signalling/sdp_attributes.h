// a= lines of a session description, for sdp.cc only.  What an attribute says at session level is
// kept in SessionDefaults and applied to the media that do not say it themselves.
// Threads: any.  Memory: none; views borrow.  Errors: an attribute that cannot be read returns
// false and changes nothing; unknown ones are none of our business and return true.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "pipelines/signalling/sdp.h"

namespace tapdeck::sip {

constexpr std::uint8_t kPayloadTypeMax = 127;

struct SessionDefaults {
  Direction direction = Direction::kSendRecv;
  bool has_key_mgmt = false;
  bool has_fingerprint = false;
  bool has_crypto = false;
  std::string_view setup;
};

// What sdp.cc has to know of a media section beyond SdpMedia, while it reads it.
struct MediaNotes {
  bool has_direction = false;
  std::string_view rtcp_address;  // of a=rtcp, when it has one
};

// `attribute` is the line behind "a=".
bool apply_session_attribute(std::string_view attribute, Sdp& sdp, SessionDefaults& defaults);
bool apply_media_attribute(std::string_view attribute, Sdp& sdp, MediaNotes& notes);

// The next word of `rest`, blanks before it skipped; empty at the end.
std::string_view take_sdp_word(std::string_view& rest);

}  // namespace tapdeck::sip
