#!/usr/bin/python3
"""Make the feed of tests/data/feed.json a bare git repository.

    build_feed.py [--updates N] OUT.git

Stock git does all the work: its plumbing writes the blobs, the trees and the
commits, and every id that comes out is compared with the id in feed.json.
The repository gets an allowed_signers file and a configuration that names it,
as docs/PROTOCOL.md describes, so that `git verify-commit` works in it with no
flag. Nothing of Weald is used.
"""

import argparse
import base64
import json
import os
import subprocess
import sys
import time
from pathlib import Path

import msgpack

VECTORS = Path(__file__).resolve().parent.parent / "data" / "feed.json"
DAY = 86400
YEAR_9999_END = 253402300799

# Fields of the payload; docs/PROTOCOL.md, "The payload".
TIME, KEY, CHANGES = 7, 8, 18

ARMOUR_COLUMNS = 70

# Git without the configuration of whoever runs the tests.
CLEAN_ENVIRONMENT = {
    "PATH": os.environ.get("PATH", "/usr/bin:/bin"),
    "HOME": "/nonexistent",
    "GIT_CONFIG_NOSYSTEM": "1",
    "GIT_CONFIG_GLOBAL": "/dev/null",
}


class Mismatch(Exception):
    """Stock git and feed.json disagree."""


class Repository:
    """A bare repository, written through git's plumbing."""

    def __init__(self, path):
        self.path = path
        self.env = CLEAN_ENVIRONMENT | {
            "GIT_DIR": str(path),
            "GIT_INDEX_FILE": str(path / "index.tmp"),
        }
        init = "git init -q --bare --template= -b main".split()
        subprocess.run(
            [*init, str(path)], check=True, env=CLEAN_ENVIRONMENT
        )

    def git(self, *args, data=b""):
        """Run git on the repository; what it prints, without the last LF."""
        done = subprocess.run(
            ["git", *args],
            env=self.env,
            input=data,
            stdout=subprocess.PIPE,
            check=True,
        )
        return done.stdout.decode().rstrip("\n")

    def write(self, kind, data):
        """Write one object; `--literally` takes any commit header."""
        return self.git(
            "hash-object", "-w", "--literally", "-t", kind, "--stdin",
            data=data,
        )

    def stage(self, path, blob):
        """Put a file into the index, or remove it where blob is None."""
        mode, blob = ("100644", blob) if blob else ("0", "0" * 40)
        line = f"{mode} {blob}\t{path}\n"
        self.git("update-index", "--index-info", data=line.encode())


def ssh_string(data):
    """The "string" of RFC 4251."""
    return len(data).to_bytes(4, "big") + data


def public_blob(key):
    """An Ed25519 public key as OpenSSH writes it."""
    return ssh_string(b"ssh-ed25519") + ssh_string(key)


def armour_lines(key, signature):
    """The lines that `ssh-keygen -Y sign -n git` writes."""
    blob = b"SSHSIG" + (1).to_bytes(4, "big")
    for part in (
        public_blob(key),
        b"git",
        b"",
        b"sha512",
        ssh_string(b"ssh-ed25519") + ssh_string(signature),
    ):
        blob += ssh_string(part)
    text = base64.b64encode(blob).decode()
    yield "-----BEGIN SSH SIGNATURE-----"
    for at in range(0, len(text), ARMOUR_COLUMNS):
        yield text[at : at + ARMOUR_COLUMNS]
    yield "-----END SSH SIGNATURE-----"


def with_signature(text, key, signature):
    """The commit: its text with the gpgsig header behind the others."""
    headers, message = text.split("\n\n", 1)
    armour = "\n ".join(armour_lines(key, signature))
    return f"{headers}\ngpgsig {armour}\n\n{message}".encode()


def stamp(seconds):
    """A moment as allowed_signers writes it."""
    return time.strftime("%Y%m%d%H%M%SZ", time.gmtime(seconds))


def allowed_signers(address, payloads):
    """One line a key: from a day before its first use to one after its last.

    The first key has no beginning and the last one no end; nor has a window
    that would end in the year 10000, which ssh-keygen cannot read.
    """
    windows = []
    for payload in payloads:
        if not windows or windows[-1][0] != payload[KEY]:
            windows.append([payload[KEY], payload[TIME], payload[TIME]])
        windows[-1][1] = min(windows[-1][1], payload[TIME])
        windows[-1][2] = max(windows[-1][2], payload[TIME])
    for n, (key, first, last) in enumerate(windows):
        options = ['namespaces="git"']
        if n > 0:
            options.append(f'valid-after="{stamp(first - DAY)}"')
        if n < len(windows) - 1 and last + DAY <= YEAR_9999_END:
            options.append(f'valid-before="{stamp(last + DAY)}"')
        blob = base64.b64encode(public_blob(key)).decode()
        yield f"{address} {','.join(options)} ssh-ed25519 {blob}\n"


def expect(what, got, wanted):
    """Stop where stock git came to another id."""
    if got != wanted:
        raise Mismatch(f"{what} is {got}, feed.json says {wanted}")


def write_update(repository, update, payload):
    """Write the contents, the tree and the commit of one update."""
    envelope = msgpack.unpackb(bytes.fromhex(update["envelope"]))
    for change, content in zip(payload[CHANGES], envelope[2]):
        blob = None
        if content is not None:
            blob = repository.write("blob", content)
            expect(f"blob of {change[0]}", blob, change[3].hex())
        repository.stage(change[0], blob)
    expect("tree", repository.git("write-tree"), update["tree"])
    commit = with_signature(
        update["commit_text"],
        payload[KEY],
        bytes.fromhex(update["signature"]),
    )
    expect("commit", repository.write("commit", commit), update["commit"])


def build(out, count=None):
    """Build the first count updates, or all; the id of the last commit."""
    vectors = json.loads(VECTORS.read_text())
    updates = vectors["updates"][:count]
    payloads = [
        msgpack.unpackb(bytes.fromhex(update["payload"]))
        for update in updates
    ]
    repository = Repository(out)
    for update, payload in zip(updates, payloads):
        try:
            write_update(repository, update, payload)
        except Mismatch as error:
            raise Mismatch(f"update {update['seq']}: {error}") from error
    head = updates[-1]["commit"]
    repository.git("update-ref", "refs/heads/main", head)
    (out / "index.tmp").unlink(missing_ok=True)
    signers = out / "allowed_signers"
    address = f"{vectors['slug']}@{vectors['feed'][:12]}"
    signers.write_text("".join(allowed_signers(address, payloads)))
    repository.git("config", "gpg.format", "ssh")
    repository.git(
        "config", "gpg.ssh.allowedSignersFile", str(signers.resolve())
    )
    return head


def main():
    """The command line."""
    parser = argparse.ArgumentParser(
        description="make the feed of tests/data/feed.json a git repository"
    )
    parser.add_argument("out", type=Path, help="the folder to make")
    parser.add_argument(
        "--updates", type=int, metavar="N", help="only the first N updates"
    )
    args = parser.parse_args()
    if args.updates is not None and args.updates < 1:
        parser.error("--updates takes 1 or more")
    if args.out.exists():
        parser.error(f"{args.out} exists already")
    try:
        print(build(args.out, args.updates))
    except Mismatch as error:
        sys.exit(f"build_feed.py: {error}")
    except (OSError, subprocess.CalledProcessError) as error:
        sys.exit(f"build_feed.py: {error}")


if __name__ == "__main__":
    main()
