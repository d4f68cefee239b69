// Any text as RTCP in JSON: what comes of it is one report that says of itself how long it is.
#include <cstdint>
#include <string_view>
#include <vector>

#include "base/assert.h"
#include "base/bytes.h"
#include "pipelines/signalling/rtcp_json.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace tapdeck;
  // A copy of the exact size, so that the address sanitizer sees a read beyond the end.
  const std::vector<char> exact(data, data + size);
  sip::RetoldRtcp report;
  const std::size_t length = sip::rtcp_of_json({exact.data(), exact.size()}, report);
  if (length == 0) return 0;
  TD_ASSERT(length <= report.size() && length >= 28);
  TD_ASSERT((load_be<std::uint16_t>(report.data() + 2) + 1U) * 4 == length);
  TD_ASSERT(report[0] >> 6 == 2 && (report[1] == 200 || report[1] == 201));
  return 0;
}
