#!/usr/bin/env python3
"""A baresip on one host of a NetLab: sends a tone of its own, does as it is told, says what it saw.

Commands go through its control socket (module ctrl_tcp), which listens on the loopback of its
namespace: this file, run there as a program, passes one on.
"""

import array
import dataclasses
import json
import math
import os
import re
import socket
import subprocess
import sys
import wave

import netlab
from proxy import bracketed

CONTROL_PORT = 4444
MODULES = "/usr/lib/baresip/modules"
CONFIG = """\
sip_listen {listen}:5060
call_max_calls 4
audio_player aufile,{directory}/heard.wav
audio_source aufile,{directory}/tone.wav
audio_alert ausine,400
audio_channels 1
rtp_ports 20000-20100
rtp_stats yes
rtcp_mux no
jitter_buffer_delay 0-1
ctrl_tcp_listen 127.0.0.1:{control_port}
module_path {modules}
module g711.so
module aufile.so
module ausine.so
module_app account.so
module_app contact.so
module_app menu.so
module_app ctrl_tcp.so
module_tmp uuid.so
"""
TONE_S = 60  # longer than any call here
RATE_HZ = 8_000


@dataclasses.dataclass(frozen=True)
class Phone:
    number: str
    tone_hz: int
    host: int  # of the lab, from 1 on
    answers: bool = True


class Softphone:
    def __init__(self, lab, directory, phone, transport, proxy_address, ipv6=False):
        self.lab, self.phone, self.transport = lab, phone, transport
        self.namespace = lab.hosts[phone.host - 1]
        self.address = netlab.address_of(phone.host, ipv6)
        self.proxy = bracketed(proxy_address)
        self.directory = os.path.join(directory, f"phone{phone.number}")
        self.log = os.path.join(self.directory, "log")
        self.process = None
        self._write(ipv6)

    def _write(self, ipv6):
        os.makedirs(self.directory)
        phone = self.phone
        mode = "auto" if phone.answers else "manual"
        with open(os.path.join(self.directory, "accounts"), "w", encoding="utf-8") as file:
            file.write(f'"Phone {phone.number}" <sip:{phone.number}@{self.proxy};transport='
                       f'{self.transport}>;regint=0;answermode={mode};audio_codecs=PCMA;'
                       f'outbound="sip:{self.proxy}:5060;transport={self.transport}"\n')
        with open(os.path.join(self.directory, "contacts"), "w", encoding="utf-8"):
            pass
        with open(os.path.join(self.directory, "config"), "w", encoding="utf-8") as file:
            file.write(CONFIG.format(listen=bracketed(self.address), directory=self.directory,
                                     control_port=CONTROL_PORT,
                                     modules=MODULES))
            if ipv6:
                file.write("net_af ipv6\n")
        write_tone(os.path.join(self.directory, "tone.wav"), phone.tone_hz)

    def start(self):
        with open(self.log, "wb") as log:
            self.process = self.lab.start_in(self.namespace, "stdbuf", "-oL", "baresip",
                                             "-f", self.directory, stdin=subprocess.DEVNULL,
                                             stdout=log, stderr=subprocess.STDOUT)
        if not netlab.wait_until(lambda: self.has_said("baresip is ready"), 20):
            raise RuntimeError(f"baresip {self.phone.number} did not start: {self.text()[-300:]}")

    def command(self, name, parameters=""):
        self.lab.run_in(self.namespace, "python3", "-B", os.path.abspath(__file__), name,
                        parameters, stdout=subprocess.DEVNULL)

    def dial(self, number):
        self.command("dial", f"sip:{number}@{self.proxy}")

    def transfer(self, number):
        self.command("transfer", f"sip:{number}@{self.proxy}")

    def hang_up(self):
        self.command("hangup")

    def text(self):
        with open(self.log, errors="replace") as log:
            return log.read()

    def has_said(self, text):
        return text in self.text()

    def established(self):
        return len(re.findall(r"Call established", self.text()))

    def closed(self):
        """The packets that it sent in each call that has ended."""
        return [int(sent) for sent in re.findall(r"^packets: +(\d+) +\d+", self.text(), re.M)]

    def stop(self):
        netlab.stop(self.process)


def write_tone(path, tone_hz):
    turn = 2 * math.pi * tone_hz / RATE_HZ
    second = array.array("h", (int(8_000 * math.sin(turn * i)) for i in range(RATE_HZ)))
    with wave.open(path, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(RATE_HZ)
        file.writeframes(second.tobytes() * TONE_S)  # a whole number of hertz joins without a step


def main():
    """Sends one command as a netstring of JSON, waits for its answer."""
    message = json.dumps({"command": sys.argv[1], "params": sys.argv[2], "token": "1"})
    with socket.create_connection(("127.0.0.1", CONTROL_PORT), 5) as connection:
        connection.sendall(f"{len(message)}:{message},".encode())
        received = b""
        while b'"response":true' not in received.replace(b" ", b""):
            part = connection.recv(4096)
            if not part:
                return 1
            received += part
    return 0


if __name__ == "__main__":
    sys.exit(main())
