"""All that the files of a store hold, for those who look for what must not be there.

Each file as it is; RocksDB's tables, logs and lists of tables also as RocksDB's own tools decode
them, which shows marks of removals and every version. Those need the package rocksdb-tools.
"""

import os
import shutil
import subprocess

SLOT_BYTES, TAG, WRAPPED = 256, slice(52, 68), slice(68, 132)
UID = slice(24, 40)
USED = 1
TOOLS = ("sst_dump", "ldb")
CROCKFORD = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"


def uid_bytes(text):
    value = 0
    for character in text:
        value = value << 5 | CROCKFORD.index(character)
    return value.to_bytes(16, "big")


def missing_tools():
    return [name for name in TOOLS if shutil.which(name) is None]


def key_secrets(store, uid):
    """What keys/ holds of a recording that opens it: tags, wrapped keys and wrapped salts."""
    wanted = uid_bytes(uid)
    found = []
    for name in os.listdir(os.path.join(store, "keys")):
        if not name.endswith(".keys"):
            continue
        with open(os.path.join(store, "keys", name), "rb") as file:
            while len(slot := file.read(SLOT_BYTES)) == SLOT_BYTES and any(slot):
                if slot[4] == USED and slot[UID] == wanted:
                    wrapped = slot[WRAPPED]
                    found += [slot[TAG], wrapped[:32], wrapped[32:]]
    return found


def _decode(path):
    name = os.path.basename(path)
    if name.endswith(".sst"):
        command = ["sst_dump", "--command=scan", "--output_hex", f"--file={path}"]
    elif name.startswith("MANIFEST-"):
        command = ["ldb", "manifest_dump", "--hex", "--verbose", f"--path={path}"]
    elif name.endswith(".log"):
        command = ["ldb", "dump_wal", "--print_value", "--header", f"--walfile={path}"]
    else:
        return b""
    done = subprocess.run(command, capture_output=True, check=True, timeout=60)
    return done.stdout.upper()


class StoreFiles:
    """A look at every file of a store, taken once."""

    def __init__(self, store):
        self._bytes, self._decoded = {}, {}
        for folder, _, names in os.walk(store):
            for name in names:
                path = os.path.join(folder, name)
                short = os.path.relpath(path, store)
                if not os.path.isfile(path):
                    continue  # a socket
                with open(path, "rb") as file:
                    self._bytes[short] = file.read()
                if short.startswith("calls" + os.sep):
                    self._decoded[short] = _decode(path)

    def with_bytes(self, wanted):
        """The names of files that have `wanted`, as it is or decoded."""
        spelled = wanted.hex().upper().encode()
        return sorted([name for name, data in self._bytes.items() if wanted in data] +
                      [f"{name} (decoded)" for name, text in self._decoded.items()
                       if spelled in text or wanted.upper() in text])


if __name__ == "__main__":
    raise SystemExit("store_files.py is a module")
