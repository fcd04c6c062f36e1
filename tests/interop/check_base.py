"""What all parts of check_feed.py share: a refusal, and two digests."""

import hashlib


class Refusal(Exception):
    """An update breaks a rule: its name, and where and how."""

    def __init__(self, name, detail):
        super().__init__(f"{name}: {detail}")
        self.name = name
        self.detail = detail


def require(condition, name, detail):
    """Refuse with a name unless the condition holds."""
    if not condition:
        raise Refusal(name, detail)


def sha256(data):
    """The SHA-256 of data."""
    return hashlib.sha256(data).digest()


def object_id(kind, data):
    """Git's id of an object."""
    return hashlib.sha1(b"%s %d\0" % (kind, len(data)) + data).digest()
