#include "model/media.h"

#include <algorithm>
#include <iterator>
#include <strings.h>

namespace tapdeck {

StaticPayload static_payload(std::uint8_t payload_type) {
  switch (payload_type) {
    case 0: return {"PCMU", 8000, 1};
    case 2: return {"G721", 8000, 1};
    case 3: return {"GSM", 8000, 1};
    case 4: return {"G723", 8000, 1};
    case 5: return {"DVI4", 8000, 1};
    case 6: return {"DVI4", 16000, 1};
    case 7: return {"LPC", 8000, 1};
    case 8: return {"PCMA", 8000, 1};
    case 9:
      return {"G722", 8000, 1};  // the clock is 8000 although it samples at 16000 (RFC 3551 4.5.2)
    case 10: return {"L16", 44100, 2};
    case 11: return {"L16", 44100, 1};
    case 12: return {"QCELP", 8000, 1};
    case 13: return {"CN", 8000, 1};
    case 14: return {"MPA", 90000, 1};
    case 15: return {"G728", 8000, 1};
    case 16: return {"DVI4", 11025, 1};
    case 17: return {"DVI4", 22050, 1};
    case 18: return {"G729", 8000, 1};
    case 19: return {"CN", 8000, 1};  // reserved now; comfort noise of older devices
    case 25: return {"CelB", 90000, 1};
    case 26: return {"JPEG", 90000, 1};
    case 28: return {"nv", 90000, 1};
    case 31: return {"H261", 90000, 1};
    case 32: return {"MPV", 90000, 1};
    case 33: return {"MP2T", 90000, 1};
    case 34: return {"H263", 90000, 1};
    default: return {"", 0, 0};
  }
}

std::string_view registered_codec(std::string_view name) {
  // What is met in calls, from IANA's registry of RTP payload format media types.
  static constexpr std::string_view kNames[] = {
      "PCMU",      "PCMA",          "telephone-event",
      "opus",      "G729",          "G722",
      "CN",        "AMR",           "AMR-WB",
      "EVS",       "GSM",           "GSM-EFR",
      "GSM-HR-08", "iLBC",          "speex",
      "G723",      "G721",          "G726-16",
      "G726-24",   "G726-32",       "G726-40",
      "G728",      "G729D",         "G729E",
      "G7221",     "G719",          "EVRC",
      "EVRC0",     "EVRC1",         "EVRCB",
      "EVRCWB",    "SMV",           "QCELP",
      "BV16",      "BV32",          "L8",
      "L16",       "DVI4",          "LPC",
      "red",       "tone",          "clearmode",
      "ulpfec",    "flexfec",       "rtx",
      "H261",      "H263",          "H264",
      "H265",      "VP8",           "VP9",
      "AV1",       "H263-1998",     "H263-2000",
      "MP4V-ES",   "mpeg4-generic",
  };
  const auto is_equal = [name](std::string_view known) {
    return known.size() == name.size() &&
           ::strncasecmp(known.data(), name.data(), name.size()) == 0;
  };
  const auto* const found = std::find_if(std::begin(kNames), std::end(kNames), is_equal);
  return found == std::end(kNames) ? name : *found;
}

}  // namespace tapdeck
