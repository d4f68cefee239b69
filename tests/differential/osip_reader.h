// What libosip2 reads in a SIP message: the other opinion of the differential test, and the only
// file that knows that library is osip_reader.cc.
// Threads: one.  Memory: strings.  Bad messages: accepted is false.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

namespace tapdeck::differential {

struct SipFacts {
  bool accepted = false;
  std::string method;  // of requests
  int status = 0;      // of responses
  std::string call_id;
  std::string cseq_number;
  std::string cseq_method;
  std::string from_tag;
  std::string to_tag;
  std::string branch;  // of the topmost Via
  bool has_via = false;
  bool has_from = false;
  bool has_to = false;
  std::optional<std::string> body;  // nothing: cut into parts

  bool operator==(const SipFacts&) const = default;
};

SipFacts read_by_osip(const std::string& text);

}  // namespace tapdeck::differential
