#include "control/actor.h"

#include <pwd.h>
#include <unistd.h>

#include <gtest/gtest.h>

namespace tapdeck::control {
namespace {

TEST(Actor, HasTheNameThatTheHostGives) {
  const LedgerActor own = own_actor();
  EXPECT_EQ(own.user_id, ::getuid());
  EXPECT_EQ(own.group_id, ::getgid());
  EXPECT_EQ(own.process_id, static_cast<std::uint32_t>(::getpid()));
  const passwd* entry = ::getpwuid(::getuid());
  EXPECT_EQ(own.name, entry == nullptr ? "" : entry->pw_name);
}

TEST(Actor, AUserWithoutANameKeepsItsNumber) {
  const LedgerActor actor = actor_of(7, 3'999'999'001U, 5);
  EXPECT_EQ(actor.user_id, 3'999'999'001U);
  EXPECT_EQ(actor.process_id, 7U);
  EXPECT_EQ(actor.name, "");
}

}  // namespace
}  // namespace tapdeck::control
