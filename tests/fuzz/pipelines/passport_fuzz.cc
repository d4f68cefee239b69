// Any text as an Identity, a Session-ID or a P-Charging-Vector: what is read lies within the value
// or within the reader, and reading ends.
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string_view>

#include "base/assert.h"
#include "pipelines/signalling/identity_fields.h"
#include "pipelines/signalling/passport.h"

namespace {

using namespace tapdeck::sip;

bool lies_within(std::string_view part, const void* begin, std::size_t bytes) {
  const auto* from = static_cast<const char*>(begin);
  return part.empty() || (part.data() >= from && part.data() + part.size() <= from + bytes);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view value(reinterpret_cast<const char*>(data), size);
  const auto reader = std::make_unique<PassportReader>();
  if (const auto passport = reader->read(value)) {
    TD_ASSERT(lies_within(passport->token, data, size));
    TD_ASSERT(passport->destination_count <= kPassportDestinationsMax);
    for (const std::string_view part :
         {passport->ppt, passport->alg, passport->info, passport->origid, passport->orig}) {
      TD_ASSERT(lies_within(part, data, size) || lies_within(part, reader.get(), sizeof *reader));
    }
    for (std::size_t i = 0; i < passport->destination_count; ++i) {
      TD_ASSERT(lies_within(passport->destinations[i], reader.get(), sizeof *reader));
    }
  }
  if (const auto session = parse_session_id(value)) {
    TD_ASSERT(session->local.empty() || session->local.size() == kSessionUuidBytes);
    TD_ASSERT(lies_within(session->remote, data, size));
  }
  if (const auto vector = parse_charging_vector(value)) {
    TD_ASSERT(!vector->icid.empty() && lies_within(vector->icid, data, size));
  }
  return 0;
}
