// Contents of the journal: what is accepted is written again with the same bytes, and passes the
// check that writers make.  Byte 0 is the type; a second run starts from a good content and changes
// it, since random bytes are seldom canonical.
#include <cstddef>
#include <cstdint>
#include <string>

#include "base/assert.h"
#include "base/bytes.h"
#include "model/ledger_codec.h"
#include "tests/support/sample_ledger.h"

using namespace tapdeck;

namespace {

void read(std::uint16_t type, const Uid& subject, std::string_view bytes) {
  LedgerContent content;
  const LedgerVerdict verdict = decode_ledger_content(type, subject, bytes, content);
  TD_ASSERT(!ledger_verdict_name(verdict).empty());
  if (verdict != LedgerVerdict::kGood) return;
  TD_ASSERT(static_cast<std::uint16_t>(type_of(content)) == type);
  TD_ASSERT(check_ledger_content(content, subject) == LedgerVerdict::kGood);
  TD_ASSERT(encode_ledger_content(content) == bytes);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 4) return 0;
  static const std::vector<LedgerContent> kSamples = testing::sample_contents();
  const std::string_view rest = as_text({data + 1, size - 1});
  read(data[0], {}, rest);
  read(data[0], testing::ledger_uid(1), rest);
  const LedgerContent& sample = kSamples[data[0] % kSamples.size()];
  std::string bytes = encode_ledger_content(sample);
  for (std::size_t i = 1; i + 2 < size; i += 3) {
    const std::size_t at = (data[i] | data[i + 1] << 8) % bytes.size();
    bytes[at] = static_cast<char>(data[i + 2]);
  }
  read(static_cast<std::uint16_t>(type_of(sample)), testing::sample_subject(sample), bytes);
  return 0;
}
