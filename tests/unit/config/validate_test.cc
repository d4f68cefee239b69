#include "config/validate.h"

#include <filesystem>
#include <fstream>
#include <unistd.h>

#include <gtest/gtest.h>

#include "config/load.h"

namespace tapdeck::config {
namespace {

Port port(std::string name, std::string device) {
  Port made;
  made.name = std::move(name);
  made.device = std::move(device);
  return made;
}

std::string problems_of(const Config& config) {
  return to_string(validate(config, "", {}, {.host = HostChecks::kSkip}));
}

TEST(Validate, TheDefaultsAreFine) { EXPECT_EQ(to_string(validate(defaults(), "", {})), ""); }

TEST(Validate, ReportsAllAboutPortsAtOnce) {
  Config config = defaults();
  config.capture.ports = {port("a", "eth0"), port("a", "0000:01:00.0"), port("c", "01:00.0")};
  config.capture.ports[2].descriptors = 1'000;
  config.capture.ports[2].realm = "mars";
  EXPECT_EQ(problems_of(config),
            "capture.ports[0].device: 'eth0' is neither a PCI address like 0000:01:00.0 nor a "
            "virtual device like net_af_packet0,iface=eth1\n"
            "capture.ports[1].name: another port is named a\n"
            "capture.ports[2].device: another port uses 0000:01:00.0\n"
            "capture.ports[2].descriptors: 1000 is no power of two\n"
            "capture.ports[2].realm: there is no realm mars");
}

TEST(Validate, NoPortIsTakenForAnImport) {
  Config config = defaults();
  config.capture.ports = {port("ingest", "net_null0")};
  EXPECT_EQ(problems_of(config),
            "capture.ports[0].name: ingest is what calls of imported files have there");
}

TEST(Validate, RealmsAndPortsMustAgree) {
  Config config = defaults();
  config.capture.ports = {port("a", "net_null0"), port("b", "net_null1")};
  config.capture.ports[1].realm = "core";
  config.realms = {
      {"core", {"a", "x"}, {}, {}}, {"edge", {"a", "b"}, {}, {}}, {"edge", {}, {}, {}}};
  EXPECT_EQ(problems_of(config),
            "realms[0].ports: there is no port x\n"
            "realms[1].ports: port a is in another realm\n"
            "realms[1].ports: port b says it is of realm core\n"
            "realms[2].name: another realm is named edge");
}

Trunk trunk(std::string name, NameList networks) {
  Trunk made;
  made.name = std::move(name);
  made.networks = std::move(networks);
  return made;
}

TEST(Validate, ReportsAllAboutTrunksAtOnce) {
  Config config = defaults();
  config.numbers.default_region = "UK";
  config.calls.internal_networks = {"10.0.0.0/8", "ten"};
  config.trunks = {trunk("a", {"192.0.2.0/24"}), trunk("a", {"192.0.2.0/33", "192.0.2.0/24"})};
  config.trunks[1].realm = "mars";
  config.trunks[1].region = "de";
  config.trunks.push_back(trunk("c", {"192.0.2.0/24"}));
  config.trunks.push_back(trunk("d", {"192.0.2.0/24"}));
  config.trunks[2].ports = {5060};
  config.trunks[3].rules.resize(2);
  config.trunks[3].rules[0].match = "0x";
  config.trunks[3].rules[0].prefix = "0+49";
  config.trunks[3].rules[1].digits_min = 5;
  config.trunks[3].rules[1].digits_max = 4;
  EXPECT_EQ(
      problems_of(config),
      "numbers.default_region: there is no region UK; an ISO 3166 code like DE is wanted\n"
      "calls.internal_networks: 'ten' is no network like 192.0.2.0/24, 192.0.2.7 or "
      "2001:db8::/32\n"
      "trunks[1].name: another trunk is named a\n"
      "trunks[1].realm: there is no realm mars\n"
      "trunks[1].networks: '192.0.2.0/33' is no network like 192.0.2.0/24, 192.0.2.7 or "
      "2001:db8::/32\n"
      "trunks[1].region: there is no region de; an ISO 3166 code like DE is wanted\n"
      "trunks[3].networks: 192.0.2.0/24 is in another trunk with the same ports and realm\n"
      "trunks[3].rules[0].match: '0x' is no beginning of a number: digits, *, # and a leading "
      "+ are\n"
      "trunks[3].rules[0].prefix: '0+49' is no beginning of a number: digits, *, # and a "
      "leading + are\n"
      "trunks[3].rules[1].digits_min: must not exceed digits_max");
}

TEST(Validate, VlansAndVnisAreOfOneRealm) {
  const Loaded loaded = load_text(
      "realms:\n"
      "  - {name: core, vlans: [100-199, 7], vnis: [5000]}\n"
      "  - name: edge\n"
      "    vlans: [199-300]\n"
      "    vnis: [4999, 5000, 5001, 4000-5001]\n",
      "t.yaml");
  ASSERT_EQ(to_string(loaded.problems), "");
  EXPECT_EQ(to_string(validate(loaded.config, "t.yaml", loaded.lines, {.host = HostChecks::kSkip})),
            "t.yaml:4: realms[1].vlans: 199-300 overlaps 100-199 of realm core\n"
            "t.yaml:5: realms[1].vnis: 5000 overlaps 5000 of realm core\n"
            "t.yaml:5: realms[1].vnis: 4000-5001 overlaps 5000 of realm core");
}

TEST(Validate, ATunnelsPortIsOfNothingElse) {
  Config config = defaults();
  config.decode.vxlan_ports = {4'789, 5'060};
  config.decode.gtpu_ports = {4'789};
  EXPECT_EQ(problems_of(config),
            "decode.vxlan_ports: port 5060 is given to something else\n"
            "decode.gtpu_ports: port 4789 is given to something else");
}

TEST(Validate, APacketSocketHasAsManyQueuesAsItsPort) {
  Config config = defaults();
  config.capture.ports = {port("a", "net_af_packet0,iface=lo,qpairs=2"),
                          port("b", "net_af_packet1,iface=lo"),
                          port("c", "net_af_packet2,iface=lo,qpairs=4")};
  config.capture.ports[1].queues = 2;
  config.capture.ports[2].queues = 4;
  EXPECT_EQ(problems_of(config),
            "capture.ports[0].queues: 1 queues, but the device has 2: give it qpairs=1\n"
            "capture.ports[1].queues: 2 queues, but the device has 1: give it qpairs=2");
}

TEST(Validate, FewChunksAreAWarning) {
  Config config = defaults();
  config.streams.chunk_count = 9'000;
  const std::string problems = problems_of(config);
  EXPECT_NE(problems.find("warning"), std::string::npos) << problems;
  EXPECT_NE(problems.find("for a whole second set 13394"), std::string::npos) << problems;
}

TEST(Validate, WorkersNeedQueues) {
  Config config = defaults();
  config.capture.workers = 2;
  EXPECT_EQ(problems_of(config), "");  // no ports: files are spread over any number
  config.capture.ports = {port("a", "net_null0")};
  EXPECT_NE(problems_of(config).find("2 workers share 1 receive queues"), std::string::npos);
  config.capture.ports[0].queues = 3;
  EXPECT_EQ(problems_of(config),
            "warning: capture.workers: 3 receive queues do not divide evenly over 2 workers");
  config.capture.ports[0].queues = 4;
  EXPECT_EQ(problems_of(config), "");
}

TEST(Validate, TablesMustFitEachOther) {
  Config config = defaults();
  config.streams.chunk_count = config.streams.stream_count_max + kChunksInFlightPerWorker;
  EXPECT_EQ(problems_of(config).find("too few"), std::string::npos);
  --config.streams.chunk_count;
  config.eal.memory_mib = 100;
  config.storage.open_segments_max = 5;
  config.storage.preallocate_mib = config.storage.segment_mib + 1;
  config.storage.staging_kib = 100;
  config.calls.dialog_idle_timeout_s = 60;
  const std::string problems = problems_of(config);
  for (const char* path : {"streams.chunk_count",
                           "eal.memory_mib",
                           "storage.open_segments_max",
                           "storage.preallocate_mib",
                           "storage.staging_kib",
                           "calls.dialog_idle_timeout_s"}) {
    EXPECT_NE(problems.find(std::string(path) + ": "), std::string::npos) << path << problems;
  }
}

TEST(Validate, PointsAtTheNearestLine) {
  Config config = defaults();
  config.capture.ports = {port("a", "eth0")};
  config.storage.preallocate_mib = 2'000;
  const LineMap lines{{"capture.ports[0]", 4}, {"capture", 2}};
  const auto problems = validate(config, "f", lines, {.host = HostChecks::kSkip});
  ASSERT_EQ(problems.size(), 2U);
  EXPECT_EQ(problems[0].line, 0U);  // storage is not in the file
  EXPECT_EQ(problems[1].line, 4U);
}

TEST(Validate, LooksAtTheHost) {
  char directory[] = "/tmp/tapdeck-validate-XXXXXX";
  ASSERT_NE(::mkdtemp(directory), nullptr);
  const std::string root = directory;
  std::filesystem::create_directory(root + "/0000:01:00.0");
  std::filesystem::create_symlink("/drivers/vfio-pci", root + "/0000:01:00.0/driver");
  std::ofstream(root + "/key") << "k";
  std::filesystem::permissions(root + "/key", std::filesystem::perms{0640});
  Config config = defaults();
  config.capture.ports = {port("a", "01:00.0"), port("b", "0000:02:00.0")};
  config.general.timezone = "../key";
  config.storage.master_key_file = root + "/key";
  const ValidateOptions options{.pci_directory = root, .zone_directory = root};
  EXPECT_EQ(to_string(validate(config, "", {}, options)),
            "general.timezone: there is no zone ../key in " + root + "\nstorage.master_key_file: " +
                root + "/key can be read or written by others than its owner; chmod 600 it" +
                "\nport b: no PCI device 0000:02:00.0 on this host");
  std::filesystem::permissions(root + "/key", std::filesystem::perms{0600});
  config.general.timezone = "UTC";
  config.capture.ports.pop_back();
  EXPECT_EQ(to_string(validate(config, "", {}, options)), "");
  config.storage.master_key_file = root + "/later";
  EXPECT_EQ(to_string(validate(config, "", {}, options)), "");
  std::filesystem::remove_all(root);
}

}  // namespace
}  // namespace tapdeck::config
