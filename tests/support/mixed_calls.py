"""Calls whose signalling must be put together: over TCP in small segments and in fragmented UDP by
turns; behind each something that will never be whole, so that there is always something waiting."""

import os
import sys
import tempfile

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "flow"))
import frames
import transport_flood
from scenario import Scenario

ANSWER_S = 0.2
RTP_EVERY_MS = 100
HEAD = "party alice 192.0.2.10:5060\nparty bob 198.51.100.20:5060\n"
CALL = """\
call {name} alice bob id={name}@mixed
connection {name} alice:{tcp}>bob:5060
{open}{at:.3f} alice>bob INVITE call={name} sdp={a} {way}
{answer:.3f} bob>alice 200/INVITE call={name} sdp={b} {way}
{ack:.3f} alice>bob ACK call={name} {on}
{media:.3f} rtp alice:{a}>bob:{b} ssrc={ssrc} count={packets} every={every}
{media:.3f} rtp bob:{b}>alice:{a} ssrc={back} count={packets} every={every}
{end:.3f} alice>bob BYE call={name} cseq=2 {way}
{over:.3f} bob>alice 200/BYE call={name} cseq=2 {on}
"""


def name_of(tag, number):
    return f"{tag}-{number}"


def packets_of(talk_s):
    """Of each direction of a call."""
    return int(talk_s * 1000 / RTP_EVERY_MS)


def _text(number, tag, at, talk_s):
    on_tcp = number % 2 == 0
    name = name_of(tag, number)
    on = f"on={name}" if on_tcp else ""
    way = f"{on} split=70,140,210 order=1,0,3,2" if on_tcp else "fragments=160"
    return CALL.format(
        name=name, tcp=20_000 + number, at=at, way=way, on=on,
        open=f"{at - 0.01:.3f} tcp {name} open\n" if on_tcp else "", a=10_000 + 4 * number,
        b=10_002 + 4 * number, ssrc=0xC0000 + 2 * number, back=0xC0001 + 2 * number,
        packets=packets_of(talk_s), every=RTP_EVERY_MS, answer=at + ANSWER_S,
        ack=at + ANSWER_S + 0.02, media=at + ANSWER_S + 0.04, end=at + ANSWER_S + talk_s + 0.2,
        over=at + ANSWER_S + talk_s + 0.3)


def write(path, calls, calls_per_s, talk_s, tag="mixed"):
    """{Call-ID: seconds from the first frame to the answer}"""
    starts = [0.02 + number / calls_per_s for number in range(calls)]
    with tempfile.NamedTemporaryFile("w", encoding="utf-8") as file:
        file.write(HEAD + "".join(_text(number, tag, at, talk_s)
                                  for number, at in enumerate(starts)))
        file.flush()
        rows = Scenario(file.name).frames
    waiting = zip(starts, transport_flood.fragments(calls), _connections(calls))
    for at, fragment, segments in waiting:
        rows += [(at + 0.1, at + 0.1, frame) for frame in (fragment, *segments)]
    first = min(at for at, _, _ in rows)
    frames.write_capture(path, rows)
    return {f"{name_of(tag, number)}@mixed": at + ANSWER_S - first
            for number, at in enumerate(starts)}


def _connections(count):
    rows = list(transport_flood.connections(count))
    return [rows[3 * number:3 * number + 3] for number in range(count)]


def is_mixed(call):
    return call["call_id"].endswith("@mixed")

