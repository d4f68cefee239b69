// Listening quality estimated from loss alone: ITU-T G.107 (E-model) with every impairment but that
// of the codec and of random packet loss at its default, i.e.
//   R = 93.2 - Ie_eff,  Ie_eff = Ie + (95 - Ie) * Ppl / (Ppl + Bpl)
// and the MOS of G.107 Annex B.  Ie and Bpl are those of ITU-T G.113 Appendix I.
// Threads: any.  Memory: none.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace tapdeck::calls {

constexpr std::string_view kMosModel = "g107-loss";

// `loss_pct`: 0 to 100.  nullopt for codecs without published parameters.
std::optional<double> estimate_mos(std::string_view codec, double loss_pct);

}  // namespace tapdeck::calls
