"""`tapdeck run` on the mirror side of a NetLab."""

import os
import signal
import subprocess

import netlab
import program

# The settings with which net_af_packet does not lose packets: docs/OPERATIONS.md.
RING = "blocksz=1048576,framesz=2048,framecnt=65536"
CONFIGURATION = """\
general:
  store: {store}
capture:
  ports:
    - name: mirror
      device: "net_af_packet0,iface={interface},{ring}"
streams:
  flush_interval_ms: 1000  # media is durable early enough for a short test
"""
START_S = 60  # generous: a sanitizer build on a busy machine


class Service:
    """One capture service; `start()` returns when it answers `status`."""

    def __init__(self, lab, directory, ring=RING):
        self.lab = lab
        self.store = os.path.join(directory, "store")
        self.config = os.path.join(directory, "tapdeck.yaml")
        self.log = os.path.join(directory, "run.log")
        with open(self.config, "w", encoding="utf-8") as file:
            file.write(CONFIGURATION.format(store=self.store, interface=lab.monitor, ring=ring))
        self.process = None

    def start(self):
        with open(self.log, "ab") as log:
            self.process = self.lab.start_in(self.lab.tap, program.PROGRAM, "--config", self.config,
                                             "run", stdout=log, stderr=subprocess.STDOUT)
        if not netlab.wait_until(self._ready, START_S):
            raise program.Crash(f"run was not ready within {START_S} s: {self.tail()}")

    def _ready(self):
        if self.process.poll() is not None:
            raise program.Crash(f"run ended at once (status {self.process.returncode}): "
                                f"{self.tail()}")
        return (os.path.exists(os.path.join(self.store, "control.sock")) and
                program.tapdeck(self.store, "status").status == 0)

    def second_owner(self):
        """A second `run` on the same store, which must refuse."""
        return program.tapdeck(None, "run", config=self.config, timeout_s=START_S,
                               prefix=("ip", "netns", "exec", self.lab.tap))

    def stop(self):
        """A clean end; returns the exit status."""
        return netlab.stop(self.process, signal.SIGTERM, START_S)

    def kill(self):
        """The end that nobody can prepare for."""
        os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait(START_S)

    def tail(self):
        with open(self.log, errors="replace") as log:
            return " | ".join(log.read().strip().split("\n")[-3:])
