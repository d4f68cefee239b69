// Message records: any bytes end cleanly, and what is read is written back the same.
#include <cstddef>
#include <cstdint>

#include "base/assert.h"
#include "storage/message_record.h"

using namespace tapdeck;
using namespace tapdeck::storage;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  Cursor cursor(ByteView{data, size});
  std::string again;
  while (const auto message = read_message_record(cursor)) {
    append_message_record(*message, again);
    TD_ASSERT(again.size() == cursor.position());
    TD_ASSERT(as_text(ByteView{data, cursor.position()}) == again);
  }
  TD_ASSERT(cursor.failed() || cursor.at_end());
  return 0;
}
