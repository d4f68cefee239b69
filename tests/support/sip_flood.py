"""Floods a SIP address, to be run inside a network namespace:

    sip_flood.py invites PER_S SECONDS FROM_IP TO_IP    new calls with SDP, never answered
    sip_flood.py scans PER_S SECONDS FROM_IP TO_IP      REGISTER and OPTIONS in turn, likewise
    sip_flood.py reinvites PER_S SECONDS FROM_IP TO_IP  a few answered calls, whose sides offer and
                                                        take new ports all the time

Nobody needs to listen at TO_IP: for `reinvites` the answers come from a second socket bound to
FROM_IP, which plays the callee. Prints how many messages went out.
"""

import socket
import sys
import time

MEDIA_IP = "10.77.0.99"  # nobody's: whoever names the port of a running call takes its media
BATCH_S = 0.01
STORM_CALLS = 10


def sdp(port):
    return (f"v=0\r\no=- 1 1 IN IP4 {MEDIA_IP}\r\ns=-\r\nc=IN IP4 {MEDIA_IP}\r\nt=0 0\r\n"
            f"m=audio {port} RTP/AVP 8\r\na=rtpmap:8 PCMA/8000\r\n")


def message(start, sides, call_id, cseq, body, to_tag="", method="INVITE"):
    caller, callee = sides
    tag = f";tag={to_tag}" if to_tag else ""
    return (f"{start}\r\nVia: SIP/2.0/UDP {caller}:5060;branch=z9hG4bK{call_id}{cseq}\r\n"
            f"From: <sip:1{call_id[-6:]}@{caller}>;tag=f{call_id}\r\n"
            f"To: <sip:49409911@{callee}>{tag}\r\nCall-ID: {call_id}\r\nCSeq: {cseq} {method}\r\n"
            f"Contact: <sip:x@{caller}>\r\nMax-Forwards: 70\r\n"
            f"Content-Type: application/sdp\r\nContent-Length: {len(body)}\r\n\r\n{body}").encode()


def invites(number, sides):
    _, callee = sides
    port = 10_000 + number % 25_000 * 2
    yield message(f"INVITE sip:49409911@{callee} SIP/2.0", sides, f"flood{number:08}", 1,
                  sdp(port))


def scans(number, sides):
    _, callee = sides
    method = ("REGISTER", "OPTIONS")[number % 2]
    yield message(f"{method} sip:{callee} SIP/2.0", sides, f"scan{number:08}", 1, "", "", method)


def reinvites(number, sides):
    _, callee = sides
    call, round_ = f"storm{number % STORM_CALLS:06}", number // STORM_CALLS
    port = 10_000 + number * 2 % 50_000
    cseq = round_ + 1
    yield message(f"INVITE sip:49409911@{callee} SIP/2.0", sides, call, cseq, sdp(port),
                  "t" if round_ else "")
    yield message("SIP/2.0 200 OK", sides, call, cseq, sdp(port + 1), "t")
    yield message(f"ACK sip:49409911@{callee} SIP/2.0", sides, call, cseq, "", "t", "ACK")


def main():
    make = {"invites": invites, "reinvites": reinvites, "scans": scans}[sys.argv[1]]
    per_s, seconds = int(sys.argv[2]), float(sys.argv[3])
    sides = caller, callee = sys.argv[4:6]
    out = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    out.bind((caller, 0))
    sent = number = 0
    start = time.monotonic()
    while (now := time.monotonic() - start) < seconds:
        while number < now * per_s:
            for one in make(number, sides):
                try:
                    out.sendto(one, (callee, 5062))
                    sent += 1
                except ConnectionRefusedError:  # an ICMP answer to an earlier one
                    pass
            number += 1
        time.sleep(BATCH_S)
    print(number, sent)


if __name__ == "__main__":
    main()
