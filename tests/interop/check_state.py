"""The feed that an update has to fit: links, keys, versions, files.

docs/PROTOCOL.md, "Appending". Part of check_feed.py.
"""

from check_base import object_id, require, sha256
from check_payload import RECORD, REISSUES

# --- the tree


class Folder:
    """A folder of the feed: {name: blob id or Folder}, ids kept."""

    def __init__(self):
        self.entries = {}
        self.data = None
        self.name = None

    def seal(self, changed):
        """The id of this folder's tree; trees that are new go to changed."""
        if self.name is None:
            entries = []
            for name, entry in self.entries.items():
                if isinstance(entry, Folder):
                    entries.append(
                        (name + b"/", b"40000", name, entry.seal(changed))
                    )
                else:
                    entries.append((name, b"100644", name, entry))
            self.data = b"".join(
                b"%s %s\0%s" % (mode, name, blob)
                for _, mode, name, blob in sorted(entries)
            )
            self.name = object_id(b"tree", self.data)
            changed.append(self)
        return self.name

    def remove(self, parts, path):
        """Remove a file, and the folders that it leaves empty."""
        self.name = None
        head, below = parts[0], self.entries.get(parts[0])
        require(
            below is not None and (len(parts) > 1) == isinstance(below, Folder),
            "removal-absent",
            f"{path!r} is not there",
        )
        if len(parts) > 1:
            below.remove(parts[1:], path)
            if below.entries:
                return
        del self.entries[head]

    def put(self, parts, blob, path):
        """Put a file, and the folders that it needs."""
        self.name = None
        head, below = parts[0], self.entries.get(parts[0])
        if len(parts) > 1:
            if below is None:
                below = self.entries[head] = Folder()
            require(
                isinstance(below, Folder),
                "path-clash",
                f"a folder of {path!r} is a file",
            )
            below.put(parts[1:], blob, path)
            return
        require(
            not isinstance(below, Folder),
            "path-clash",
            f"{path!r} is a folder",
        )
        require(
            below != blob, "put-unchanged", f"{path!r} is there as it is"
        )
        self.entries[head] = blob


# --- the feed


class Feed:
    """What an update has to fit: the state after the updates before it."""

    def __init__(self):
        self.count = 0
        self.feed = None
        self.last = None
        self.digest = None
        self.head = None
        self.records = {}
        self.files = Folder()

    def append(self, commit):
        """Check an update against the state and take it in.

        Gives the folders whose trees are new.
        """
        update = commit.update
        if self.count == 0:
            require(
                update.seq == 1,
                "seq-gap",
                f"update {update.seq} is the first in the repository",
            )
        else:
            self.check_links(update)
        self.check_record(update)
        for change in update.changes:
            if change.blob is None:
                self.files.remove(change.path.split(b"/"), change.path)
        for change in update.changes:
            if change.blob is not None:
                parts = change.path.split(b"/")
                self.files.put(parts, change.blob, change.path)
        changed = []
        tree = self.files.seal(changed)
        require(
            tree == update.tree,
            "tree-other",
            f"the changes give {tree.hex()}",
        )
        self.last = update
        self.digest = sha256(commit.payload)
        self.feed = self.feed or self.digest
        self.head = commit.name
        self.count += 1
        return changed

    def check_links(self, update):
        """Feed, slug, root, seq, prev, parent, epoch and key."""
        last = self.last
        require(update.feed == self.feed, "feed-other", "another feed")
        require(update.slug == last.slug, "slug-changed", "another slug")
        require(update.root == last.root, "root-changed", "another root key")
        require(
            update.action.decode() not in REISSUES,
            "reissue-held",
            "a granted change of history",
        )
        seq = self.count + 1
        require(update.seq <= seq, "seq-gap", f"seq {update.seq} for {seq}")
        require(update.seq == seq, "seq-old", f"seq {update.seq} for {seq}")
        require(
            update.prev == self.digest, "prev-other", "another previous update"
        )
        require(
            update.parent == self.head, "parent-other", "another parent commit"
        )
        require(
            update.epoch == last.epoch,
            "epoch-changed",
            f"epoch {update.epoch} after {last.epoch}",
        )
        require(
            update.key == last.key or update.action == b"rotate-key",
            "key-changed",
            "another key, and no grant",
        )

    def check_record(self, update):
        """The record's name is free or its own; versions follow."""
        if not update.record:
            return
        name = RECORD.fullmatch(update.record).groups()
        path, version = self.records.get(name, (update.record, 0))
        require(
            path == update.record, "record-taken", f"taken by {path!r}"
        )
        require(
            update.version == version + 1,
            "version-other",
            f"version {update.version} after {version}",
        )
        self.records[name] = (path, update.version)
