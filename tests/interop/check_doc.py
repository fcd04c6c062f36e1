#!/usr/bin/python3
"""Hold the pages of docs/ against the test data and against the sources.

    check_doc.py

The examples of PROTOCOL.md must be those of tests/data/feed.json, byte for
byte; its lists of refusals must have every name that a feed of mutate.py is
refused with and every reason for which the gossip engine drops a peer, and no
name that neither proto/err.h nor the engine nor the node has. OPERATIONS.md
must say of every reason that a node can give, and of every setting, what it is
about, and of no other. Prints what differs; exit code 1 where anything does.
"""

import hashlib
import json
import re
import sys
from pathlib import Path

import build_feed
import feedkit
from variants import REFUSED
import variants_commit  # noqa: F401 -- fills the table
import variants_feed  # noqa: F401
import variants_payload  # noqa: F401

ROOT = Path(__file__).resolve().parent.parent.parent
# Refusals of programs, not of the format.
GENERAL = {"invalid", "not-found", "corrupt", "incomplete"}
# Reasons of the engine's first group that it only counts or reports.
UNSAID = {"cloned", "no-memory"}
# Why the node itself, not its engine, closes a connection.
NODE = set(
    "unknown-region blocked token-unknown token-expired token-used "
    "token-other frame-late too-many stopping restarting backed-off".split()
)
# What it says so that the peer comes again, and of frames: for admins.
LATER = set("malformed non-canonical too-big".split())
NAME = r'^\s*X\([A-Z_]+, "([a-z-]+)"'


def block_after(text, words):
    """The indented block that follows these words, as bytes."""
    lines = text[text.index(words) :].split("\n\n", 2)[1].split("\n")
    digits = "".join(line.partition("#")[0] for line in lines)
    return bytes.fromhex("".join(digits.split()))


def fenced(text):
    """What stands between the first two fences."""
    return text.split("```\n")[1]


def examples(text):
    """Each example of the page: what it is, what it is there, what it is."""
    vectors = json.loads(build_feed.VECTORS.read_text())
    first, fourth = vectors["updates"][0], vectors["updates"][3]
    commit_text = first["commit_text"].encode()
    grant = feedkit.Chain.of_vectors(3)
    grant = grant.draft(
        action="rotate-key", key=grant.keys["second"].public
    ).statement()
    commit = fenced(text).encode()
    name = hashlib.sha1(b"commit %d\0" % len(commit) + commit).hexdigest()
    payload = bytes.fromhex(first["payload"])
    yield "payload", block_after(text, "Its payload, 270"), payload
    yield "signed bytes", block_after(
        text, "signed are the bytes"
    ), feedkit.signed_bytes(b"git", commit_text)
    yield "signature", block_after(
        text, "which gives"
    ), bytes.fromhex(first["signature"])
    yield "commit", name, first["commit"]
    yield "statement", block_after(text, "The statement of update 4"), grant
    yield "payload of update 4", grant[1:35] in bytes.fromhex(
        fourth["payload"]
    ), True
    yield ".gitattributes", re.search(
        r"SHA-256 `([0-9a-f]{64})`", text
    )[1], hashlib.sha256(feedkit.GITATTRIBUTES).hexdigest()


def names_of(text, pattern):
    """The names that a pattern finds."""
    return set(re.findall(pattern, text, re.M))


def section(text, title):
    """A section of a page, and what is below it."""
    return re.search(rf"\n## {title}\n.*?(?=\n## |\Z)", text, re.S)[0]


def operations(reasons):
    """What OPERATIONS.md lacks, and what it tells of that is not there."""
    text = (ROOT / "docs/OPERATIONS.md").read_text()
    code = (ROOT / "store/settings.c").read_text()
    settings = names_of(code, r'^\t\t\{ "([a-z]+)", take_[a-z_]+ \},$')
    row = r"^\| `([A-Za-z-]+)` \|"
    for title, wanted, found in (
        ("Reasons", reasons, names_of(section(text, "Reasons"), row)),
        (
            "Settings",
            settings,
            {n.lower() for n in names_of(section(text, "Settings"), row)},
        ),
    ):
        for name in sorted(wanted - found):
            yield f"OPERATIONS.md, {title}: {name} is not described"
        for name in sorted(found - wanted):
            yield f"OPERATIONS.md, {title}: {name} is none of ours"
        if not wanted:
            yield f"OPERATIONS.md, {title}: the sources have none"


def main():
    """Compare, and say what differs."""
    text = (ROOT / "docs/PROTOCOL.md").read_text()
    errors = (ROOT / "proto/err.h").read_text()
    faults = [
        f"{what}: {got!r} is not {wanted!r}"
        for what, got, wanted in examples(text)
        if got != wanted
    ]
    table = text[text.index("\n## Refusals") : text.index("\n## What each")]
    listed = names_of(table, r"^\| `([a-z-]+)` \|")
    gossip = (ROOT / "proto/gossip.h").read_text()
    dropped = gossip[: gossip.index("/* one thing is dropped */")]
    known = names_of(errors, NAME) | names_of(gossip, NAME) | NODE
    given = {code for variant in REFUSED.values() for code in variant.codes}
    said = given - GENERAL | names_of(dropped, NAME) - UNSAID | NODE
    for name in sorted(said - listed):
        faults.append(f"the refusal {name} is not described")
    for name in sorted(listed - known):
        faults.append(f"the refusal {name} is none of ours")
    for name in sorted(names_of(text, r"\[`([a-z-]+)`") - listed):
        faults.append(f"the refusal {name} is cited and not described")
    faults += operations(names_of(gossip, NAME) | NODE | LATER)
    print("\n".join(faults) or "ok docs/PROTOCOL.md docs/OPERATIONS.md")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
