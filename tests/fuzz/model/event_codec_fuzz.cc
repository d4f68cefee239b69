// What decode_event() accepts it must write again in a form it reads as the same record.
#include <cstddef>
#include <cstdint>

#include "base/assert.h"
#include "base/bytes.h"
#include "model/event_codec.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto event = tapdeck::decode_event(tapdeck::as_text({data, size}));
  if (!event) return 0;
  const std::string bytes = tapdeck::encode_event(*event);
  const auto again = tapdeck::decode_event(bytes);
  TD_ASSERT(again && tapdeck::encode_event(*again) == bytes);
  for (const std::string& number : tapdeck::searchable_numbers(*event)) {
    TD_ASSERT(number.find('\0') == std::string::npos);
  }
  return 0;
}
