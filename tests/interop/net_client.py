#!/usr/bin/python3
"""A node of another make: reads feeds from a node, serves feeds to it, joins.

    net_client.py key FILE [--seed HEX]
    net_client.py fetch ADDRESS NODE-KEY --key FILE --feed HEX [--until SEQ]
    net_client.py serve ADDRESS NODE-KEY --key FILE --repo REPO.git...
                        [--live N] [--seconds S]
    net_client.py join TOKEN --key FILE --repo REPO.git... [--seconds S]
    net_client.py token TOKEN

Written from docs/PROTOCOL.md, with Python's ssl, msgpack, git and ssh-keygen;
it shares no code with Weald.

key makes a node key with its certificate, and prints its public part. fetch
takes a feed from its first update on, checks each update in full, as
check_feed.py does, prints `update SEQ COMMIT` for each and at the end
`ok SLUG N updates COMMIT`; with --until it stays until live updates have
brought it so far. serve says that it holds these feeds and answers what the
node asks for; the last N updates of each are held back and pushed as new ones
once the node has asked for what comes before. join does so with a token; the
first REPO.git is the feed of its own region. Both print `held FEED SEQ COMMIT`
where a receipt of the node says that it holds a feed, and end with exit code 0
when it holds all that they have, 1 where that took longer than S seconds.
token prints what a token says, `node HEX`, `feed HEX`, `address HOST:PORT`,
but for its secret.

Exit code 0: done; 1: `refused HOW REASON: detail` (the node ended the session,
error, bye, alert, close or cut), `pin: ...`, `late: ...` or `bad NAME: detail`
(the node sent what breaks a rule); 2: wrongly used, or not reachable.
"""

import argparse
import ssl
import sys
import tempfile
import time

import net_tls
from check_base import Refusal, require
from check_commit import Signatures
from check_feed import Unusable
from check_payload import is_canonical_signature
from net_feed import Replica, Source
from net_session import Ended, Late, Session
from net_wire import (
    CATCH_UP,
    END,
    FILL_ALL,
    FILL_HEADERS,
    LIVE,
    ZERO_FEED,
    FrameReader,
    decode_token,
    parse_address,
)

CREDIT = 256 * 1024


def say(*words):
    """A line of output, at once."""
    print(*words, flush=True)


def dial(address, node, key_file):
    """A session with a node, after the handshake."""
    context = net_tls.client_context(key_file)
    return Session(net_tls.connect(address, node, context), node)


class Fetcher:
    """Takes a feed in."""

    def __init__(self, session, replica):
        self.session = session
        self.replica = replica

    def want(self):
        """Ask for what comes next; the number of updates that came."""
        start = self.replica.seq + 1
        held = self.session.clock.get(self.replica.feed, (0, 0, b""))
        self.session.send(
            "want",
            feed=self.replica.feed,
            epoch=held[0],
            start=start,
            to=2**53,
            credit=CREDIT,
            fill=FILL_ALL if self.replica.whole else FILL_HEADERS,
        )
        while True:
            frame = self.session.receive_until(self.is_updates, 30, self.other)
            self.take(frame)
            if frame.fields["lane"] == END:
                return self.replica.seq + 1 - start

    def is_updates(self, frame):
        """Is this a frame of our feed?"""
        return (
            frame.name == "updates"
            and frame.fields["feed"] == self.replica.feed
        )

    def take(self, frame):
        """Check what came, and take it in."""
        for data in frame.fields["envelopes"]:
            seq, commit = self.replica.take(data)
            say("update", seq, commit)

    def other(self, frame):
        """What is said meanwhile."""
        if frame.name == "ping":
            self.session.send("pong", number=frame.fields["number"])
        elif frame.name == "have":
            for entry in frame.fields["entries"]:
                self.session.clock[entry[0]] = tuple(entry[1:])

    def run(self, until):
        """All that the peer has; then live, until so many are in."""
        while self.want():
            pass
        while self.replica.seq < until:
            frame = self.session.receive(30)
            if self.is_updates(frame):
                self.take(frame)
            else:
                self.other(frame)
                held = self.session.clock.get(self.replica.feed, (0, 0))
                if frame.name == "have" and held[1] > self.replica.seq:
                    self.want()


class Server:
    """Has feeds, and gives them to who asks."""

    def __init__(self, session, sources, signatures=None, live=0, tell=say):
        self.session = session
        self.tell = tell
        self.sources = {source.feed: source for source in sources}
        # What we say to hold: the rest is new when it is asked for.
        self.held = {
            source.feed: max(len(source.envelopes) - live, 1)
            for source in sources
        }
        self.signatures = signatures
        self.there = {}
        self.wants = []

    def entries(self):
        """Our clock."""
        return [
            source.entry(self.held[feed])
            for feed, source in self.sources.items()
        ]

    def answer(self, frame):
        """What a frame asks for."""
        fields = frame.fields
        if frame.name == "ping":
            self.session.send("pong", number=fields["number"])
        elif frame.name == "want":
            self.wants.append(fields)
            self.send_wanted(fields)
        elif frame.name == "graft":
            self.send_grafted(fields)
        elif frame.name == "want-contents":
            self.send_contents(fields)
        elif frame.name == "receipt":
            self.hear_receipt(fields)
        elif frame.name == "have":
            for feed, _, seq, _ in fields["entries"]:
                self.note(feed, seq)

    def envelope(self, source, seq, fill):
        """One envelope, as it was asked for."""
        if fill == FILL_HEADERS:
            return source.without_contents(seq)
        return source.envelopes[seq - 1]

    def send_wanted(self, fields):
        """Answer a want: one update a frame, then the end; then the news."""
        feed = fields["feed"]
        source, credit = self.sources.get(feed), fields["credit"]
        seq, first = fields["start"], True
        last = min(fields["to"], self.held.get(feed, 0))
        while source and seq <= last:
            data = self.envelope(source, seq, fields["fill"])
            if len(data) > credit and not first:
                break
            credit -= len(data)
            first = False
            self.send_updates(feed, CATCH_UP, data)
            seq += 1
        self.send_updates(feed, END)
        if source and seq > self.held[feed]:
            while self.held[feed] < len(source.envelopes):
                self.push(source)

    def push(self, source):
        """The next update, as new."""
        self.held[source.feed] += 1
        data = source.envelopes[self.held[source.feed] - 1]
        self.send_updates(source.feed, LIVE, data)

    def send_updates(self, feed, lane, *envelopes):
        """One frame of updates."""
        self.session.send(
            "updates", feed=feed, lane=lane, envelopes=list(envelopes)
        )

    def send_grafted(self, fields):
        """Answer a graft: what is there, as new."""
        source = self.sources.get(fields["feed"])
        if source:
            for seq in range(fields["start"], self.held[source.feed] + 1):
                data = self.envelope(source, seq, fields["fill"])
                self.send_updates(source.feed, LIVE, data)

    def send_contents(self, fields):
        """Answer want-contents, a file a frame."""
        source = self.sources.get(fields["feed"])
        for blob in fields["blobs"]:
            data = source.blobs.get(blob) if source else None
            self.session.send(
                "contents", feed=fields["feed"], contents=[[blob, data]]
            )

    def hear_receipt(self, fields):
        """What the node says to hold, signed; others' receipts too."""
        value = FrameReader(fields["statement"]).whole()
        require(value[0] == 1, "format-unknown", "a receipt")
        node, held = value[2], value[5]
        require(
            is_canonical_signature(fields["signature"])
            and self.signatures.verify(
                node,
                b"weald-receipt",
                fields["statement"],
                fields["signature"],
            ),
            "signature",
            "of a receipt",
        )
        if node == self.session.node:
            for feed, _, seq, commit in held:
                source = self.sources.get(feed)
                if source and seq <= len(source.commits):
                    require(
                        source.commits[seq - 1] == commit,
                        "diverged",
                        f"the node holds {commit.hex()} at {seq}",
                    )
                self.note(feed, seq)

    def note(self, feed, seq):
        """The node holds so much of a feed."""
        source = self.sources.get(feed)
        seq = min(seq, len(source.commits)) if source else 0
        if self.there.get(feed, 0) < seq:
            self.there[feed] = seq
            self.tell("held", feed.hex(), seq, source.commits[seq - 1].hex())

    def is_done(self):
        """Does the node hold all that we have?"""
        return all(
            self.there.get(feed, 0) >= len(source.envelopes)
            for feed, source in self.sources.items()
        )

    def run(self, seconds):
        """Answer until the node holds all; is it so in time?"""
        for feed, (_, seq, _) in self.session.clock.items():
            self.note(feed, seq)
        deadline = time.monotonic() + seconds
        while not self.is_done():
            left = deadline - time.monotonic()
            if left <= 0:
                return False
            try:
                self.answer(self.session.receive(left))
            except Late:
                return False
        return True


# --- the command line


def run_key(args):
    """net_client.py key"""
    seed = bytes.fromhex(args.seed) if args.seed else None
    say(net_tls.write_key(args.file, seed).hex())
    return 0


def run_fetch(args):
    """net_client.py fetch"""
    session = dial(parse_address(args.address), args.node, args.key)
    with tempfile.TemporaryDirectory() as folder:
        replica = Replica(args.feed, Signatures(folder), not args.headers)
        session.open(net_tls.read_key(args.key))
        say("hello", session.node.hex())
        for feed, (_, seq, commit) in sorted(session.clock.items()):
            say("clock", feed.hex(), seq, commit.hex())
        Fetcher(session, replica).run(args.until)
        session.close()
        require(replica.seq, "not-found", "the node holds nothing of it")
        slug = replica.state.last.slug.decode()
        head = replica.state.head.hex()
        say("ok", slug, replica.seq, "updates", head)
    return 0


def serve(args, session, feed=ZERO_FEED, secret=None):
    """Give a node what we have."""
    sources = [Source.of_repository(path) for path in args.repo]
    with tempfile.TemporaryDirectory() as folder:
        server = Server(session, sources, Signatures(folder), args.live)
        session.open(
            net_tls.read_key(args.key), server.entries(), feed, secret
        )
        say("hello", session.node.hex())
        done = server.run(args.seconds)
        session.close()
    return 0 if done else 1


def run_serve(args):
    """net_client.py serve"""
    return serve(args, dial(parse_address(args.address), args.node, args.key))


def run_join(args):
    """net_client.py join"""
    token = decode_token(args.token)
    feed = Source.of_repository(args.repo[0]).feed
    failure = None
    for address in token.addresses:
        try:
            session = dial(parse_address(address), token.node, args.key)
        except OSError as error:
            failure = error
            continue
        return serve(args, session, feed, token.secret)
    raise failure


def run_token(args):
    """net_client.py token"""
    token = decode_token(args.token)
    say("node", token.node.hex())
    say("feed", token.feed.hex())
    say("expires", token.expires)
    for address in token.addresses:
        say("address", address)
    return 0


def hex32(text):
    """A key or an id."""
    data = bytes.fromhex(text)
    if len(data) != 32:
        raise ValueError(text)
    return data


def add_serving(parser):
    """The options of serve and join."""
    parser.add_argument("--key", required=True, metavar="FILE")
    parser.add_argument("--repo", nargs="+", required=True, metavar="REPO.git")
    parser.add_argument("--live", type=int, default=0, metavar="N")
    parser.add_argument("--seconds", type=float, default=30, metavar="S")


def parse_arguments():
    """The command line."""
    parser = argparse.ArgumentParser(description="a node of another make")
    commands = parser.add_subparsers(required=True)
    key = commands.add_parser("key")
    key.add_argument("file", metavar="FILE")
    key.add_argument("--seed", metavar="HEX")
    key.set_defaults(run=run_key)
    fetch = commands.add_parser("fetch")
    fetch.add_argument("--key", required=True, metavar="FILE")
    fetch.add_argument("--feed", type=hex32, required=True, metavar="HEX")
    fetch.add_argument("--until", type=int, default=0, metavar="SEQ")
    fetch.add_argument(
        "--headers", action="store_true", help="without contents"
    )
    fetch.set_defaults(run=run_fetch)
    server = commands.add_parser("serve")
    add_serving(server)
    server.set_defaults(run=run_serve)
    for one in (fetch, server):
        one.add_argument("address", metavar="ADDRESS")
        one.add_argument("node", type=hex32, metavar="NODE-KEY")
    join = commands.add_parser("join")
    join.add_argument("token", metavar="TOKEN")
    add_serving(join)
    join.set_defaults(run=run_join)
    token = commands.add_parser("token")
    token.add_argument("token", metavar="TOKEN")
    token.set_defaults(run=run_token)
    return parser.parse_args()


def main():
    """Run a command; the exit code."""
    args = parse_arguments()
    try:
        return args.run(args)
    except Ended as error:
        words = " ".join(w for w in (error.how, error.reason) if w)
        say(f"refused {words}: {error.detail}")
    except net_tls.PinError as error:
        say(f"pin: {error}")
    except Refusal as error:
        say(f"bad {error}")
    except Late as error:
        say(f"late: {error}")
    except ssl.SSLError as error:
        say(f"refused alert {(error.reason or '').lower()}: {error}")
    except (OSError, Unusable) as error:
        print(f"net_client.py: {error}", file=sys.stderr)
        return 2
    return 1


if __name__ == "__main__":
    sys.exit(main())
