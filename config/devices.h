// What can be known of a capture device without opening it: whether this host has it, and whether
// DPDK may take it.  Needs no rights.
// Threads: any, off the hot path; reads /sys and asks the kernel for interfaces.  Memory: strings.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace tapdeck::config {

enum class DeviceKind : std::uint8_t { kInvalid, kPci, kVirtual };

// "0000:01:00.0" (the domain may be left out) is PCI, "net_xxxN" or "net_xxxN,..." is virtual.
DeviceKind device_kind(std::string_view device);

// The PCI address with its domain, in small letters.  Precondition: device_kind() is kPci.
std::string normal_pci_address(std::string_view device);

// Value of "name=value" among the arguments of a virtual device.
std::optional<std::string> device_argument(std::string_view device, std::string_view name);

struct DeviceVerdict {
  std::string problem;  // why `run` could not open it; empty: nothing is known against it
  std::string warning;  // it can be opened, but gives no packets as it is
};

DeviceVerdict look_at_device(const std::string& device, const std::string& pci_directory);

}  // namespace tapdeck::config
