// What a worker counts: every received packet in exactly one class, and every loss under a reason.
// rx packets == sum over classes, always; drops are a second table because a dropped packet has a
// class too.
//
// Threads: a row has one writer, its worker; any thread reads.  Memory: none.
#pragma once

#include <cstdint>

#include "base/counter_table.h"

namespace tapdeck::engine {

// X(enumerator, snake_case name, help)
#define TD_PACKET_CLASSES(X)                                                                   \
  X(kSip, sip, "SIP over UDP")                                                                 \
  X(kSipTcp, sip_tcp, "TCP segments of connections that carry SIP, WebSocket or HEP")          \
  X(kHep, hep, "HEP over UDP")                                                                 \
  X(kSipKeepalive, sip_keepalive, "keep-alives on a SIP port: CRLF, NUL or empty")             \
  X(kRtpBound, rtp_bound, "RTP of a call")                                                     \
  X(kRtpDuplicate, rtp_duplicate, "RTP of which the same packet is kept already")              \
  X(kRtpPaused, rtp_paused, "RTP of a call whose recording is paused")                         \
  X(kRtpUnrecorded, rtp_unrecorded, "RTP of a call or a medium that policy does not record")   \
  X(kRtpProbation, rtp_probation, "first packets of RTP that no SDP explains yet")             \
  X(kRtpQuarantined, rtp_quarantined, "RTP that no SDP explains yet, kept in memory")          \
  X(kRtpDiscarded, rtp_discarded, "RTP that could not be tracked or kept")                     \
  X(kFaxBound, fax_bound, "T.38 of a call, in UDPTL")                                          \
  X(kRtcp, rtcp, "RTCP")                                                                       \
  X(kStun, stun, "STUN, TURN")                                                                 \
  X(kDtls, dtls, "DTLS")                                                                       \
  X(kZrtp, zrtp, "ZRTP")                                                                       \
  X(kOtherUdp, other_udp, "UDP of another kind")                                               \
  X(kTcp, tcp, "TCP of other connections, and bare acknowledgements")                          \
  X(kEncryptedSignalling, encrypted_signalling, "SIP over TLS: counted, not read")             \
  X(kSctp, sctp, "SCTP that is no SIP")                                                        \
  X(kSctpSignalling, sctp_signalling, "SIP over SCTP: counted, not read")                      \
  X(kIcmp, icmp, "ICMP and ICMPv6, whatever they quote")                                       \
  X(kArp, arp, "ARP")                                                                          \
  X(kIpFragment, ip_fragment, "fragments of an IP packet, the first included")                 \
  X(kEsp, esp, "ESP that is encrypted")                                                        \
  X(kIke, ike, "IKE and keep-alives beside ESP in UDP")                                        \
  X(kOtherIpProtocol, other_ip_protocol, "IP with another protocol")                           \
  X(kOtherGre, other_gre, "GRE around another protocol, or around nothing")                    \
  X(kOtherGtp, other_gtp, "GTP-U messages that carry no IP packet")                            \
  X(kOtherMpls, other_mpls, "MPLS around neither IP nor Ethernet")                             \
  X(kOtherPpp, other_ppp, "PPP around neither IP nor MPLS: link control")                      \
  X(kPppoeDiscovery, pppoe_discovery, "PPPoE discovery")                                       \
  X(kOtherEthertype, other_ethertype, "an EtherType that is not decoded")                      \
  X(kTooDeep, too_deep, "more headers around it than decode.depth_max")                        \
  X(kMalformedLink, malformed_link, "link header cut short or of an unknown kind")             \
  X(kMalformedTunnel, malformed_tunnel, "tunnel header that contradicts itself or the packet") \
  X(kMalformedIp, malformed_ip, "IP header that contradicts itself or the frame")              \
  X(kMalformedUdp, malformed_udp, "UDP length that contradicts the IP packet")                 \
  X(kMalformedTcp, malformed_tcp, "TCP header that contradicts the IP packet")                 \
  X(kTruncated, truncated, "cut by the capture before the end of the headers")

#define TD_DROP_REASONS(X)                                                               \
  X(kNoChunk, no_chunk, "RTP packets: no free chunk")                                    \
  X(kCallWithheld, call_withheld, "RTP packets: call refused or cut short, no room")     \
  X(kWriterFull, writer_full, "RTP packets: chunk ring to the writer full")              \
  X(kRtpTooLong, rtp_too_long, "RTP packets: longer than a record")                      \
  X(kQuarantineFull, quarantine_full, "RTP packets: evicted from a full quarantine")     \
  X(kQuarantineAged, quarantine_aged, "RTP packets: no SDP explained them in time")      \
  X(kProbationEvicted, probation_evicted, "RTP packets: first of an unproven stream")    \
  X(kStreamTableFull, stream_table_full, "RTP packets: no room for a new stream")        \
  X(kAddressTableFull, address_table_full, "addresses or claims: no room")               \
  X(kClaimEvicted, claim_evicted, "claims: oldest of too many on an address or call")    \
  X(kBadCallHandle, bad_call_handle, "binding messages: handle out of range")            \
  X(kSignalRingFull, signal_ring_full, "SIP messages: ring to the call plane full")      \
  X(kNoMessageBuffer, no_message_buffer, "SIP messages: no free buffer")                 \
  X(kMessageTruncated, message_truncated, "SIP messages: cut by the capture, passed on") \
  X(kFragmentUnwanted, fragment_unwanted, "IP fragments: of what holds no signalling")   \
  X(kFragmentCut, fragment_cut, "IP fragments: cut by the capture")                      \
  X(kFragmentShed, fragment_shed, "IP fragments: half of the message buffers in use")    \
  X(kReportRingFull, report_ring_full, "stream reports: ring to the call plane full")    \
  X(kRtcpNotTold, rtcp_not_told, "RTCP reports: ring to the call plane nearly full")     \
  X(kRtcpUnbound, rtcp_unbound, "RTCP packets: of no call that is recorded")             \
  X(kRtcpMalformed, rtcp_malformed, "RTCP packets: a report shorter than what it lists") \
  X(kRtpTruncated, rtp_truncated, "RTP packets: cut by the capture, the rest kept")      \
  X(kRedMalformed, red_malformed, "RTP packets: bad RFC 2198 blocks, masked, kept")      \
  X(kClockAlarm, clock_alarm, "packets: hardware clock over 1 s off, host time used")

TD_COUNTER_TABLE(PacketClass, kPacketClassNames, TD_PACKET_CLASSES)
TD_COUNTER_TABLE(DropReason, kDropReasonNames, TD_DROP_REASONS)

// One worker's counters.  worker: rw, everybody else: ro.
struct alignas(64) WorkerCounters {
  Counter rx_packets;
  Counter rx_bytes;  // as captured
  Counter steps;
  Counter busy_steps;  // that found a packet or a message
  Counter streams_created;
  Counter streams;            // now
  Counter streams_bound;      // now
  Counter streams_withheld;   // now; bound, but there is no room to keep them
  Counter addresses;          // now
  Counter chunks_out;         // handed to the writer
  Counter chunks_free;        // now, in this worker's hands
  Counter messages_out;       // handed to the call plane
  Counter quarantine_chunks;  // now
  CounterTable<PacketClass> classes;
  CounterTable<DropReason> drops;

  void count(PacketClass packet_class) { classes.add(packet_class); }

  void drop(DropReason reason, std::uint64_t amount = 1) { drops.add(reason, amount); }

  [[nodiscard]] std::uint64_t value(PacketClass packet_class) const {
    return classes.value(packet_class);
  }

  [[nodiscard]] std::uint64_t value(DropReason reason) const { return drops.value(reason); }
};

}  // namespace tapdeck::engine
