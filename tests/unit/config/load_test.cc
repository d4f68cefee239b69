#include "config/load.h"

#include <fstream>
#include <unistd.h>

#include <gtest/gtest.h>

namespace tapdeck::config {
namespace {

std::string problems_of(std::string_view text) {
  return to_string(load_text(text, "t.yaml").problems);
}

TEST(Load, AnEmptyFileIsTheDefaults) {
  for (const std::string_view text : {"", "# nothing\n", "streams:\n"}) {
    const Loaded loaded = load_text(text, "t.yaml");
    EXPECT_EQ(to_string(loaded.problems), "");
    EXPECT_EQ(loaded.config, defaults());
  }
}

TEST(Load, TakesEveryKindOfValue) {
  const Loaded loaded = load_text(
      "general: {node: recorder-1, log_level: warning}\n"
      "capture:\n"
      "  sip_ports: [5060, 5080]\n"
      "  ports:\n"
      "    - name: tap0\n"
      "      device: net_null0,size=64\n"
      "      promiscuous: false\n"
      "      rx_timestamps: off\n"
      "realms:\n"
      "  - {name: core, ports: [tap0]}\n"
      "streams:\n"
      "  late_media_ms: 0\n"
      "trunks:\n"
      "  - name: carrier\n"
      "    networks: [192.0.2.0/24, '2001:db8::/32']\n"
      "    rules:\n"
      "      - {match: \"00\", strip: 2, prefix: \"+\"}\n"
      "      - {match: \"0\", digits_max: 11}\n"
      "  - {name: pbx, side: internal, networks: [10.0.0.1], ports: [5060], region: DE}\n",
      "t.yaml");
  ASSERT_EQ(to_string(loaded.problems), "");
  EXPECT_EQ(loaded.config.general.node, "recorder-1");
  EXPECT_EQ(loaded.config.general.log_level, LogChoice::kWarning);
  EXPECT_EQ(loaded.config.capture.sip_ports, (PortList{5060, 5080}));
  ASSERT_EQ(loaded.config.capture.ports.size(), 1U);
  EXPECT_EQ(loaded.config.capture.ports[0].device, "net_null0,size=64");
  EXPECT_FALSE(loaded.config.capture.ports[0].promiscuous);
  EXPECT_EQ(loaded.config.capture.ports[0].rx_timestamps, AutoOff::kOff);
  EXPECT_EQ(loaded.config.capture.ports[0].queues, 1U);
  EXPECT_EQ(loaded.config.realms[0].ports, NameList{"tap0"});
  EXPECT_EQ(loaded.config.streams.late_media_ms, 0U);
  ASSERT_EQ(loaded.config.trunks.size(), 2U);
  EXPECT_EQ(loaded.config.trunks[0].side, TrunkSide::kExternal);
  EXPECT_EQ(loaded.config.trunks[0].networks, (NameList{"192.0.2.0/24", "2001:db8::/32"}));
  ASSERT_EQ(loaded.config.trunks[0].rules.size(), 2U);
  EXPECT_EQ(loaded.config.trunks[0].rules[0].match, "00");
  EXPECT_EQ(loaded.config.trunks[0].rules[0].strip, 2U);
  EXPECT_EQ(loaded.config.trunks[0].rules[1].digits_max, 11U);
  EXPECT_EQ(loaded.config.trunks[1].side, TrunkSide::kInternal);
  EXPECT_EQ(loaded.config.trunks[1].ports, PortList{5060});
  EXPECT_EQ(loaded.lines.find("trunks[0].rules[1].digits_max")->second, 18U);
  EXPECT_EQ(loaded.lines.find("capture.ports[0].device")->second, 6U);
}

TEST(Load, ReportsEveryMistakeWithItsLine) {
  EXPECT_EQ(problems_of("streams:\n"
                        "  chunk_cuont: 100\n"
                        "  quarantine_percent: 51\n"
                        "  late_media_ms: soon\n"
                        "  late_media_ms: 1\n"
                        "  idle_timeout_s: -1\n"
                        "  report_interval_ms:\n"
                        "  flush_interval_ms: [1]\n"
                        "stroage: {}\n"
                        "general:\n"
                        "  log_level: loud\n"),
            "t.yaml:2: streams.chunk_cuont: unknown option; did you mean chunk_count?\n"
            "t.yaml:3: streams.quarantine_percent: 51 is out of bounds, 0 to 50\n"
            "t.yaml:4: streams.late_media_ms: 'soon' is no number; 0 to 60000 is wanted\n"
            "t.yaml:5: streams.late_media_ms: given twice, first in line 4\n"
            "t.yaml:6: streams.idle_timeout_s: '-1' is no number; 1 to 3600 is wanted\n"
            "t.yaml:7: streams.report_interval_ms: no value; a number is wanted\n"
            "t.yaml:8: streams.flush_interval_ms: a number is wanted\n"
            "t.yaml:9: stroage: unknown option; did you mean storage?\n"
            "t.yaml:11: general.log_level: 'loud'; one of debug info warning error is wanted");
}

TEST(Load, ReportsMistakesInLists) {
  EXPECT_EQ(problems_of("capture:\n"
                        "  sip_ports: [0, 5060, 5060, 70000]\n"
                        "  ports:\n"
                        "    - device: net_null0\n"
                        "      promiscuous: yes\n"
                        "    - tap1\n"
                        "realms: {}\n"),
            "t.yaml:2: capture.sip_ports: a port number of 1 to 65535 is wanted\n"
            "t.yaml:2: capture.sip_ports: 5060 is given twice\n"
            "t.yaml:2: capture.sip_ports: a port number of 1 to 65535 is wanted\n"
            "t.yaml:4: capture.ports[0].name: missing\n"
            "t.yaml:5: capture.ports[0].promiscuous: 'yes'; true or false is wanted\n"
            "t.yaml:6: capture.ports[1]: a map of options is wanted\n"
            "t.yaml:7: realms: a list is wanted");
  EXPECT_EQ(problems_of("capture: {sip_ports: []}\n"),
            "t.yaml:1: capture.sip_ports: 0 entries; it must have 1 to 16");
}

TEST(Load, ReportsMistakesInTrunks) {
  EXPECT_EQ(problems_of("trunks:\n"
                        "  - {name: a, side: outside, networks: []}\n"
                        "  - networks: [192.0.2.1]\n"
                        "    rules:\n"
                        "      - {strip: x, mtach: 1}\n"
                        "      - {prefix: \"+1234567890123456789012345\"}\n"
                        "  - name: c\n"),
            "t.yaml:2: trunks[0].side: 'outside'; one of external internal is wanted\n"
            "t.yaml:2: trunks[0].networks: 0 entries; it must have 1 to 1024\n"
            "t.yaml:3: trunks[1].name: missing\n"
            "t.yaml:5: trunks[1].rules[0].mtach: unknown option; did you mean match?\n"
            "t.yaml:5: trunks[1].rules[0].strip: 'x' is no number; 0 to 24 is wanted\n"
            "t.yaml:6: trunks[1].rules[1].prefix: a text of 26 bytes; it must have 0 to 24\n"
            "t.yaml:7: trunks[2].networks: missing");
}

TEST(Load, RangesHaveBounds) {
  EXPECT_EQ(
      problems_of("realms:\n"
                  "  - name: core\n"
                  "    vlans: [1, 4094, 0, 4095, 9-8, x]\n"
                  "    vnis: [0-16777215, 16777216]\n"),
      "t.yaml:3: realms[0].vlans: a number of 1 to 4094, or a range like 100-199, is wanted\n"
      "t.yaml:3: realms[0].vlans: a number of 1 to 4094, or a range like 100-199, is wanted\n"
      "t.yaml:3: realms[0].vlans: a number of 1 to 4094, or a range like 100-199, is wanted\n"
      "t.yaml:3: realms[0].vlans: a number of 1 to 4094, or a range like 100-199, is wanted\n"
      "t.yaml:4: realms[0].vnis: a number of 0 to 16777215, or a range like 100-199, is wanted");
}

TEST(Load, NumbersMustFitAndBePlain) {
  EXPECT_NE(problems_of("streams: {chunk_count: 99999999999999999999}\n"), "");
  EXPECT_NE(problems_of("streams: {chunk_count: 4294967396}\n"), "");  // 100 in 32 bits
  EXPECT_NE(problems_of("streams: {chunk_count: 0x100}\n"), "");
  EXPECT_NE(problems_of("streams: {chunk_count: \"\"}\n"), "");
}

TEST(Load, BadYamlIsAProblemNotAnException) {
  for (const std::string_view text : {"general: {node: [",
                                      "- a\n- b\n",
                                      "a: b: c\n",
                                      "\t\n x",
                                      "*nowhere\n",
                                      "? [a]\n: b\n",
                                      "just words"}) {
    const Loaded loaded = load_text(text, "t.yaml");
    EXPECT_TRUE(any_error(loaded.problems)) << text;
  }
  EXPECT_TRUE(any_error(load_text(std::string(20'000, '['), "t.yaml").problems));
  EXPECT_TRUE(any_error(load_text(std::string(kConfigFileBytesMax + 1, '\n'), "t").problems));
}

TEST(Load, JoinsTheChecksBetweenOptions) {
  char path[] = "/tmp/tapdeck-load-XXXXXX";
  const int file = ::mkstemp(path);
  ASSERT_GE(file, 0);
  ::close(file);
  std::ofstream(path) << "storage:\n  preallocate_mib: 2000\n  segment_mib: 1\n";
  const Result<Config> config = load(path);
  ASSERT_FALSE(config);
  EXPECT_EQ(config.error().code, ErrorCode::kCorrupt);
  EXPECT_NE(config.error().message.find(":2: storage.preallocate_mib"), std::string::npos);
  EXPECT_NE(config.error().message.find(":3: storage.segment_mib"), std::string::npos);
  std::ofstream(path) << "storage:\n  segment_mib: 256\n";
  const Result<Config> good = load(path);
  ASSERT_TRUE(good) << good.error().message;
  EXPECT_EQ(good->storage.segment_mib, 256U);
  std::ofstream(path) << "capture: {ports: [{name: a, device: 'ff:1f.7'}]}\n";
  EXPECT_NE(load(path).error().message.find("no PCI device 0000:ff:1f.7"), std::string::npos);
  EXPECT_TRUE(load(path, HostChecks::kSkip));
  ::unlink(path);
  EXPECT_EQ(load(path).error().code, ErrorCode::kNotFound);
  EXPECT_EQ(load("/tmp").error().code, ErrorCode::kIo);
}

}  // namespace
}  // namespace tapdeck::config
