#include "control/cli/command_line.h"

#include <gtest/gtest.h>

#include "tests/unit/control/fake_store.h"

namespace tapdeck::control {
namespace {

using testing::make_calls;
using testing::make_message;
using CommandLineTest = testing::ServedStore;

std::size_t line_count(const std::string& text) {
  return static_cast<std::size_t>(std::count(text.begin(), text.end(), '\n'));
}

TEST_F(CommandLineTest, WrongUsageIsTwo) {
  for (const std::vector<std::string>& words : std::vector<std::vector<std::string>>{
           {},
           {"report"},
           {"calls", "--nonsense"},
           {"calls", "--outcome", "maybe"},
           {"calls", "--json", "--csv"},
           {"calls", "--fields", "uid,nothing"},
           {"show", "short"},
           {"export", "--format", "opus", "--output", "/tmp"},
           {"ingest"},
           {"ingest", "f", "--queues", "0"},
           {"bench"},
           {"bench", "report"},
           {"bench", "worker", "--streams", "0"},
           {"bench", "worker", "--streams", "1000,many"},
           {"bench", "worker", "--seconds", "-1"},
           {"bench", "worker", "--json", "--csv"},
           {"bench", "capture", "--mode", "walk"},
           {"bench", "capture", "--mode", "soak"},
           {"bench", "capture", "--least", "3", "--most", "2"},
           {"bench", "capture", "--descriptors", "1000"},
           {"bench", "capture", "--interface-pair", "veth0"},
           {"bench", "capture", "--seconds", "0"},
           {"bench", "capture", "--mode", "overload", "--factor", "0.5"},
           {"bench", "capture", "--store", "/x"},
           {"bench", "capture", "--interface-pair", "a,b", "--ports", "c", "d"}}) {
    EXPECT_EQ(run(words), kExitUsage) << err_;
    EXPECT_FALSE(err_.empty());
    EXPECT_TRUE(out_.empty());
  }
}

TEST_F(CommandLineTest, HelpAndVersionAreZeroOnStdout) {
  EXPECT_EQ(run({"--version"}), kExitDone);
  EXPECT_EQ(out_, "tapdeck 0.1.0\n");
  EXPECT_EQ(run({"calls", "--help"}), kExitDone);
  EXPECT_NE(out_.find("Examples:"), std::string::npos);
}

TEST_F(CommandLineTest, AStoreThatIsNotThereIsOneAndStaysAway) {
  const std::string missing = directory_.path() + "/none";
  EXPECT_EQ(run_words({"tapdeck", "--store", missing, "calls"}), kExitFailed);
  EXPECT_NE(err_.find("There is no store"), std::string::npos);
  EXPECT_FALSE(std::filesystem::exists(missing));
  EXPECT_EQ(run({"stats"}), kExitFailed);  // nobody serves it
}

TEST_F(CommandLineTest, BodiesGetTheirRequest) {
  IngestRequest got;
  bodies_.ingest = [&](const IngestRequest& request) {
    got = request;
    return kExitSkipped;
  };
  EXPECT_EQ(
      run_words(
          {"tapdeck", "ingest", "a.pcap", "b.pcap", "--queues", "4", "--json", "--store", "/x"}),
      kExitSkipped);
  EXPECT_EQ(got.files, (std::vector<std::string>{"a.pcap", "b.pcap"}));
  EXPECT_EQ(got.queue_count, 4U);
  EXPECT_TRUE(got.json);
  EXPECT_EQ(got.global.store_directory, "/x");  // a global option after the command
}

TEST_F(CommandLineTest, BenchesGetTheirRequest) {
  BenchWorkerRequest got;
  bodies_.bench.worker = [&](const BenchWorkerRequest& request) {
    got = request;
    return kExitFailed;
  };
  EXPECT_EQ(
      run_words(
          {"tapdeck", "bench", "worker", "--streams", "5,70", "--no-floors", "--seconds", "0.5"}),
      kExitFailed);
  EXPECT_EQ(got.streams, (std::vector<std::uint32_t>{5, 70}));
  EXPECT_EQ(got.seconds, 0.5);
  EXPECT_FALSE(got.floors);
  EXPECT_TRUE(got.output.hugepages);
}

TEST_F(CommandLineTest, ACaptureBenchGetsItsPath) {
  BenchCaptureRequest got;
  bodies_.bench.capture = [&](const BenchCaptureRequest& request) {
    got = request;
    return kExitDone;
  };
  EXPECT_EQ(run_words({"tapdeck", "bench", "capture", "--interface-pair", "a,b", "--mode", "ramp"}),
            kExitDone);
  EXPECT_EQ(got.interfaces, (std::vector<std::string>{"a", "b"}));
  EXPECT_EQ(got.mode, BenchMode::kRamp);
  EXPECT_EQ(run_words({"tapdeck",
                       "bench",
                       "capture",
                       "--ports",
                       "net_tap0,iface=x",
                       "net_tap1,iface=y",
                       "--mode",
                       "soak",
                       "--rate",
                       "1.5"}),
            kExitDone);
  EXPECT_EQ(got.ports, (std::vector<std::string>{"net_tap0,iface=x", "net_tap1,iface=y"}));
  EXPECT_EQ(got.rate_mpps, 1.5);
  EXPECT_EQ(run_words({"tapdeck", "bench", "capture", "--mode", "overload", "--factor", "3.1"}),
            kExitDone);
  EXPECT_EQ(got.mode, BenchMode::kOverload);
  EXPECT_EQ(got.factor, 3.1);
}

TEST_F(CommandLineTest, ListsEveryCallInEachFormat) {
  contents_.calls = make_calls(2'005);
  serve();
  EXPECT_EQ(run({"calls", "--json"}), kExitDone);
  EXPECT_EQ(line_count(out_), 2'005U);
  EXPECT_EQ(run({"calls"}), kExitDone);
  EXPECT_EQ(line_count(out_), 2'006U);
  EXPECT_EQ(out_.rfind("START", 0), 0U);
  EXPECT_EQ(run({"calls", "--csv", "--fields", "uid,caller.number,media.lost", "--limit", "1"}),
            kExitDone);
  EXPECT_EQ(
      out_,
      "uid,caller.number,media.lost\r\n" + to_string(contents_.calls[0].uid) + ",0891234,-2\r\n");
  EXPECT_EQ(err_, "next: 1\n");
  EXPECT_EQ(run({"calls", "--json", "--fields", "uid", "--limit", "1", "--cursor", "1"}),
            kExitDone);
  EXPECT_EQ(out_, "{\"uid\":\"" + to_string(contents_.calls[1].uid) + "\"}\n");
  EXPECT_EQ(run({"calls", "--cursor", "bad"}), kExitUsage);
}

TEST_F(CommandLineTest, ShowsOneCallWithDurabilityAndMessages) {
  contents_.calls = make_calls(1);
  const MediaRecord& media = contents_.calls[0].media[0];
  contents_.durability = {{media.source, media.destination, media.ssrc, 1'700'000'000'000'000}};
  contents_.messages = {make_message(1'700'000'000'000'000, "INVITE sip:1@x SIP/2.0\r\n\r\n")};
  serve();
  const std::string uid = to_string(contents_.calls[0].uid);
  EXPECT_EQ(run({"show", uid, "--json"}), kExitDone);
  EXPECT_EQ(line_count(out_), 1U);
  EXPECT_NE(out_.find("\"srtp\":true,\"durable_until\":\"2023-11-14T22:13:20.000000Z\""),
            std::string::npos);
  EXPECT_NE(out_.find("\"text\":\"INVITE sip:1@x SIP/2.0\\r\\n\\r\\n\""), std::string::npos);
  EXPECT_EQ(run({"show", uid}), kExitDone);
  EXPECT_NE(out_.find(">|"), std::string::npos);  // the head of an arrow
  EXPECT_EQ(run({"show", "00000000000000000000000000"}), kExitFailed);
}

TEST_F(CommandLineTest, AssuranceAddsUpOverAllPages) {
  contents_.calls = make_calls(2'005);
  contents_.calls[7].recording.state = RecordingState::kNotRecorded;
  serve();
  EXPECT_EQ(run({"report", "assurance", "--by", "none", "--json"}), kExitDone);
  EXPECT_EQ(line_count(out_), 2U) << out_;
  EXPECT_NE(out_.find("\"calls\":2005,"), std::string::npos) << out_;
  EXPECT_NE(out_.find("\"not_recorded\":1,"), std::string::npos) << out_;
  EXPECT_EQ(run({"report", "assurance", "--by", "week"}), kExitUsage);
  EXPECT_EQ(run({"report"}), kExitUsage);
}

TEST_F(CommandLineTest, StatusAndCheckTellByTheirExitStatus) {
  serve();
  EXPECT_EQ(run({"status"}), kExitDone);
  EXPECT_EQ(run({"stats"}), kExitDone);
  EXPECT_NE(out_.find("ports.eth1.rx"), std::string::npos);
  EXPECT_EQ(run({"store", "check"}), kExitDone);
  status_ = R"({"healthy":false})";
  EXPECT_EQ(run({"status", "--json"}), kExitFailed);
  contents_.faults = {{"a.seg:4096", "bad checksum"}};
  EXPECT_EQ(run({"store", "check"}), kExitFailed);
  EXPECT_EQ(out_, "a.seg:4096: bad checksum\n");
}

}  // namespace
}  // namespace tapdeck::control
