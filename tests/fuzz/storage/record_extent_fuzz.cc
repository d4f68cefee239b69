// Call records beside messages, decrypted: any bytes end cleanly, and what is read is a final
// record of the recording that it was asked for.
#include <algorithm>
#include <cstddef>
#include <cstdint>

#include "base/assert.h"
#include "storage/segment_survey.h"

using namespace tapdeck;
using namespace tapdeck::storage;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static MessageCompressor compressor;
  constexpr std::size_t kHeadBytes = 20;  // length before compression, uid
  if (size < kHeadBytes) return 0;
  ExtentHeader header;
  header.kind = ExtentType::kRecord;
  header.raw_bytes = load_le<std::uint32_t>(data) & 0xf'ffff;
  std::copy_n(data + 4, header.recording.bytes.size(), header.recording.bytes.begin());
  const auto record =
      decode_record_extent(header, ByteView{data + kHeadBytes, size - kHeadBytes}, compressor);
  TD_ASSERT(!record || (record->final && record->uid == header.recording));
  return 0;
}
