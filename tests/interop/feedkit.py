"""Feeds for tests: write updates, right ones and any kind of wrong one.

The writer's side of docs/PROTOCOL.md in Python, with a handle at every joint:
a field may be replaced by raw bytes, the payload mangled before it is signed,
the commit after it. What is signed is signed with the right key, so that a
wrong update breaks the one rule it is made to break. All is deterministic.

A Chain holds updates and git objects in memory; Chain.store() makes them a
bare repository.
"""

import base64
import hashlib
import json
import zlib
from dataclasses import dataclass, field
from pathlib import Path

import msgpack

import build_feed
import ed25519

ZERO_20 = bytes(20)
ZERO_32 = bytes(32)

GITATTRIBUTES = (
    b"* -text\n**/attachments/** filter=lfs diff=lfs merge=lfs -text\n"
)
REGION = b"name: South West\nnodes: []\nfollows: []\n"

# Fields of the payload in their order; docs/PROTOCOL.md, "The payload".
FIELDS = (
    "format feed slug root epoch seq prev time key grant action record "
    "version summary note topics parent tree changes nonce ext"
).split()

COMMIT, TREE, BLOB = 1, 2, 3
TYPE_NAMES = {COMMIT: b"commit", TREE: b"tree", BLOB: b"blob"}


def sha256(data):
    """The SHA-256 of data."""
    return hashlib.sha256(data).digest()


def pack(value):
    """A value in canonical MessagePack; bad UTF-8 stands as surrogates."""
    return msgpack.packb(
        value, use_bin_type=True, unicode_errors="surrogateescape"
    )


def array_header(count):
    """The canonical header of an array."""
    if count < 16:
        return bytes([0x90 | count])
    return b"\xdc" + count.to_bytes(2, "big")


class Objects:
    """Git objects in memory, by id."""

    def __init__(self):
        self.by_id = {}

    def add(self, kind, data):
        """Keep an object; its id."""
        header = TYPE_NAMES[kind] + b" %d\0" % len(data)
        name = hashlib.sha1(header + data).digest()
        self.by_id[name] = (kind, data)
        return name

    def add_tree(self, files):
        """Keep the trees of {path: (mode, blob id)}; the id of the root."""
        folders, entries = {}, []
        for path, (mode, blob) in files.items():
            head, slash, rest = path.partition("/")
            if slash:
                folders.setdefault(head, {})[rest] = (mode, blob)
            else:
                entries.append((head.encode(), mode, blob))
        for name, below in folders.items():
            entries.append((name.encode(), b"40000", self.add_tree(below)))
        return self.add_entries(sorted(entries, key=tree_order))

    def add_entries(self, entries):
        """Keep one tree with (name, mode, id) in the order given."""
        return self.add(
            TREE,
            b"".join(
                mode + b" " + name + b"\0" + blob
                for name, mode, blob in entries
            ),
        )

    def store(self, folder):
        """Write all objects into a repository's folder of them, as git would
        write each: quicker than a git for every feed."""
        for name, (kind, data) in self.by_id.items():
            path = folder / name.hex()[:2] / name.hex()[2:]
            path.parent.mkdir(exist_ok=True)
            header = TYPE_NAMES[kind] + b" %d\0" % len(data)
            path.write_bytes(zlib.compress(header + data, 1))


def tree_order(entry):
    """Git sorts a folder's name as if it ended with a slash."""
    name, mode, _ = entry
    return name + b"/" if mode == b"40000" else name


def ssh_blob(namespace, reserved, algorithm, digest):
    """What SSHSIG signs, of its parts."""
    out = b"SSHSIG"
    for part in (namespace, reserved, algorithm.encode(), digest):
        out += build_feed.ssh_string(part)
    return out


def signed_bytes(namespace, message):
    """What SSHSIG signs for a message."""
    digest = hashlib.sha512(message).digest()
    return ssh_blob(namespace, b"", "sha512", digest)


@dataclass
class Draft:
    """One update before it is signed, by the fields of its payload.

    raw      replaces the bytes of a field, by name
    mangle   changes the payload's bytes before they are signed
    retext   changes the commit's text (without gpgsig) before it is signed
    sign     signs in another way: (signer, bytes) to 64 bytes
    signer   signs instead of the owner of `key`
    recommit changes the commit's bytes afterwards, as a relay could
    """

    format: int = 1
    feed: bytes = ZERO_32
    slug: str = "south-west"
    root: bytes = ZERO_32
    epoch: int = 0
    seq: int = 1
    prev: bytes = ZERO_32
    time: int = 1793494800
    key: bytes = ZERO_32
    grant: list = field(default_factory=list)
    action: str = "publish"
    record: str = ""
    version: int = 0
    summary: str = "A step"
    note: str = ""
    topics: list = field(default_factory=list)
    parent: bytes = ZERO_20
    tree: bytes = ZERO_20
    changes: list = field(default_factory=list)
    nonce: bytes = bytes(16)
    ext: bytes = b""

    raw: dict = field(default_factory=dict)
    mangle: object = None
    retext: object = None
    sign: object = None
    signer: object = None
    recommit: object = None

    def payload(self):
        """The bytes of the payload."""
        out = array_header(len(FIELDS))
        for name in FIELDS:
            out += self.raw.get(name) or pack(getattr(self, name))
        return self.mangle(out) if self.mangle else out

    def statement(self, until=0):
        """What a grant for this update is signed over."""
        return pack(
            [
                self.feed,
                self.action,
                self.epoch,
                self.seq,
                self.prev,
                self.key,
                until,
            ]
        )

    def text(self, payload):
        """The commit without its signature."""
        feed = sha256(payload) if self.seq == 1 else self.feed
        person = f"{self.slug} <{self.slug}@{feed.hex()[:12]}>"
        person += f" {self.time} +0000\n"
        out = f"tree {self.tree.hex()}\n"
        if self.seq > 1:
            out += f"parent {self.parent.hex()}\n"
        out += f"author {person}committer {person}"
        out += f"weald-update {base64.b64encode(payload).decode()}\n"
        out += f"\n{self.summary}\n\n"
        if self.note:
            out += f"{self.note}\n\n"
        if self.record:
            out += f"Record: {self.record}\nVersion: {self.version}\n"
        if self.topics:
            out += f"Topics: {', '.join(self.topics)}\n"
        out += f"Update: {self.seq} {sha256(payload).hex()}\n"
        out = out.encode(errors="surrogateescape")
        return self.retext(out) if self.retext else out


def commit_bytes(text, key, signature):
    """A commit of its text and signature, whatever the text holds."""
    headers, _, message = text.partition(b"\n\n")
    armour = "\n ".join(build_feed.armour_lines(key, signature)).encode()
    return headers + b"\ngpgsig " + armour + b"\n\n" + message


class Chain:
    """A feed under construction: its keys, its state and its objects."""

    def __init__(self):
        self.vectors = json.loads(build_feed.VECTORS.read_text())
        self.keys = {
            name: ed25519.Key(bytes.fromhex(seed))
            for name, seed in self.vectors["seeds"].items()
        }
        self.root = self.keys["root"]
        self.key = self.keys["first"]
        self.owners = {key.public: key for key in self.keys.values()}
        self.objects = Objects()
        self.files = {}
        self.versions = {}
        self.payloads = []
        self.feed = ZERO_32
        self.seq = 0
        self.digest = ZERO_32
        self.head = ZERO_20
        self.time = 1793494800 - 3600
        self.shallow = []

    @classmethod
    def of_vectors(cls, count=7):
        """The first updates of tests/data/feed.json, as they are there."""
        chain = cls()
        for update in chain.vectors["updates"][:count]:
            payload = bytes.fromhex(update["payload"])
            envelope = msgpack.unpackb(bytes.fromhex(update["envelope"]))
            draft = Draft(**dict(zip(FIELDS, msgpack.unpackb(payload))))
            for change, content in zip(draft.changes, envelope[2]):
                chain.change(change[0], content)
            chain.objects.add_tree(chain.files)
            signature = bytes.fromhex(update["signature"])
            chain.append(draft, payload, lambda *_, s=signature: s)
            assert chain.head.hex() == update["commit"]
        return chain

    def add_key(self, name):
        """A further key pair, from its name."""
        key = ed25519.Key(sha256(b"weald test key " + name.encode()))
        self.keys[name] = key
        self.owners[key.public] = key
        return key

    def change(self, path, content):
        """Put a file, or remove it where content is None."""
        if content is None:
            self.files.pop(path, None)
        else:
            self.files[path] = (b"100644", self.objects.add(BLOB, content))

    def change_of(self, path, content):
        """The entry of a file in `changes`."""
        if content is None:
            return [path]
        blob = self.objects.add(BLOB, content)
        return [path, len(content), sha256(content), blob]

    def draft(self, files=(), **fields):
        """The next update, right in every field that is not given.

        files is {path: content or None}; paths are beneath the record where
        there is one.
        """
        record = fields.get("record", "")
        files = dict(files)
        if record:
            files = {f"{record}/{name}": v for name, v in files.items()}
        for path, content in files.items():
            self.change(path, content)
        draft = Draft(
            feed=self.feed,
            root=sha256(self.root.public),
            seq=self.seq + 1,
            prev=self.digest,
            time=self.time + 3600,
            key=self.key.public,
            parent=self.head,
            tree=self.objects.add_tree(self.files),
            changes=[
                self.change_of(path, files[path])
                for path in sorted(files, key=str.encode)
            ],
            nonce=sha256(b"nonce %d" % self.seq)[:16],
        )
        if record:
            draft.version = self.versions.get(record, 0) + 1
        for name, value in fields.items():
            setattr(draft, name, value)
        return draft

    def grant(self, draft, until=0, root=None, namespace=b"weald-grant"):
        """Give a draft the root key's grant."""
        root = root or self.root
        message = signed_bytes(namespace, draft.statement(until))
        draft.grant = [root.public, root.sign(message), until]
        return draft

    def append(self, draft, payload=None, sign=None):
        """Sign a draft and put its commit on top."""
        payload = payload or draft.payload()
        text = draft.text(payload)
        sign = sign or draft.sign or (lambda key, data: key.sign(data))
        signer = draft.signer or self.owners.get(draft.key)
        signature = sign(signer, signed_bytes(b"git", text))
        commit = commit_bytes(text, draft.key, signature)
        if draft.recommit:
            commit = draft.recommit(commit)
        self.head = self.objects.add(COMMIT, commit)
        self.digest = sha256(payload)
        self.payloads.append({7: draft.time, 8: draft.key})
        if self.seq == 0:
            self.feed = self.digest
        self.seq += 1
        self.time = draft.time
        self.key = self.owners.get(draft.key, self.key)
        if draft.record:
            self.versions[draft.record] = draft.version
        return self

    def step(self, files=(), **fields):
        """draft() and append() in one."""
        return self.append(self.draft(files, **fields))

    def rotate(self, name, files=(), **fields):
        """Change the feed's key to the one of this name."""
        key = self.keys.get(name) or self.add_key(name)
        draft = self.draft(
            files, action="rotate-key", key=key.public, **fields
        )
        return self.append(self.grant(draft))

    def create(self, **fields):
        """The first update of a feed."""
        return self.step(action="create-feed", **fields)

    def profile(self, **fields):
        """The second update of a feed."""
        files = {".gitattributes": GITATTRIBUTES, "region.yaml": REGION}
        return self.step(files, action="profile", **fields)

    def store(self, out):
        """Write a bare repository with main at the head."""
        out = Path(out)
        for folder in ("objects/info", "objects/pack", "refs/heads"):
            (out / folder).mkdir(parents=True)
        (out / "HEAD").write_text("ref: refs/heads/main\n")
        (out / "config").write_text(
            "[core]\n\trepositoryformatversion = 0\n\tbare = true\n"
        )
        self.objects.store(out / "objects")
        # By hand: update-ref looks into the object, which may be any.
        (out / "refs/heads/main").write_text(self.head.hex() + "\n")
        if self.shallow:
            lines = [name.hex() + "\n" for name in self.shallow]
            (out / "shallow").write_text("".join(lines))
        signers = out / "allowed_signers"
        address = f"south-west@{self.feed.hex()[:12]}"
        signers.write_text(
            "".join(build_feed.allowed_signers(address, self.payloads))
        )
        with (out / "config").open("a") as config:
            config.write("[gpg]\n\tformat = ssh\n")
            config.write(
                '[gpg "ssh"]\n'
                f"\tallowedSignersFile = {signers.resolve()}\n"
            )
