#!/usr/bin/python3
"""A second opinion on a feed: verify its git repository without Weald.

    check_feed.py [--json] [--no-signatures | --sample N] REPO.git...

Written from docs/PROTOCOL.md, with git, ssh-keygen, hashlib and msgpack only.
It walks `main` from the first commit to the last, takes the payload and the
signature out of each, builds the commit again and compares the bytes, checks
what the payload says against every rule, the contents and the trees in the
repository against what the payload says, and has ssh-keygen verify each
signature and each grant.

For each repository one line: `ok SLUG N updates HEAD`, or
`refused SEQ COMMIT: NAME: detail` for the first update that breaks a rule,
NAME being the refusal's name in docs/PROTOCOL.md. Exit code 0: all are right,
1: one is refused, 2: something could not be read or run.

SHA-1 is computed here without looking for collisions; the contents are bound
by SHA-256 as well.
"""

import argparse
import json
import os
import random
import re
import subprocess
import sys
import tempfile
from pathlib import Path

from check_base import Refusal, object_id, require, sha256
from check_commit import Commit, Signatures
from check_payload import EMPTY_TREE
from check_state import Feed

# More than any object of a feed has; a limit of this program.
OBJECT_MAX = 64 * 1024 * 1024


class Unusable(Exception):
    """Nothing can be said about the feed: no repository, no program."""


class Repository:
    """Objects of a git repository, read through one `git cat-file`."""

    def __init__(self, path):
        folder = Path(path, ".git")
        self.git = ["git", f"--git-dir={folder if folder.is_dir() else path}"]
        # What stands in the repository's configuration must not make git
        # run or fetch anything.
        self.env = {
            "PATH": os.environ.get("PATH", "/usr/bin:/bin"),
            "HOME": "/nonexistent",
            "GIT_CONFIG_NOSYSTEM": "1",
            "GIT_CONFIG_GLOBAL": "/dev/null",
            "GIT_NO_REPLACE_OBJECTS": "1",
            "GIT_NO_LAZY_FETCH": "1",
            "GIT_ALLOW_PROTOCOL": "none",
        }
        self.batch = None

    def __enter__(self):
        self.batch = subprocess.Popen(
            [*self.git, "cat-file", "--batch"],
            env=self.env,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
        )
        return self

    def __exit__(self, *_):
        self.batch.kill()
        self.batch.communicate()

    def head(self):
        """The id of the commit that main names."""
        done = subprocess.run(
            [*self.git, "rev-parse", "--verify", "-q", "refs/heads/main"],
            env=self.env,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            check=False,
        )
        name = done.stdout.decode().strip()
        if done.returncode != 0 or not re.fullmatch("[0-9a-f]{40}", name):
            raise Unusable(
                done.stderr.decode(errors="replace").strip()
                or "no branch main"
            )
        return name

    def read(self, name, kind):
        """The bytes of an object, or None where it is not there."""
        try:
            self.batch.stdin.write(name.encode() + b"\n")
            self.batch.stdin.flush()
        except BrokenPipeError as error:
            raise Unusable("git cat-file ended") from error
        answer = self.batch.stdout.readline().split()
        if len(answer) == 2 and answer[1] == b"missing":
            return None
        if len(answer) != 3:
            raise Unusable(f"git cannot read the object {name}")
        size = int(answer[2])
        if size > OBJECT_MAX:
            raise Unusable(f"the object {name} has {size} bytes")
        data = self.batch.stdout.read(size + 1)[:-1]
        if len(data) != size:
            raise Unusable(f"git cannot read the object {name}")
        return data if answer[1] == kind else None

    def history(self):
        """The ids of the commits from the first to the head.

        Parents are read from the commits themselves: `git rev-list` would
        believe a shallow file.
        """
        names = []
        name = self.head()
        while name:
            data = self.commit(name)
            if data is None:
                break
            names.append(name)
            name = first_parent(data)
        return names[::-1]

    def commit(self, name):
        """The bytes of a commit, or None."""
        return self.read(name, b"commit")

    def check_contents(self, update):
        """Each content that an update puts is there, and is the one named."""
        for change in update.changes:
            if change.blob is None:
                continue
            data = self.read(change.blob.hex(), b"blob")
            where = f"{change.path!r}"
            require(data is not None, "content-absent", where)
            require(len(data) == change.size, "content-size", where)
            require(sha256(data) == change.sha256, "content-digest", where)
            require(
                object_id(b"blob", data) == change.blob, "content-blob", where
            )

    def check_trees(self, folders):
        """Each tree that is new is there, byte for byte."""
        for folder in folders:
            data = self.read(folder.name.hex(), b"tree")
            require(
                data == folder.data or folder.name == EMPTY_TREE,
                "tree-other",
                f"the tree {folder.name.hex()} is not in the repository",
            )


def first_parent(data):
    """The id in a commit's first parent line, or None."""
    headers = data.partition(b"\n\n")[0]
    found = re.search(rb"^parent ([0-9a-fA-F]{40})$", headers, re.M)
    return found[1].decode().lower() if found else None


class Checker:
    """Checks one repository, and keeps what a report says."""

    def __init__(self, path, signatures, wanted):
        self.path = path
        self.signatures = signatures
        self.wanted = wanted
        self.verified = 0
        self.seq = 0
        self.commit = None
        self.feed = Feed()

    def run(self):
        """The report on the repository."""
        try:
            with Repository(self.path) as repository:
                names = repository.history()
                chosen = self.choose(len(names))
                for self.seq, self.commit in enumerate(names, start=1):
                    self.check(repository, self.seq in chosen)
        except Refusal as refusal:
            return {
                "ok": False,
                "repository": str(self.path),
                "seq": self.seq,
                "commit": self.commit,
                "refusal": refusal.name,
                "detail": refusal.detail,
            }
        return {
            "ok": True,
            "repository": str(self.path),
            "slug": self.feed.last.slug.decode(),
            "feed": self.feed.feed.hex(),
            "updates": self.feed.count,
            "records": len(self.feed.records),
            "head": self.feed.head.hex(),
            "signatures": self.verified,
        }

    def choose(self, count):
        """The seqs whose signatures are verified."""
        if self.wanted is None or self.wanted >= count:
            return range(1, count + 1)
        chosen = random.Random(0).sample(range(1, count + 1), self.wanted)
        return set(chosen)

    def check(self, repository, verify):
        """Check one commit: alone, in its place, its contents."""
        commit = Commit(repository.commit(self.commit))
        require(
            commit.name.hex() == self.commit, "commit-form", "another git id"
        )
        if verify:
            self.signatures.check_commit(commit)
            self.verified += 1
        # Few, and all a feed's identity rests on: never left out.
        self.signatures.check_grant(commit.update)
        changed = self.feed.append(commit)
        repository.check_contents(commit.update)
        repository.check_trees(changed)


def as_line(report):
    """A report for people."""
    if report["ok"]:
        return "ok {slug} {updates} updates {head}".format(**report)
    return "refused {seq} {commit}: {refusal}: {detail}".format(**report)


def parse_arguments():
    """The command line."""
    parser = argparse.ArgumentParser(
        description="verify feeds from their git repositories alone"
    )
    parser.add_argument("repository", nargs="+", metavar="REPO.git")
    parser.add_argument(
        "--json", action="store_true", help="print a JSON object a line"
    )
    group = parser.add_mutually_exclusive_group()
    group.add_argument(
        "--no-signatures",
        action="store_const",
        const=0,
        dest="wanted",
        help="verify grants only, not the updates' signatures",
    )
    group.add_argument(
        "--sample",
        type=int,
        dest="wanted",
        metavar="N",
        help="verify the signatures of N updates only",
    )
    args = parser.parse_args()
    if args.wanted is not None and args.wanted < 0:
        parser.error("--sample takes 0 or more")
    return args


def main():
    """Check each repository; the exit code."""
    args = parse_arguments()
    code = 0
    with tempfile.TemporaryDirectory() as folder:
        signatures = Signatures(folder)
        for path in args.repository:
            try:
                report = Checker(path, signatures, args.wanted).run()
            except (Unusable, OSError) as error:
                print(f"check_feed.py: {path}: {error}", file=sys.stderr)
                code = 2
                continue
            print(json.dumps(report) if args.json else as_line(report))
            if not report["ok"]:
                code = max(code, 1)
    return code


if __name__ == "__main__":
    sys.exit(main())
