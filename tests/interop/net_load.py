#!/usr/bin/python3
"""Load a running node with all that its bounds let through, and measure it.

    net_load.py make DIR
    net_load.py run ADDRESS NODE-KEY DIR PID --own HEX [--only NAME...]
                --repo REPO.git [--peers N] [--publish COMMAND...]

make writes node keys and feeds to DIR and prints `key HEX`, the node key to
be typed in at the node, and a line `feed HEX` for each feed to be followed.
run brings the node these feeds, then makes each load for some seconds while
it watches the resident memory of the node's process, PID. Each load that may
take memory prints

    load NAME peers N strangers N before KIB mapped KIB peak KIB bound KIB ok

or FAIL in place of ok; mapped is what of it are files, libraries and packs.
The bound is 64 MiB, 6 MiB for each connected peer (the largest frame, and 1
MiB) and 256 KiB for each connection that is not known yet. --own is the node's own
feed, which hostile peers ask for; it should be large. The load `strangers`
makes 400 connections from one address and prints

    available answer MS publish MS ok

where answer is how long a known peer waited for a session and a pong, and
publish how long COMMAND took with a number appended, each the longest of
several.

Exit code 0: all ok; 1: not; 2: it could not be tried.
"""

import argparse
import os
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path

import net_tls
from check_base import Refusal
from check_payload import Text, pack
from feedkit import signed_bytes
from net_play import FIRST, KEYS, NAMES, Play, key_seed
from net_session import Ended, Late
from net_wire import BODY_MAX, encode
import ed25519

FEEDS = (*NAMES, "play-three", "play-four", "play-five", "play-six")
MIB = 1024
BASE_KIB = 64 * MIB
PEER_KIB = 6 * MIB
STRANGER_KIB = 256
SECONDS = 6
ANSWER_MS, PUBLISH_MS = 5000, 3000
# The node keeps 64 of these, 8 of one address; more are turned away.
STRANGERS = 64
FLOOD = 400


class Memory:
    """The resident memory of a process, from now on."""

    def __init__(self, pid):
        self.folder = Path("/proc") / str(pid)
        (self.folder / "clear_refs").write_text("5")
        self.before = self.read("VmRSS")

    def read(self, name):
        """One of the numbers of the process's status, in KiB."""
        for line in (self.folder / "status").read_text().splitlines():
            if line.startswith(f"{name}:"):
                return int(line.split()[1])
        raise ProcessLookupError("the node is gone")

    def peak(self):
        """KiB at most since the beginning."""
        return self.read("VmHWM")


class Peers:
    """All known keys of one feed, each with a session."""

    def __init__(self, play, number, count):
        names = [f"{FEEDS[number]}-{n}" for n in range(KEYS)]
        self.names = [name for name in names if name != FIRST][:count]
        self.sessions = [play.open(name, []) for name in self.names]
        self.threads = []
        self.stop = threading.Event()

    def each(self, function):
        """Run function(session, key name) for each in a thread of its own,
        again and again until the node has had enough of it."""

        def keep_on(session, name):
            try:
                while not self.stop.is_set():
                    function(session, name)
            except (Ended, Late, Refusal, OSError, ValueError):
                self.stop.wait()

        self.threads = [
            threading.Thread(target=keep_on, args=pair, daemon=True)
            for pair in zip(self.sessions, self.names)
        ]
        for thread in self.threads:
            thread.start()

    def close(self):
        """End all of it, without a word: nobody may be reading."""
        self.stop.set()
        for session in self.sessions:
            session.tls.close()
        for thread in self.threads:
            thread.join(10)


# --- the loads: each starts, and gives what is to be closed


def gaps(play, args):
    """Updates as large as they may be, whose predecessors never come."""
    peers = Peers(play, 0, args.peers)

    def push(session, _):
        for feed in play.feeds:
            for data in feed.far:
                play.push(session, feed, data)

    for feed in play.feeds:
        feed.far = far_updates(feed)
    peers.each(push)
    return peers


def far_updates(feed):
    """Two updates of 4 MiB each behind one that is kept back."""
    have = len(feed.source.envelopes)
    feed.publish("Kept back")
    for number in range(2):
        seq = feed.chain.seq + 1
        files = {f"{n}.bin": os.urandom(1 << 20) for n in range(3)}
        files["3.bin"] = os.urandom((1 << 20) - 200)
        files["record.md"] = b"---\nkind: note\ntitle: Far\n---\n"
        feed.grow(
            files, record=f"note/2026-11/far-{seq}", action="publish",
            summary=f"Far {number}",
        )  # fmt: skip
    return feed.source.envelopes[have + 1 :]


def half_frames(play, args):
    """The largest frame, and its last byte never comes."""
    peers = Peers(play, 1, args.peers)
    data = BODY_MAX.to_bytes(4, "big") + bytes([0x93, 0x0B, 0xC4, 32])
    data += os.urandom(BODY_MAX - 1 - 4)

    def send(session, _):
        session.send_bytes(data)
        peers.stop.wait()

    peers.each(send)
    return peers


def never_read(play, args):
    """Ask for all there is, with all contents, and read nothing."""
    peers = Peers(play, 2, args.peers)
    feeds = [args.own, *(feed.source.feed for feed in play.feeds)]

    def ask(session, _):
        for feed in feeds:
            session.send("want", feed=feed, epoch=0, start=1, to=2**53,
                         credit=1 << 26, fill=0)  # fmt: skip
            session.send("want-contents", feed=feed, blobs=args.blobs)
        peers.stop.wait(0.2)

    peers.each(ask)
    return peers


def statements(play, args):
    """Good receipts as large as they may be, and haves of made-up feeds."""
    peers = Peers(play, 3, args.peers)
    counter = int(time.time()) + 1000

    def say(session, name):
        key = ed25519.Key(key_seed(name))
        for number in range(4):
            held = sorted(os.urandom(32) for _ in range(4096))
            statement = pack(
                [1, play.feeds[3].source.feed, key.public, counter + number,
                 int(time.time()),
                 [[feed, 0, 2**40, os.urandom(20)] for feed in held]]
            )  # fmt: skip
            signature = key.sign(signed_bytes(b"weald-receipt", statement))
            session.send("receipt", statement=statement, signature=signature)
            for start in range(0, 4096, 1024):
                part = held[start : start + 1024]
                session.send("have", entries=[
                    [feed, 0, 2**40, bytes(20)] for feed in part])  # fmt: skip
        session.send("ping", number=1)
        peers.stop.wait(0.2)

    peers.each(say)
    return peers


def rubbish_proofs(play, args):
    """Fork proofs as large as they may be, again and again."""
    peers = Peers(play, 4, args.peers)
    proof = pack([os.urandom(60_000) for _ in range(4)])
    name = Text(b"x" * 64)

    def send(session, _):
        session.send_bytes(
            encode("fork-proof", (name,), feed=play.feeds[4].source.feed,
                   proof=proof) * 20
        )  # fmt: skip

    peers.each(send)
    return peers


class Strangers:
    """Connections that begin a handshake and drip."""

    def __init__(self, play, count, addresses):
        self.play = play
        self.count = count
        self.addresses = addresses
        self.sockets = []
        self.stop = threading.Event()
        self.thread = threading.Thread(target=self.drip, daemon=True)
        for number in range(count):
            self.sockets.append(self.connect(number))
        self.thread.start()

    def connect(self, number):
        """One of them, which says the beginning of a large ClientHello."""
        source = f"127.0.1.{1 + number % self.addresses}"
        plain = socket.create_connection(
            self.play.address, 10, source_address=(source, 0)
        )
        plain.settimeout(1)
        hello = bytes.fromhex("1603014000010040000303")
        try:
            plain.sendall(hello + os.urandom(12_000))
        except OSError:
            pass
        return plain

    def drip(self):
        """A byte a turn; who was turned away comes again."""
        while not self.stop.wait(0.2):
            for number, plain in enumerate(self.sockets):
                if self.stop.is_set():
                    return
                try:
                    plain.sendall(b"\0")
                except OSError:
                    plain.close()
                    try:
                        self.sockets[number] = self.connect(number)
                    except OSError:
                        pass

    def close(self):
        """End all of it."""
        self.stop.set()
        self.thread.join()
        for plain in self.sockets:
            plain.close()


def drips(play, _):
    """As many strangers as there may be."""
    return Strangers(play, STRANGERS, 8)


LOADS = {
    "gaps": gaps,
    "half-frames": half_frames,
    "never-read": never_read,
    "statements": statements,
    "rubbish-proofs": rubbish_proofs,
    "drips": drips,
}


def measure(play, args, name):
    """One load; is the memory within its bound?"""
    memory = Memory(args.pid)
    load = LOADS[name](play, args)
    peers = 0 if name == "drips" else args.peers
    strangers = STRANGERS if name == "drips" else 0
    time.sleep(SECONDS)
    mapped = memory.read("RssFile")
    load.close()
    peak = memory.peak()
    bound = BASE_KIB + peers * PEER_KIB + strangers * STRANGER_KIB
    good = peak <= bound
    print(f"load {name} peers {peers} strangers {strangers} before "
          f"{memory.before} mapped {mapped} peak {peak} "
          f"bound {bound} {'ok' if good else 'FAIL'}", flush=True)  # fmt: skip
    return good


def timed(function):
    """How many milliseconds it takes."""
    start = time.monotonic()
    function()
    return round((time.monotonic() - start) * 1000)


def answer(play):
    """A session of a known peer, and a pong."""
    session = play.open(f"{FEEDS[5]}-1", [])
    session.is_alive()
    session.close()


def available(play, args):
    """With so many strangers, does the node answer, and publish?"""
    load = Strangers(play, FLOOD, 1)
    answers = [timed(lambda: answer(play)) for _ in range(5)]
    publishes = [
        timed(lambda: subprocess.run([*args.publish, str(n)], check=True,
                                     stdout=subprocess.DEVNULL))
        for n in range(3)
    ]  # fmt: skip
    load.close()
    good = max(answers) <= ANSWER_MS and max(publishes) <= PUBLISH_MS
    print(f"available answer {max(answers)} publish {max(publishes)} "
          f"{'ok' if good else 'FAIL'}", flush=True)  # fmt: skip
    return good


def blobs_of(repository):
    """The ids of the largest contents of a repository, 1,024 at most."""
    done = subprocess.run(
        ["git", f"--git-dir={repository}", "cat-file", "--batch-all-objects",
         "--batch-check=%(objecttype) %(objectsize) %(objectname)"],
        stdout=subprocess.PIPE, text=True, check=True,
    )  # fmt: skip
    found = [line.split() for line in done.stdout.splitlines()]
    sized = sorted((int(s), name) for kind, s, name in found if kind == "blob")
    return [bytes.fromhex(name) for _, name in sized[-1024:]]


def run_make(args):
    """net_load.py make"""
    play = Play.make(args.folder, FEEDS)
    print("key", net_tls.read_key(play.key_file(FIRST)).hex())
    for feed in play.feeds:
        print("feed", feed.source.feed.hex())
    return 0


def run_loads(args):
    """net_load.py run"""
    host, _, port = args.address.rpartition(":")
    play = Play(args.folder, (host, int(port)), args.node, FEEDS)
    play.bring()
    args.blobs = blobs_of(args.repo)
    names = args.only or [*LOADS, "strangers"]
    good = [
        available(play, args) if name == "strangers"
        else measure(play, args, name)
        for name in names
    ]  # fmt: skip
    return 0 if all(good) else 1


def main():
    """Run a command; the exit code."""
    parser = argparse.ArgumentParser(description="load a running node")
    commands = parser.add_subparsers(required=True)
    make = commands.add_parser("make")
    make.add_argument("folder", metavar="DIR")
    make.set_defaults(run=run_make)
    run = commands.add_parser("run")
    run.add_argument("address", metavar="ADDRESS")
    run.add_argument("node", type=bytes.fromhex, metavar="NODE-KEY")
    run.add_argument("folder", metavar="DIR")
    run.add_argument("pid", type=int, metavar="PID")
    run.add_argument("--own", type=bytes.fromhex, required=True)
    run.add_argument("--repo", required=True, metavar="REPO.git")
    run.add_argument("--peers", type=int, default=KEYS - 1, metavar="N")
    run.add_argument("--only", nargs="+", metavar="NAME")
    run.add_argument("--publish", nargs="+", metavar="COMMAND")
    run.set_defaults(run=run_loads)
    args = parser.parse_args()
    try:
        return args.run(args)
    except (Ended, Late, Refusal, OSError, net_tls.PinError) as error:
        print(f"net_load.py: {error}", file=sys.stderr)
        return 2


if __name__ == "__main__":
    sys.exit(main())
