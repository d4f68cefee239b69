#include "model/call_claims.h"

#include <gtest/gtest.h>

namespace tapdeck {
namespace {

TEST(CallClaims, Names) {
  EXPECT_EQ(identity_source_name(IdentitySource::kAsserted), "p_asserted_identity");
  EXPECT_EQ(identity_source_name(IdentitySource::kReferredBy), "referred_by");
  EXPECT_EQ(identity_source_name(IdentitySource::kTarget), "request_uri");
  EXPECT_EQ(edge_kind_name(EdgeKind::kReplacedBy), "replaced_by");
  EXPECT_EQ(edge_kind_name(EdgeKind::kRedirectedFrom), "redirected_from");
  EXPECT_EQ(edge_outcome_name(EdgeOutcome::kUnknown), "");
  EXPECT_EQ(edge_outcome_name(EdgeOutcome::kFailed), "failed");
  EXPECT_EQ(edge_kind_name(static_cast<EdgeKind>(99)), "");
}

}  // namespace
}  // namespace tapdeck
