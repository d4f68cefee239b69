#include "pipelines/signalling/headers.h"

#include <cstddef>

#include <gtest/gtest.h>

namespace tapdeck::sip {
namespace {

TEST(Headers, MethodsAreExact) {
  EXPECT_EQ(method_of("INVITE"), Method::kInvite);
  EXPECT_EQ(method_of("INVITE1"), Method::kOther);
  EXPECT_EQ(method_of("invite"), Method::kOther);
  for (int i = 0; i < static_cast<int>(Method::kOther); ++i) {
    const Method method = static_cast<Method>(i);
    EXPECT_EQ(method_of(method_name(method)), method);
  }
}

TEST(Headers, EveryNameFindsItsIdInAnyCase) {
  for (int i = 1; i < static_cast<int>(HeaderId::kCount); ++i) {
    const HeaderId id = static_cast<HeaderId>(i);
    EXPECT_EQ(header_id_of(header_name(id)), id) << header_name(id);
  }
  EXPECT_EQ(header_id_of("cALL-iD"), HeaderId::kCallId);
  EXPECT_EQ(header_id_of("X-Unknown"), HeaderId::kOther);
  EXPECT_EQ(header_id_of(""), HeaderId::kOther);
}

TEST(Headers, CompactForms) {
  struct Row {
    const char* name;
    HeaderId id;
  };

  for (const Row& row : {Row{"v", HeaderId::kVia},
                         Row{"f", HeaderId::kFrom},
                         Row{"t", HeaderId::kTo},
                         Row{"i", HeaderId::kCallId},
                         Row{"m", HeaderId::kContact},
                         Row{"c", HeaderId::kContentType},
                         Row{"l", HeaderId::kContentLength},
                         Row{"e", HeaderId::kContentEncoding},
                         Row{"k", HeaderId::kSupported},
                         Row{"s", HeaderId::kSubject},
                         Row{"o", HeaderId::kEvent},
                         Row{"r", HeaderId::kReferTo},
                         Row{"b", HeaderId::kReferredBy},
                         Row{"u", HeaderId::kAllowEvents},
                         Row{"x", HeaderId::kSessionExpires},
                         Row{"y", HeaderId::kIdentity},
                         Row{"n", HeaderId::kIdentityInfo},
                         Row{"d", HeaderId::kRequestDisposition},
                         Row{"a", HeaderId::kAcceptContact},
                         Row{"J", HeaderId::kRejectContact},
                         Row{"z", HeaderId::kOther},
                         Row{"1", HeaderId::kOther}}) {
    EXPECT_EQ(header_id_of(row.name), row.id) << row.name;
  }
}

TEST(Headers, ListsAreThoseTheGrammarAllows) {
  EXPECT_TRUE(header_is_list(HeaderId::kVia));
  EXPECT_TRUE(header_is_list(HeaderId::kDiversion));
  EXPECT_FALSE(header_is_list(HeaderId::kFrom));
  EXPECT_FALSE(header_is_list(HeaderId::kWwwAuthenticate));  // its commas separate parameters
  EXPECT_FALSE(header_is_list(HeaderId::kOther));
}

}  // namespace
}  // namespace tapdeck::sip
