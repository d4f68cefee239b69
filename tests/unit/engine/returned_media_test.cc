#include "engine/returned_media.h"

#include <gtest/gtest.h>

#include "engine/rings.h"
#include "tests/unit/engine/engine_fixture.h"

namespace tapdeck::engine {
namespace {

TEST(ReturnedMedia, BuffersComeOutInOrderAndAreUsedAgain) {
  test_eal();
  auto media = ReturnedMedia::create({.worker = 70, .slots = 4});
  ASSERT_TRUE(media.has_value());
  for (int round = 0; round < 5; ++round) {
    std::array<SignalMessage*, 3> sent{};
    for (SignalMessage*& message : sent) {
      message = media->take();
      ASSERT_NE(message, nullptr);
      EXPECT_EQ(message->capacity, kReturnedBytesMax);
      auto* bytes = const_cast<std::uint8_t*>(message->bytes);
      bytes[0] = bytes[kReturnedBytesMax - 1] = 1;
    }
    EXPECT_EQ(media->take(), nullptr) << "as many as there are places";
    for (SignalMessage* message : sent) media->push(message);
    for (SignalMessage* message : sent) {
      EXPECT_EQ(media->pop(), message);
      WorkerRings::release(message);
    }
    EXPECT_EQ(media->pop(), nullptr);
  }
}

TEST(ReturnedMedia, OddSizesAreRefused) {
  test_eal();
  EXPECT_FALSE(ReturnedMedia::create({.worker = 71, .slots = 100}));
}

}  // namespace
}  // namespace tapdeck::engine
