// kill -9 in the middle of appends, again and again on one ledger: what was acknowledged is there.
#include <csignal>
#include <random>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/unit/storage/ledger_fixture.h"

namespace tapdeck::storage {
namespace {

// Appends until it is killed; says through `acknowledged` how many entries the ledger has.
[[noreturn]] void append_for_ever(const LedgerDirectory& directory, int acknowledged) {
  auto ledger = Ledger::open(directory.path(), directory.options(30'000));
  if (!ledger) _exit(1);
  std::uint64_t next = (*ledger)->next_sequence();
  for (std::size_t count = 1;; count = count % 7 + 1) {
    if (!(*ledger)->append(numbered_group(next, count))) _exit(2);
    next += count;
    if (::write(acknowledged, &next, sizeof next) != sizeof next) _exit(3);
  }
}

// The number of entries that were acknowledged before the child died.
std::uint64_t append_and_kill(const LedgerDirectory& directory, useconds_t after_us) {
  int pipe[2];
  EXPECT_EQ(::pipe(pipe), 0);
  const pid_t child = fork();
  EXPECT_GE(child, 0);
  if (child == 0) {
    ::close(pipe[0]);
    append_for_ever(directory, pipe[1]);
  }
  ::close(pipe[1]);
  std::uint64_t acknowledged = 0;
  std::uint64_t next = 0;
  const bool began = ::read(pipe[0], &next, sizeof next) == sizeof next;
  EXPECT_TRUE(began);
  usleep(after_us);
  kill(child, SIGKILL);
  do {
    acknowledged = std::max(acknowledged, next);
  } while (::read(pipe[0], &next, sizeof next) == sizeof next);
  ::close(pipe[0]);
  int status = 0;
  EXPECT_EQ(waitpid(child, &status, 0), child);
  EXPECT_TRUE(WIFSIGNALED(status)) << "the child failed before it was killed";
  return acknowledged;
}

TEST(LedgerKill, WhatWasAcknowledgedSurvives) {
  constexpr int kRounds = 25;
  const LedgerDirectory directory;
  std::mt19937 random(1);
  std::uint64_t acknowledged = 0;
  for (int round = 0; round < kRounds; ++round) {
    SCOPED_TRACE(round);
    acknowledged = std::max(acknowledged,
                            append_and_kill(directory, static_cast<useconds_t>(random() % 3'000)));
    const auto ledger = directory.open(30'000);
    ASSERT_NE(ledger, nullptr);
    EXPECT_GE(ledger->next_sequence(), acknowledged);
    acknowledged = ledger->next_sequence();
  }
  const auto ledger = directory.open();
  ASSERT_NE(ledger, nullptr);
  const auto all = replay_all(*ledger);
  EXPECT_EQ(all.size(), acknowledged);
  expect_numbered(all);
}

}  // namespace
}  // namespace tapdeck::storage
