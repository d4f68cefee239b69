// What decode_call() accepts it must write again in a form it reads as the same record.
#include <cstddef>
#include <cstdint>

#include "base/assert.h"
#include "base/bytes.h"
#include "model/call_codec.h"
#include "model/call_query.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::optional<tapdeck::CallRecord> call =
      tapdeck::decode_call(tapdeck::as_text({data, size}));
  if (!call) return 0;
  const std::string bytes = tapdeck::encode_call(*call);
  const std::optional<tapdeck::CallRecord> again = tapdeck::decode_call(bytes);
  TD_ASSERT(again && tapdeck::encode_call(*again) == bytes);
  for (const std::string& number : tapdeck::searchable_numbers(*call)) {
    TD_ASSERT(number.find('\0') == std::string::npos);
  }
  return 0;
}
