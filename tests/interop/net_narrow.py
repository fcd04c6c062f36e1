#!/usr/bin/python3
"""Peers of a node that follows a feed by kind, who answer as they like.

    net_narrow.py make DIR
    net_narrow.py flood ADDRESS NODE-KEY DIR
    net_narrow.py withhold ADDRESS NODE-KEY DIR

make writes node keys and a feed to DIR and prints `key HEX`, the node key to
be typed in at the node, and `feed HEX`, which the node is to follow by the
kind `problem`. The others bring the node this feed; a node can be played with
once.

flood: a peer answers the node's want-contents with a great many contents that
were not asked for, then another as it should. Prints `flood HOW`, how the
first session ended, and `served N`, the files that the second gave.

withhold: a peer has none of the first files that the node lacks, as many as
it asks for at once, and has those behind them: of the same update, and of the
next. Prints `withheld N` and `served
N`; then another peer has all, `served N` again.

Exit code 0: done; 1: the node did not ask in time, or said what it should
not; 2: it could not be tried.
"""

import argparse
import os
import sys
import time

import net_tls
from check_base import Refusal
from net_hostile import outcome
from net_play import FIRST, Bringer, Play
from net_session import Ended, Late
from net_wire import encode

FEEDS = ("play-one",)
# What a node asks for at once; docs/PROTOCOL.md, "What a node bears".
AT_ONCE = 256
JUNK = 200_000
SECONDS = 30


class Server(Bringer):
    """Serves headers, and the files that it does not withhold."""

    def __init__(self, play, number, withheld=()):
        super().__init__(
            play.open(f"play-one-{number}"),
            [feed.source for feed in play.feeds],
            tell=lambda *words: None,
        )
        self.withheld = withheld
        self.refused = set()
        self.served = set()

    def send_contents(self, fields):
        """As it should, but for what is withheld."""
        source = self.sources[fields["feed"]]
        for blob in fields["blobs"]:
            data = None if blob in self.withheld else source.blobs[blob]
            (self.refused if data is None else self.served).add(blob)
            self.session.send(
                "contents", feed=fields["feed"], contents=[[blob, data]]
            )

    def until_served(self, blobs):
        """Answer until these files were asked for, and sent."""
        deadline = time.monotonic() + SECONDS
        while not blobs <= self.served:
            left = max(deadline - time.monotonic(), 0)
            self.answer(self.session.receive(left))
        # what is under way is taken in before the session ends
        self.session.is_alive()
        self.session.close()
        print("served", len(self.served), flush=True)


class Flooder(Server):
    """Names other files than those that it is asked for."""

    asked = False

    def send_contents(self, fields):
        """Junk; Ended where the node has had enough of it."""
        self.asked = True
        for _ in range(JUNK // 1000):  # and look what is said to it
            self.session.send_bytes(
                b"".join(
                    encode(
                        "contents", feed=fields["feed"],
                        contents=[[os.urandom(20), None]],
                    )
                    for _ in range(1000)
                )
            )  # fmt: skip
            try:
                self.session.receive(0.01)
            except Late:
                pass

    def flood(self):
        """How the session ended."""
        try:
            while not self.asked:
                self.answer(self.session.receive(SECONDS))
        except Ended as ended:
            return ended.reason or ended.how
        return outcome(self.session)


def grow(feed, count):
    """An update with so many files of a kind that the node has chosen; their
    git ids, in the order in which the update names them."""
    seq = feed.chain.seq + 1
    record = f"problem/2026-11/narrow-{seq}"
    files = {f"{n}.txt": f"{n} of {seq}\n".encode() for n in range(count)}
    feed.grow(
        files, record=record, action="publish",
        summary=f"Narrow {seq}",
    )  # fmt: skip
    return [feed.chain.files[f"{record}/{name}"][1] for name in sorted(files)]


def run_make(args):
    """net_narrow.py make"""
    play = Play.make(args.folder, FEEDS)
    print("key", net_tls.read_key(play.key_file(FIRST)).hex())
    for feed in play.feeds:
        print("feed", feed.source.feed.hex())


def run_flood(play):
    """net_narrow.py flood"""
    wanted = grow(play.feeds[0], 8)
    print("flood", Flooder(play, 1).flood(), flush=True)
    Server(play, 2).until_served(set(wanted))


def run_withhold(play):
    """net_narrow.py withhold"""
    feed = play.feeds[0]
    files = grow(feed, AT_ONCE + 44)
    withheld = set(files[:AT_ONCE])
    behind = files[AT_ONCE:] + grow(feed, 8)
    server = Server(play, 1, withheld)
    server.until_served(set(behind))
    print("withheld", len(server.refused), flush=True)
    Server(play, 2).until_served(withheld)


def play_of(args):
    """The node's feed is brought, as far as it has none of the kind."""
    host, _, port = args.address.rpartition(":")
    play = Play(args.folder, (host, int(port)), args.node, FEEDS)
    play.bring()
    return play


def main():
    """Run a command; the exit code."""
    parser = argparse.ArgumentParser(description="play with a narrow replica")
    commands = parser.add_subparsers(required=True)
    make = commands.add_parser("make")
    make.add_argument("folder", metavar="DIR")
    make.set_defaults(run=run_make)
    for name, function in (("flood", run_flood), ("withhold", run_withhold)):
        one = commands.add_parser(name)
        one.add_argument("address", metavar="ADDRESS")
        one.add_argument("node", type=bytes.fromhex, metavar="NODE-KEY")
        one.add_argument("folder", metavar="DIR")
        one.set_defaults(run=lambda args, f=function: f(play_of(args)))
    args = parser.parse_args()
    try:
        args.run(args)
    except (Ended, Late, Refusal) as error:
        print(f"net_narrow.py: {error}", file=sys.stderr)
        return 1
    except (OSError, net_tls.PinError) as error:
        print(f"net_narrow.py: {error}", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
