"""For each counter of `ingest --json` a capture that moves it, or the test that does so where no
packet can. Keys are (group of the summary, name)."""

import connections
import frames
from packets import (ALICE, BOB, CALL, Capture, ethernet, fragments, hep_packet, in_ip, ipv4,
                     ports, sip, sip_with)

LONG = b"x" * 300
MEDIA = {"destination": (BOB[0], 5000)}
SMALL_RTP = {"destination": ("198.51.100.77", 7000)}
SDP = ("v=0\r\no=- 1 1 IN IP4 192.0.2.10\r\ns=-\r\nc=IN IP4 192.0.2.10\r\nt=0 0\r\n"
       "m=audio 4000 RTP/AVP 0\r\n")
FAX = """
0.0 alice>bob INVITE sdp=0 line="m=image 4000 udptl t38"
1.0 bob>alice 200/INVITE sdp=0 line="m=image 5000 udptl t38"
1.05 alice>bob ACK
"""
REGISTER = ("0.0 alice>bob {method} header=\"Contact: <sip:1001@192.0.2.10>\"\n"
            "0.1 bob>alice 200/{method}\n")


def tcp(*lines, **options):
    return Capture("0.0 tcp t open", *lines, **options)


def in_udp(port, payload):
    return Capture().udp(payload, destination=(BOB[0], port), source=(ALICE[0], 50000))


def too_deep():
    packet = ipv4(17, frames.udp_frame(ALICE, BOB, b"x")[34:])
    for _ in range(9):
        packet = ipv4(4, packet)
    return Capture().frame(ethernet(0x0800, packet))


def classes():
    stun = bytes([0, 1, 0, 0, 0x21, 0x12, 0xa4, 0x42]) + bytes(12)
    dtls = bytes([22, 0xfe, 0xfd]) + bytes(9) + b"\1\1"
    zrtp = b"\x10\0\0\1ZRTP\0\0\0\1PZ\0\3HelloACK"
    receiver_report = bytes([0x80, 201, 0, 1, 0, 0, 0, 1])
    tcp_head = bytes(8) + b"\x50\x10" + bytes(6)
    options = sip("OPTIONS sip:2@b.example SIP/2.0", CSeq="1 OPTIONS")
    return {
        "sip": Capture().udp(options),
        "sip_tcp": tcp(),
        "hep": Capture().hep(hep_packet(options)),
        "sip_keepalive": Capture().udp(b"\r\n\r\n"),
        "rtp_bound": Capture(CALL).rtp(3, 1.1),
        "rtp_duplicate": Capture(CALL).rtp(3, 1.1).rtp(3, 1.1),
        "rtp_probation": Capture().rtp(1, **SMALL_RTP),
        "rtp_quarantined": Capture().rtp(5, **SMALL_RTP),
        "rtp_discarded": Capture().rtp(5, size=17_000, **SMALL_RTP),
        "fax_bound": Capture(FAX, "1.1 udptl alice:4000>bob:5000 count=3"),
        "rtcp": in_udp(4001, receiver_report),
        "stun": in_udp(4000, stun),
        "dtls": in_udp(4000, dtls),
        "zrtp": in_udp(4000, zrtp),
        "other_udp": in_udp(53, b"\1\2\3\4"),
        "tcp": Capture().frame(in_ip(6, ports(50000, 80, tcp_head))),
        "encrypted_signalling": Capture().frame(in_ip(6, ports(50000, 5061, tcp_head))),
        "sctp": Capture().frame(in_ip(132, ports(2905, 2905, bytes(12)))),
        "sctp_signalling": Capture().frame(in_ip(132, ports(5060, 5060, bytes(12)))),
        "icmp": Capture().frame(in_ip(1, bytes(8))),
        "arp": Capture().frame(ethernet(0x0806, bytes(28))),
        "ip_fragment": Capture().frame(in_ip(17, bytes(64), more=0x2000)),
        "esp": Capture().frame(in_ip(50, b"\xa7" * 64)),
        "ike": in_udp(4500, b"\xff"),
        "other_ip_protocol": Capture().frame(in_ip(89, bytes(8))),
        "other_gre": Capture().frame(in_ip(47, b"\0\0\x12\x34\1\2")),
        "other_gtp": in_udp(2152, b"\x30\1\0\2\0\0\0\0\x0e\0"),
        "other_mpls": Capture().frame(ethernet(0x8847, b"\0\0\x31\x40\x10\0\0\7")),
        "other_ppp": Capture().frame(ethernet(0x8864, b"\x11\0\0\1\0\3\xc0\x21\t")),
        "pppoe_discovery": Capture().frame(ethernet(0x8863, bytes(6))),
        "other_ethertype": Capture().frame(ethernet(0x88CC, bytes(6))),
        "too_deep": too_deep(),
        "malformed_link": Capture().frame(b"\1\2\3"),
        "malformed_tunnel": Capture().frame(in_ip(47, b"\x20\0\x08\0")),
        "malformed_ip": Capture().frame(ethernet(0x0800, b"\x44\0\0\x14")),
        "malformed_udp": Capture().frame(in_ip(17, ports(1, 1, b"\0\3\0\0"))),
        "malformed_tcp": Capture().frame(in_ip(6, ports(1, 1))),
        "truncated": Capture().frame(ethernet(0x0800, b"\x45\0\0\x3c"), original=74),
    }


def drops():
    bad_report = frames.rtcp_report(0xA001, frames.rtcp_block(0xB001))
    bad_report = b"\x9f" + bad_report[1:]
    quarantine = ["streams:", "  quarantine_chunks_per_destination: 1", "  quarantine_age_ms: 1000"]
    one_each = Capture(config=quarantine)
    for number in range(1, 4):
        one_each.rtp(5, ssrc=number, **SMALL_RTP)
    # A block of events (RFC 2198) of nine bytes, where there are four.
    bad_blocks = frames.rtp(0xA001, 1, 160, 121, b"\xe5\2\0\x09\0" + b"\7\x0a\0\xa0")
    events = 'pts=0,101,121 a="rtpmap:101 telephone-event/8000" a="rtpmap:121 red/8000"'
    return {
        "red_malformed": Capture(CALL.replace("sdp=5000", "sdp=5000 " + events)).udp(
            bad_blocks, 1.2, (ALICE[0], 4000), (BOB[0], 5000)),
        "rtp_too_long": Capture(CALL).rtp(2, 1.1, size=17_000),
        "quarantine_full": one_each,
        "quarantine_aged": Capture(config=quarantine).rtp(5, **SMALL_RTP).rtp(
            1, 60, ssrc=9, destination=("198.51.100.78", 7002)),
        "probation_evicted": Capture().rtp(3, first=1, size=2_000, **SMALL_RTP),
        "claim_evicted": Capture(CALL, *(
            f"{2 + n / 100} alice>bob INVITE to_tag=c1-b cseq={2 + n} sdp={6000 + 2 * n}\n"
            f"{2.005 + n / 100} bob>alice 200/INVITE cseq={2 + n} sdp={16000 + 2 * n}\n"
            f"{2.007 + n / 100} alice>bob ACK cseq={2 + n}" for n in range(70))),
        "rtp_truncated": Capture(CALL).udp(frames.rtp(0xA001, 1, 160, 0, bytes(160)), 1.2,
                                           (ALICE[0], 4000), (BOB[0], 5000), cut=10),
        "message_truncated": Capture().udp(sip(body="x" * 40), cut=10),
        "fragment_unwanted": Capture().frame(in_ip(1, bytes(64), more=0x2000)),
        "fragment_cut": Capture().frame(in_ip(17, bytes(64), more=0x2000)[:60], original=98),
        "rtcp_unbound": in_udp(4001, bytes([0x80, 201, 0, 1, 0, 0, 0, 1])),
        "rtcp_malformed": Capture(CALL).udp(bad_report, 1.2, (ALICE[0], 4001), (BOB[0], 5001)),
    }


def fragment_rows():
    message = sip(body="x" * 200)
    parts = fragments(message)
    late = Capture().frame(parts[0]).udp(b"x", 40, (ALICE[0], 9), (BOB[0], 9))
    many = Capture(config=["decode:", "  fragment_packets_max: 16"])
    for ident in range(20):
        many.frame(fragments(message, ident=ident)[0], ident / 1000)
    whole = lambda what: Capture().frame(what[0]).frame(what[1], 0.001)
    media = fragments(frames.rtp(1, 1, 1, 0, bytes(200)), 128, 7, (ALICE[0], 4000),
                      (BOB[0], 5000))
    other = fragments(bytes(200), 128, 7, (ALICE[0], 4000), (BOB[0], 53))
    cut_short = in_ip(17, bytes(60), more=0x2000)  # no multiple of eight
    overlapping = Capture().frame(parts[0]).frame(parts[0][:-1] + b"\xff", 0.001)
    refused = Capture().frame(parts[0]).frame(parts[0][:-1] + b"\xff", 0.001)
    refused.frame(parts[1], 0.002)
    all_parts = Capture()
    for index, part in enumerate(parts):
        all_parts.frame(part, index / 1000)
    return {
        "fragments": Capture().frame(parts[0]),
        "duplicates": Capture().frame(parts[0]).frame(parts[0], 0.02),
        "malformed": Capture().frame(cut_short),
        "refused": refused,
        "reassembled": all_parts,
        "overlapping": overlapping,
        "timed_out": late,
        "evicted": many,
        "incomplete": Capture().frame(parts[0]),
        "sip": all_parts,
        "sip_cut": Capture().frame(parts[0]),
        "fragmented_media": whole(media),
        "other": whole(other),
    }


def assembly():
    message = sip("OPTIONS sip:2@b.example SIP/2.0", CSeq="1 OPTIONS")
    seconds = sip("OPTIONS sip:2@b.example SIP/2.0", CSeq="2 OPTIONS")
    too_long = b"INVITE sip:2@b.example SIP/2.0\r\nContent-Length: 70000\r\n\r\n"
    begun = lambda: Capture().tcp(1000, 2)
    many = Capture()
    for number in range(131_072 + 8):
        source = (f"192.0.2.{20 + number // 60_000}", 1_024 + number % 60_000)
        many.frame(frames.tcp_frame(source, BOB, 1000, 2), number / 1e6)
    twice = "0.01 alice>bob OPTIONS cseq=9"
    return {
        "duplicate_message": Capture("mirror 7", twice),
        "tcp_duplicate": Capture("mirror 7", "0.0 tcp t open", twice + " on=t"),
        "tcp_retransmitted": tcp(twice + " on=t again=0"),
        "tcp_out_of_order": tcp(twice + " on=t split=50 order=1,0"),
        "tcp_gap": tcp(twice + " on=t split=50 lose=0", "5.0 alice>bob OPTIONS cseq=10 on=t"),
        "tcp_cut": begun().tcp(1001, 16, message, 0.1, cut=20),
        "tcp_mid_stream": Capture(twice + " on=t"),
        "tcp_unsynchronised": Capture().tcp(1001, 16, b"the rest of something\r\n"),
        "tcp_reused": tcp("1.0 tcp t open"),
        "tcp_syn_doubted": begun().tcp(1001, 24, message, 0.1).tcp(900_000, 2, b"", 0.2),
        "tcp_reset": tcp("1.0 tcp t reset"),
        "tcp_reset_ignored": begun().tcp(1001, 16, message, 0.1).tcp(900_000, 4, b"", 0.2),
        "tcp_evicted": many,
        "tcp_idle": tcp(twice + " on=t", *(  # an hour; time moves less at once
            f"{1700 * n}.0 raw alice:9>bob:9 00" for n in range(1, 6))),
        "stream_message_lost": begun().tcp(1001, 16, message[:60], 0.1).tcp(
            1101, 16, seconds, 0.2).udp(b"x", 9, (ALICE[0], 9), (BOB[0], 9)),
        "stream_message_cut": begun().tcp(1001, 16, message, 0.1, cut=20),
        "stream_message_long": begun().tcp(1001, 16, too_long, 0.1),
        "stream_without_length": begun().tcp(
            1001, 16, sip("OPTIONS sip:2@b.example SIP/2.0", body="hello\r\n", CSeq="1 OPTIONS",
                          more=["Content-Type: text/plain"],
                          without=("Content-Length",)) + message, 0.1),
        "stream_garbage": begun().tcp(1001, 16, message + b"garbage\r\n" + seconds, 0.1),
        "stream_not_sip": begun().tcp(1001, 16, b"SSH-2.0-x\r\n" + LONG, 0.1),
        "stream_keep_alive": tcp("0.1 tcp t ping"),
        "websocket_compressed": Capture("0.0 tcp z open", "0.1 alice>bob OPTIONS on=z"),
        "websocket_bad": Capture("0.0 tcp w open", "0.1 tcp w raw hex=ffff"),
        "hep_packets": Capture().hep(hep_packet(message)),
        "hep_bad": Capture().hep(hep_packet(message, chunks=b"\0\0\0\1\0\2")),
        "hep_compressed": Capture().hep(hep_packet(message, chunks=b"\0\0\0\x10\0\x0apack")),
        "hep_rtcp": Capture().hep(hep_packet(b"{}", 5)),
        "hep_rtcp_lost": Capture().hep(hep_packet(b"{}", 5)),
        "hep_other": Capture().hep(hep_packet(b"a log", 100)),
        "hep_wild_time": Capture().hep(hep_packet(message, time=frames.BASE_S - 99)),
    }


def rejected():
    invite, options = "INVITE sip:2@b.example SIP/2.0", "OPTIONS sip:2@b.example SIP/2.0"
    flood = Capture(config=["calls:", "  calls_max: 16"])
    for number in range(20):
        flood.udp(sip(Call_ID=f"flood{number}"), number / 100)
    late = ("3.0 alice>bob BYE cseq=2\n3.1 bob>alice 200/BYE cseq=2\n20.0 alice>bob BYE cseq=3\n"
            "30.0 raw alice:9>bob:9 00")
    missing = lambda name: Capture().udp(sip(without=(name,)))
    answered = Capture(config=["calls:", "  calls_max: 16"])
    for number in range(17):
        answered.play(f"call n{number} alice bob\n" + "\n".join(
            f"{number + float(line.split(' ', 1)[0])} {line.split(' ', 1)[1]} call=n{number}"
            for line in CALL.strip().split("\n")))
    return {
        "keep_alive": Capture().udp(b"\r\n" * 9),
        "not_sip": Capture().udp(b"hello there, this is nothing\r\n\r\n"),
        "bad_start_line": Capture().udp(sip("INVITE SIP/2.0")),
        "bad_version": Capture().udp(sip("INVITE sip:2@b.example SIP/3.0")),
        "bad_status_code": Capture().udp(sip("SIP/2.0 2x0 OK")),
        "no_headers": Capture().udp(f"{invite}\r\n\r\n".encode()),
        "header_too_many": Capture().udp(sip(more=["X: y"] * 300)),
        "missing_call_id": missing("Call-ID"),
        "missing_cseq": missing("CSeq"),
        "missing_from": missing("From"),
        "missing_to": missing("To"),
        "missing_via": missing("Via"),
        "bad_cseq": Capture().udp(sip(options)),
        "no_call": Capture().udp(sip("SIP/2.0 200 OK", CSeq="1 BYE")),
        "late": Capture(CALL, late),
        "evicted_call": flood,
        "evicted_answered": answered,
    }


def repaired():
    return {
        "bare_lf": Capture().udp(sip(end="\n")),
        "leading_space": Capture().udp(b"\r\n" + sip()),
        "no_blank_line": Capture().udp(sip(without=("Content-Length",))[:-2]),
        "bad_header_line": Capture().udp(sip(more=["no colon in here"])),
        "content_length_long": Capture().udp(sip(Content_Length="99")),
        "content_length_bad": Capture().udp(sip(Content_Length="many")),
        "start_line_space": Capture().udp(sip("INVITE  sip:2@b.example SIP/2.0")),
        "duplicate_header": Capture().udp(sip(more=["Call-ID: another"])),
    }


def sdp():
    return {
        "repaired": Capture().udp(sip_with(SDP + "nonsense\r\n")),
        "not_sdp": Capture().udp(sip_with("hello\r\n")),
        "bad_media": Capture().udp(sip_with(SDP[:SDP.index("m=")] + "m=audio\r\n")),
        "cut": Capture().udp(sip_with(SDP + "m=audio 4002 RTP/AVP 0\r\n" * 40)),
        "no_address": Capture().udp(sip_with(SDP.replace("IP4 192", "IP4 media.192"))),
        "encoded": Capture().udp(sip_with("packed", more=["Content-Encoding: gzip"])),
        "broken_multipart": Capture().udp(sip_with("no parts", "multipart/mixed")),
        "broken_metadata": Capture().udp(sip_with("<recording>", "application/rs-metadata+xml")),
        "cut_metadata": Capture().udp(sip_with(f"<recording>{'<participant/>' * 40}</recording>",
                                               "application/rs-metadata+xml")),
    }


def events():
    keep = ["events:", "  keep: all"]
    rows = {name: Capture(f"0.0 alice>bob {name.upper()}")
            for name in ("register", "options", "subscribe", "notify", "message", "publish")}
    flood = Capture(config=[*keep, "  pending_max: 16"])
    for number in range(20):
        flood.udp(sip("OPTIONS sip:2@b.example SIP/2.0", Call_ID=f"flood{number}",
                      CSeq="1 OPTIONS"), number / 100)
    crowd = Capture(config=["events:", "  registrations_max: 1"])
    for number, name in enumerate(("alice", "bob")):
        other = "bob" if name == "alice" else "alice"
        crowd.play(f"call r{number} {name} {other}\n"
                   f"{number} {name}>{other} REGISTER call=r{number}\n"
                   f"{number}.5 {other}>{name} 200/REGISTER call=r{number}")
    expired = Capture("call r1 bob alice", "0.0 alice>bob REGISTER header=\"Expires: 5\"",
                      "0.1 bob>alice 200/REGISTER", "9.0 bob>alice REGISTER call=r1",
                      "9.1 alice>bob 200/REGISTER call=r1")
    return {
        **rows,
        "responses": Capture(REGISTER.format(method="OPTIONS")),
        "answered": Capture(REGISTER.format(method="OPTIONS"), config=keep),
        "unanswered": Capture("0.0 alice>bob OPTIONS", config=keep),
        "evicted_event": flood,
        "evicted_registration": crowd,
        "expired_registration": expired,
        "registrations": Capture(REGISTER.format(method="REGISTER")),
        "stored": Capture(REGISTER.format(method="MESSAGE"), config=keep),
    }


def table():
    """{(group, name): Capture}"""
    groups = {"by_class": classes(), "drops": drops(), "fragments": fragment_rows(),
              "sip_assembly": assembly(), "sip_rejected": rejected(), "sip_repaired": repaired(),
              "sdp": sdp(), "events": events()}
    return {(group, name): capture for group, rows in groups.items()
            for name, capture in rows.items()}


# The losses that only `stats` of a running service shows, likewise.
LIVE = {
    ("ports", "missed"): ("tests/live/drops_test.py", "missed"),
    ("ports", "no_buffer"): ("tests/unit/apps/port_drops_test.cc", "no_buffer"),
    ("ports", "errors"): ("tests/live/queues_test.py", "errors"),
    ("ports", "early"): ("tests/unit/apps/port_drops_test.cc", "early"),
    ("ports", "link_losses"): ("tests/live/links_test.py", "link_losses"),
    ("ports", "link_lost_ms"): ("tests/live/links_test.py", "link_lost_ms"),
    ("records", "chunks_failed"): ("tests/unit/apps/record_path_test.cc", "chunks_failed"),
    ("records", "messages_failed"): ("tests/unit/apps/record_path_test.cc", "messages_failed"),
    ("records", "chunks_abandoned"): ("tests/unit/apps/record_path_test.cc", "chunks_abandoned"),
    ("records", "messages_abandoned"): ("tests/unit/apps/record_path_test.cc",
                                        "messages_abandoned"),
    ("records", "packets_cut"): ("tests/unit/apps/record_path_test.cc", "packets_cut"),
    ("records", "commit_failures"): ("tests/unit/apps/record_keeper_test.cc", "commit_failures"),
    ("retention", "failures"): ("tests/unit/apps/retention_thread_test.cc", "failures"),
    ("retention", "expired_early"): ("tests/unit/apps/retention_thread_test.cc", "expired_early"),
    ("retention", "bytes_expired_early"): ("tests/unit/apps/retention_thread_test.cc",
                                           "bytes_expired_early"),
    ("calls", "calls_refused"): ("tests/live/overload_test.py", "calls_refused"),
    ("calls", "recordings_cut"): ("tests/unit/pipelines_calls/recordings_test.cc", "cut"),
    ("calls", "recordings_restored"): ("tests/unit/pipelines_calls/recordings_test.cc",
                                       "restored"),
}
# What else `stats` shows there: how much there was and is, no loss.
LIVE_GAUGES = {
    "ports": {"name", "device", "link", "queues", "packets", "bytes", "by_queue"},
    "retention": {"expired", "held", "segments_removed", "bytes_removed", "bytes_punched"},
    "records": {"chunks_written", "records_committed", "recordings_shredded"},
    "calls": {"messages", "calls_started", "calls_ended", "calls_open", "recordings",
              "recordings_cut_now", "pressure", "numbers", "conversations", "flood_source"},
}
# Those of `stats` that are the same as in `ingest --json`: {name in calls: group}.
LIVE_GROUPS = {"assembly": "sip_assembly", "repaired": "sip_repaired", "sdp": "sdp",
               "rejected": "sip_rejected", "unbound": "unbound"}

# What no packet of a file can move: the test that moves it, and the words by which it is there.
UNIT = "tests/unit/"
ELSEWHERE = {
    ("by_class", "rtp_paused"): (UNIT + "engine/media_shedding_test.cc", "kRtpPaused"),
    ("by_class", "rtp_unrecorded"): (UNIT + "engine/media_policy_test.cc", "kRtpUnrecorded"),
    ("drops", "no_chunk"): (UNIT + "engine/media_shedding_test.cc", "kNoChunk"),
    ("drops", "call_withheld"): (UNIT + "engine/media_shedding_test.cc", "kCallWithheld"),
    ("drops", "writer_full"): (UNIT + "engine/chunker_test.cc", "kWriterFull"),
    ("drops", "stream_table_full"): (UNIT + "engine/media_shedding_test.cc", "kStreamTableFull"),
    ("drops", "address_table_full"): (UNIT + "engine/media_test.cc", "kAddressTableFull"),
    ("drops", "bad_call_handle"): (UNIT + "engine/media_test.cc", "kBadCallHandle"),
    ("drops", "signal_ring_full"): (UNIT + "engine/worker_test.cc", "kSignalRingFull"),
    ("drops", "no_message_buffer"): (UNIT + "engine/worker_test.cc", "kNoMessageBuffer"),
    ("drops", "fragment_shed"): (UNIT + "engine/every_class_test.cc", "kFragmentShed"),
    ("drops", "report_ring_full"): (UNIT + "engine/media_test.cc", "kReportRingFull"),
    ("drops", "rtcp_not_told"): (UNIT + "engine/media_test.cc", "kRtcpNotTold"),
    ("drops", "clock_alarm"): (UNIT + "engine/worker_test.cc", "kClockAlarm"),
    ("fragments", "fragmented_media_lost"): (UNIT + "apps/media_return_test.cc", "kMediaLost"),
    ("fragments", "fragmented_media_forgotten"): (UNIT + "apps/media_return_test.cc",
                                                  "kMediaForgotten"),
    ("sip_rejected", "too_long"): (UNIT + "pipelines_signalling/message_test.cc", "kTooLong"),
    ("sip_rejected", "message_not_kept"): (UNIT + "pipelines_calls/message_log_test.cc",
                                           "message_not_kept"),
    ("sip_rejected", "release_unanswered"): (UNIT + "pipelines_calls/call_plane_test.cc",
                                             "release_unanswered"),
    ("sip_rejected", "report_without_row"): (UNIT + "pipelines_calls/stream_book_test.cc",
                                             "report_without_row"),
    ("sip_rejected", "report_without_call"): (UNIT + "pipelines_calls/call_plane_test.cc",
                                              "report_without_call"),
    ("sdp", "too_long"): (UNIT + "pipelines_signalling/sdp_test.cc", "kTooLong"),
    ("events", "pending"): (UNIT + "pipelines_calls/event_log_test.cc", "events_pending"),
    ("events", "dropped"): (UNIT + "apps/plane_link_test.cc", "events_dropped"),
    ("unbound", "unbound_calls_kept"): ("tests/flow/unbound_kept.call", "unbound_calls_kept"),
    ("unbound", "unbound_calls_refused"): ("tests/flow/unbound_many.call",
                                           "unbound_calls_refused"),
    ("unbound", "unbound_calls_taken"): ("tests/flow/unbound_taken.call", "unbound_calls_taken"),
    ("unbound", "unbound_calls_forbidden"): ("tests/flow/unbound_forbidden.call",
                                             "unbound_calls_forbidden"),
}
