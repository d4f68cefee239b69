// A kernel that denies io_uring, and a file system that takes O_DIRECT at open() and refuses it at
// write(): what containers and overlays do.
#include <atomic>
#include <cerrno>
#include <cstddef>
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <thread>

#include "tests/unit/storage/store_fixture.h"

namespace {

std::atomic<bool> refuses_direct_writes = false;

}  // namespace

// Stands before the C library's in this executable.
extern "C" ssize_t pwrite64(int file, const void* from, size_t bytes, off64_t offset) {
  if (refuses_direct_writes && (fcntl(file, F_GETFL) & O_DIRECT) != 0) {
    errno = EINVAL;
    return -1;
  }
  return syscall(SYS_pwrite64, file, from, bytes, offset);
}

namespace tapdeck::storage {
namespace {

// For this thread and its children, for good.
bool deny_io_uring() {
  sock_filter program[] = {
      {BPF_LD | BPF_W | BPF_ABS, 0, 0, offsetof(seccomp_data, nr)},
      {BPF_JMP | BPF_JEQ | BPF_K, 0, 1, SYS_io_uring_setup},
      {BPF_RET | BPF_K, 0, 0, SECCOMP_RET_ERRNO | EPERM},
      {BPF_RET | BPF_K, 0, 0, SECCOMP_RET_ALLOW},
  };
  const sock_fprog filter{std::size(program), program};
  return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 &&
         prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &filter) == 0;
}

// Writes, reads back, rolls segments over, seals and opens again, all on a thread without io_uring.
void record_without_io_uring(std::uint64_t direct_segments, std::uint64_t refused_segments) {
  std::thread([&] {
    ASSERT_TRUE(deny_io_uring());
    const TemporaryDirectory directory;
    StoreOptions options = test_options(directory.path());
    options.checkpoint_bytes = 512U << 10;
    std::vector<std::string> expected;
    {
      auto store = open_store(options);
      ASSERT_NE(store, nullptr);
      for (std::uint32_t i = 0; i < 300; ++i) {
        const auto chunk = make_chunk({.sequence = i});
        append(store->writer(), *chunk);
        const bool now = i % 50 == 0;
        ASSERT_TRUE(!now || store->writer().flush());
        store->writer().step(monotonic_now_ns());
        expected.push_back(section_text(*chunk));
      }
      ASSERT_TRUE(store->writer().flush());
      EXPECT_EQ(figure(*store, "o_direct_segments"), direct_segments);
      EXPECT_EQ(figure(*store, "o_direct_refused_segments"), refused_segments);
      EXPECT_EQ(figure(*store, "blocking_writes"), figure(*store, "writes"));
      EXPECT_GT(figure(*store, "checkpoints"), 0U);
      EXPECT_EQ(figure(*store, "io_errors"), 0U);
    }
    auto store = open_store(options);
    ASSERT_NE(store, nullptr);
    EXPECT_EQ(figure(*store, "recovered_segments"), 0U) << "all were sealed";
    const auto sections = read_sections(*store->reader(), test_uid(1));
    ASSERT_TRUE(sections) << sections.error().message;
    EXPECT_EQ(*sections, expected);
    EXPECT_TRUE(store->reader()->check()->empty());
  }).join();
}

TEST(BlockingWrites, TakeThePlaceOfADeniedIoUring) { record_without_io_uring(2, 0); }

TEST(BlockingWrites, AreMadeAgainBufferedWhereDirectOnesAreRefused) {
  refuses_direct_writes = true;
  record_without_io_uring(2, 2);
  refuses_direct_writes = false;
}

}  // namespace
}  // namespace tapdeck::storage
