"""Reads a scenario (tests/flow/README.md has the language) and turns it into frames and checks."""

import re
import shlex

import connections
import frames
import layers

SWITCHES = {"compact", "fold", "multipart", "lf", "no_length", "rr", "json", "glue", "ws",
            "deflate"}
COMPACT = {"Via": "v", "From": "f", "To": "t", "Call-ID": "i", "Contact": "m",
           "Content-Type": "c", "Content-Length": "l"}
REASONS = {100: "Trying", 180: "Ringing", 183: "Session Progress", 200: "OK", 302: "Moved",
           401: "Unauthorized", 404: "Not Found", 407: "Proxy Authentication Required",
           486: "Busy Here", 487: "Request Terminated", 603: "Decline"}


class Call:
    def __init__(self, name, caller, callee, options):
        self.name, self.caller, self.callee = name, caller, callee
        self.id = options.get("id", f"{name}@flow.example")
        self.tags = {caller: options.get("from_tag", f"{name}-a"),
                     callee: options.get("to_tag", f"{name}-b")}
        self.dialled = options.get("dialled")
        self.refused = set()  # CSeq numbers of INVITEs with a final response from 300 on


class Scenario:
    def __init__(self, path):
        self.title = ""
        self.parties, self.calls, self.frames, self.checks = {}, {}, [], []
        self.vlan, self.ip_options, self.ingest = None, b"", []
        self.files = {"config": [], "policies": [], "directory": []}  # lines of YAML
        self.queries = []
        self.connections, self.mirror = {}, None
        self.ways, self.fragmented = {"": ""}, 0
        with open(path, encoding="utf-8") as file:
            for number, line in enumerate(file, 1):
                try:
                    verbatim = line.partition(" ")[0] in self.files
                    self._read(line.rstrip() if verbatim else line.strip())
                except (ValueError, KeyError, IndexError) as problem:
                    raise ValueError(f"{path}:{number}: {problem!r} in {line.strip()!r}") from None

    def _read(self, line):
        if not line or line.startswith("#"):
            return
        word, _, rest = line.partition(" ")
        if word == "title":
            self.title = rest
        elif word == "expect":
            self.checks.append(parse_check(rest))
        elif word == "party":
            name, place, *options = shlex.split(rest)
            self.parties[name] = {"place": split_place(place), **parse_options(options)}
        elif word == "call":
            name, caller, callee, *options = shlex.split(rest)
            self.calls[name] = Call(name, caller, callee, parse_options(options))
        elif word == "connection":
            name, path, *options = shlex.split(rest)
            client, server = map(self._media_place, path.split(">"))
            self.connections[name] = connections.Connection(client, server,
                                                            parse_options(options))
        elif word == "mirror":
            self.mirror = int(rest)
        elif word == "vlan":
            self.vlan = int(rest)
        elif word == "ip_options":
            self.ip_options = bytes.fromhex(rest)
        elif word in self.files:
            self.files[word].append(rest)
        elif word == "query":
            self.queries.append(shlex.split(rest))
        elif word == "ingest":
            self.ingest = shlex.split(rest)
        elif word == "way":
            name, self.ways[name] = rest.split()
        else:
            self._read_packet(float(word), shlex.split(rest))

    def _read_packet(self, time, words):
        if words[0] == "tcp":
            connection = self.connections[words[1]]
            options = parse_options(words[3:])
            self._add_segments(time, connection.control(words[2], options), options)
            return
        if words[0] in ("rtp", "rtcp", "udptl", "raw"):
            words[:2] = [words[1], words[0]]
        path, kind, *rest = words
        source, destination = path.split(">")
        if kind == "rtp":
            self._add_rtp(time, source, destination, parse_options(rest))
        elif kind == "udptl":
            self._add_udptl(time, source, destination, parse_options(rest))
        elif kind == "rtcp":
            options = parse_options(rest)
            self._add_told(time, (self._media_place(source), self._media_place(destination)),
                           self._rtcp(options), options, 5)
        elif kind == "raw":
            self._add(time, self._media_place(source), self._media_place(destination),
                      bytes.fromhex(rest[0]), parse_options(rest[1:]))
        else:
            self._add_sip(time, source, destination,
                          self._sip(source, destination, kind, parse_options(rest)),
                          parse_options(rest))

    def _add_sip(self, time, source, destination, message, options):
        places = self.parties[source]["place"], self.parties[destination]["place"]
        if "on" in options:
            connection = self.connections[options["on"]]
            self._add_segments(time, connection.send(places[0][0], message, options), options)
        else:
            self._add_told(time, places, message, options, 1)

    def _add_told(self, time, places, payload, options, hep_type):
        """A datagram as it is, or in HEP of this type."""
        if "hep" not in options:
            self._add(time, *places, payload, options)
            return
        at = frames.BASE_S + float(options.get("hep_time", time))
        packet = connections.hep(*places, at, payload, int(options.get("hep_type", hep_type)))
        agent, collector = options["hep"].split(">")
        self._add(time, self._media_place(agent), self._media_place(collector), packet, options)

    def _add_segments(self, time, segments, options):
        """Of (delay in seconds, source, destination, sequence, flags, payload)."""
        for delay, *segment in segments:
            self._add_frames(time + delay, options, lambda vlan, of=segment: frames.tcp_frame(
                *of, vlan, self.ip_options))

    @staticmethod
    def _rtcp(options):
        block = b""
        if "about" in options:
            block = frames.rtcp_block(
                number_of(options["about"]), int(options.get("fraction", 0)),
                int(options.get("jitter", 0)), number_of(options.get("lsr", "0")),
                float(options.get("dlsr", 0)))
        report = frames.rtcp_report(number_of(options["ssrc"]), block,
                                    number_of(options.get("ntp", "0")), "rr" not in options)
        return frames.rtcp_json(report) if "json" in options else report

    def _add(self, time, source, destination, payload, options):
        self._add_frames(time, options, lambda vlan: frames.udp_frame(
            source, destination, payload, vlan, self.ip_options))

    def _add_frames(self, time, options, frame_in):
        """What `frame_in` makes for a VLAN, and once more for that of the mirror."""
        stamp = float(options.get("stamp", time))
        self.fragmented += 1 if "fragments" in options else 0
        copies = [(0, self.vlan)] + ([] if self.mirror is None else [(0.0005, self.mirror)])
        for later, vlan in copies:
            for index, part in enumerate(self._parts(frame_in(vlan), options)):
                # Apart by a microsecond at least: they are put into the file by time.
                after = later + index * float(options.get("fragment_step", 0.001)) / 1e3
                part = layers.wrap(part, self.ways[options.get("way", "")])
                part = frames.Cut(part, int(options["cut"])) if "cut" in options else part
                self.frames.append((time + after, stamp + after, part))

    def _parts(self, frame, options):
        """The frame, or its fragments in the order of `order`: their numbers, one with `!` has
        another last byte."""
        if "fragments" not in options:
            return [frame]
        parts = layers.fragments(frame, int(options["fragments"]), self.fragmented)
        order = list(map(str, range(len(parts))))
        if "order" in options and "on" not in options:  # of a connection it orders segments
            order = options["order"].split(",")
        return [layers.altered(parts[int(number[:-1])]) if number.endswith("!")
                else parts[int(number)] for number in order]

    def _media_place(self, text):
        """`alice:4000` or `192.0.2.1:4000`: a party's address with a media port."""
        name, port = text.rsplit(":", 1)
        address = self.parties[name]["place"][0] if name in self.parties else name.strip("[]")
        return address, int(port)

    def _add_rtp(self, time, source, destination, options):
        from_place, to_place = self._media_place(source), self._media_place(destination)
        ssrc, first = number_of(options["ssrc"]), int(options.get("seq", 1))
        payload_type, step = int(options.get("pt", 0)), float(options.get("every", 20)) / 1000
        lost, doubled = numbers(options.get("lose")), numbers(options.get("dup"))
        delays = dict(pair.split(":") for pair in options.get("delay", "").split(",") if pair)
        for index in range(int(options["count"])):
            if index in lost:
                continue
            payload = bytes([int(options.get("byte", "0xD5"), 0)]) * int(options.get("bytes", 160))
            if "hex" in options:
                payload = bytes.fromhex(options["hex"])
            packet = frames.rtp(ssrc, first + index, int(options.get("ts", 0)) + 160 * index,
                                payload_type, payload, index == 0)
            at = time + index * step + float(delays.get(str(index), 0)) / 1000
            for _ in range(2 if index in doubled else 1):
                self._add(at, from_place, to_place, packet, options)

    def _add_udptl(self, time, source, destination, options):
        from_place, to_place = self._media_place(source), self._media_place(destination)
        first, step = int(options.get("seq", 0)), float(options.get("every", 20)) / 1000
        lost, doubled = numbers(options.get("lose")), numbers(options.get("dup"))
        primary = b"\xc0" + bytes(int(options.get("bytes", 40)) - 1)
        for index in range(int(options["count"])):
            if index not in lost:
                packet = frames.udptl(first + index, primary, [primary] if index else [])
                for _ in range(2 if index in doubled else 1):
                    self._add(time + index * step, from_place, to_place, packet, options)

    def _sip(self, source, destination, what, options):
        """One message. `what` is a method, or STATUS/METHOD of the request it answers."""
        call = self.calls[options.get("call", next(iter(self.calls)))]
        status, _, method = what.rpartition("/")
        sent_by_caller = source == call.caller or destination == call.callee
        asked_by_caller = sent_by_caller != bool(status)
        asker, asked = ((call.caller, call.callee) if asked_by_caller
                        else (call.callee, call.caller))
        dialled = options.get("dialled", call.dialled)
        target = f"sip:{options['target']}@flow.example" if "target" in options else None
        uri = target or self._uri(asked, call, dialled=dialled)
        start = (f"SIP/2.0 {status} {options.get('reason', REASONS.get(int(status), 'Text'))}"
                 if status else f"{method} {uri} SIP/2.0")
        has_to_tag = (int(status) > 100) if status else method not in ("INVITE", "CANCEL")
        to_tag = options.get("to_tag", call.tags[asked] if has_to_tag else "")
        cseq = options.get("cseq", "1")
        via = options.get("via", asker if not status else destination)
        if method == "INVITE" and status >= "300":
            call.refused.add(cseq)
        # A CANCEL has the branch of its INVITE, as has the ACK of a refusal (RFC 3261 17.1.1.3).
        of_invite = method == "CANCEL" or (method == "ACK" and cseq in call.refused)
        headers = [("Via", f"SIP/2.0/UDP {self._host(via)};branch=z9hG4bK{call.name}"
                           f"{'INVITE' if of_invite else method}{cseq}"
                           f"{options.get('branch', '')}"),
                   ("From", f"<{self._uri(asker, call)}>;"
                            f"tag={options.get('from_tag', call.tags[asker])}"),
                   ("To", f"<{self._uri(asked, call, dialled=dialled)}>"
                          + (f";tag={to_tag}" if to_tag else "")),
                   ("Call-ID", call.id),
                   ("CSeq", f"{cseq} {'INVITE' if method == 'INVITE' else method}"),
                   ("Contact", f"<sip:{source}@{self._host(source)}>")]
        headers += [tuple(text.split(": ", 1)) for text in options.get("header", [])]
        return encode(start, headers, self._body(source, options), options)

    def _host(self, party):
        address, port = self.parties[party]["place"]
        return f"[{address}]:{port}" if ":" in address else f"{address}:{port}"

    def _uri(self, party, call, dialled=None):
        user = self.parties[party].get("number", party)
        if dialled and party == call.callee:
            user = dialled
        return f"sip:{user}@flow.example"

    def _body(self, source, options):
        if "sdp" not in options:
            return None
        address = options.get("ip", self.parties[source]["place"][0])
        family = "IP6" if ":" in address else "IP4"
        payload_types = options.get("pts", "0").replace(",", " ")
        lines = ["v=0", f"o=- 1 {options.get('version', 1)} IN {family} {address}", "s=-",
                 f"c=IN {family} {address}", "t=0 0", *options.get("session", []),
                 f"m=audio {options['sdp']} {options.get('proto', 'RTP/AVP')} {payload_types}"]
        lines += ["a=" + text for text in options.get("a", [])]
        if "dir" in options:
            lines.append("a=" + options["dir"])
        lines += options.get("line", [])
        return "\r\n".join(lines) + "\r\n"


def encode(start, headers, body, options):
    content = body or ""
    if "multipart" in options and body is not None:
        other, text = options.get("type", "text/plain"), options.get("body", "hello")
        text = text.replace("\\n", "\r\n")
        parts = [f"Content-Type: {other}\r\n\r\n{text}\r\n",
                 f"Content-Type: application/sdp\r\n\r\n{body}\r\n"]
        headers.append(("Content-Type", 'multipart/mixed;boundary="edge"'))
        content = "".join(f"--edge\r\n{part}" for part in parts) + "--edge--\r\n"
    elif "sipfrag" in options:
        headers.append(("Content-Type", "message/sipfrag;version=2.0"))
        content = options["sipfrag"] + "\r\n"
    elif "body" in options:
        headers.append(("Content-Type", options["type"]))
        content = options["body"].replace("\\n", "\r\n")
    elif body is not None:
        headers.append(("Content-Type", "application/sdp"))
    if "no_length" not in options:
        length = len(content) + int(options.get("length_error", 0))
        headers.append(("Content-Length", str(length)))
    if "compact" in options:
        headers = [(COMPACT.get(name, name.lower()), value) for name, value in headers]
    glue = "\r\n  " if "fold" in options else " "
    lines = [start] + [f"{name} :{glue}{value.replace(';', glue + ';', 1)}" if "fold" in options
                       else f"{name}: {value}" for name, value in headers]
    text = "\r\n".join(lines) + "\r\n\r\n" + content
    return (text.replace("\r\n", "\n") if "lf" in options else text).encode()


def parse_options(words):
    """key=value words and switches; `header`, `a`, `line` and `session` may come several times."""
    options = {}
    for word in words:
        key, equals, value = word.partition("=")
        if not equals and key not in SWITCHES:
            raise ValueError(f"unknown switch {key}")
        if key in ("header", "a", "line", "session"):
            options.setdefault(key, []).append(value)
        else:
            options[key] = value
    return options


def split_place(text):
    address, port = text.rsplit(":", 1)
    return address.strip("[]"), int(port)


def number_of(text):
    return int(text, 0) if text is not None else None


def numbers(text):
    return {int(part) for part in text.split(",")} if text else set()


OPERATORS = {"==": lambda a, b: a == b, "!=": lambda a, b: a != b, "<": lambda a, b: a < b,
             ">": lambda a, b: a > b, "has": lambda a, b: b in a, "hasnt": lambda a, b: b not in a}


def parse_check(text):
    match = re.match(r"(.+?) (==|!=|<|>|has|hasnt) (.+)$", text)
    if not match:
        raise ValueError("an expectation is PATH OPERATOR VALUE")
    path, operator, value = match.groups()
    return text, path, operator, value


def look_up(root, path):
    """`calls[0].media[ssrc=0x00000001].lost`; `.count` of a list is its length."""
    value = root
    for name, selector in re.findall(r"([A-Za-z_0-9]+)|\[([^\]]+)\]", path):
        if selector and "=" in selector:
            key, wanted = selector.split("=", 1)
            found = [item for item in value if str(item.get(key)) == wanted]
            if len(found) != 1:
                raise LookupError(f"{len(found)} items have {selector}")
            value = found[0]
        elif selector:
            value = value[int(selector)]
        elif name == "count" and isinstance(value, list):
            value = len(value)
        else:
            value = value[name]
    return value
