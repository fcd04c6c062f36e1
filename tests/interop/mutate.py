#!/usr/bin/python3
"""Feeds that each break one rule, and feeds that break none.

    mutate.py list [--accepted]
    mutate.py describe NAME
    mutate.py make NAME OUT.git
    mutate.py make-all FOLDER

`list` prints a line for each feed to be refused: its name, the names that may
be given for the refusal (docs/PROTOCOL.md, "Refusals"; comma between them)
and the position of the commit to refuse, with tabs between. With --accepted
it prints the names of feeds that are valid, however odd.

Where an update breaks more than one rule for a reader who checks in another
order, each of the names is right. All are made from tests/data/feed.json, and
what a rule needs signed is signed by the right key: nothing else is wrong.
"""

import argparse
import sys
from pathlib import Path

import variants_commit  # noqa: F401 -- fills the tables
import variants_feed  # noqa: F401
import variants_payload  # noqa: F401
from variants import ACCEPTED, REFUSED

ALL = REFUSED | ACCEPTED


def list_variants(accepted):
    """Print the table that tests loop over."""
    if accepted:
        for name in ACCEPTED:
            print(name)
        return
    for variant in REFUSED.values():
        print(variant.name, ",".join(variant.codes), variant.at, sep="\t")


def make(name, out):
    """Write one feed as a bare repository."""
    if out.exists():
        sys.exit(f"mutate.py: {out} exists already")
    ALL[name].make().store(out)


def main():
    """The command line."""
    parser = argparse.ArgumentParser(
        description="make feeds that each break one rule, or none"
    )
    commands = parser.add_subparsers(dest="command", required=True)
    command = commands.add_parser("list", help="names and refusals")
    command.add_argument("--accepted", action="store_true")
    command = commands.add_parser("describe", help="what a feed is")
    command.add_argument("name", choices=ALL, metavar="NAME")
    command = commands.add_parser("make", help="write one repository")
    command.add_argument("name", choices=ALL, metavar="NAME")
    command.add_argument("out", type=Path, metavar="OUT.git")
    command = commands.add_parser("make-all", help="write all of them")
    command.add_argument("folder", type=Path, metavar="FOLDER")
    args = parser.parse_args()
    if args.command == "list":
        list_variants(args.accepted)
    elif args.command == "describe":
        print(ALL[args.name].what)
    elif args.command == "make":
        make(args.name, args.out)
    else:
        args.folder.mkdir(parents=True, exist_ok=True)
        for name in ALL:
            make(name, args.folder / f"{name}.git")


if __name__ == "__main__":
    main()
