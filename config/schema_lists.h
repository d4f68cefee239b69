// The rows of what a configuration lists: ports, realms, trunks and their rules; and of what it has
// in files of their own.  Part of the table of options; config/schema.h says what a row means.
// Threads: any.  Memory: none.
#pragma once

// clang-format off
// NOLINTBEGIN(cppcoreguidelines-macro-usage)
#define TD_CONFIG_PORT(X) \
  X(name, std::string, "", 1, kNameBytesMax, kRestart, \
    "Name of the port in counters, logs and call records.") \
  X(device, std::string, "", 1, kPathBytesMax, kRestart, \
    "PCI address of a card bound to a DPDK driver (`0000:01:00.0`) or a virtual device " \
    "(`net_af_packet0,iface=eth1`).") \
  X(queues, std::uint32_t, 1, 1, kQueueCountMax, kRestart, \
    "Receive queues; packets spread over them by a symmetric hash. Queues go to workers in turn.") \
  X(descriptors, std::uint32_t, 1'024, kDescriptorCountMin, kDescriptorCountMax, kRestart, \
    "Receive descriptors per queue, a power of two: the packets that may wait for a worker.") \
  X(mtu, std::uint32_t, 2'000, kMtuMin, kMtuMax, kRestart, \
    "Longest packet taken, in bytes without the Ethernet header. Above 2000 a packet takes " \
    "several buffers.") \
  X(promiscuous, bool, true, 0, 0, kRestart, \
    "Takes packets for other stations: what a mirror port delivers.") \
  X(realm, std::string, "default", 1, kNameBytesMax, kRestart, \
    "The address plan of what this port sees: the name of one of `realms`, or `default`.") \
  X(rx_timestamps, AutoOff, AutoOff::kAuto, 0, 0, kRestart, \
    "Arrival times from the card. `auto` takes them where offered; `off` always uses the " \
    "host's clock.")

#define TD_CONFIG_REALM(X) \
  X(name, std::string, "", 1, kNameBytesMax, kRestart, \
    "Name of the address plan. Equal addresses in two realms are different hosts.") \
  X(ports, NameList, NameList{}, 0, kPortCountMax, kRestart, \
    "Capture ports of this realm, instead of `realm` at each port.") \
  X(vlans, VlanList, VlanList{}, 0, kRangesPerListMax, kRestart, \
    "VLANs of this realm, on whatever port: ids and ranges like `100-199`. The innermost tag " \
    "counts before the outermost, both before the port.") \
  X(vnis, VniList, VniList{}, 0, kRangesPerListMax, kRestart, \
    "VXLAN and GENEVE VNIs and NVGRE VSIDs of this realm, likewise. The innermost counts, and " \
    "before any VLAN.")

#define TD_CONFIG_TRUNK(X) \
  X(name, std::string, "", 1, kNameBytesMax, kRestart, \
    "Name of the trunk in call records and filters.") \
  X(side, TrunkSide, TrunkSide::kExternal, 0, 0, kRestart, \
    "Where the trunk's far end is: `external` with another operator or a customer of his, " \
    "`internal` with one of ours (a PBX, an access network).") \
  X(networks, NameList, NameList{}, 1, kNetworkCountMax, kRestart, \
    "Addresses of the far end for signalling: `192.0.2.0/24`, `192.0.2.7`, `2001:db8::/32`. The " \
    "longest prefix that fits decides.") \
  X(ports, PortList, PortList{}, 0, kSipPortCountMax, kRestart, \
    "Signalling ports of the far end. Empty: any.") \
  X(realm, std::string, "", 0, kNameBytesMax, kRestart, \
    "The address plan in which the networks are: the name of one of `realms`, or `default`. " \
    "Empty: any.") \
  X(region, std::string, "", 0, 2, kRestart, \
    "Region of national numbers on this trunk. Empty: numbers.default_region.")

#define TD_CONFIG_DIAL_RULE(X) \
  X(match, std::string, "", 0, kDialTextMax, kRestart, \
    "What the number begins with: digits, `*`, `#`, a leading `+`. Empty: any number without " \
    "`+`.") \
  X(digits_min, std::uint32_t, 0, 0, kDialTextMax, kRestart, \
    "Fewest digits that the number has.") \
  X(digits_max, std::uint32_t, kDialTextMax, 0, kDialTextMax, kRestart, \
    "Most digits that the number has.") \
  X(strip, std::uint32_t, 0, 0, kDialTextMax, kRestart, \
    "Characters taken away at its beginning, a `+` included.") \
  X(prefix, std::string, "", 0, kDialTextMax, kRestart, \
    "What is put before it then.")

#define TD_CONFIG_RETENTION_CLASS(X) \
  X(name, std::string, "", 1, kNameBytesMax, kRestart, \
    "Name of the class in policies.yaml, in call records and on disk: lower-case letters, " \
    "digits, `-`, `_`. `default` and `imported` are replaced by what is said of them here.") \
  X(days, std::uint32_t, 90, 0, kRetentionDaysMax, kRestart, \
    "How long media is kept, from the start of the call. 0: for ever.") \
  X(sip_days, std::uint32_t, 0, 0, kRetentionDaysMax, kRestart, \
    "How long SIP messages are kept. 0: as long as media.") \
  X(cdr_days, std::uint32_t, 0, 0, kRetentionDaysMax, kRestart, \
    "How long the call record is kept. 0: as long as media.") \
  X(basis, std::string, "", 0, kRetentionBasisBytesMax, kRestart, \
    "On what ground: free text, for example `MiFID II Art. 16(7)`.") \
  X(locked, bool, false, 0, 0, kRestart, \
    "Times of recordings of this class may be lengthened, never shortened.") \
  X(days_max, std::uint32_t, 0, 0, kRetentionDaysMax, kRestart, \
    "The longest to which they may be lengthened. 0: any.")

#define TD_CONFIG_EARLY_EXPIRY(X) \
  X(retention_class, std::string, "", 1, kNameBytesMax, kRestart, \
    "Name of the class. One that is locked is refused, and a part that it keeps for ever.") \
  X(part, PartChoice, PartChoice::kMedia, 0, 0, kRestart, \
    "What goes of its calls: the media, or the SIP messages with annotations. Records stay.")

#define TD_CONFIG_PRESSURE(X) \
  X(low_percent, std::uint32_t, 0, 0, 99, kRestart, \
    "When less of the store's disk is free for recordings (docs/RETENTION.md), some go before " \
    "their time, in the order below. 0: none ever does.") \
  X(enough_percent, std::uint32_t, 10, 1, 99, kRestart, \
    "When as much is free again, no more go. Above `low_percent`.") \
  X(stop_percent, std::uint32_t, 2, 0, 50, kRestart, \
    "When less is free and nothing may go any more, new calls are not recorded: those of the " \
    "lowest priority first, all of them at half of it. Calls that are being recorded go on, and " \
    "so does the call log. Below `low_percent`. 0: calls are recorded while there is room.")

#define TD_CONFIG_POLICY(X) \
  X(file, std::string, "", 0, kPathBytesMax, kLive, \
    "The rules that say which calls are recorded and logged, how and for how long: " \
    "policies.yaml, as docs/POLICY.md explains it; looked for beside this file. Empty: every " \
    "call is recorded and logged. Read again on SIGHUP.") \
  X(directory_file, std::string, "", 0, kPathBytesMax, kLive, \
    "Whose numbers are whose, and when: directory.yaml with agents, teams, clients, marketing " \
    "channels and campaigns, as docs/POLICY.md explains it; looked for beside this file. Empty: " \
    "nobody's. Read again on SIGHUP.")
// NOLINTEND(cppcoreguidelines-macro-usage)
// clang-format on
