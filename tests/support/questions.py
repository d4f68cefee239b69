"""Every question that can be put to a store, to be asked through a service and without it."""

import hashlib
import json
import os

from program import tapdeck

# Of `store stats`, what does not count since the store was opened.
LASTING_FIGURES = ("key_slots", "keys_bad")


def of_calls(log):
    """Command lines over the calls of `log`: every filter, each form, one page after another."""
    first, last = log[0], log[-1]
    filters = [[], ["--number", first["caller"]["number"]], ["--number", "49*"],
               ["--caller", last["caller"]["number"] or "sipp"], ["--callee", "49409900"],
               ["--from", first["start"], "--to", last["start"]], ["--from", "2026-01-01"],
               ["--to", "2026-01-01"], ["--overlap", "--from", last["start"]],
               ["--call-id", last["call_id"]], ["--uid", first["uid"]], ["--conversation", "x"],
               ["--outcome", "answered"], ["--outcome", "cancelled"], ["--direction", "inbound"],
               ["--agent", "x"], ["--client", "x"], ["--marketing-channel", "x"], ["--trunk", "x"],
               ["--tag", "x"], ["--ip", "10.77.0.1"], ["--codec", "PCMA"], ["--codec", "opus"],
               ["--status-code", "200"], ["--min-duration", "10s"], ["--max-mos", "4.5"],
               ["--recording", "recorded"], ["--recording", "not_recorded"],
               ["--outcome", "answered", "--ip", "10.77.0.2", "--limit", "5"]]
    for words in filters:
        yield ["calls", "--json", *words]
    yield from (["calls"], ["calls", "--csv"], ["calls", "--limit", "7"],
                ["calls", "--csv", "--fields", "uid,start,caller.number,talk_ms"],
                ["calls", "--cursor", "nonsense"], ["calls", "--outcome", "nonsense"],
                ["show", "0" * 26], ["show", "nonsense"], ["report", "assurance"],
                ["report", "assurance", "--by", "none", "--outcome", "answered", "--json"])
    for call in (first, last, log[len(log) // 2]):
        yield ["show", call["uid"]]
        yield ["show", "--json", call["uid"]]


def ask(store, command):
    """Exit status and words of one command."""
    done = tapdeck(store, *command)
    return [done.status, done.stdout, done.stderr]


def ask_pages(store):
    """The whole log, a hundred calls at a time, each page where the last one ended."""
    pages, more = [], []
    while True:
        status, out, words = ask(store, ["calls", "--json", "--limit", "100", *more])
        pages.append([status, out])
        if not words.startswith("next: "):
            return pages
        more = ["--cursor", words.split()[1]]


def ask_exports(store, directory):
    """Exit status, file digests and manifest of exports of some calls in each format."""
    answers = []
    for form in ("wav", "pcap"):
        output = os.path.join(directory, form)
        done = tapdeck(store, "export", "--format", form, "--output", output,
                       "--number", "49409900")
        answers.append(done.status)
        for name in sorted(os.listdir(output)):
            with open(os.path.join(output, name), "rb") as file:
                answers.append((name, hashlib.sha256(file.read()).hexdigest()))
    return answers


def ask_all(store, log, directory):
    """{question: answer}"""
    answers = {" ".join(command): ask(store, command) for command in of_calls(log)}
    answers["calls, page by page"] = ask_pages(store)
    answers["export"] = ask_exports(store, directory)
    answers["store check"] = ask(store, ["store", "check", "--json"])
    figures = json.loads(ask(store, ["store", "stats", "--json"])[1])
    answers["store stats"] = {name: figures[name] for name in LASTING_FIGURES}
    return answers
