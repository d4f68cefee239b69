#include "config/devices.h"

#include <filesystem>
#include <fstream>
#include <unistd.h>

#include <gtest/gtest.h>

namespace tapdeck::config {
namespace {

TEST(Devices, AreKnownByTheirNames) {
  EXPECT_EQ(device_kind("0000:01:00.0"), DeviceKind::kPci);
  EXPECT_EQ(device_kind("3b:00.1"), DeviceKind::kPci);
  EXPECT_EQ(device_kind("0000:01:00.8"), DeviceKind::kInvalid);
  EXPECT_EQ(device_kind("0000-01:00.0"), DeviceKind::kInvalid);
  EXPECT_EQ(device_kind("0000:0g:00.0"), DeviceKind::kInvalid);
  EXPECT_EQ(device_kind("net_null0"), DeviceKind::kVirtual);
  EXPECT_EQ(device_kind("net_af_packet12,iface=eth0"), DeviceKind::kVirtual);
  EXPECT_EQ(device_kind("net_null"), DeviceKind::kInvalid);
  EXPECT_EQ(device_kind("net_0"), DeviceKind::kInvalid);
  EXPECT_EQ(device_kind("eth0"), DeviceKind::kInvalid);
  EXPECT_EQ(device_kind(""), DeviceKind::kInvalid);
  EXPECT_EQ(normal_pci_address("3B:00.1"), "0000:3b:00.1");
}

TEST(Devices, ArgumentsAreFoundByTheirWholeName) {
  EXPECT_EQ(device_argument("net_x0,iface=a,rx_iface=b", "iface"), "a");
  EXPECT_EQ(device_argument("net_x0,rx_iface=b,iface=a", "iface"), "a");
  EXPECT_EQ(device_argument("net_x0,rx_iface=b", "iface"), std::nullopt);
  EXPECT_EQ(device_argument("net_x0,iface", "iface"), std::nullopt);
  EXPECT_EQ(device_argument("net_x0,iface=", "iface"), "");
  EXPECT_EQ(device_argument("net_x0", "net_x0"), std::nullopt);
}

std::string problem(const std::string& device) { return look_at_device(device, "/absent").problem; }

TEST(Devices, AnInterfaceMustBeThere) {
  EXPECT_EQ(problem("net_af_packet0,iface=lo"), "");
  EXPECT_EQ(problem("net_af_packet0,blocksz=4096,iface=tdabsent0,framesz=2048"),
            "no network interface \"tdabsent0\" on this host; see `ip link`");
  EXPECT_EQ(problem("net_af_xdp0,iface=tdabsent0"),
            "no network interface \"tdabsent0\" on this host; see `ip link`");
  EXPECT_EQ(problem("net_af_packet0"), "net_af_packet0 needs to know its interface: iface=NAME");
  EXPECT_EQ(problem("net_null0"), "");
  EXPECT_EQ(problem("net_pcap0,rx_pcap=/absent.pcap"), "the capture /absent.pcap cannot be read");
}

class PciDevice : public ::testing::Test {
 protected:
  void SetUp() override {
    char directory[] = "/tmp/tapdeck-devices-XXXXXX";
    ASSERT_NE(::mkdtemp(directory), nullptr);
    root_ = directory;
    std::filesystem::create_directory(root_ + "/0000:3b:00.1");
  }

  ~PciDevice() override { std::filesystem::remove_all(root_); }

  void bind(const std::string& driver) {
    const std::string link = root_ + "/0000:3b:00.1/driver";
    std::filesystem::remove(link);
    std::filesystem::create_symlink("/sys/bus/pci/drivers/" + driver, link);
  }

  [[nodiscard]] std::string problem() const { return look_at_device("3B:00.1", root_).problem; }

  std::string root_;
};

TEST_F(PciDevice, MustBeBoundToADriverThatLetsDpdkIn) {
  const std::string how = "; give it to DPDK with `dpdk-devbind.py --bind=vfio-pci 0000:3b:00.1`";
  EXPECT_EQ(problem(), "PCI device 0000:3b:00.1 is bound to no driver" + how);
  bind("ixgbe");
  EXPECT_EQ(problem(), "PCI device 0000:3b:00.1 is bound to the kernel's driver ixgbe" + how);
  for (const char* driver : {"vfio-pci", "mlx5_core"}) {
    bind(driver);
    EXPECT_EQ(problem(), "") << driver;
  }
}

TEST_F(PciDevice, MustBeANetworkCardAndBeThere) {
  bind("vfio-pci");
  std::ofstream(root_ + "/0000:3b:00.1/class") << "0x020000\n";
  EXPECT_EQ(problem(), "");
  std::ofstream(root_ + "/0000:3b:00.1/class") << "0x010601\n";
  EXPECT_EQ(problem(), "PCI device 0000:3b:00.1 is no network card");
  EXPECT_EQ(look_at_device("0000:3b:00.2", root_).problem,
            "no PCI device 0000:3b:00.2 on this host");
}

}  // namespace
}  // namespace tapdeck::config
