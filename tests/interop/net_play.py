"""Two feeds to play with, and the node keys that play. Part of net_hostile.py.

A peer that misbehaved is backed off by its node key, so each attack has a key
of its own: the two feeds name sixteen each in their region.yaml. Feeds and
keys are made anew from their numbers, so that further updates can be signed.
"""

import subprocess
import time
from pathlib import Path

import feedkit
import net_tls
from check_base import sha256
from check_commit import Commit
from feedkit import Chain, GITATTRIBUTES, pack
from net_client import Server
from net_feed import Source
from net_session import Ended, Late, Session
from net_wire import LIVE

NAMES = ("play-one", "play-two")
KEYS = 16
# Talks first, and is typed in at the node by hand; the others are known by
# the feeds that it brings.
FIRST = "play-one-0"


def key_seed(name):
    """The seed of a node key."""
    return sha256(b"weald hostile " + name.encode())


def region_yaml(name, keys):
    """What a region says of itself."""
    nodes = "".join(
        f"  - key: {key.hex()}\n    addresses: []\n" for key in keys
    )
    return f"name: {name}\nnodes:\n{nodes}follows: []\n".encode()


class Feed:
    """A feed that can grow: its chain, and its envelopes."""

    def __init__(self, name, keys):
        self.name = name
        self.chain = Chain()
        self.source = Source()
        region = region_yaml(name, keys)
        files = {".gitattributes": GITATTRIBUTES, "region.yaml": region}
        self.grow(action="create-feed")
        self.grow(files, action="profile")
        for number in range(4):
            self.publish(f"Step {number}")

    def grow(self, files=(), **fields):
        """One more update, right in everything."""
        self.chain.step(files, slug=self.name, **fields)
        self.keep()

    def keep(self):
        """Take the chain's head up as what can be sent."""
        read = self.chain.objects.by_id
        self.source.add(
            Commit(read[self.chain.head][1]),
            lambda blob: read[bytes.fromhex(blob)][1],
        )

    def publish(self, title):
        """One more record."""
        seq = self.chain.seq + 1
        text = f"---\nkind: note\ntitle: {title}\n---\n\n{seq}\n".encode()
        self.grow(
            {"record.md": text}, record=f"note/2026-11/step-{seq}",
            action="publish", summary=title,
        )  # fmt: skip

    def next(self):
        """The next update as (payload, signature, contents), not kept."""
        chain = self.chain
        draft = chain.draft(slug=self.name, action="note", summary="Next")
        payload = draft.payload()
        text = draft.text(payload)
        signed = feedkit.signed_bytes(b"git", text)
        return payload, chain.key.sign(signed), []


class Play:
    """Everything that an attack needs."""

    def __init__(self, folder, address=None, node=None, names=NAMES):
        self.folder = Path(folder)
        self.address = address
        self.node = node
        self.names = names
        self.feeds = []
        for name in names:
            keys = [
                net_tls.read_key(self.key_file(f"{name}-{number}"))
                for number in range(KEYS)
            ]
            self.feeds.append(Feed(name, keys))

    @staticmethod
    def make(folder, names=NAMES):
        """Write keys and repositories."""
        folder = Path(folder)
        (folder / "keys").mkdir(parents=True)
        keys = [f"{name}-{n}" for name in names for n in range(KEYS)]
        for name in [*keys, "stranger"]:
            net_tls.write_key(folder / "keys" / name, key_seed(name))
        net_tls.write_key(
            folder / "keys/large", key_seed("play-one-1"), padding=8192
        )
        for name, new in (
            ("rsa", ["rsa:2048"]),
            ("ec", ["ec", "-pkeyopt", "ec_paramgen_curve:P-256"]),
        ):
            write_foreign(folder / "keys" / name, new)
        play = Play(folder, names=names)
        for feed in play.feeds:
            feed.chain.store(folder / f"{feed.name}.git")
        return play

    def key_file(self, name):
        """A node key by its name."""
        return self.folder / "keys" / name

    def entries(self):
        """A clock of all that there is."""
        return [feed.source.entry() for feed in self.feeds]

    def dial(self, key_name, pin=None, **options):
        """A session after its handshake, nothing said."""
        key_file = self.key_file(key_name) if key_name else None
        context = net_tls.client_context(key_file, **options)
        pin = pin or self.node
        return Session(net_tls.connect(self.address, pin, context), pin)

    def open(self, key_name, entries=None):
        """A session that is ready."""
        session = self.dial(key_name)
        entries = self.entries() if entries is None else entries
        return session.open(
            net_tls.read_key(self.key_file(key_name)), entries
        )

    def held(self):
        """How far the node says it is in each feed, from its clock."""
        session = self.open(FIRST)
        seqs = [
            session.clock.get(feed.source.feed, (0, 0))[1]
            for feed in self.feeds
        ]
        session.close()
        return seqs

    def bring(self, seconds=60):
        """Serve the feeds until the node holds them, and knows the keys."""
        deadline = time.monotonic() + seconds
        last = f"{self.names[-1]}-{KEYS - 1}"
        while time.monotonic() < deadline:
            session = self.open(FIRST)
            for feed in self.feeds:
                seq = session.clock.get(feed.source.feed, (0, 0))[1]
                if seq > feed.chain.seq:
                    raise Late(f"{feed.name} was played with here already")
            if self.serve(session).run(1):
                session.close()
                self.await_known(last, deadline)
                return
            session.close()
        raise Late("the node does not take the feeds: does it follow them?")

    def serve(self, session):
        """What answers for the feeds."""
        sources = [feed.source for feed in self.feeds]
        return Bringer(session, sources, tell=lambda *words: None)

    def await_known(self, key_name, deadline):
        """Until the node has read in region.yaml that it knows this key."""
        while True:
            try:
                self.open(key_name).close()
                return
            except Ended:
                if time.monotonic() > deadline:
                    raise
                time.sleep(0.5)

    def push(self, session, feed, *envelopes, lane=LIVE, under=None):
        """Send envelopes, as new ones unless told otherwise."""
        under = under or feed
        session.send(
            "updates", feed=under.source.feed, lane=lane,
            envelopes=list(envelopes),
        )  # fmt: skip


class Bringer(Server):
    """Serves without a word; others check receipts."""

    def hear_receipt(self, fields):
        """A receipt."""


def write_foreign(path, new):
    """A key and a certificate that are not Ed25519, by openssl."""
    command = ["openssl", "req", "-x509", "-nodes", "-subj", "/CN=play"]
    command += ["-newkey", *new, "-keyout", str(path), "-out", f"{path}.crt"]
    subprocess.run(command, check=True, stderr=subprocess.DEVNULL)
    with open(path, "a", encoding="ascii") as out:
        out.write(Path(f"{path}.crt").read_text(encoding="ascii"))


def pack_envelope(payload, signature, contents):
    """What travels."""
    return pack([payload, signature, contents])
