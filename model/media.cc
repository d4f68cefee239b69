#include "model/media.h"

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

}  // namespace tapdeck
