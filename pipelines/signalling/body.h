// Finds the session description in a message body: application/sdp itself, or the first such part
// of multipart/* (RFC 2046, RFC 5621), nested once; and the metadata of a recording session
// likewise. Threads: any.  Memory: none; views borrow.  Errors: told by SdpPlace; an encoded body
// (gzip) is found but not decoded.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "pipelines/signalling/message.h"

namespace tapdeck::sip {

enum class SdpPlace : std::uint8_t {
  kNone,       // no body, or a body of another kind
  kDirect,     // the body is the SDP
  kMultipart,  // a part of it is
  kEncoded,    // application/sdp with a Content-Encoding other than identity: not readable
  kBroken,     // multipart without boundary or parts
};

struct BodySdp {
  SdpPlace place = SdpPlace::kNone;
  std::string_view text;      // the SDP, for kDirect and kMultipart
  std::string_view encoding;  // Content-Encoding, when there is one
};

// A body without Content-Type that begins with "v=0" counts as SDP.
BodySdp find_sdp(const Message& message);

// application/rs-metadata+xml (RFC 7865), or rs-metadata as some name it; nullopt: there is none.
// Empty where it has an encoding, which is not decoded.
std::optional<std::string_view> find_recording_metadata(const Message& message);

// The parts of a multipart body, one after another.
class PartIterator {
 public:
  PartIterator(std::string_view body, std::string_view boundary);

  // Headers and content of the next part; a missing closing delimiter ends the last part at the
  // end of the body.
  bool next(std::string_view& headers, std::string_view& content);

 private:
  std::string_view rest_;
  std::string_view boundary_;
  bool done_ = false;
};

// Value of `name` in the headers of a part; empty when absent.
std::string_view part_header(std::string_view headers, std::string_view name);

}  // namespace tapdeck::sip
