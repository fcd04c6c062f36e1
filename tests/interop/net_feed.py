"""Feeds as they travel: envelopes out of a repository, and into a replica.

docs/PROTOCOL.md, "The envelope", "Checking an update by itself", "Appending".
Part of net_client.py; the checks are those of check_feed.py.
"""

from check_base import object_id, require, sha256
from check_commit import (
    Commit,
    armour,
    commit_headers,
    commit_message,
)
from check_feed import Repository
from check_payload import check_alone, decode, pack
from check_state import Feed
from net_wire import FrameReader

ENVELOPE_MAX = 5 * 1024 * 1024


class EnvelopeReader(FrameReader):
    """An envelope: any number of values."""

    def __init__(self, data):
        super().__init__(data)
        self.left = len(data)


def envelope(payload, signature, contents):
    """What travels."""
    return pack([payload, signature, contents])


def open_envelope(data):
    """Payload, signature and contents."""
    require(len(data) <= ENVELOPE_MAX, "too-big", "the envelope")
    value = EnvelopeReader(data).whole()
    require(
        type(value) is list
        and len(value) == 3
        and type(value[0]) is bytes
        and type(value[1]) is bytes
        and len(value[1]) == 64
        and type(value[2]) is list
        and all(item is None or type(item) is bytes for item in value[2]),
        "envelope",
        "not [P bin, S bin 64, contents array]",
    )
    return value


def build_commit(payload, signature):
    """The one commit that a payload and a signature build."""
    update = decode(payload)
    check_alone(update)
    lines = armour(update.key, b"git", signature).replace(b"\n", b"\n ")
    return Commit(
        commit_headers(update, payload)
        + b"gpgsig "
        + lines
        + b"\n\n"
        + commit_message(update, payload)
    )


def check_contents(update, contents, whole):
    """Each content against what the payload says of it."""
    require(
        len(contents) == len(update.changes), "envelope", "other contents"
    )
    for change, content in zip(update.changes, contents):
        where = repr(change.path)
        if change.blob is None:
            require(content is None, "envelope", f"{where} is removed")
            continue
        if content is None:
            require(not whole, "content-absent", where)
            continue
        require(len(content) == change.size, "content-size", where)
        require(sha256(content) == change.sha256, "content-digest", where)
        require(
            object_id(b"blob", content) == change.blob, "content-blob", where
        )


class Replica:
    """A feed as it is taken in, checked in full."""

    def __init__(self, feed, signatures, whole=True):
        self.feed = feed
        self.signatures = signatures
        self.whole = whole
        self.state = Feed()

    @property
    def seq(self):
        """The last update that is in."""
        return self.state.count

    def entry(self):
        """What stands of it in a clock, or None."""
        if not self.seq:
            return None
        return [self.feed, self.state.last.epoch, self.seq, self.state.head]

    def take(self, data):
        """Check an envelope and append it; seq and commit."""
        payload, signature, contents = open_envelope(data)
        commit = build_commit(payload, signature)
        update = commit.update
        feed = sha256(payload) if update.seq == 1 else update.feed
        require(feed == self.feed, "feed-other", "an update of another feed")
        self.signatures.check_commit(commit)
        self.signatures.check_grant(update)
        check_contents(update, contents, self.whole)
        self.state.append(commit)
        return update.seq, commit.name.hex()


class Source:
    """A feed that we can send."""

    def __init__(self):
        self.envelopes = []
        self.commits = []
        self.blobs = {}
        self.feed = None
        self.epochs = []

    def add(self, commit, read):
        """One more update; @read gives a blob's bytes by its hex id."""
        contents = []
        for change in commit.update.changes:
            data = read(change.blob.hex()) if change.blob else None
            if data is not None:
                self.blobs[change.blob] = data
            contents.append(data)
        self.feed = self.feed or sha256(commit.payload)
        self.envelopes.append(
            envelope(commit.payload, commit.signature, contents)
        )
        self.commits.append(commit.name)
        self.epochs.append(commit.update.epoch)

    @classmethod
    def of_repository(cls, path):
        """All of a bare repository."""
        source = cls()
        with Repository(path) as repository:
            for name in repository.history():
                source.add(
                    Commit(repository.commit(name)),
                    lambda blob: repository.read(blob, b"blob"),
                )
        return source

    def entry(self, seq=None):
        """What stands of it in a clock."""
        seq = seq or len(self.envelopes)
        return [self.feed, self.epochs[seq - 1], seq, self.commits[seq - 1]]

    def without_contents(self, seq):
        """An envelope whose contents are all nil."""
        payload, signature, contents = open_envelope(self.envelopes[seq - 1])
        return envelope(payload, signature, [None] * len(contents))
