"""A share of many tests, for runs that cannot play all of them: --share I/N, I from 0 on."""

import argparse

WHOLE = (0, 1)


def parse(text):
    """(I, N) of "I/N"."""
    index, _, count = text.partition("/")
    if not (index.isdecimal() and count.isdecimal() and int(index) < int(count)):
        raise argparse.ArgumentTypeError(f"{text} is no share such as 1/3")
    return int(index), int(count)


def take(items, share):
    index, count = share
    return items[index::count]


if __name__ == "__main__":
    raise SystemExit("share.py is a module")
