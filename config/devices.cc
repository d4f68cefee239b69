#include "config/devices.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <net/if.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/characters.h"

namespace tapdeck::config {
namespace {

// Drivers under which DPDK takes a card; those of Mellanox share it with the kernel.
constexpr std::array<std::string_view, 5> kUsableDrivers = {
    "vfio-pci", "igb_uio", "uio_pci_generic", "mlx5_core", "mlx4_core"};
constexpr unsigned long kNetworkClass = 0x02;  // of PCI's class codes, the highest byte of three

bool is_hex(char c) { return std::isxdigit(static_cast<unsigned char>(c)) != 0; }

bool all_hex(std::string_view text) { return std::ranges::all_of(text, is_hex); }

// "01:00.0": bus, device, function 0 to 7.
bool is_short_pci_address(std::string_view text) {
  return text.size() == 7 && all_hex(text.substr(0, 2)) && text[2] == ':' &&
         all_hex(text.substr(3, 2)) && text[5] == '.' && text[6] >= '0' && text[6] <= '7';
}

// "net_xxxN", then nothing or ",arguments".
bool is_virtual_device(std::string_view text) {
  const std::string_view name = text.substr(0, text.find(','));
  const auto word = [](char c) { return c == '_' || std::isalnum(static_cast<unsigned char>(c)); };
  return name.starts_with("net_") && name.size() > 5 && is_digit(name.back()) &&
         !is_digit(name[4]) && std::ranges::all_of(name, word);
}

DeviceVerdict look_at_pci(const std::string& address, const std::string& pci_directory) {
  namespace fs = std::filesystem;
  const fs::path directory = fs::path(pci_directory) / address;
  std::error_code error;
  if (!fs::exists(directory, error)) {
    return {.problem = "no PCI device " + address + " on this host", .warning = {}};
  }
  std::string text;
  if (std::ifstream(directory / "class") >> text &&
      std::strtoul(text.c_str(), nullptr, 16) >> 16 != kNetworkClass) {
    return {.problem = "PCI device " + address + " is no network card", .warning = {}};
  }
  const std::string driver = fs::read_symlink(directory / "driver", error).filename().string();
  if (std::ranges::find(kUsableDrivers, driver) != kUsableDrivers.end()) return {};
  const std::string bound =
      driver.empty() ? "is bound to no driver" : "is bound to the kernel's driver " + driver;
  return {.problem = "PCI device " + address + " " + bound +
                     "; give it to DPDK with `dpdk-devbind.py --bind=vfio-pci " + address + "`",
          .warning = {}};
}

bool is_up(const std::string& interface) {
  ifreq request{};
  const int probe = ::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  if (probe < 0) return true;  // unknown
  std::memcpy(request.ifr_name, interface.data(), std::min(interface.size(), IFNAMSIZ - 1UL));
  const bool asked = ::ioctl(probe, SIOCGIFFLAGS, &request) == 0;
  ::close(probe);
  return !asked || (request.ifr_flags & IFF_UP) != 0;
}

DeviceVerdict look_at_interface(const std::string& interface) {
  if (::if_nametoindex(interface.c_str()) == 0) {
    return {.problem = "no network interface \"" + interface + "\" on this host; see `ip link`",
            .warning = {}};
  }
  if (is_up(interface)) return {};
  return {.problem = {},
          .warning = "the interface " + interface + " is down; `ip link set " + interface +
                     " up` lets it see packets"};
}

DeviceVerdict look_at_virtual(const std::string& device) {
  if (device.starts_with("net_af_packet") || device.starts_with("net_af_xdp")) {
    const auto interface = device_argument(device, "iface");
    if (interface && !interface->empty()) return look_at_interface(*interface);
    return {
        .problem = device.substr(0, device.find(',')) + " needs to know its interface: iface=NAME",
        .warning = {}};
  }
  if (const auto file = device_argument(device, "rx_pcap");
      file && ::access(file->c_str(), R_OK) != 0) {
    return {.problem = "the capture " + *file + " cannot be read", .warning = {}};
  }
  return {};
}

}  // namespace

DeviceKind device_kind(std::string_view device) {
  if (is_short_pci_address(device)) return DeviceKind::kPci;
  const bool has_domain = device.size() == 12 && all_hex(device.substr(0, 4)) && device[4] == ':';
  if (has_domain && is_short_pci_address(device.substr(5))) return DeviceKind::kPci;
  return is_virtual_device(device) ? DeviceKind::kVirtual : DeviceKind::kInvalid;
}

std::string normal_pci_address(std::string_view device) {
  std::string address = device.size() == 7 ? "0000:" : "";
  for (const char c : device) {
    address += static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  }
  return address;
}

std::optional<std::string> device_argument(std::string_view device, std::string_view name) {
  std::size_t at = device.find(',');
  while (at != std::string_view::npos) {
    const std::string_view rest = device.substr(at + 1);
    const std::string_view argument = rest.substr(0, rest.find(','));
    const std::size_t equals = argument.find('=');
    if (equals != std::string_view::npos && argument.substr(0, equals) == name) {
      return std::string(argument.substr(equals + 1));
    }
    at = device.find(',', at + 1);
  }
  return std::nullopt;
}

DeviceVerdict look_at_device(const std::string& device, const std::string& pci_directory) {
  switch (device_kind(device)) {
    case DeviceKind::kPci: return look_at_pci(normal_pci_address(device), pci_directory);
    case DeviceKind::kVirtual: return look_at_virtual(device);
    case DeviceKind::kInvalid: break;
  }
  return {};
}

}  // namespace tapdeck::config
