"""Compares what Tapdeck found in one capture with the corpus's ground truth.

Differences are texts that stay the same from run to run; they name a stream by its SSRC and ports,
so that no third party's address is written down here.
"""

import re

# Captures with these features need what Tapdeck cannot do yet; they must only ingest cleanly.
EXEMPT = {"sip-tls", "webrtc", "transfer"}
EXEMPT_PREFIXES = ("esp",)

# tshark's names of codecs -> encoding names of RFC 3551 and its successors. Names that are absent
# here (RTPType-96, Unassigned) say nothing about the codec.
ENCODING = {"g711U": "PCMU", "g711A": "PCMA", "g722": "G722", "g729": "G729", "GSM": "GSM",
            "CN": "CN", "telephone-event": "telephone-event", "opus": "opus", "speex": "speex",
            "AMR": "AMR", "AMR-WB": "AMR-WB", "iLBC": "iLBC", "L16": "L16", "DVI4 8k": "DVI4",
            "DVI4 16k": "DVI4", "VP8": "VP8", "VP9": "VP9", "H264": "H264", "H265": "H265",
            "h263": "H263"}


def is_exempt(capture):
    return any(feature in EXEMPT or feature.startswith(EXEMPT_PREFIXES)
               for feature in capture["features"])


def compare(capture, streams, summary, calls):
    """The differences of one capture, sorted."""
    found = []

    def expect(what, truth, ours):
        if truth != ours:
            found.append(f"{what}: truth {truth}, ours {ours}")

    expect("packets in file", capture["packets"], summary["packets"])
    # The truth counts Call-IDs with an INVITE, and those with a 2xx to one that may be missing.
    expect("calls", capture["invite_dialogs"],
           len({call["call_id"] for call in calls if call["sip_methods"].get("INVITE", 0) >= 1}))
    expect("answers", capture["invite_answered"],
           len({call["call_id"] for call in calls if call["answered"]}))
    return sorted(found + compare_streams(capture, streams, calls))


def compare_streams(capture, streams, calls):
    truth, guessed = truth_streams(capture)
    ours = merge(streams, calls)
    found = []
    for key, row in truth.items():
        name = stream_name(key)
        if key not in ours:
            found.append(f"{name}: truth {row['packets']} packets, ours none")
        else:
            found += compare_stream(name, row, ours[key])
    for key, row in ours.items():
        # RTP that no SDP explains and tshark does not know: only its heuristics can confirm it.
        if key not in truth and (row["bound"] or key not in guessed):
            found.append(f"{stream_name(key)}: truth none, ours {row['packets']} packets")
    return found


# A line of tshark's table that the index holds as text: start, end, addresses, SSRC, codecs,
# packets, lost.
RAW_ROW = re.compile(r"\s*\S+\s+\S+\s+(\S+)\s+(\d+)\s+(\S+)\s+(\d+)\s+(0x[0-9A-Fa-f]{8})\s+"
                     r"(\S.*?)\s+(\d+)\s+(-?\d+) \(")


def parsed(row):
    """The row of one stream, whether the index has it as fields or as tshark's line."""
    if "raw" not in row:
        return row
    source, port, destination, to_port, ssrc, codec, packets, lost = RAW_ROW.match(
        row["raw"]).groups()
    return {"src": f"{bracketed(source)}:{port}", "dst": f"{bracketed(destination)}:{to_port}",
            "ssrc": ssrc, "codec": codec, "packets": int(packets), "lost": int(lost)}


def bracketed(address):
    return f"[{address}]" if ":" in address else address


def truth_streams(capture):
    """(streams that must be there, streams that may be there), both {key: row}."""
    known = {key_of(row): row for row in map(parsed, capture["rtp_streams"])}
    guessed = {key_of(row): row for row in map(parsed, capture["rtp_streams_heuristic"])}
    misleading = {"negative", "noise"} & set(capture["features"])
    if capture["sip_messages_total"] == 0 and not misleading:
        # The heuristics are the better truth where no signalling tells tshark what is RTP.
        return {**guessed, **known}, guessed
    return known, guessed


def key_of(row):
    return row["src"], row["dst"], row["ssrc"].lower()


def stream_name(key):
    source, destination, ssrc = key
    return f"stream {ssrc} {source.rsplit(':', 1)[1]}>{destination.rsplit(':', 1)[1]}"


def merge(streams, calls):
    """Our streams by key; one that two calls used after each other is one to tshark. Codecs of
    dynamic payload types are known to the calls only."""
    merged = {}
    for stream in streams:
        row = merged.setdefault(key_of(stream), {"packets": 0, "lost": 0, "bound": False,
                                                 "codecs": set(), "types": set()})
        row["packets"] += stream["packets"]
        row["lost"] += stream["lost"]
        row["bound"] = row["bound"] or stream["bound"]
        if stream["codec"] and not stream["bound"]:
            row["codecs"].add(stream["codec"])
        row["types"] |= {int(payload_type) for payload_type in stream["payload_packets"]}
    for media in (media for call in calls for media in call["media"]):
        if media["ssrc"] and media["codec"] and key_of(media) in merged:
            merged[key_of(media)]["codecs"].add(media["codec"])
    return merged


def compare_stream(name, truth, ours):
    found = []
    for field in ("packets", "lost"):
        if truth[field] != ours[field]:
            found.append(f"{name}: {field}: truth {truth[field]}, ours {ours[field]}")
    # Which types, not how many of each: the index counts frames there, quoted ones included.
    types = sorted(int(payload_type) for payload_type in truth.get("pt", {}))
    if types and types != sorted(ours["types"]):
        found.append(f"{name}: payload types: truth {types}, ours {sorted(ours['types'])}")
    names = {ENCODING[part] for part in (truth["codec"] or "").split(", ") if part in ENCODING}
    # The codec of a dynamic payload type is known only to who has seen the SDP.
    is_static = all(payload_type < 96 for payload_type in types)
    if names and (ours["bound"] or is_static):
        codecs = {codec.lower() for codec in ours["codecs"]}
        if not codecs <= {codec.lower() for codec in names} or not codecs:
            found.append(f"{name}: codec: truth {sorted(names)}, ours {sorted(ours['codecs'])}")
    return found
