#include "pipelines/calls/hash_index.h"

#include <map>

#include <gtest/gtest.h>

#include "base/hash.h"

namespace tapdeck::calls {
namespace {

constexpr auto kAny = [](std::uint32_t) { return true; };

TEST(HashIndex, FindsWhatIsThereAfterAnyRemovals) {
  HashIndex index;
  std::map<std::uint64_t, std::uint32_t> truth;
  std::uint64_t random = 1;
  for (std::uint32_t i = 0; i < 20'000; ++i) {
    random = mix64(random + i, 0x9e3779b97f4a7c15ULL);
    const std::uint64_t hash = random % 4'096 << 5;  // crowded, and next to each other
    if (const auto found = truth.find(hash); found != truth.end()) {
      index.remove(hash, found->second);
      truth.erase(found);
    } else {
      index.add(hash, i);
      truth[hash] = i;
    }
  }
  for (std::uint64_t key = 0; key < 4'096; ++key) {
    const auto found = truth.find(key << 5);
    const std::uint32_t wanted = found == truth.end() ? HashIndex::kNone : found->second;
    ASSERT_EQ(index.find(key << 5, kAny), wanted) << key;
  }
}

TEST(HashIndex, EntriesWithOneHashAreTold) {
  HashIndex index;
  index.add(7, 1);
  index.add(7, 2);
  EXPECT_EQ(index.find(7, [](std::uint32_t value) { return value == 2; }), 2U);
  index.remove(7, 1);
  EXPECT_EQ(index.find(7, kAny), 2U);
  EXPECT_EQ(index.find(8, kAny), HashIndex::kNone);
}

}  // namespace
}  // namespace tapdeck::calls
