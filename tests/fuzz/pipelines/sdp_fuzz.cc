// Any text through the SDP parser: bounds hold, indexes and views stay inside.
#include <cstdint>
#include <cstdlib>

#include "base/bytes.h"
#include "pipelines/signalling/sdp.h"

namespace {

std::size_t sum = 0;

void touch(std::string_view text) {
  for (const char c : text) sum += static_cast<unsigned char>(c);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace tapdeck::sip;
  static Sdp sdp;
  const SdpVerdict verdict = parse_sdp(tapdeck::as_text({data, size}), sdp);
  if (sdp_verdict_name(verdict) == "unknown") std::abort();
  if (is_accepted(verdict) != (verdict == SdpVerdict::kNoMedia || sdp.media_count > 0) &&
      verdict != SdpVerdict::kBadMedia) {
    std::abort();
  }
  for (std::size_t i = 0; i < sdp.media_count; ++i) {
    const SdpMedia& media = sdp.media[i];
    if (media.format_count > kSdpFormatsPerMediaMax) std::abort();
    if (media.format_begin + media.format_count > sdp.format_count) std::abort();
    touch(media.lines);
    touch(media.address);
    touch(media.mid);
    touch(media.setup);
    for (std::size_t f = 0; f < media.format_count; ++f) {
      touch(sdp.format(media, f).token);
      touch(sdp.format(media, f).encoding);
      touch(sdp.format(media, f).fmtp);
    }
  }
  for (std::size_t i = 0; i < sdp.candidate_count; ++i) {
    if (sdp.candidates[i].media_index >= sdp.media_count) std::abort();
  }
  touch(sdp.bundle);
  touch(sdp.session_name);
  touch(sdp.origin_address);
  return 0;
}
