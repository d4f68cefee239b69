"""A small file system that can be filled up. Needs root."""

import os
import subprocess


class SmallDisk:
    """An ext4 in the file `path`.image, mounted at `path` while in use."""

    def __init__(self, path, mib=96):
        self.path = path
        image = path + ".image"
        os.makedirs(path)
        subprocess.run(["truncate", "-s", f"{mib}M", image], check=True)
        subprocess.run(["mkfs.ext4", "-q", "-m", "0", image], check=True)
        subprocess.run(["mount", "-o", "loop", image, path], check=True)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        subprocess.run(["umount", "-l", self.path], check=True)

    def fill(self, spare_bytes=0):
        """Takes every byte but the last `spare_bytes`."""
        with open(os.path.join(self.path, "filler"), "ab", buffering=0) as file:
            try:
                while True:
                    file.write(bytes(1 << 16))
            except OSError:
                pass
            if spare_bytes:
                file.truncate(file.tell() - spare_bytes)

    def free(self):
        os.remove(os.path.join(self.path, "filler"))
