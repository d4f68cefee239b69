"""What is needed to run a fuzz target: its seeds, and what earlier campaigns found for it.

`tests/fuzz/corpus/NAME.tar.gz` holds the inputs that reach what the seeds do not, as few and as
small as libFuzzer's merge finds them; the archive is the same, byte for byte, for the same inputs.
"""

import gzip
import io
import os
import tarfile

from testing import ROOT

CORPUS = os.path.join(ROOT, "tests", "fuzz", "corpus")
INPUT_BYTES_MAX = 4096    # longer inputs stay out of the archive
ARCHIVE_BYTES_MAX = 65536  # of an archive: the smallest inputs first
OPTIONS = ["-timeout=10", "-rss_limit_mb=3072"]


def seed_directories(tree, target):
    """The seeds in the repository of a target, given by its path from the root."""
    name = os.path.basename(target)
    area = os.path.dirname(os.path.relpath(target, tree))
    paths = [os.path.join(ROOT, area, "seeds", stem) for stem in (name, name.removesuffix("_fuzz"))]
    return [path for path in paths if os.path.isdir(path)]


def archive_of(target):
    return os.path.join(CORPUS, os.path.basename(target) + ".tar.gz")


def unpack(target, directory):
    """Puts a target's archived inputs into a directory; returns how many there are."""
    os.makedirs(directory, exist_ok=True)
    if not os.path.exists(archive_of(target)):
        return 0
    with tarfile.open(archive_of(target)) as archive:
        members = [member for member in archive.getmembers() if member.isfile()]
        for number, member in enumerate(members):
            with open(os.path.join(directory, f"corpus-{number:05}"), "wb") as file:
                file.write(archive.extractfile(member).read())
    return len(members)


def pack(target, directory):
    """Archives the inputs of a directory, the smallest first, up to the limits; (taken, found)."""
    inputs = []
    for name in os.listdir(directory):
        with open(os.path.join(directory, name), "rb") as file:
            inputs.append(file.read())
    inputs.sort(key=lambda data: (len(data), data))
    small = [data for data in inputs if len(data) <= INPUT_BYTES_MAX]
    taken = len(small)
    packed = _tar_gz(small)
    while len(packed) > ARCHIVE_BYTES_MAX:
        taken = taken * 9 // 10
        packed = _tar_gz(small[:taken])
    os.makedirs(CORPUS, exist_ok=True)
    with open(archive_of(target), "wb") as file:
        file.write(packed)
    return taken, len(inputs)


def _tar_gz(inputs):
    plain = io.BytesIO()
    with tarfile.open(fileobj=plain, mode="w", format=tarfile.USTAR_FORMAT) as archive:
        for number, data in enumerate(inputs):
            member = tarfile.TarInfo(f"{number:05}")
            member.size = len(data)
            archive.addfile(member, io.BytesIO(data))
    return gzip.compress(plain.getvalue(), 9, mtime=0)
