#!/usr/bin/python3
"""Attack a running node in every way we know, and hold its answers against
docs/PROTOCOL.md.

    net_hostile.py make DIR
    net_hostile.py run ADDRESS NODE-KEY DIR [--only NAME...] [--quick]
                   [--used TOKEN] [--expired TOKEN] [--foreign TOKEN]

make writes node keys and two feeds to DIR and prints three lines:
`key HEX`, the node key to be typed in at the node, and `feed HEX` twice, the
feeds that the node is to follow. run brings the node these feeds, then makes
each attack and prints `ok NAME`, or `FAIL NAME expected X got Y`. After each
the node must still answer another peer. A node can be played with once. --quick leaves out those that wait
for a deadline of the node. Tokens are texts as `weald invite` prints them: one
that another region has used, one that is past its time, one of another node.

What was got is written as

    tls                 the handshake failed, or the node closed before a frame
    pin                 we found that it is not the node that we wanted
    closed              the node closed the TCP connection
    error:REASON        its last frame; error:REASON:RULE where its detail
    bye:REASON          begins with the name of a rule
    alive               it answered a ping afterwards
    and some words of single attacks

Exit code 0: all as expected; 1: not; 2: it could not be tried.
"""

import argparse
import inspect
import os
import re
import socket
import ssl
import sys
import threading
import time

import net_tls
from check_base import Refusal
from feedkit import pack
from net_play import FIRST, KEYS, NAMES, Play, pack_envelope
from net_session import Ended, Late, Session
from net_wire import (
    BODY_MAX,
    FIRST_BODY_MAX,
    decode_token,
    encode,
    values_of,
    with_length,
)

# Plays the good peer; FIRST is for looking at the node's clock.
WATCHER = "play-one-1"
FRIEND = "play-one-2"
SPENT = {FIRST, WATCHER, FRIEND}

# The reasons whose detail begins with the name of a rule.
WITH_RULE = {"update-bad", "update-refused", "receipt-bad", "proof-bad"}

ATTACKS = []


def attack(*expected, slow=False):
    """Put a function into the table."""

    def keep(function):
        name = function.__name__.replace("_", "-")
        ATTACKS.append((name, expected, slow, function))
        return function

    return keep


def describe(ended):
    """How a session ended, in the words above."""
    if ended.how not in ("error", "bye"):
        return "tls" if ended.how == "alert" else ended.how
    found = re.match(r"([a-z0-9-]+):", ended.detail)
    rule = found and ended.reason in WITH_RULE
    return f"{ended.how}:{ended.reason}" + (f":{found[1]}" if rule else "")


def outcome(session, timeout=15):
    """Read until the session ends."""
    deadline = time.monotonic() + timeout
    try:
        while True:
            session.receive(max(deadline - time.monotonic(), 0))
    except Ended as ended:
        return describe(ended)
    except Late:
        return "nothing"
    finally:
        session.close()


def alive(session):
    """Does the session stand?"""
    try:
        session.is_alive()
    except Ended as ended:
        return describe(ended)
    except Late:
        return "nothing"
    finally:
        session.close()
    return "alive"


def handshake(play, key_name, pin=None, change=None, **options):
    """What becomes of a handshake, and of the first read after it."""
    key_file = play.key_file(key_name) if key_name else None
    context = net_tls.client_context(key_file, **options)
    if change:
        change(context)
    try:
        tls = net_tls.connect(
            play.address, pin or play.node, context, strict=False
        )
    except net_tls.PinError as error:
        return "pin" if pin else str(error)
    except (ssl.SSLError, ConnectionError):
        return "tls"
    session = Session(tls, play.node)
    got = outcome(session)
    return "tls" if got in ("tls", "cut", "close") else got


def raw(play, data, timeout=15):
    """What becomes of bytes that are no TLS."""
    with socket.create_connection(play.address, timeout) as plain:
        try:
            plain.sendall(data)
            while plain.recv(4096):
                pass
        except TimeoutError:
            return "nothing"
        except ConnectionError:
            pass
    return "closed"


# --- the handshake


@attack("pin")
def wrong_node_key(play):
    """We want another node than the one that is there."""
    other = net_tls.read_key(play.key_file("stranger"))
    return handshake(play, FRIEND, pin=other)


@attack("tls")
def no_certificate(play):
    """We do not say who we are."""
    return handshake(play, None)


@attack("tls")
def rsa_certificate(play):
    """A key of another kind."""
    return handshake(play, "rsa")


@attack("tls")
def ec_certificate(play):
    """And of a third."""
    return handshake(play, "ec")


@attack("tls")
def large_certificate(play):
    """A known key in a certificate of over 8,192 bytes."""
    return handshake(play, "large")


@attack("tls")
def tls_1_2(play):
    """An older TLS."""

    def change(context):
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        context.maximum_version = ssl.TLSVersion.TLSv1_2

    return handshake(play, FRIEND, change=change)


@attack("tls")
def other_alpn(play):
    """Another major version."""
    return handshake(play, FRIEND, alpn=["weald/2"])


@attack("tls")
def no_alpn(play):
    """No word on what is spoken."""
    return handshake(play, FRIEND, alpn=[])


@attack("closed")
def rubbish_bytes(play):
    """Anything but TLS."""
    return raw(play, os.urandom(4096))


@attack("closed")
def http_request(play):
    """A web browser."""
    return raw(play, b"GET / HTTP/1.1\r\nHost: weald\r\n\r\n")


@attack("closed", slow=True)
def half_a_handshake(play):
    """The beginning of a handshake, and no more."""
    hello = bytes.fromhex("16030100f8010000f40303") + os.urandom(32)
    began = time.monotonic()
    got = raw(play, hello, 20)
    took = time.monotonic() - began
    return got if 5 < took < 15 else f"{got} after {took:.0f} s"


# --- who we are


@attack("error:unknown-region")
def unknown_region(play):
    """A node key that nobody named, and no token."""
    session = play.dial("stranger")
    session.say_hello(net_tls.read_key(play.key_file("stranger")))
    session.say_clock([])
    return outcome(session)


@attack("error:unknown-region", slow=True)
def unknown_region_silent(play):
    """The same, and it says nothing more than hello."""
    session = play.dial("stranger")
    session.say_hello(net_tls.read_key(play.key_file("stranger")))
    return outcome(session, 20)


@attack("error:token-unknown")
def made_up_token(play):
    """A secret that nobody made."""
    return show_secret(play, os.urandom(16))


@attack("error:too-big")
def stranger_with_a_large_frame(play):
    """A stranger gets little memory, even behind a good hello."""
    session = play.dial("stranger")
    session.say_hello(net_tls.read_key(play.key_file("stranger")))
    session.send_bytes((FIRST_BODY_MAX + 1).to_bytes(4, "big"))
    return outcome(session)


def show_secret(play, secret, feed=1):
    """Join with a secret."""
    session = play.dial("stranger")
    key = net_tls.read_key(play.key_file("stranger"))
    session.say_hello(key, feed=play.feeds[feed].source.feed)
    session.send("join", secret=secret)
    return outcome(session)


# --- frames


def after_open(play, key, data):
    """Bytes behind a good beginning."""
    session = play.open(key)
    session.send_bytes(data)
    return outcome(session)


@attack("error:too-big")
def oversized_frame(play, key):
    """One byte more than allowed is announced."""
    return after_open(play, key, (BODY_MAX + 1).to_bytes(4, "big"))


@attack("error:too-big")
def oversized_first_frame(play, key):
    """Before hello less is allowed."""
    session = play.dial(key)
    session.send_bytes((FIRST_BODY_MAX + 1).to_bytes(4, "big"))
    return outcome(session)


@attack("error:malformed")
def empty_frame(play, key):
    """A frame of no bytes."""
    return after_open(play, key, bytes(4))


@attack("error:malformed")
def rubbish_frame(play, key):
    """A frame of anything."""
    return after_open(play, key, with_length(b"\xc1" * 100))


@attack("error:malformed")
def short_frame(play, key):
    """A ping without its number."""
    return after_open(play, key, with_length(pack([12])))


@attack("error:malformed", "error:too-big")
def bomb_frame(play, key):
    """Five bytes that announce 2^32 values."""
    return after_open(play, key, with_length(b"\x92\x0c\xdd\xff\xff\xff\xff"))


@attack("error:non-canonical")
def non_canonical_frame(play, key):
    """A ping whose number is longer than needed."""
    return after_open(play, key, with_length(b"\x92\x0c\xcc\x05"))


@attack("error:malformed")
def range_frame(play, key):
    """A want of no credit."""
    feed = play.feeds[0].source.feed
    body = pack([3, feed, 0, 1, 1, 0, 0])
    return after_open(play, key, with_length(body))


@attack("error:frame-late", slow=True)
def late_frame(play, key):
    """A frame that comes by a byte now and then."""
    session = play.open(key)
    session.send_bytes(with_length(bytes(1000))[:10])
    deadline = time.monotonic() + 45
    while time.monotonic() < deadline:
        try:
            session.send_bytes(b"\0")
            session.receive(3)
        except Late:
            pass
        except Ended as ended:
            session.close()
            return describe(ended)
    return "nothing"


@attack("alive")
def unknown_type(play):
    """What a later version may say is skipped, whatever stands in it."""
    session = play.open(FRIEND)
    session.send_bytes(with_length(pack([99, "later"])))
    session.send_bytes(with_length(b"\x92\x63\xc1"))
    return alive(session)


@attack("alive")
def appended_elements(play):
    """And what it may add to a frame is left unread."""
    session = play.open(FRIEND)
    more = [7, b"more", "text", [1, [2, None]], None]
    session.send_bytes(encode("ping", appended=more, number=5))
    session.receive_until(lambda frame: frame.name == "pong")
    return alive(session)


# --- the session


@attack("alive")
def later_minor(play):
    """A hello of minor version 99, with elements appended."""
    session = play.dial(FRIEND)
    key = net_tls.read_key(play.key_file(FRIEND))
    fields = {
        "minor": 99,
        "node": key,
        "instance": os.urandom(16),
        "feed": bytes(32),
        "clock_digest": os.urandom(32),
        "software": "weald 9",
    }
    session.send_bytes(encode("hello", appended=["new", [1]], **fields))
    session.hear_hello()
    session.say_clock(play.entries())
    session.hear_clock()
    return alive(session)


@attack("error:hello-first")
def frame_before_hello(play, key):
    """Something else comes first."""
    session = play.dial(key)
    session.send("ping", number=1)
    return outcome(session)


@attack("error:hello-twice")
def second_hello(play, key):
    """Once is enough."""
    session = play.open(key)
    session.say_hello(net_tls.read_key(play.key_file(key)))
    return outcome(session)


@attack("error:node-key")
def other_node_in_hello(play, key):
    """Hello names another than TLS has shown."""
    session = play.dial(key)
    session.say_hello(net_tls.read_key(play.key_file(FRIEND)))
    return outcome(session)


@attack("error:hello-late", slow=True)
def no_hello(play, key):
    """A known key that says nothing."""
    return outcome(play.dial(key), 20)


@attack("error:malformed")
def unsorted_clock(play, key):
    """Entries in one frame that are not sorted."""
    return say_clocks(play, key, [(1, [entry(2), entry(1)])])


@attack("error:clock-bad")
def unsorted_clocks(play, key):
    """The same over two frames."""
    return say_clocks(play, key, [(0, [entry(2)]), (1, [entry(1)])])


def entry(number):
    """An entry of some feed."""
    return [bytes([number]) * 32, 0, 1, bytes(20)]


def say_clocks(play, key, frames):
    """Hello, and clocks that are wrong."""
    session = play.dial(key)
    session.say_hello(
        net_tls.read_key(play.key_file(key)), clock_digest=os.urandom(32)
    )
    for last, found in frames:
        session.send_bytes(
            with_length(
                pack(values_of("clock", {"last": last, "entries": found}))
            )
        )
    return outcome(session)


@attack("bye:duplicate")
def second_session(play, key):
    """The newer of two sessions with one key stays."""
    older = play.open(key)
    newer = play.open(key)
    got = outcome(older)
    still = alive(newer)
    return got if still == "alive" else f"the newer: {still}"


@attack("bye:silent", slow=True)
def never_answers(play, key):
    """Asks for all there is, reads nothing, and says nothing more."""
    session = play.open(key, [])
    for feed in play.feeds:
        session.send(
            "want", feed=feed.source.feed, epoch=0, start=1, to=2**53,
            credit=1 << 26, fill=0,
        )  # fmt: skip
    time.sleep(50)
    return outcome(session)


# --- updates


def push_next(play, key, change):
    """The next update of the first feed, changed."""
    feed = play.feeds[0]
    session = play.open(key)
    play.push(session, feed, change(*feed.next()))
    return outcome(session)


@attack("error:update-bad:non-canonical")
def non_canonical_payload(play, key):
    """A payload that says the same in other bytes."""

    def change(payload, signature, contents):
        payload = payload.replace(b"\xdc\x00\x15\x01", b"\xdc\x00\x15\xcc\x01")
        return pack_envelope(payload, signature, contents)

    return push_next(play, key, change)


@attack("error:update-bad:signature")
def bad_signature(play, key):
    """One bit of S is another."""

    def change(payload, signature, contents):
        wrong = bytes([signature[32] ^ 1])
        signature = signature[:32] + wrong + signature[33:]
        return pack_envelope(payload, signature, contents)

    return push_next(play, key, change)


@attack("error:update-bad:envelope", "error:update-bad:malformed")
def rubbish_envelope(play, key):
    """An envelope that is none."""
    return push_next(play, key, lambda *_: b"\xc1rubbish")


@attack("error:update-bad:envelope")
def contents_too_many(play, key):
    """More contents than changes."""

    def change(payload, signature, _):
        return pack_envelope(payload, signature, [b"one"])

    return push_next(play, key, change)


@attack("error:feed-claimed")
def update_of_another_feed(play, key):
    """A good update, under the name of another feed."""
    one, two = sorted(play.feeds, key=lambda feed: feed.chain.seq)
    session = play.open(key)
    ahead = pack_envelope(*two.next())
    play.push(session, two, ahead, under=one)
    return outcome(session)


@attack("asked and held")
def gap(play):
    """An update whose predecessor is missing waits; that one is asked for."""
    feed = play.feeds[0]
    session = play.open(FRIEND)
    have = feed.chain.seq
    feed.publish("Before the gap")
    feed.publish("Behind the gap")
    play.push(session, feed, feed.source.envelopes[have + 1])
    try:
        frame = session.receive_until(
            lambda frame: frame.name in ("want", "graft")
            and frame.fields["feed"] == feed.source.feed
        )
        if frame.fields["start"] != have + 1:
            return f"asked from {frame.fields['start']}"
        missing = feed.source.envelopes[have]
        lane = 2 if frame.name == "want" else 0
        play.push(session, feed, missing, lane=lane)
        session.is_alive()
    except Ended as ended:
        return describe(ended)
    except Late:
        return "not asked"
    session.close()
    return await_held(play, have + 2, "asked and held")


def await_held(play, seq, word):
    """Until the node's clock says that it holds so much of the first feed."""
    deadline = time.monotonic() + 15
    while time.monotonic() < deadline:
        if play.held()[0] >= seq:
            return word
        time.sleep(0.2)
    return f"holds {play.held()[0]}, not {seq}"


@attack("alive")
def replay(play):
    """What is there already is counted, and no fault."""
    session = play.open(FRIEND)
    for feed in play.feeds:
        play.push(session, feed, *feed.source.envelopes)
    return alive(session)


@attack("error:flood")
def flood_of_replays(play, key):
    """But not without end."""
    session = play.open(key)
    feed = play.feeds[0]
    small = min(feed.source.envelopes, key=len)
    for _ in range(5):
        play.push(session, feed, *[small] * 1000)
    return outcome(session)


@attack("error:flood")
def flood_of_pings(play, key):
    """Nor pings."""
    session = play.open(key)
    session.send_bytes(encode("ping", number=1) * 6000)
    return outcome(session)


@attack("error:flood")
def flood_of_a_strange_feed(play, key):
    """Updates of a feed that nobody follows here."""
    session = play.open(key)
    envelope = pack_envelope(*play.feeds[0].next())
    for _ in range(6):
        session.send("updates", feed=os.urandom(32), lane=0,
                     envelopes=[envelope] * 1000)  # fmt: skip
    return outcome(session)


@attack("alive")
def second_want(play):
    """Two wants for a feed: the first is answered, the second counted."""
    session = play.open(FRIEND)
    feed = play.feeds[0].source.feed
    for _ in range(2):
        session.send("want", feed=feed, epoch=0, start=1, to=2**53,
                     credit=1 << 20, fill=0)  # fmt: skip
    session.receive_until(
        lambda frame: frame.name == "updates" and frame.fields["lane"] == 2
    )
    return alive(session)


@attack("empty end")
def want_of_a_strange_feed(play):
    """Who holds nothing of it says so."""
    session = play.open(FRIEND)
    session.send("want", feed=os.urandom(32), epoch=0, start=1, to=5,
                 credit=1, fill=0)  # fmt: skip
    frame = session.receive_until(lambda frame: frame.name == "updates")
    session.close()
    is_end = (frame.fields["lane"], frame.fields["envelopes"]) == (2, [])
    return "empty end" if is_end else "more"


@attack("alive")
def unasked_answers(play):
    """Answers to nothing are counted."""
    session = play.open(FRIEND)
    feed = play.feeds[0].source
    session.send("pong", number=3)
    session.send("updates", feed=feed.feed, lane=2, envelopes=[])
    session.send("contents", feed=feed.feed, contents=[[bytes(20), None]])
    session.send("prune", feed=os.urandom(32))
    session.say_clock([])
    return alive(session)


@attack("error:receipt-bad:malformed")
def bad_receipt(play, key):
    """A receipt that is none."""
    data = encode("receipt", statement=b"\xc1", signature=bytes(64))
    return after_open(play, key, data)


@attack("error:proof-bad:malformed")
def bad_proof(play, key):
    """A fork proof that is none."""
    feed = play.feeds[0].source.feed
    data = encode("fork-proof", feed=feed, proof=b"\xc1")
    return after_open(play, key, data)


@attack("error:stranger, not held")
def forged_update(play, key):
    """The next update, by a key that is not the feed's.

    It must not enter, and the right one must.
    """
    feed = play.feeds[0]
    have = feed.chain.seq
    rightful = feed.chain.key
    feed.chain.key = feed.chain.add_key("forger")
    forged = pack_envelope(*feed.next())
    feed.chain.key = rightful
    session = play.open(key)
    play.push(session, feed, forged)
    got = outcome(session)
    if play.held()[0] != have:
        return "held"
    feed.publish("The right one")
    deadline = time.monotonic() + 40
    while time.monotonic() < deadline and play.held()[0] != have + 1:
        try:
            play.bring(2)
        except Late:
            pass
    moved = play.held()[0] == have + 1
    return f"{got}, {'not held' if moved else 'and the feed stands still'}"


# --- the table


def needs_key(function):
    """Does an attack spend a node key?"""
    return "key" in inspect.signature(function).parameters


def run_one(play, watcher, entry_, key):
    """Make an attack; what was expected, what was got."""
    _, expected, _, function = entry_
    try:
        got = function(play, key) if key else function(play)
    except Ended as ended:
        got = describe(ended)
    except (Late, Refusal, OSError) as error:
        got = f"{type(error).__name__}: {error}"
    if watcher and not is_watching(play, watcher):
        got = f"{got}, and the node answers nobody"
    return " or ".join(expected), got, got in expected


def is_watching(play, watcher):
    """Does the node answer another peer?"""
    try:
        return watcher.is_alive(5)
    except (Ended, Late, Refusal):
        pass
    try:
        return play.open(WATCHER).is_alive(5)
    except (Ended, Late, Refusal, OSError):
        return False


class Run:
    """All attacks, the slow ones beside the others."""

    def __init__(self, play):
        self.play = play
        self.failed = 0
        self.lock = threading.Lock()
        self.keys = [
            f"{name}-{number}"
            for name in NAMES
            for number in range(KEYS)
            if f"{name}-{number}" not in SPENT
        ]

    def report(self, name, result):
        """A line of output."""
        expected, got, good = result
        with self.lock:
            self.failed += 0 if good else 1
            print(
                f"ok {name}"
                if good
                else f"FAIL {name} expected {expected} got {got}",
                flush=True,
            )

    def slow(self, entry_, key):
        """One of those that wait, in a thread."""
        thread = threading.Thread(
            target=lambda: self.report(
                entry_[0], run_one(self.play, None, entry_, key)
            )
        )
        thread.start()
        return thread

    def all(self, table):
        """Every attack of a table; how many failed."""
        keyed = [
            (one, self.keys.pop(0) if needs_key(one[3]) else None)
            for one in table
        ]
        threads = [self.slow(one, key) for one, key in keyed if one[2]]
        watcher = self.play.open(WATCHER)
        for one, key in keyed:
            if not one[2]:
                self.report(one[0], run_one(self.play, watcher, one, key))
        for thread in threads:
            thread.join()
        return self.failed


def token_attacks(args):
    """The attacks that need a token."""
    for name, reason in (
        ("used", ("token-used",)),
        ("expired", ("token-expired",)),
        ("foreign", ("token-unknown", "token-other")),
    ):
        text = getattr(args, name)
        if text:
            secret = decode_token(text).secret
            yield (
                f"{name}-token",
                tuple(f"error:{word}" for word in reason),
                False,
                lambda play, secret=secret: show_secret(play, secret),
            )


def run_make(args):
    """net_hostile.py make"""
    play = Play.make(args.folder)
    print("key", net_tls.read_key(play.key_file(FIRST)).hex())
    for feed in play.feeds:
        print("feed", feed.source.feed.hex())
    return 0


def run_attacks(args):
    """net_hostile.py run"""
    host, _, port = args.address.rpartition(":")
    address = (host.strip("[]"), int(port))
    play = Play(args.folder, address, bytes.fromhex(args.node))
    table = [
        one
        for one in [*ATTACKS, *token_attacks(args)]
        if (not args.only or one[0] in args.only)
        and not (args.quick and one[2])
    ]
    play.bring()
    return 1 if Run(play).all(table) else 0


def main():
    """Run a command; the exit code."""
    parser = argparse.ArgumentParser(description="attack a running node")
    commands = parser.add_subparsers(required=True)
    make = commands.add_parser("make")
    make.add_argument("folder", metavar="DIR")
    make.set_defaults(run=run_make)
    run = commands.add_parser("run")
    run.add_argument("address", metavar="ADDRESS")
    run.add_argument("node", metavar="NODE-KEY")
    run.add_argument("folder", metavar="DIR")
    run.add_argument("--only", nargs="+", metavar="NAME")
    run.add_argument("--quick", action="store_true")
    for name in ("used", "expired", "foreign"):
        run.add_argument(f"--{name}", metavar="TOKEN")
    run.set_defaults(run=run_attacks)
    args = parser.parse_args()
    try:
        return args.run(args)
    except (Ended, Late, Refusal, OSError, net_tls.PinError) as error:
        print(f"net_hostile.py: {error}", file=sys.stderr)
        return 2


if __name__ == "__main__":
    sys.exit(main())
