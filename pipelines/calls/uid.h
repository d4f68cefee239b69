// The uid of a call: sortable by start, and the same whenever the same packets are read again.
// Threads: any.  Memory: none.  Format: model/ids.h.
#pragma once

#include <cstdint>
#include <string_view>

#include "model/ids.h"
#include "storage/crypto.h"

namespace tapdeck::calls {

struct CallOrigin {
  RealmId realm = 0;
  std::string_view call_id;
  std::string_view from_tag;
  std::int64_t first_ns = 0;  // packet time of the first message
};

// Milliseconds of first_ns, then 80 bits of SHA-256 over all four fields, each text preceded by its
// length so that no two origins spell the same bytes.
Uid identify_call(const CallOrigin& origin, storage::Hasher& hasher);

}  // namespace tapdeck::calls
