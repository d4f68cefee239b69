#include "storage/uring.h"

#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <thread>

#include "storage/files.h"
#include "tests/unit/storage/store_fixture.h"

namespace tapdeck::storage {
namespace {

class UringTest : public ::testing::Test {
 protected:
  UringTest()
      : buffer_(static_cast<std::uint8_t*>(std::aligned_alloc(4096, 8192)), std::free),
        uring_(8,
               {MutableByteView(buffer_.get(), 4096), MutableByteView(buffer_.get() + 4096, 4096)}),
        file_(::open((directory_.path() + "/file").c_str(), O_RDWR | O_CREAT | O_DIRECT, 0600)) {
    std::memset(buffer_.get(), 'a', 4096);
    std::memset(buffer_.get() + 4096, 'b', 4096);
  }

  void write(std::uint32_t index, std::uint64_t offset, int file) {
    UringWrite write;
    write.file = file;
    write.buffer_index = static_cast<int>(index);
    write.bytes = {buffer_.get() + index * 4096, 4096};
    write.offset = offset;
    write.token = 100 + index;
    uring_.queue_write(write);
  }

  std::vector<UringCompletion> complete() {
    std::vector<UringCompletion> all;
    while (uring_.in_flight() > 0) {
      uring_.wait();
      for (const UringCompletion& completion : uring_.reap()) all.push_back(completion);
    }
    return all;
  }

  TemporaryDirectory directory_;
  std::unique_ptr<std::uint8_t, void (*)(void*)> buffer_;
  Uring uring_;
  Descriptor file_;
};

TEST_F(UringTest, WritesWhereItShould) {
  ASSERT_TRUE(file_.valid());
  write(1, 0, file_.get());
  write(0, 4096, file_.get());
  const auto completions = complete();
  ASSERT_EQ(completions.size(), 2U);
  for (const UringCompletion& completion : completions) EXPECT_EQ(completion.result, 4096);
  std::vector<std::uint8_t> back(8192);
  const Descriptor reading(::open((directory_.path() + "/file").c_str(), O_RDONLY));
  ASSERT_EQ(read_up_to(reading.get(), back, 0), 8192U);
  EXPECT_EQ(back[0], 'b');
  EXPECT_EQ(back[8191], 'a');
}

TEST_F(UringTest, LinkedSyncWaitsForTheOneBefore) {
  uring_.queue_sync(-1, 1, UringLink::kNextWaits);  // fails
  uring_.queue_sync(file_.get(), 2, UringLink::kNone);
  const auto completions = complete();
  ASSERT_EQ(completions.size(), 2U);
  for (const UringCompletion& completion : completions) {
    EXPECT_EQ(completion.result, completion.token == 1 ? -EBADF : -ECANCELED);
  }
}

// A short or failed write ends its chain: what it wrote must not be called synced.
TEST_F(UringTest, LinkedSyncWaitsForTheWriteBefore) {
  const std::vector<std::uint8_t> bytes(100, 'c');
  UringWrite write;
  write.file = -1;  // fails
  write.bytes = bytes;
  write.token = 1;
  write.link = UringLink::kNextWaits;
  uring_.queue_write(write);
  uring_.queue_sync(file_.get(), 2, UringLink::kNone);
  for (const UringCompletion& completion : complete()) {
    EXPECT_EQ(completion.result, completion.token == 1 ? -EBADF : -ECANCELED);
  }
  const Descriptor buffered(::open((directory_.path() + "/other").c_str(), O_RDWR | O_CREAT, 0600));
  write.file = buffered.get();
  uring_.queue_write(write);
  uring_.queue_sync(buffered.get(), 2, UringLink::kNone);
  for (const UringCompletion& completion : complete()) {
    EXPECT_EQ(completion.result, completion.token == 1 ? 100 : 0);
  }
}

TEST_F(UringTest, AnotherThreadTakesOverWhenNothingIsInFlight) {
  write(0, 0, file_.get());
  EXPECT_EQ(complete().size(), 1U);
  std::thread other([&] {
    EXPECT_TRUE(uring_.usable_here());
    write(1, 4096, file_.get());
    EXPECT_EQ(complete().at(0).result, 4096);
  });
  other.join();
}

}  // namespace
}  // namespace tapdeck::storage
