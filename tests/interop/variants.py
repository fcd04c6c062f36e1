"""The list of feeds that each break one rule, and of those that break none.

A variant is a function that returns a Chain. refused() and accepted() note
it with its name; bad() is short for the vectors and one wrong update on top.
"""

from dataclasses import dataclass
from typing import Callable

from feedkit import Chain

RECORD = "problem/2026-12/late-doses"
FILES = {"record.md": b"---\nkind: problem\n---\n"}

# Feeds whose objects `git fsck --strict` refuses: who lets git take them in
# first may call them invalid, before any rule of a feed is asked.
REFUSED_BY_GIT = """
    message-nul author-twice gpgsig-moved parent-zero tree-hook tree-dots
    tree-unsorted content-absent content-is-a-tree tree-absent slug-line-feed
    slug-bracket summary-u0000 record-kind-empty record-slug-empty
    record-slug-dots record-absolute path-dot-git path-dot-git-name
    path-git-short path-dots path-dots-name path-dot-name path-empty-name
    path-attachments-empty path-attachments-dots path-zero-width path-nul
    path-absolute
""".split()


@dataclass
class Variant:
    """A feed to make: its name, what it is, and what has to come of it.

    codes  the names that may be given for its refusal; none where it is valid
    at     the position of the commit to refuse, counted from 1
    """

    name: str
    what: str
    codes: tuple
    at: int
    make: Callable


REFUSED = {}
ACCEPTED = {}


def note(table, make, codes, at):
    """Enter a function under its own name."""
    name = make.__name__.replace("_", "-")
    assert name not in REFUSED and name not in ACCEPTED, name
    if name in REFUSED_BY_GIT:
        codes += " invalid"
    what = " ".join(make.__doc__.split())
    table[name] = Variant(name, what, tuple(codes.split()), at, make)
    return make


def refused(codes, at=8):
    """Decorate a function that makes a feed to be refused."""
    return lambda make: note(REFUSED, make, codes, at)


def accepted(make):
    """Decorate a function that makes a valid feed."""
    return note(ACCEPTED, make, "", 0)


def bad(name, codes, what, files=None, edit=None, **fields):
    """Note the vectors with one wrong update about a new record on top.

    edit(chain, draft) changes the draft once all else is filled in.
    """

    def make():
        chain = Chain.of_vectors()
        about = {"record": RECORD} | fields
        given = FILES if files is None else files
        draft = chain.draft(given, **about)
        if edit:
            edit(chain, draft)
        return chain.append(draft)

    make.__name__, make.__doc__ = name, what
    note(REFUSED, make, codes, 8)


def altered(name, codes, what, change):
    """Note the vectors with a right update on top, changed afterwards.

    change(commit bytes) is what anybody can do who has seen the commit.
    """
    bad(name, codes, what, recommit=change)
