"""The commit that an update is, and its signature and grant by ssh-keygen.

docs/PROTOCOL.md, "The commit", "Keys and signatures", "The grant". Part of
check_feed.py.
"""

import base64
import binascii
import subprocess
from pathlib import Path

from check_base import Refusal, object_id, require, sha256
from check_payload import (
    check_alone,
    decode,
    is_canonical_signature,
    is_strong_point,
    pack,
)

UPDATE_HEADER = b"weald-update "
SIGNATURE_HEADER = b"gpgsig "
BEGIN = b"-----BEGIN SSH SIGNATURE-----"
END = b"-----END SSH SIGNATURE-----"
ARMOUR_COLUMNS = 70


def ssh_strings(*parts):
    """Each part behind its length: the "string" of RFC 4251."""
    return b"".join(len(part).to_bytes(4, "big") + part for part in parts)


def armour(key, namespace, signature):
    """The text that `ssh-keygen -Y sign` writes, without the last LF."""
    blob = b"SSHSIG\0\0\0\1" + ssh_strings(
        ssh_strings(b"ssh-ed25519", key),
        namespace,
        b"",
        b"sha512",
        ssh_strings(b"ssh-ed25519", signature),
    )
    text = base64.b64encode(blob)
    lines = [
        text[at : at + ARMOUR_COLUMNS]
        for at in range(0, len(text), ARMOUR_COLUMNS)
    ]
    return b"\n".join([BEGIN, *lines, END])


def commit_headers(update, payload):
    """The headers of a commit but for gpgsig."""
    feed = sha256(payload) if update.seq == 1 else update.feed
    person = b"%s <%s@%s> %d +0000\n" % (
        update.slug,
        update.slug,
        feed.hex()[:12].encode(),
        update.time,
    )
    out = b"tree %s\n" % update.tree.hex().encode()
    if update.seq > 1:
        out += b"parent %s\n" % update.parent.hex().encode()
    out += b"author " + person + b"committer " + person
    return out + UPDATE_HEADER + base64.b64encode(payload) + b"\n"


def commit_message(update, payload):
    """The message of a commit."""
    out = update.summary + b"\n\n"
    if update.note:
        out += update.note + b"\n\n"
    if update.record:
        out += b"Record: %s\nVersion: %d\n" % (update.record, update.version)
    if update.topics:
        out += b"Topics: %s\n" % b", ".join(update.topics)
    digest = sha256(payload).hex().encode()
    return out + b"Update: %d %s\n" % (update.seq, digest)


class Commit:
    """A commit taken apart, and found to be the one its parts build."""

    def __init__(self, data):
        headers = split_headers(data)
        self.payload = find_payload(headers)
        self.update = decode(self.payload)
        check_alone(self.update)
        self.signature = find_signature(headers)
        before = commit_headers(self.update, self.payload)
        after = b"\n" + commit_message(self.update, self.payload)
        self.text = before + after
        self.armour = armour(self.update.key, b"git", self.signature)
        header = SIGNATURE_HEADER + self.armour.replace(b"\n", b"\n ") + b"\n"
        compare_commits(data, before + header + after)
        self.name = object_id(b"commit", data)


def split_headers(data):
    """The headers of a commit, each with its further lines joined by LF."""
    lines = data.partition(b"\n\n")[0].split(b"\n")
    headers = []
    for line in lines:
        if line.startswith(b" ") and headers:
            headers[-1] += b"\n" + line[1:]
        else:
            headers.append(line)
    return headers


def find_payload(headers):
    """The payload in the first weald-update header."""
    for header in headers:
        if header.startswith(UPDATE_HEADER):
            text = header[len(UPDATE_HEADER) :]
            break
    else:
        raise Refusal("commit-no-update", "no weald-update header")
    try:
        payload = base64.b64decode(text, validate=True)
    except binascii.Error as error:
        raise Refusal("commit-no-update", f"weald-update: {error}") from error
    require(
        base64.b64encode(payload) == text,
        "commit-no-update",
        "weald-update: not the base64 that an encoder writes",
    )
    return payload


def find_signature(headers):
    """The 64 bytes in the first gpgsig header, where a signature ends."""
    for header in headers:
        if header.startswith(SIGNATURE_HEADER):
            break
    else:
        raise Refusal("commit-form", "no gpgsig header")
    lines = header[len(SIGNATURE_HEADER) :].split(b"\n")
    require(
        len(lines) > 2 and lines[0] == BEGIN and lines[-1] == END,
        "armour",
        "not one block from BEGIN to END",
    )
    try:
        blob = base64.b64decode(b"".join(lines[1:-1]), validate=True)
    except binascii.Error as error:
        raise Refusal("armour", str(error)) from error
    key, signature = blob[33:65], blob[-64:]
    require(
        len(blob) == 173
        and armour(key, b"git", signature) == b"\n".join(lines),
        "armour",
        "not as ssh-keygen writes a signature for git",
    )
    return signature


def compare_commits(found, built):
    """Refuse a commit that differs, naming the first line that does."""
    if found == built:
        return
    for number, (one, other) in enumerate(
        zip(found.split(b"\n"), built.split(b"\n")), start=1
    ):
        if one != other:
            raise Refusal(
                "commit-form",
                f"line {number} is {clip(one)}, not {clip(other)}",
            )
    raise Refusal("commit-form", "longer or shorter than what is signed")


def clip(line):
    """A line for a message: its beginning, escaped."""
    return repr(line[:60])[1:] + ("..." if len(line) > 60 else "")


# --- signatures, by ssh-keygen


class Signatures:
    """Has ssh-keygen verify; remembers what was verified."""

    def __init__(self, folder):
        self.signers = Path(folder, "allowed_signers")
        self.armour = Path(folder, "signature")
        self.right = set()

    def verify(self, key, namespace, message, signature):
        """Is this the signature of the message by the key?"""
        case = (key, namespace, sha256(message), signature)
        if case in self.right:
            return True
        public = base64.b64encode(ssh_strings(b"ssh-ed25519", key))
        self.signers.write_bytes(b"key ssh-ed25519 " + public + b"\n")
        self.armour.write_bytes(armour(key, namespace, signature) + b"\n")
        command = ["ssh-keygen", "-Y", "verify", "-I", "key"]
        command += ["-n", namespace.decode(), "-f", str(self.signers)]
        command += ["-s", str(self.armour)]
        done = subprocess.run(
            command,
            input=message,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            check=False,
        )
        if done.returncode == 0:
            self.right.add(case)
        return done.returncode == 0

    def check_commit(self, commit):
        """The signature of an update."""
        require(
            is_canonical_signature(commit.signature),
            "signature-form",
            "R or S not canonical, or R of small order",
        )
        require(
            self.verify(
                commit.update.key, b"git", commit.text, commit.signature
            ),
            "signature",
            "not by the key that the update names",
        )

    def check_grant(self, update):
        """The root key's signature, where there is a grant."""
        if not update.grant:
            return
        root, signature, until = update.grant
        statement = pack(
            [
                update.feed,
                update.action,
                update.epoch,
                update.seq,
                update.prev,
                update.key,
                until,
            ]
        )
        require(
            is_strong_point(root),
            "key-weak",
            "the root key is not canonical, or of small order",
        )
        require(
            is_canonical_signature(signature)
            and self.verify(root, b"weald-grant", statement, signature),
            "grant-signature",
            "not by the root key over this update",
        )
