"""Calls with G.711 media in both directions, played by sipp on both sides of a NetLab.

The caller plays the A-law capture that Debian's sip-tester package ships, the callee a copy of it
whose payloads are reversed within each packet and whose SSRC differs: a swapped channel or a packet
put into the wrong stream cannot go unnoticed.
"""

import os
import re
import struct
import subprocess

import capture_file
import netlab

G711_CAPTURE = "/usr/share/sip-tester/g711a.pcap"
PACKETS = 236  # in that capture, one stream, none missing
CALLEE_SSRC = 0x7D7D0002
TALK_S = 9.0  # from the answer to BYE, as caller.xml has it, rounded up
SCENARIOS = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "live")
HEADERS = 14 + 20 + 8  # Ethernet, IPv4 without options, UDP: all of this capture's frames


def payloads(path):
    """The RTP payload bytes of a capture, in order of the file."""
    return b"".join(frame[HEADERS + 12:] for _, frame in capture_file.read(path))


def write_callee_capture(path):
    packets = []
    for record, frame in capture_file.read(G711_CAPTURE):
        rtp = frame[HEADERS:HEADERS + 8] + struct.pack(">I", CALLEE_SSRC)
        packets.append((record, frame[:HEADERS] + rtp + frame[HEADERS + 12:][::-1]))
    capture_file.write(path, packets)


class SippLoad:
    """sipp on both sides; `start()` returns at once, `wait()` gives sipp's verdict."""

    def __init__(self, lab, directory):
        self.lab, self.directory = lab, directory
        self.caller_capture = os.path.join(directory, "caller.pcap")
        self.callee_capture = os.path.join(directory, "callee.pcap")
        if not os.path.exists(self.caller_capture):
            os.symlink(G711_CAPTURE, self.caller_capture)
            write_callee_capture(self.callee_capture)
        self._caller = self._callee = None

    def start(self, calls, calls_per_s):
        common = ["-nostdin", "-trace_err", "-aa", "-timeout_error", "-mp", "10000",
                  "-l", str(calls)]
        self._callee = self._sipp(self.lab.callee, netlab.CALLEE_IP, "callee", common)
        if not netlab.wait_until(self._listening, 10):
            raise RuntimeError(f"the called sipp did not start (exit {self._callee.poll()})")
        self._caller = self._sipp(
            self.lab.caller, netlab.CALLER_IP, "caller",
            [f"{netlab.CALLEE_IP}:5060", "-s", "49409900", "-m", str(calls), "-r", str(calls_per_s),
             "-timeout", f"{int(calls / calls_per_s + 60)}s", *common])
        return self._caller

    def _sipp(self, namespace, address, name, arguments):
        scenario = os.path.abspath(os.path.join(SCENARIOS, name + ".xml"))
        with open(os.path.join(self.directory, name + ".out"), "wb") as out:
            return self.lab.start_in(namespace, "sipp", "-i", address, "-p", "5060", "-mi", address,
                                     "-sf", scenario, *arguments, cwd=self.directory, stdout=out,
                                     stderr=subprocess.STDOUT)

    def _listening(self):
        shown = subprocess.run(["ip", "netns", "exec", self.lab.callee, "ss", "-Hlun"],
                               capture_output=True, text=True)
        return ":5060" in shown.stdout

    def wait(self, timeout_s):
        """Waits for the calls; a list of problems, empty when every call succeeded."""
        try:
            status = self._caller.wait(timeout_s)
        except subprocess.TimeoutExpired:
            return [f"sipp did not finish within {timeout_s:.0f} s"]
        finally:
            for process in (self._caller, self._callee):
                netlab.stop(process)
        if status == 0:
            return []
        with open(os.path.join(self.directory, "caller.out"), errors="replace") as out:
            failed = re.findall(r"Failed call +\| +\d+ +\| +(\d+)", out.read())
        return [f"sipp exit status {status}, failed calls: {failed[-1] if failed else 'unknown'}"]
