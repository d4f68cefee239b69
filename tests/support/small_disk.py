"""A small file system of its own: it can be filled up, and made to stand still. Needs root."""

import contextlib
import os
import subprocess


class SmallDisk:
    """An ext4 in the file `path`.image, mounted at `path` while in use."""

    def __init__(self, path, mib=96):
        self.path = path
        self._frozen = False
        image = path + ".image"
        os.makedirs(path)
        subprocess.run(["truncate", "-s", f"{mib}M", image], check=True)
        subprocess.run(["mkfs.ext4", "-q", "-m", "0", image], check=True)
        subprocess.run(["mount", "-o", "loop", image, path], check=True)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.thaw()
        subprocess.run(["umount", "-l", self.path], check=True)

    def fill(self, spare_bytes=0):
        """Takes every byte but the last `spare_bytes`."""
        with open(os.path.join(self.path, "filler"), "ab", buffering=0) as file:
            with contextlib.suppress(OSError):
                while True:
                    file.write(bytes(1 << 16))
            if spare_bytes:
                file.truncate(file.tell() - spare_bytes)

    def space(self):
        """(bytes of the file system, bytes that are free)."""
        figures = os.statvfs(self.path)
        return figures.f_blocks * figures.f_frsize, figures.f_bavail * figures.f_frsize

    def leave(self, percent, kept=0):
        """Takes at once what makes that share free, of all but `kept` bytes, and those: no writer
        ever sees less."""
        total, free = self.space()
        with open(os.path.join(self.path, "filler"), "ab") as file:
            taken = free - kept - (total - kept) * percent // 100
            os.posix_fallocate(file.fileno(), file.tell(), taken)

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
