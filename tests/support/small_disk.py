"""An ext4 of its own in a file, mounted while in use: it can be filled, and made to stand still."""

import contextlib
import os
import subprocess


class SmallDisk:
    def __init__(self, directory, mib):
        self.path = os.path.join(directory, "disk")
        self._frozen = False
        image = os.path.join(directory, "image")
        os.makedirs(self.path)
        subprocess.run(["truncate", "-s", f"{mib}M", image], check=True)
        subprocess.run(["mkfs.ext4", "-q", "-m", "0", image], check=True)
        subprocess.run(["mount", "-o", "loop", image, self.path], check=True)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.thaw()
        subprocess.run(["umount", "-l", self.path], check=True)

    def fill(self):
        """Takes every last byte."""
        with open(os.path.join(self.path, "filler"), "wb", buffering=0) as file:
            with contextlib.suppress(OSError):
                while True:
                    file.write(bytes(1 << 16))

    def free(self):
        os.remove(os.path.join(self.path, "filler"))

    def freeze(self):
        """From now on every write waits."""
        self._frozen = True
        subprocess.run(["fsfreeze", "-f", self.path], check=True)

    def thaw(self):
        if self._frozen:
            subprocess.run(["fsfreeze", "-u", self.path], check=True)
        self._frozen = False
