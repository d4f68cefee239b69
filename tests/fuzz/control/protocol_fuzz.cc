// Every decoder of the control socket's frames: the first byte chooses, the rest is the payload.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "control/annotation_csv.h"
#include "control/protocol.h"
#include "control/retention_codec.h"

using namespace tapdeck::control;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const tapdeck::ByteView rest(data + 1, size - 1);
  const std::string_view payload = tapdeck::as_text(rest);
  switch (data[0] % 14) {
    case 0: (void)decode_frame_header(rest, kRequestBytesMax); break;
    case 1:
      (void)decode_hello(payload);
      (void)decode_purpose(payload);
      break;
    case 2: (void)decode_uid(payload); break;
    case 3:
      // What decodes must encode to the same bytes, but for values of facts that are absent.
      if (const auto query = decode_query(payload)) {
        const auto again = decode_query(encode_query(*query));
        if (!again || encode_query(*again) != encode_query(*query)) std::abort();
      }
      break;
    case 4: (void)decode_error(payload); break;
    case 5: (void)decode_stream(payload); break;
    case 6: (void)decode_figure(payload); break;
    case 7: (void)decode_fault(payload); break;
    case 8: (void)decode_section(payload); break;
    case 9:
      (void)decode_import_messages(payload);
      (void)decode_import_shred(payload);
      if (const auto told = decode_import_pause(payload)) {
        if (encode_import_pause(*told) != payload) std::abort();
      }
      break;
    case 10:
      if (const auto query = decode_event_query(payload)) {
        const auto again = decode_event_query(encode_event_query(*query));
        if (!again || encode_event_query(*again) != encode_event_query(*query)) std::abort();
      }
      break;
    case 11: {
      // What decodes must encode, to bytes that decode to the same.
      const auto request = decode_retention_request(payload);
      if (!request) break;
      const auto bytes = encode_retention_request(*request);
      if (!bytes) std::abort();
      const auto again = decode_retention_request(*bytes);
      if (!again || *encode_retention_request(*again) != *bytes) std::abort();
      break;
    }
    case 12: (void)read_annotations(payload); break;
    default: {
      tapdeck::Chunk chunk;
      if (decode_import_chunk(payload, chunk) && encode_import_chunk(chunk) != payload)
        std::abort();
      break;
    }
  }
  return 0;
}
