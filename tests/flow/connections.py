"""TCP connections with SIP or WebSocket in them, and HEP packets, for scenarios."""

import ipaddress
import struct

FIN, SYN, RST, ACK = 1, 2, 4, 16
MASK = b"\x5a\xc3\x01\x99"


class Connection:
    """Keeps the sequence numbers of both directions. Segments are tuples of
    (delay in seconds, source, destination, sequence, flags, payload)."""

    def __init__(self, client, server, options):
        self.client, self.server = client, server
        self.is_web_socket = "ws" in options
        self.deflates = "deflate" in options
        self.next = {client: int(options.get("seq", "1000"), 0), server: 7_000_000}
        self.waiting = {client: b"", server: b""}  # to go with what comes next

    def _peer(self, place):
        return self.server if place == self.client else self.client

    def _segment(self, place, flags, payload=b"", delay=0.0):
        sequence = self.next[place]
        self.next[place] += len(payload) + (1 if flags & (SYN | FIN) else 0)
        return delay, place, self._peer(place), sequence, flags, payload

    def control(self, what, options):
        """`open`, `close`, `reset`, `syn`, `ping`, or `raw` with hex= bytes of the client (of the
        server with from=server). `reset ahead=N` is out of sequence by as many bytes; so is `syn`,
        which somebody forged."""
        sender = self.server if options.get("from") == "server" else self.client
        if what == "open":
            # A client that opens the same ports again has another initial sequence number.
            self.next = {place: number + 90_000_000 for place, number in self.next.items()}
            opened = [self._segment(self.client, SYN), self._segment(self.server, SYN | ACK),
                      self._segment(self.client, ACK)]
            return opened + (self._handshake(options) if self.is_web_socket else [])
        if what == "close":
            return [self._segment(self.client, FIN | ACK), self._segment(self.server, FIN | ACK)]
        if what in ("reset", "syn"):
            flags = RST if what == "reset" else SYN
            sequence = (self.next[sender] + int(options.get("ahead", 0))) & 0xFFFFFFFF
            return [(0.0, sender, self._peer(sender), sequence, flags, b"")]
        if what == "ping" and self.is_web_socket:
            return [self._segment(self.client, ACK, frame(b"hi", 9, True)),
                    self._segment(self.server, ACK, frame(b"hi", 10, False))]
        if what == "ping":
            return [self._segment(self.client, ACK, b"\r\n\r\n"),
                    self._segment(self.server, ACK, b"\r\n")]
        if what == "raw":
            return [self._segment(sender, ACK, bytes.fromhex(options["hex"]))]
        raise ValueError(f"a connection does not know {what}")

    def _handshake(self, options):
        subprotocol = options.get("protocol", "sip")
        ask = ("GET /ws HTTP/1.1\r\nHost: flow.example\r\nUpgrade: websocket\r\n"
               "Connection: Upgrade\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
               f"Sec-WebSocket-Protocol: {subprotocol}\r\nSec-WebSocket-Version: 13\r\n\r\n")
        agree = ("HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n"
                 "Connection: Upgrade\r\nSec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n"
                 f"Sec-WebSocket-Protocol: {subprotocol}\r\n\r\n")
        return [self._segment(self.client, ACK, ask.encode()),
                self._segment(self.server, ACK, agree.encode())]

    def send(self, address, message, options):
        """The segments that carry `message`, sent by the end with this address."""
        place = self.client if self.client[0] == address else self.server
        if self.is_web_socket:
            message = self._frames(place, message, int(options.get("frames", 1)))
        message, self.waiting[place] = self.waiting[place] + message, b""
        if "glue" in options:  # with the next message
            self.waiting[place] = message
            return []
        cuts = [0] + [int(at) for at in options.get("split", "").split(",") if at] + [len(message)]
        pieces = [self._segment(place, ACK, message[begin:end])
                  for begin, end in zip(cuts, cuts[1:])]
        order = [int(index) for index in options.get("order", "").split(",") if index]
        lost = {int(index) for index in options.get("lose", "").split(",") if index}
        again = [int(index) for index in options.get("again", "").split(",") if index]
        step = float(options.get("step", 1)) / 1000
        sent = [pieces[index] for index in (order or range(len(pieces))) if index not in lost]
        sent = [(position * step, *piece[1:]) for position, piece in enumerate(sent)]
        return sent + [(0.3, *pieces[index][1:]) for index in again]

    def _frames(self, place, message, count):
        size = -(-len(message) // count)
        parts = [message[at:at + size] for at in range(0, len(message), size)]
        masked = place == self.client
        return b"".join(frame(part, 0 if index else 1, masked, index + 1 == len(parts),
                              self.deflates and index == 0) for index, part in enumerate(parts))


def frame(payload, opcode, masked, final=True, compressed=False):
    first = opcode | (0x80 if final else 0) | (0x40 if compressed else 0)
    mask_bit = 0x80 if masked else 0
    if len(payload) < 126:
        head = struct.pack(">BB", first, mask_bit | len(payload))
    else:
        head = struct.pack(">BBH", first, mask_bit | 126, len(payload))
    if not masked:
        return head + payload
    return head + MASK + bytes(byte ^ MASK[i % 4] for i, byte in enumerate(payload))


def hep(source, destination, time, payload, payload_type):
    from_ip, to_ip = ipaddress.ip_address(source[0]), ipaddress.ip_address(destination[0])
    of_version = (3, 4) if from_ip.version == 4 else (5, 6)
    micros = round(time * 1_000_000)
    chunks = [(1, b"\x02" if from_ip.version == 4 else b"\x0a"), (2, b"\x11"),
              (of_version[0], from_ip.packed), (of_version[1], to_ip.packed),
              (7, struct.pack(">H", source[1])), (8, struct.pack(">H", destination[1])),
              (9, struct.pack(">I", micros // 1_000_000)),
              (10, struct.pack(">I", micros % 1_000_000)), (11, bytes([payload_type])),
              (12, struct.pack(">I", 2001)), (14, b"secret"), (15, payload)]
    body = b"".join(struct.pack(">HHH", 0, number, 6 + len(value)) + value
                    for number, value in chunks)
    return b"HEP3" + struct.pack(">H", 6 + len(body)) + body
