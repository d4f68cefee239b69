// Any bytes through the blanking: line ends stay, nothing but blanks is written, the count covers
// what changed, and no key behind inline: survives.  A message that is let through at a glance has
// nothing that a look at each line would have blanked.
#include <cstdint>
#include <cstdlib>
#include <vector>

#include "pipelines/signalling/lexer.h"
#include "pipelines/signalling/secrets.h"

namespace {

using tapdeck::sip::iequals;
using tapdeck::sip::is_space;

void check_inline_keys(std::string_view text) {
  constexpr std::string_view kInline = "inline:";
  for (std::size_t at = 0; at + kInline.size() < text.size(); ++at) {
    if (!iequals(text.substr(at, kInline.size()), kInline)) continue;
    const char c = text[at + kInline.size()];
    if (!is_space(c) && c != '|' && c != ';' && c != tapdeck::sip::kBlank) std::abort();
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::vector<std::uint8_t> before(data, data + size);
  std::vector<std::uint8_t> after = before;
  const std::size_t blanked = tapdeck::sip::blank_secrets(after);
  std::size_t changed = 0;
  for (std::size_t i = 0; i < size; ++i) {
    if (after[i] == before[i]) continue;
    ++changed;
    if (after[i] != static_cast<std::uint8_t>(tapdeck::sip::kBlank)) std::abort();
    if (before[i] == '\n' || before[i] == '\r') std::abort();
  }
  if (changed > blanked) std::abort();
  check_inline_keys(tapdeck::as_text(after));
  // A line of its own that names a key makes it look at each line.
  std::vector<std::uint8_t> looked_at = before;
  for (const char c : {'\n', 'k', 'e', 'y'}) looked_at.push_back(static_cast<std::uint8_t>(c));
  tapdeck::sip::blank_secrets(looked_at);
  looked_at.resize(size);
  if (looked_at != after) std::abort();
  return 0;
}
