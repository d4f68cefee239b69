#include "pipelines/calls/uid.h"

#include <algorithm>
#include <array>
#include <string>

#include "base/bytes.h"
#include "storage/crypto.h"

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

Uid identify_call(const CallIdentity& identity) {
  std::string bytes;
  append_number(bytes, identity.realm);
  append_text(bytes, identity.call_id);
  append_text(bytes, identity.from_tag);
  append_number(bytes, static_cast<std::uint64_t>(identity.first_ns));
  const auto hash = storage::sha256(as_bytes(bytes));
  std::array<std::uint8_t, 10> head{};
  std::copy_n(hash.begin(), head.size(), head.begin());
  return make_uid(identity.first_ns / 1'000'000, head);
}

}  // namespace tapdeck::calls
