#include "pipelines/calls/mos.h"

#include <algorithm>
#include <array>
#include <strings.h>

namespace tapdeck::calls {
namespace {

struct CodecImpairment {
  std::string_view codec;
  double equipment;       // Ie
  double loss_tolerance;  // Bpl
};

// G.113 Appendix I: G.711 without concealment, G.729A with VAD, G.723.1 at 6.3 kbit/s with VAD,
// GSM enhanced full rate.
constexpr std::array kCodecs = {
    CodecImpairment{"PCMU", 0, 4.3},
    CodecImpairment{"PCMA", 0, 4.3},
    CodecImpairment{"G729", 11, 19},
    CodecImpairment{"G723", 15, 16.1},
    CodecImpairment{"GSM-EFR", 5, 10},
};

constexpr double kRatingWithoutImpairment = 93.2;

bool is_same_codec(std::string_view a, std::string_view b) {
  return a.size() == b.size() && ::strncasecmp(a.data(), b.data(), a.size()) == 0;
}

double mos_of_rating(double rating) {
  if (rating <= 0) return 1;
  if (rating >= 100) return 4.5;
  const double mos = 1 + 0.035 * rating + rating * (rating - 60) * (100 - rating) * 7e-6;
  return std::max(1.0, mos);  // the polynomial dips below 1 for R under 6.5
}

}  // namespace

std::optional<double> estimate_mos(std::string_view codec, double loss_pct) {
  for (const CodecImpairment& known : kCodecs) {
    if (!is_same_codec(known.codec, codec)) continue;
    const double loss = std::clamp(loss_pct, 0.0, 100.0);
    const double effective =
        known.equipment + (95 - known.equipment) * loss / (loss + known.loss_tolerance);
    return mos_of_rating(kRatingWithoutImpairment - effective);
  }
  return std::nullopt;
}

}  // namespace tapdeck::calls
