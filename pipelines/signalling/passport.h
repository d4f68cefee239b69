// What an Identity header claims (RFC 8224): the PASSporT in it (RFC 8225; SHAKEN of RFC 8588) read
// as it stands.  No signature is checked, so all of it is somebody's claim.
// Threads: any; a reader belongs to one.  Memory: a fixed buffer of kPassportJsonMax in the reader;
// views borrow the header value or that buffer, until the next read().  Errors: nothing for a value
// that is no PASSporT at all; claims that cannot be read are absent.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

namespace tapdeck::sip {

constexpr std::size_t kPassportJsonMax = 4'096;  // of header and payload together, decoded
constexpr std::size_t kPassportDestinationsMax = 8;

struct Passport {
  std::string_view token;  // header.payload.signature, as sent; the compact form has only the last
  std::string_view ppt;    // "shaken", "div", "rcd"; empty: none is named
  std::string_view alg;
  std::string_view info;    // where the certificate is, without <>
  char attestation = '\0';  // 'A', 'B' or 'C'; '\0': none is claimed
  std::string_view origid;
  std::string_view orig;  // number, else URI
  std::array<std::string_view, kPassportDestinationsMax> destinations{};
  std::size_t destination_count = 0;
  std::optional<std::int64_t> issued_s;  // iat: seconds since 1970
};

class PassportReader {
 public:
  // Takes one Identity header value.
  std::optional<Passport> read(std::string_view value);

 private:
  // The part decoded into the buffer; empty when it is none or there is no room.
  std::string_view decode(std::string_view base64url);

  std::array<char, kPassportJsonMax> buffer_;
  std::size_t used_ = 0;
};

}  // namespace tapdeck::sip
