// The table of options: one row per option, from which config/config.h makes the typed structs, the
// loader its YAML keys and bounds, and config/generate.cc docs/config.md, the example file and
// `config print`.  To add an option, add its row here and run the generator.
//   X(name (unit last), type, default, min, max, reload, help)
// min and max bound a number, the bytes of a text or the entries of a list; enumerations have 0, 0.
// kRestart: read once at start.  kLive: also taken over by a reload (SIGHUP).
// Threads: any.  Memory: none.
#pragma once

#include "config/schema_lists.h"

// clang-format off
// NOLINTBEGIN(cppcoreguidelines-macro-usage)
#define TD_CONFIG_GENERAL(X) \
  X(node, std::string, "", 0, kNameBytesMax, kRestart, \
    "Name of this recorder in call records and exports. Empty: the host name.") \
  X(timezone, std::string, "UTC", 1, kNameBytesMax, kLive, \
    "IANA zone in which dates on the command line are read and times are shown. Stored times " \
    "are always UTC.") \
  X(store, std::string, "/var/lib/tapdeck", 1, kPathBytesMax, kRestart, \
    "Directory of the call log and the recordings. Created, mode 0700, when missing.") \
  X(log_level, LogChoice, LogChoice::kInfo, 0, 0, kLive, \
    "The lowest level of log line that goes to stderr.")

#define TD_CONFIG_EAL(X) \
  X(hugepages, AutoYesNo, AutoYesNo::kAuto, 0, 0, kRestart, \
    "Packet memory on hugepages. `auto` takes them when enough are free and says so; `yes` " \
    "refuses to start without them.") \
  X(memory_mib, std::uint32_t, 0, 0, 1'048'576, kRestart, \
    "Packet memory in MiB. 0: computed from the ports and tables below.") \
  X(lcores, std::string, "", 0, 256, kRestart, \
    "CPUs of the workers in DPDK's --lcores syntax, the main thread first, for example " \
    "`0@2,1@3,2@4`. Empty: threads float over all allowed CPUs.") \
  X(file_prefix, std::string, "", 0, kNameBytesMax, kRestart, \
    "DPDK's runtime directory name. Empty: one of its own for every process. Set it to " \
    "attach DPDK's tools.")

#define TD_CONFIG_CAPTURE(X) \
  X(sip_ports, PortList, PortList{5060}, 1, kSipPortCountMax, kRestart, \
    "UDP and TCP ports on which SIP is expected; SIP on other ports is recognised by its " \
    "first line.") \
  X(sip_tls_ports, PortList, PortList{5061}, 0, kSipPortCountMax, kRestart, \
    "TCP ports of SIP over TLS. What goes there is counted as `encrypted_signalling`, as is TLS " \
    "on a port of `sip_ports`; it is not read.") \
  X(workers, std::uint32_t, 1, 1, kWorkerCountMax, kRestart, \
    "Packet worker threads. Each owns its receive queues, its streams and its chunks; give " \
    "each a CPU.") \
  X(idle_sleep_us, std::uint32_t, 50, 0, 1'000, kRestart, \
    "Sleep of a worker that found no packet. 0: busy polling, which takes a whole CPU per " \
    "worker always. 50 leaves an idle CPU nearly free and lets up to about 100 us of packets " \
    "wait in the descriptors: at 1 Mpps that is 100 of 1024.")

#define TD_CONFIG_DECODE(X) \
  X(depth_max, std::uint32_t, 8, 1, kDecodeDepthMax, kRestart, \
    "Headers opened around a packet: each VLAN tag, MPLS label stack and tunnel is one. Packets " \
    "with more are counted as `too_deep`.") \
  X(vxlan_ports, PortList, (PortList{4789, 8472}), 0, kTunnelPortCountMax, kRestart, \
    "UDP destination ports of VXLAN.") \
  X(geneve_ports, PortList, PortList{6081}, 0, kTunnelPortCountMax, kRestart, \
    "UDP destination ports of GENEVE.") \
  X(gtpu_ports, PortList, PortList{2152}, 0, kTunnelPortCountMax, kRestart, \
    "UDP destination ports of GTP-U.") \
  X(fragment_timeout_s, std::uint32_t, 30, 1, 120, kRestart, \
    "IP fragments wait this long for the others of their packet.") \
  X(fragment_packets_max, std::uint32_t, 4'096, 16, kFragmentPacketsMax, kRestart, \
    "Fragmented packets put together at once. More: the oldest is given up.") \
  X(fragment_memory_mib, std::uint32_t, 16, 1, kFragmentMibMax, kRestart, \
    "Memory for fragments that wait for others. More: the oldest packet is given up.") \
  X(tcp_connections_max, std::uint32_t, 131'072, 16, kTcpConnectionsMax, kRestart, \
    "TCP connections with signalling followed at once, about half a KiB each. More: the one that " \
    "has been silent for longest is forgotten.") \
  X(tcp_memory_mib, std::uint32_t, 64, 1, kTcpMibMax, kRestart, \
    "Memory for TCP segments that came too early and for messages of which a part has come. " \
    "More: the connection that has been silent for longest is forgotten.") \
  X(tcp_gap_ms, std::uint32_t, 2'000, 10, 60'000, kRestart, \
    "A TCP segment that is missing is waited for as long; then its message is given up.") \
  X(tcp_idle_s, std::uint32_t, 3'600, 10, 86'400, kRestart, \
    "TCP connections that are silent for this long are forgotten.")

#define TD_CONFIG_STREAMS(X) \
  X(stream_count_max, std::uint32_t, 8'192, 64, kStreamCountMax, kRestart, \
    "RTP streams tracked at once, of all workers together. Further calls are logged, not " \
    "recorded.") \
  X(chunk_count, std::uint32_t, 13'400, 64, kChunkCountMax, kRestart, \
    "Buffers of 16 KiB for media, of all workers together: one for each stream, and those that " \
    "wait while the disk stands still; `config check` says how long. When they run out whole " \
    "calls are refused, then cut short, the newest first.") \
  X(flush_interval_ms, std::uint32_t, 5'000, 100, 60'000, kRestart, \
    "A chunk that is not full goes to disk at this age: the most media a power cut can cost, " \
    "with storage.flush_interval_ms.") \
  X(report_interval_ms, std::uint32_t, 5'000, 100, 60'000, kRestart, \
    "Interval of the quality reports a worker sends on each stream.") \
  X(idle_timeout_s, std::uint32_t, 30, 1, 3'600, kRestart, \
    "An RTP stream that belongs to no call is forgotten after this long without packets.") \
  X(quarantine_percent, std::uint32_t, 10, 0, 50, kRestart, \
    "Share of the chunks for RTP that no SDP explains yet. It waits in memory only.") \
  X(quarantine_age_ms, std::uint32_t, 10'000, 100, 600'000, kRestart, \
    "Unexplained RTP is forgotten at this age.") \
  X(quarantine_chunks_per_destination, std::uint32_t, 8, 1, 1'024, kRestart, \
    "Chunks of quarantine one destination address and port may hold, so that a flood at one " \
    "does not evict the others.") \
  X(message_buffers_small, std::uint32_t, 4'096, 64, kMessageBufferCountMax, kRestart, \
    "Buffers of 2 KiB for signalling on its way to the call plane, per worker.") \
  X(message_buffers_large, std::uint32_t, 64, 8, kMessageBufferCountMax, kRestart, \
    "Buffers of 64 KiB for long signalling messages, per worker.") \
  X(late_media_ms, std::uint32_t, 2'000, 0, 60'000, kRestart, \
    "RTP that comes this long after its call has ended still belongs to it.")

#define TD_CONFIG_CALLS(X) \
  X(calls_max, std::uint32_t, 100'000, 16, kCallCountMax, kRestart, \
    "Calls and dialogs tracked at once. More: the longest silent one is closed and marked.") \
  X(hold_back_ms, std::uint32_t, 20, 0, 1'000, kRestart, \
    "Signalling waits this long to be put in order of time across workers and ports.") \
  X(message_flush_ms, std::uint32_t, 1'000, 10, 60'000, kRestart, \
    "Signalling of a call goes to disk at this age.") \
  X(media_timeout_s, std::uint32_t, 60, 5, 86'400, kRestart, \
    "Without RTP, RTCP and signalling for five times this long an answered call is over.") \
  X(setup_timeout_s, std::uint32_t, 300, 10, 3'600, kRestart, \
    "A call neither answered nor refused for this long is closed, four times that once it rings.") \
  X(dialog_idle_timeout_s, std::uint32_t, 7'200, 60, 86'400, kRestart, \
    "A dialog without any signalling or media for this long is forgotten.") \
  X(restart_timeout_s, std::uint32_t, 60, 1, 3'600, kRestart, \
    "Calls that were open when the recorder stopped are closed when nothing more of them is " \
    "seen for this long after the start.") \
  X(pause_limit_s, std::uint32_t, 1'800, 1, 86'400, kRestart, \
    "A paused recording goes on by itself after this long.") \
  X(internal_networks, NameList, NameList{}, 0, kNetworkCountMax, kRestart, \
    "Addresses that are on our side, where no trunk has them. With `trunks` they tell a call's " \
    "direction.") \
  X(kept_headers, NameList, NameList{}, 0, kHeaderNameCountMax, kRestart, \
    "Header fields whose values are kept in the call record, for example `X-Account`.") \
  X(conversation_headers, NameList, NameList{}, 0, kConversationHeaderCountMax, kRestart, \
    "Header fields that are the same on all legs of one conversation, where a back-to-back user " \
    "agent sends such: they join its legs, as Session-ID and P-Charging-Vector always do.") \
  X(conversation_legs_max, std::uint32_t, 32, 2, kConversationLegsMax, kRestart, \
    "Calls that one conversation may have. What more calls than this share (a proxy that gives " \
    "each the same icid) joins none of them.") \
  X(conversation_memory_s, std::uint32_t, 600, 1, 86'400, kRestart, \
    "A conversation without an open call takes further legs for this long.")

#define TD_CONFIG_EVENTS(X) \
  X(keep, EventChoice, EventChoice::kNone, 0, 0, kRestart, \
    "Which SIP transactions that belong to no call (REGISTER, OPTIONS, SUBSCRIBE, NOTIFY, " \
    "MESSAGE, PUBLISH) are stored as events, for `tapdeck events`: `without_options` leaves out " \
    "the OPTIONS by which servers ask whether others are there. All are counted always.") \
  X(retention_days, std::uint32_t, 30, 0, 3'650, kRestart, \
    "How long an event of a capture is kept. 0: while there is room. Events of imported files " \
    "are kept while there is room.") \
  X(stored_max, std::uint32_t, 10'000'000, 1'000, kEventsStoredMax, kRestart, \
    "Events in the store, about 500 bytes each. More: the oldest go.") \
  X(pending_max, std::uint32_t, 16'384, 16, kEventsPendingMax, kRestart, \
    "Transactions that wait for their answer at once, up to 1 KiB each. More: of the source that " \
    "has most of them the oldest is forgotten.") \
  X(registrations_max, std::uint32_t, 65'536, 0, kRegistrationCountMax, kRestart, \
    "Registered devices that are remembered, about 500 bytes each, so that the parties of calls " \
    "show theirs. More: expired ones are forgotten, then the one that was refreshed longest ago. " \
    "0: none.")

#define TD_CONFIG_NUMBERS(X) \
  X(default_region, std::string, "", 0, 2, kRestart, \
    "ISO 3166 code of the region whose prefixes national and international numbers begin with, " \
    "for example `DE`. Empty: only numbers with `+` become E.164.") \
  X(cache_entries, std::uint32_t, 65'536, 1'024, kNumberCacheEntriesMax, kRestart, \
    "Numbers whose E.164 form is remembered, 64 bytes each.")

#define TD_CONFIG_STORAGE(X) \
  X(segment_mib, std::uint32_t, 1'024, kSegmentMibMin, kSegmentMibMax, kRestart, \
    "A segment file is sealed at this size and the next one begun.") \
  X(preallocate_mib, std::uint32_t, 64, 1, kSegmentMibMax, kRestart, \
    "Steps in which a segment's space is reserved on disk.") \
  X(staging_kib, std::uint32_t, 1'024, kStagingKibMin, kStagingKibMax, kRestart, \
    "Size of one write to disk, a multiple of 64. Locked memory: this times staging_buffers.") \
  X(staging_buffers, std::uint32_t, 16, 2, kStagingBufferCountMax, kRestart, \
    "Write buffers shared by the open segments.") \
  X(open_segments_max, std::uint32_t, 64, 1, kOpenSegmentsMax, kRestart, \
    "Segment files open for writing at once: each retention class needs one for each of " \
    "three days.") \
  X(flush_interval_ms, std::uint32_t, 1'000, 50, 60'000, kRestart, \
    "Partly filled write buffers are written and the disk's caches flushed at this interval.") \
  X(block_cache_mib, std::uint32_t, 64, 8, 1'048'576, kRestart, \
    "Memory of the call log's block cache.") \
  X(master_key_file, std::string, "", 0, kPathBytesMax, kRestart, \
    "File with the 32-byte key that wraps the keys of all recordings, mode 0400 or 0600. " \
    "Empty: `master.key` inside the store, made at first use.")

// S(member, type, rows, help): the sections whose options are scalars, in file order.
#define TD_CONFIG_SECTIONS(S) \
  S(general, General, TD_CONFIG_GENERAL, "The recorder as a whole.") \
  S(eal, Eal, TD_CONFIG_EAL, "DPDK's environment: memory and CPUs.") \
  S(capture, Capture, TD_CONFIG_CAPTURE, "Where packets come from.") \
  S(decode, Decode, TD_CONFIG_DECODE, "Tunnels and fragments around packets, TCP under messages.") \
  S(streams, Streams, TD_CONFIG_STREAMS, "RTP streams and the memory they may take.") \
  S(calls, Calls, TD_CONFIG_CALLS, "Following calls.") \
  S(events, Events, TD_CONFIG_EVENTS, "SIP transactions beside calls.") \
  S(numbers, Numbers, TD_CONFIG_NUMBERS, "Making E.164 numbers of what is dialled.") \
  S(storage, Storage, TD_CONFIG_STORAGE, "Segments, keys and the call log on disk.") \
  S(retention_pressure, RetentionPressure, TD_CONFIG_PRESSURE, "When the disk fills up.") \
  S(policy, Policy, TD_CONFIG_POLICY, "Which calls are recorded, and whose they are.")
// NOLINTEND(cppcoreguidelines-macro-usage)
// clang-format on
