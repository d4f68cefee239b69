// The choice of calls of which only a share is recorded: by a keyed hash of the call's id, so that
// it is the same at every evaluation, at every recorder with the same key, and nobody without the
// key can tell what it will be.  SipHash-2-4 (Aumasson and Bernstein 2012).
// Threads: any.  Memory: none.
#pragma once

#include <cstdint>
#include <string_view>

#include "base/bytes.h"

namespace tapdeck::policy {

struct SampleKey {
  std::uint64_t first = 0;
  std::uint64_t second = 0;
};

SampleKey sample_key_of(std::string_view text);

std::uint64_t siphash(ByteView bytes, const SampleKey& key);

// Of a million ids, about `ppm` are.
bool is_sampled(std::string_view id, const SampleKey& key, std::uint32_t ppm);

}  // namespace tapdeck::policy
