#include "pipelines/calls/parties.h"

#include <gtest/gtest.h>

#include "pipelines/calls/offer_answer.h"

namespace tapdeck::calls {
namespace {

TEST(PartyList, WhoAnswersIsTheCalleeAndTheOthersLeave) {
  PartyList parties;
  MessageFacts facts;
  facts.to = "<sip:200@x>";
  SignalMessage signal;
  signal.time_ns = 5'000'000;
  parties.open({signal, facts}, true);
  const std::uint8_t fork = parties.add_fork({signal, facts});
  EXPECT_EQ(fork, 2);
  facts.asserted = PersonFacts{"Bob", "sip:201@x", "201"};
  parties.learn(fork, {signal, facts});
  parties.answer(fork, 9'000'000);
  EXPECT_EQ(parties.callee(), fork);
  EXPECT_EQ(parties.all()[2].number, "201") << "the network says who it is";
  EXPECT_EQ(parties.all()[2].role, PartyRole::kCallee);
  EXPECT_EQ(parties.all()[1].role, PartyRole::kFork);
  EXPECT_EQ(parties.all()[1].to_us, 9'000);
  EXPECT_FALSE(parties.all()[2].to_us);
}

TEST(PartyList, WhoIsDialledMayChangeUntilSomebodyAnswers) {
  PartyList parties;
  MessageFacts facts;
  facts.to = "<sip:20@x>";
  const SignalMessage signal;
  parties.open({signal, facts}, true);
  facts.to = "<sip:200@x>";
  parties.dial({signal, facts});
  EXPECT_EQ(parties.all()[1].number, "200");
  EXPECT_EQ(parties.all()[1].uri, "sip:200@x");
  parties.answer(1, 9'000'000);
  facts.to = "<sip:2001@x>";
  parties.dial({signal, facts});
  EXPECT_EQ(parties.all()[1].number, "200");
}

TEST(PartyList, IsBounded) {
  PartyList parties;
  const MessageFacts facts;
  const SignalMessage signal;
  parties.open({signal, facts}, true);
  for (int i = 0; i < 100; ++i) parties.add_fork({signal, facts});
  EXPECT_EQ(parties.all().size(), kPartiesMax);
  EXPECT_EQ(parties.add_fork({signal, facts}), kFirstCalleeParty);
}

TEST(PartyList, RestoresIdsAsIndexes) {
  CallRecord record;
  record.parties.resize(2);
  record.parties[1].id = 9;
  record.caller = 0;
  record.callee = 77;
  PartyList parties;
  parties.restore(record);
  EXPECT_EQ(parties.all()[1].id, 1);
  EXPECT_EQ(parties.callee(), kFirstCalleeParty);
  EXPECT_TRUE(parties.oriented());
}

}  // namespace
}  // namespace tapdeck::calls
