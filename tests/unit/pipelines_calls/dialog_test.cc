#include "pipelines/calls/dialog.h"

#include <gtest/gtest.h>

namespace tapdeck::calls {
namespace {

MessageFacts invite(std::string_view branch, std::uint32_t cseq, std::uint32_t via_count = 1) {
  MessageFacts facts;
  facts.method = sip::Method::kInvite;
  facts.from_tag = "a";
  facts.branch = branch;
  facts.cseq = cseq;
  facts.via_count = via_count;
  return facts;
}

MessageFacts final_answer(MessageFacts to, std::uint16_t status) {
  to.is_request = false;
  to.status = status;
  return to;
}

TEST(InviteTransactions, OnlyTheHopNearestToTheCallerDecides) {
  InviteTransactions invites;
  EXPECT_TRUE(invites.on_invite(invite("outer", 1)));
  EXPECT_FALSE(invites.on_invite(invite("inner", 1, 2)));
  invites.on_final(final_answer(invite("inner", 1, 2), 486));
  EXPECT_EQ(invites.failure(), nullptr);
  invites.on_final(final_answer(invite("outer", 1), 480));
  ASSERT_NE(invites.failure(), nullptr);
  EXPECT_EQ(invites.failure()->status, 480);
}

TEST(InviteTransactions, ParallelBranchesFailTogetherWithTheBestStatus) {
  InviteTransactions invites;
  for (const char* branch : {"x", "y", "z"}) invites.on_invite(invite(branch, 1));
  invites.on_final(final_answer(invite("x", 1), 487));
  invites.on_final(final_answer(invite("y", 1), 404));
  EXPECT_EQ(invites.failure(), nullptr) << "z may still answer";
  invites.on_final(final_answer(invite("z", 1), 486));
  EXPECT_EQ(invites.failure()->status, 404);
}

TEST(InviteTransactions, ARetryDecidesInsteadOfTheRefusedAttempt) {
  InviteTransactions invites;
  invites.on_invite(invite("x", 1));
  invites.on_final(final_answer(invite("x", 1), 407));
  EXPECT_TRUE(invites.on_invite(invite("y", 2)));
  EXPECT_EQ(invites.failure(), nullptr);
  EXPECT_FALSE(invites.on_invite(invite("y", 2))) << "a retransmission is no new attempt";
}

TEST(InviteTransactions, AResponseTellsOfAMissedRetryOnlyAfterARefusal) {
  InviteTransactions invites;
  invites.on_invite(invite("x", 1));
  const MessageFacts late = final_answer(invite("y", 2), 486);
  EXPECT_FALSE(invites.on_missed_invite(late)) << "the first attempt may still be answered";
  invites.on_final(final_answer(invite("x", 1), 407));
  EXPECT_FALSE(invites.on_missed_invite(final_answer(invite("x", 1), 407)));
  EXPECT_TRUE(invites.on_missed_invite(late));
  EXPECT_EQ(invites.failure(), nullptr);
  EXPECT_FALSE(invites.on_missed_invite(late));
  invites.on_final(late);
  EXPECT_EQ(invites.failure()->status, 486);
}

TEST(InviteTransactions, WhereNoInvitePassedTheFirstRefusalDecidesUntilTheNextAttempt) {
  InviteTransactions invites;
  const MessageFacts retried = final_answer(invite("y", 2), 486);
  EXPECT_FALSE(invites.on_missed_invite(retried)) << "nothing was refused before";
  invites.on_refusal_of_missed(final_answer(invite("x", 1), 407));
  ASSERT_NE(invites.failure(), nullptr);
  EXPECT_EQ(invites.failure()->status, 407);
  EXPECT_TRUE(invites.on_missed_invite(retried));
  EXPECT_EQ(invites.failure(), nullptr);
  invites.on_refusal_of_missed(final_answer(invite("inner", 2), 480));
  EXPECT_EQ(invites.failure(), nullptr) << "the first hop that passed is open";
  invites.on_refusal_of_missed(retried);
  EXPECT_EQ(invites.failure()->status, 480);
  EXPECT_TRUE(invites.on_invite(invite("z", 2, 2))) << "another target";
  EXPECT_EQ(invites.failure(), nullptr);
}

TEST(InviteTransactions, AnInviteBehindItsOwnRefusalIsNoNewAttempt) {
  InviteTransactions invites;
  invites.on_refusal_of_missed(final_answer(invite("x", 1), 486));
  EXPECT_FALSE(invites.on_invite(invite("x", 1)));
  EXPECT_EQ(invites.failure()->status, 486);
}

TEST(InviteTransactions, AnotherBranchAfterARefusalTriesAgainOnTheSameHopOnly) {
  InviteTransactions invites;
  invites.on_invite(invite("x", 1, 2));
  EXPECT_FALSE(invites.on_invite(invite("y", 1, 2))) << "both are asked at once";
  invites.on_cancel(invite("x", 1, 2));
  invites.on_final(final_answer(invite("x", 1, 2), 487));
  invites.on_final(final_answer(invite("y", 1, 2), 302));
  EXPECT_FALSE(invites.on_invite(invite("x", 1, 2))) << "late";
  EXPECT_FALSE(invites.on_invite(invite("further", 1, 3)));
  EXPECT_TRUE(invites.on_invite(invite("z", 1, 2)));
  EXPECT_EQ(invites.failure(), nullptr);
  EXPECT_FALSE(invites.cancelled()) << "not by the caller";
  invites.on_final(final_answer(invite("z", 1, 2), 486));
  EXPECT_EQ(invites.failure()->status, 486) << "the last one tells";
}

TEST(InviteTransactions, ARefusalOnAHopWhoseInviteWasMissedDecidesNothingButHasItsAck) {
  InviteTransactions invites;
  invites.on_invite(invite("outer", 1));
  MessageFacts busy = final_answer(invite("inner", 1), 486);
  busy.to_tag = "b";
  EXPECT_FALSE(invites.was_refused(invite("inner", 1)));
  invites.on_final(busy);
  EXPECT_EQ(invites.failure(), nullptr);
  EXPECT_TRUE(invites.was_refused(invite("inner", 1)));
  MessageFacts ack = invite("of its own", 1);
  ack.to_tag = "b";
  EXPECT_TRUE(invites.was_refused(ack));
  ack.to_tag = "c";
  EXPECT_FALSE(invites.was_refused(ack)) << "of a 2xx";
}

TEST(InviteTransactions, AnInviteIsOverWithItsAnswerOrTheAckOfItsRefusal) {
  InviteTransactions invites;
  for (const char* branch : {"answered", "refused", "open"}) invites.on_invite(invite(branch, 1));
  invites.on_answer(final_answer(invite("answered", 1), 200));
  invites.on_answer(final_answer(invite("never seen", 1), 200));
  invites.on_final(final_answer(invite("refused", 1), 486));
  EXPECT_TRUE(invites.is_over(invite("answered", 1)));
  EXPECT_FALSE(invites.is_over(invite("refused", 1)));
  invites.on_ack(invite("refused", 1));
  EXPECT_TRUE(invites.is_over(invite("refused", 1)));
  EXPECT_FALSE(invites.is_over(invite("open", 1)));
  EXPECT_FALSE(invites.is_over(invite("never seen", 1)));
}

TEST(InviteTransactions, CancelOfAnotherBranchIsNotTheCallers) {
  InviteTransactions invites;
  invites.on_invite(invite("outer", 1));
  invites.on_invite(invite("inner", 1, 2));
  invites.on_cancel(invite("inner", 1));
  EXPECT_FALSE(invites.cancelled());
  invites.on_cancel(invite("outer", 1));
  EXPECT_TRUE(invites.cancelled());
}

TEST(DialogSet, FindsByTagsInEitherOrderAndIsBounded) {
  DialogSet dialogs;
  dialogs.add("a", "b")->confirmed = true;
  EXPECT_EQ(dialogs.find("a", "b"), dialogs.find("b", "a"));
  EXPECT_EQ(dialogs.find("a", "c"), nullptr);
  EXPECT_FALSE(dialogs.other_confirmed(*dialogs.find("a", "b")));
  dialogs.add("a", "c")->confirmed = true;
  EXPECT_TRUE(dialogs.other_confirmed(*dialogs.find("a", "b")));
  for (std::size_t i = 0; i < 100; ++i) dialogs.add("a", std::to_string(i));
  EXPECT_EQ(dialogs.all().size(), kDialogsMax);
}

TEST(DialogSet, ADialogIsOfTheBranchOfWhatMadeIt) {
  Dialog dialog;
  EXPECT_FALSE(dialog.is_of(""));
  dialog.branch = hash_of_branch("x");
  EXPECT_TRUE(dialog.is_of("x"));
  EXPECT_FALSE(dialog.is_of("y"));
}

TEST(DialogSet, AByeOfAnUnknownDialogEndsNothingWhileAnAnsweredOneGoesOn) {
  DialogSet dialogs;
  EXPECT_TRUE(dialogs.hang_up("a", "b")) << "all that is known is the BYE";
  dialogs.add_caller_tag("a");
  dialogs.add("a", "early");
  EXPECT_TRUE(dialogs.hang_up("a", "b")) << "the 200 was missed";
  dialogs.add("a", "c")->confirmed = true;
  EXPECT_FALSE(dialogs.hang_up("a", "b"));
  EXPECT_FALSE(dialogs.hang_up("x", "y"));
  EXPECT_TRUE(dialogs.hang_up("", "")) << "RFC 2543";
  EXPECT_TRUE(dialogs.hang_up("a", "")) << "a tag is missing";
  EXPECT_TRUE(dialogs.hang_up("c", "a"));
}

TEST(RepeatFilter, TellsRetransmissionsFromHopsAndChangedBodies) {
  RepeatFilter filter;
  MessageFacts facts = invite("x", 1);
  SignalMessage signal;
  signal.source.port = 5060;
  EXPECT_FALSE(filter.is_repeat({signal, facts}, 7));
  EXPECT_TRUE(filter.is_repeat({signal, facts}, 7));
  facts.body_hash = 1;
  EXPECT_FALSE(filter.is_repeat({signal, facts}, 7));
  signal.source.port = 5061;
  EXPECT_FALSE(filter.is_repeat({signal, facts}, 7));
}

}  // namespace
}  // namespace tapdeck::calls
