// The commands about the life of recordings, against a service that writes down what it is asked.
#include <fstream>
#include <variant>

#include <gtest/gtest.h>

#include "control/call_json.h"
#include "tests/unit/control/fake_store.h"

namespace tapdeck::control {
namespace {

using namespace retention;

constexpr const char* kUid = "01KASJ4Q3R8ZC5W1T9M2XVB7NE";
constexpr const char* kOther = "01KASJ4Q3R8ZC5W1T9M2XVB7NF";

class RetentionCommandsTest : public testing::ServedStore {
 protected:
  // What was asked last.
  template <typename Request>
  const Request& asked() {
    static const Request kNone{};
    if (asked_.empty() || !std::holds_alternative<Request>(asked_.back())) {
      ADD_FAILURE() << "something else was asked, or nothing: " << err_;
      return kNone;
    }
    return std::get<Request>(asked_.back());
  }

  std::string write_file(const std::string& text) {
    const std::string path = directory_.path() + "/file.csv";
    std::ofstream(path, std::ios::binary) << text;
    return path;
  }
};

TEST_F(RetentionCommandsTest, WrongUsageIsTwoAndAsksNothing) {
  serve();
  for (const std::vector<std::string>& words : std::vector<std::vector<std::string>>{
           {"hold"},
           {"hold", "add", "--matter", "m", "--reason", "r"},
           {"hold", "add", "--agent", "Anna", "--reason", "r"},
           {"hold", "add", "--uid", "short", "--matter", "m", "--reason", "r"},
           {"hold", "add", "--uid", kUid, "--future", "--matter", "m", "--reason", "r"},
           {"hold", "add", "--uid", kUid, kOther, "--tag", "x", "--matter", "m", "--reason", "r"},
           {"hold", "release", "--matter", "m"},
           {"retention"},
           {"retention", "plan", "--at", "soon"},
           {"retention", "extend", "--until", "2031-12-31", "--reason", "r"},
           {"retention", "extend", "--agent", "Anna", "--reason", "r"},
           {"erase", "--reason", "r"},
           {"erase", "--uid", kUid},
           {"erase", "--uid", kUid, "--reason", "r", "--what", "everything"},
           {"erase", "--uid", kUid, "--reason", "r", "--party", "4989"},
           {"erase", "--overlap", "--reason", "r"},
           {"annotate"},
           {"annotate", kUid},
           {"annotate", kUid, "colour=red"},
           {"annotate", kUid, "csat"},
           {"annotate", kUid, "csat=1", "csat=2"},
           {"annotate", kUid, "csat=1", "--csv", "file"},
           {"audit"},
           {"audit", "certificate"},
           {"audit", "list", "--type", "nothing"},
           {"audit", "list", "--uid", "short"}}) {
    EXPECT_EQ(run(words), kExitUsage) << words[0] << " " << words.back() << ": " << err_;
    EXPECT_FALSE(err_.empty());
    EXPECT_TRUE(out_.empty()) << out_;
  }
  EXPECT_TRUE(asked_.empty());
}

TEST_F(RetentionCommandsTest, AHoldTellsWhatHasNoRecording) {
  answer_ =
      std::string(R"({"sequence":17,"held":{"count":3,"uids":[]},"already_held":{"count":1},)") +
      R"("not_recorded":{"count":2,"uids":[")" + kUid + R"("]},"gone":{"count":0,"uids":[]}})";
  serve();
  EXPECT_EQ(run({"hold",
                 "add",
                 "--agent",
                 "Anna",
                 "--future",
                 "--matter",
                 "2026-17",
                 "--reason",
                 "counsel"}),
            kExitSkipped);
  const auto& request = asked<HoldRequest>();
  ASSERT_TRUE(request.calls.query);
  EXPECT_EQ(request.calls.query->agent, "Anna");
  EXPECT_TRUE(request.future);
  EXPECT_EQ(request.matter, "2026-17");
  EXPECT_EQ(request.reason, "counsel");
  EXPECT_NE(out_.find("matter 2026-17 holds 3 calls"), std::string::npos) << out_;
  EXPECT_NE(err_.find(std::string(kUid) + ": held, but it has no recording"), std::string::npos);
  EXPECT_NE(err_.find("and 1 more"), std::string::npos);
  answer_ = R"({"sequence":18,"held":{"count":2}})";
  EXPECT_EQ(run({"hold", "add", "--uid", kUid, kOther, "--matter", "m", "--reason", "r", "--json"}),
            kExitDone);
  EXPECT_EQ(asked<HoldRequest>().calls.uids.size(), 2U);
  EXPECT_EQ(out_, answer_ + "\n");
}

TEST_F(RetentionCommandsTest, HoldsAreListedAndReleased) {
  answer_ =
      R"({"holds":[{"matter":"a","held":1,"orders":[{"sequence":3,"time":)"
      R"("2026-01-02T03:04:05.000000Z","who":"anna","reason":"why","future":{"tag":"vip"}}]},)"
      R"({"matter":"b","held":0,"orders":[]}]})";
  serve();
  EXPECT_EQ(run({"hold", "list"}), kExitDone);
  EXPECT_NE(out_.find("anna"), std::string::npos);
  EXPECT_NE(out_.find(R"({"tag":"vip"})"), std::string::npos);
  EXPECT_EQ(run({"hold", "list", "--json", "--matter", "b"}), kExitDone);
  EXPECT_EQ(out_, "{\"matter\":\"b\",\"held\":0,\"orders\":[]}\n");
  answer_ = R"({"sequence":4,"released":1,"still_held":0})";
  EXPECT_EQ(run({"hold", "release", "--matter", "a", "--reason", "settled"}), kExitDone);
  EXPECT_FALSE(asked<ReleaseRequest>().calls) << "the whole matter";
  EXPECT_EQ(run({"hold", "release", "--matter", "a", "--reason", "r", "--uid", kUid}), kExitDone);
  ASSERT_TRUE(asked<ReleaseRequest>().calls);
}

TEST_F(RetentionCommandsTest, APlanIsOfTheEndOfADay) {
  answer_ = std::string(R"({"rows":[{"uid":")") + kUid +
            R"(","start":"2026-01-02T03:04:05.000000Z","class":"default","basis":null,)" +
            R"("parts":["media","sip"],"expires":"2026-04-02T03:04:05.000000Z","bytes":1000,)" +
            R"("fate":"held","legal_holds":["2026-17"]}],"going":0,"bytes_going":0,"held":1,)" +
            R"("bytes_held":1000})";
  serve();
  EXPECT_EQ(run({"retention", "plan", "--at", "2026-12-31"}), kExitDone);
  EXPECT_EQ(asked<PlanRequest>().at_us, 1'798'761'600'000'000) << "2027-01-01T00:00:00Z";
  EXPECT_FALSE(asked<PlanRequest>().calls) << "of all calls";
  EXPECT_NE(out_.find("media, sip"), std::string::npos);
  EXPECT_NE(out_.find("0 go (0 bytes), 1 are held (1000 bytes)"), std::string::npos) << out_;
  EXPECT_EQ(run({"retention", "plan", "--agent", "Anna", "--json"}), kExitDone);
  EXPECT_TRUE(asked<PlanRequest>().calls);
  EXPECT_EQ(out_, answer_ + "\n");
}

TEST_F(RetentionCommandsTest, APlanIsOfAFullDisk) {
  answer_ = R"({"rows":[],"going":0,"bytes_going":0,"held":0,"bytes_held":0})";
  serve();
  EXPECT_EQ(run({"retention", "plan", "--pressure"}), kExitDone);
  EXPECT_TRUE(asked<PlanRequest>().early);
  EXPECT_EQ(run({"retention", "plan"}), kExitDone);
  EXPECT_FALSE(asked<PlanRequest>().early);
  EXPECT_EQ(run({"retention", "plan", "--pressure", "--at", "2026-12-31"}), kExitUsage);
}

TEST_F(RetentionCommandsTest, ApplyTellsWhenTheClockIsDoubted) {
  refusal_ = make_error(ErrorCode::kBusy, "The clock moved by 2 h.");
  serve();
  EXPECT_EQ(run({"retention", "apply"}), kExitFailed);
  EXPECT_NE(err_.find("The clock moved by 2 h."), std::string::npos);
  refusal_.reset();
  answer_ = R"({"confirmed":true,"expired":2,"held":1})";
  asked_.clear();
  EXPECT_EQ(run({"retention", "apply", "--confirm-clock"}), kExitDone);
  ASSERT_EQ(asked_.size(), 2U);
  EXPECT_TRUE(std::holds_alternative<ConfirmClockRequest>(asked_[0]));
  EXPECT_NE(out_.find("expired 2, held 1"), std::string::npos) << out_;
  EXPECT_EQ(run({"retention", "confirm-clock"}), kExitDone);
  asked<ConfirmClockRequest>();
  EXPECT_EQ(run({"retention", "confirm-rebuild"}), kExitDone);
  asked<ConfirmRebuildRequest>();
  EXPECT_NE(out_.find("What was rebuilt is confirmed"), std::string::npos) << out_;
}

TEST_F(RetentionCommandsTest, ExtendAsksFirst) {
  answer_ = R"({"done":false,"changed":{"count":4},"refused":{"count":0,"uids":[]}})";
  serve();
  const std::vector<std::string> words = {
      "retention", "extend", "--client", "ACME", "--until", "2031-12-31", "--reason", "r"};
  EXPECT_EQ(run(words), kExitDone);
  EXPECT_FALSE(asked<ExtendRequest>().confirmed);
  EXPECT_EQ(asked<ExtendRequest>().parts, kPartsAll);
  EXPECT_NE(out_.find("Nothing was changed"), std::string::npos);
  answer_ = std::string(R"({"done":true,"refused":{"count":1,"uids":[")") + kUid + R"("]}})";
  std::vector<std::string> yes = words;
  yes.insert(yes.end(), {"--yes", "--what", "media,cdr"});
  EXPECT_EQ(run(yes), kExitSkipped);
  EXPECT_TRUE(asked<ExtendRequest>().confirmed);
  EXPECT_EQ(asked<ExtendRequest>().parts, kPartMedia | kPartCdr);
  EXPECT_NE(err_.find(kUid), std::string::npos);
}

TEST_F(RetentionCommandsTest, EraseReportsThenErasesAndKeepsTheCertificate) {
  const std::string certificate = directory_.path() + "/erased.json";
  answer_ = R"({"done":false,"going":1,"calls":[],"joined":{"count":0},"in_the_way":[]})";
  serve();
  EXPECT_EQ(run({"erase", "--uid", kUid, "--reason", "r", "--certificate", certificate}),
            kExitDone);
  EXPECT_FALSE(asked<EraseRequest>().confirmed);
  EXPECT_EQ(asked<EraseRequest>().parts, kPartMedia | kPartSip);
  EXPECT_NE(out_.find("would erase media, sip of 1 call\n"), std::string::npos) << out_;
  EXPECT_FALSE(std::filesystem::exists(certificate));
  answer_ = R"({"done":true,"going":1,"in_the_way":[],"certificate":{"erased":1}})";
  const std::vector<std::string> yes = {"erase",
                                        "--number",
                                        "4989*",
                                        "--reason",
                                        "r",
                                        "--what",
                                        "cdr",
                                        "--yes",
                                        "--certificate",
                                        certificate};
  EXPECT_EQ(run(yes), kExitDone) << err_;
  EXPECT_TRUE(asked<EraseRequest>().confirmed);
  EXPECT_EQ(asked<EraseRequest>().number, "4989*") << "their facts go";
  std::ifstream file(certificate);
  EXPECT_EQ(Json::parse(file), Json({{"erased", 1}}));
  asked_.clear();
  EXPECT_EQ(run(yes), kExitFailed) << "a certificate is not overwritten";
  EXPECT_TRUE(asked_.empty());
}

TEST_F(RetentionCommandsTest, EraseTellsWhatIsInTheWay) {
  answer_ = std::string(R"({"done":false,"going":1,"calls":[],"in_the_way":[{"uid":")") + kUid +
            R"(","legal_holds":["2026-17"],"locked":false}]})";
  serve();
  const std::string certificate = directory_.path() + "/erased.json";
  EXPECT_EQ(run({"erase", "--uid", kUid, "--reason", "r", "--yes", "--certificate", certificate}),
            kExitSkipped);
  EXPECT_EQ(err_, std::string(kUid) + ": held by 2026-17\n");
  EXPECT_FALSE(std::filesystem::exists(certificate)) << "nothing was erased";
}

TEST_F(RetentionCommandsTest, AnnotateChecksAllBeforeItAppliesAny) {
  contents_.calls = testing::make_calls(2);
  const std::string first = to_string(contents_.calls[0].uid);
  const std::string second = to_string(contents_.calls[1].uid);
  serve();
  EXPECT_EQ(run({"annotate", first, "tag=vip", "csat=4", "tag=late", "note="}), kExitDone) << err_;
  EXPECT_EQ(asked<AnnotateRequest>().values,
            (std::vector<std::pair<std::string, std::string>>{
                {"csat", "4"}, {"note", ""}, {"tag", "vip,late"}}));
  asked_.clear();
  EXPECT_EQ(run({"annotate",
                 "--csv",
                 write_file("uid,csat\n" + first + ",4\n" + kUid + ",3\nnobody,4\n")}),
            kExitFailed);
  EXPECT_TRUE(asked_.empty());
  EXPECT_NE(err_.find("line 4: 'nobody'"), std::string::npos) << err_;
  EXPECT_NE(err_.find("line 3: there is no call"), std::string::npos) << err_;
  EXPECT_EQ(run({"annotate", "--csv", write_file("uid,csat\n" + first + ",4\n" + second + ",5\n")}),
            kExitDone);
  EXPECT_EQ(asked_.size(), 2U);
  EXPECT_EQ(out_, "annotated 2 calls\n");
  EXPECT_EQ(run({"annotate", "--csv", directory_.path() + "/none.csv"}), kExitFailed);
}

TEST_F(RetentionCommandsTest, TheJournalIsReadPageByPage) {
  answer_ =
      R"({"rows":[{"sequence":3,"time":"2026-01-02T03:04:05.000000Z","type":"hold","uid":null,)"
      R"("leaf_hash":"00","content":{"actor":{"user_id":7,"name":"anna"},"matter":"m",)"
      R"("uids":["a","b"]}}],"next_sequence":4,"more":true})";
  serve();
  EXPECT_EQ(run({"audit", "list", "--limit", "1", "--type", "hold", "--uid", kUid}), kExitDone);
  EXPECT_EQ(asked<JournalRequest>().limit, 1U);
  EXPECT_EQ(asked<JournalRequest>().type, LedgerType::kHold);
  EXPECT_TRUE(asked<JournalRequest>().uid);
  EXPECT_NE(out_.find("anna"), std::string::npos);
  EXPECT_NE(out_.find("matter=m, uids=2"), std::string::npos) << out_;
  EXPECT_EQ(err_, "next: 4\n");
  asked_.clear();
  // A service that gets no farther is asked no third time.
  EXPECT_EQ(run({"audit", "list", "--json"}), kExitDone);
  ASSERT_EQ(asked_.size(), 2U);
  EXPECT_EQ(asked<JournalRequest>().from_sequence, 4U);
}

TEST_F(RetentionCommandsTest, TheKeyIsPrintedAsOpensslReadsIt) {
  answer_ = R"({"key_id":"ab","public_key":"-----BEGIN\n-----END\n"})";
  serve();
  EXPECT_EQ(run({"audit", "key"}), kExitDone);
  EXPECT_TRUE(std::holds_alternative<PublicKeyRequest>(asked_.back()));
  EXPECT_EQ(out_, "-----BEGIN\n-----END\n");
  EXPECT_EQ(err_, "key id: ab\n");
}

TEST_F(RetentionCommandsTest, EachTeachesItself) {
  for (const std::vector<std::string>& words :
       std::vector<std::vector<std::string>>{{"hold", "add"},
                                             {"hold", "list"},
                                             {"hold", "release"},
                                             {"retention", "plan"},
                                             {"retention", "apply"},
                                             {"retention", "extend"},
                                             {"retention", "confirm-clock"},
                                             {"erase"},
                                             {"annotate"},
                                             {"audit", "list"},
                                             {"audit", "certificate"},
                                             {"audit", "key"}}) {
    std::vector<std::string> asks = words;
    asks.emplace_back("--help");
    EXPECT_EQ(run(asks), kExitDone);
    EXPECT_NE(out_.find("Example"), std::string::npos) << words.back();
  }
}

}  // namespace
}  // namespace tapdeck::control
