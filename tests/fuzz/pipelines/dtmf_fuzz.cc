// Any bytes through the blanking of keys: line ends stay, nothing but blanks and masked events is
// written, the count covers what changed, and what is behind "Signal=" in a body is blanked
// whatever the body is.  What is read as a pressed key is one.
#include <cstdint>
#include <cstdlib>
#include <vector>

#include "model/dtmf.h"
#include "pipelines/signalling/dtmf.h"
#include "pipelines/signalling/lexer.h"
#include "pipelines/signalling/pressed_keys.h"
#include "pipelines/signalling/secrets.h"

namespace {

using Bytes = std::vector<std::uint8_t>;

void check_changes(const Bytes& before, const Bytes& after, std::size_t blanked) {
  std::size_t changed = 0;
  for (std::size_t i = 0; i < before.size(); ++i) {
    if (after[i] == before[i]) continue;
    ++changed;
    const bool is_event = after[i] == tapdeck::kMaskedEvent && before[i] <= tapdeck::kLastKeyEvent;
    const bool is_blank = after[i] == static_cast<std::uint8_t>(tapdeck::sip::kBlank) &&
                          before[i] != '\n' && before[i] != '\r';
    if (!is_event && !is_blank) std::abort();
  }
  if (changed > blanked) std::abort();
}

// `tail` as the body of a message without a type.
void check_signal(Bytes tail) {
  constexpr std::string_view kHead = "INFO a SIP/2.0\r\n\r\nSignal=";
  for (std::uint8_t& byte : tail) {
    if (byte == '\n') byte = ' ';
  }
  Bytes message(kHead.begin(), kHead.end());
  message.insert(message.end(), tail.begin(), tail.end());
  tapdeck::sip::blank_dtmf(message);
  for (std::size_t i = kHead.size(); i < message.size(); ++i) {
    const char c = static_cast<char>(message[i]);
    if (!tapdeck::sip::is_space(c) && c != tapdeck::sip::kBlank) std::abort();
  }
}

void check_keys(const Bytes& bytes) {
  tapdeck::sip::Message message;
  if (tapdeck::sip::parse(bytes, message) != tapdeck::sip::ParseVerdict::kOk) return;
  const tapdeck::sip::PressedKeys keys = tapdeck::sip::read_pressed_keys(message);
  if (keys.text().find_first_not_of("0123456789*#ABCD") != std::string_view::npos) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const Bytes before(data, data + size);
  Bytes after = before;
  check_changes(before, after, tapdeck::sip::blank_dtmf(after));
  check_signal(before);
  check_keys(before);
  return 0;
}
