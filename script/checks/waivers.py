"""Reads waivers.txt: exceptions to the checks, each with its reason."""

import os

PATH = os.path.join(os.path.dirname(os.path.abspath(__file__)), "waivers.txt")


def load(rule):
    """{path: limit} of one rule. A line without a reason is an error."""
    found = {}
    with open(PATH, encoding="utf-8") as file:
        for number, line in enumerate(file, 1):
            if not line.strip() or line.startswith("#"):
                continue
            fields = line.split(None, 3)
            if len(fields) < 4:
                raise SystemExit(f"waivers.txt:{number}: needs RULE PATH LIMIT reason")
            if fields[0] == rule:
                found[fields[1]] = fields[2]
    return found
