"""SIP hosts joined through another network namespace in which their traffic is mirrored.

        caller 10.77.0.1 ---veth--- [ bridge in `tap` ] ---veth--- 10.77.0.2 callee
                                        |          \\---veth--- 10.77.0.3 and more, if asked for
                                 tc mirred (ingress of all ports)
                                        |
                                     mon0 ---veth--- mon1      <- the capture side

`mon1` sees each packet of all directions once, as the mirror port of a switch would show it.
All names carry the process id, so runs beside each other do not meet. `close()` removes every
namespace, and with it every interface; it may be called any number of times.
"""

import os
import signal
import subprocess
import time

CALLER_IP = "10.77.0.1"  # hosts 1 and 2
CALLEE_IP = "10.77.0.2"


def address_of(host, ipv6=False):
    """The address of a host by its number, from 1 on."""
    return f"fd77::{host}" if ipv6 else f"10.77.0.{host}"


class NetLab:
    def __init__(self, hosts=2, ipv6=False):
        """With `ipv6` the hosts speak nothing else, and IPv6 has its usual chatter."""
        tag = f"td{os.getpid()}"
        self.hosts = [f"{tag}{chr(ord('a') + i)}" for i in range(hosts)]
        self.caller, self.callee = self.hosts[:2]
        self.tap = f"{tag}tap"
        self.ipv6 = ipv6
        self.monitor = "mon1"
        self._processes = []
        try:
            self._build()
        except Exception:
            self.close()
            raise

    def _build(self):
        for name in (*self.hosts, self.tap):
            ip("netns", "add", name)
            ip("-n", name, "link", "set", "lo", "up")
        ip("-n", self.tap, "link", "add", "br0", "type", "bridge")
        # Without a forwarding delay, and without the neighbour chatter of IPv6.
        ip("-n", self.tap, "link", "set", "br0", "up")
        ports = [f"p{i}" for i in range(1, len(self.hosts) + 1)]
        for number, (name, port) in enumerate(zip(self.hosts, ports), 1):
            if not self.ipv6:
                self.run_in(name, "sysctl", "-qw", "net.ipv6.conf.all.disable_ipv6=1")
            ip("-n", name, "link", "add", "eth0", "type", "veth",
               "peer", "name", port, "netns", self.tap)
            if self.ipv6:
                ip("-n", name, "addr", "add", f"{address_of(number, True)}/64", "dev", "eth0",
                   "nodad")
            else:
                ip("-n", name, "addr", "add", f"{address_of(number)}/24", "dev", "eth0")
            ip("-n", name, "link", "set", "eth0", "up")
            ip("-n", self.tap, "link", "set", port, "master", "br0", "up")
        self.run_in(self.tap, "sysctl", "-qw", "net.ipv6.conf.all.disable_ipv6=1")
        ip("-n", self.tap, "link", "add", "mon0", "type", "veth", "peer", "name", self.monitor)
        for name in ("mon0", self.monitor):
            ip("-n", self.tap, "link", "set", name, "mtu", "1500", "up")
        for port in ports:
            self.run_in(self.tap, "tc", "qdisc", "add", "dev", port, "ingress")
            self.run_in(self.tap, "tc", "filter", "add", "dev", port, "parent", "ffff:",
                        "protocol", "all", "u32", "match", "u32", "0", "0",
                        "action", "mirred", "egress", "mirror", "dev", "mon0")

    def run_in(self, namespace, *command, **options):
        """Runs a command to its end in a namespace; raises when it fails."""
        return subprocess.run(["ip", "netns", "exec", namespace, *command], check=True, **options)

    def start_in(self, namespace, *command, **options):
        """Starts a command in a namespace; stop_all() and close() end it if it still runs."""
        process = subprocess.Popen(["ip", "netns", "exec", namespace, *command],
                                   start_new_session=True, **options)
        self._processes.append(process)
        return process

    def stop_all(self):
        for process in self._processes:
            stop(process)
        self._processes.clear()

    def close(self):
        self.stop_all()
        for name in (*self.hosts, self.tap):
            subprocess.run(["ip", "netns", "del", name], stderr=subprocess.DEVNULL)

    def __enter__(self):
        return self

    def __exit__(self, *unused):
        self.close()


def ip(*arguments):
    subprocess.run(["ip", *arguments], check=True)


def stop(process, soft_signal=signal.SIGTERM, patience_s=10):
    """Ends a process of start_in() and what it started: first politely, then for good."""
    for one_signal in (soft_signal, signal.SIGKILL):
        if process.poll() is not None:
            return process.returncode
        try:
            os.killpg(process.pid, one_signal)
        except ProcessLookupError:
            pass
        try:
            return process.wait(patience_s)
        except subprocess.TimeoutExpired:
            continue
    return process.wait()


def wait_until(condition, deadline_s, interval_s=0.2):
    """Polls `condition` until it returns something true; returns that, or None at the deadline."""
    end = time.monotonic() + deadline_s
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() >= end:
            return None
        time.sleep(interval_s)
