#include "pipelines/calls/uid.h"

#include <algorithm>
#include <array>
#include <string>

#include "base/bytes.h"

namespace tapdeck::calls {
namespace {

template <typename T>
void append_number(std::string& to, T value) {
  std::array<char, sizeof(T)> bytes{};
  store_be(bytes.data(), value);
  to.append(bytes.data(), bytes.size());
}

void append_text(std::string& to, std::string_view text) {
  append_number(to, static_cast<std::uint32_t>(text.size()));
  to.append(text);
}

}  // namespace

Uid identify_call(const CallOrigin& origin, storage::Hasher& hasher) {
  std::string bytes;
  bytes.reserve(sizeof(CallOrigin) + origin.call_id.size() + origin.from_tag.size());
  append_number(bytes, origin.realm);
  append_text(bytes, origin.call_id);
  append_text(bytes, origin.from_tag);
  append_number(bytes, static_cast<std::uint64_t>(origin.first_ns));
  const ByteView whole = as_bytes(bytes);
  const auto hash = hasher.sha256({&whole, 1});
  std::array<std::uint8_t, 10> head{};
  std::copy_n(hash.begin(), head.size(), head.begin());
  return make_uid(origin.first_ns / 1'000'000, head);
}

}  // namespace tapdeck::calls
