"""A session with a node: frames in and out, hello, clock.

docs/PROTOCOL.md, "The session", "The clock", "error and bye". Part of
net_client.py.
"""

import os
import ssl
import time

from net_wire import (
    BODY_MAX,
    FIRST_BODY_MAX,
    CLOCK_MAX,
    HEADER_BYTES,
    MINOR,
    ZERO_FEED,
    clock_digest,
    decode,
    encode,
)
from check_base import Refusal, require

SOFTWARE = "weald interop client"


class Ended(Exception):
    """The session is over: how, and the peer's last words."""

    def __init__(self, how, reason="", detail=""):
        super().__init__(f"{how} {reason}: {detail}" if reason else how)
        self.how = how  # error, bye, close, cut, alert
        self.reason = reason
        self.detail = detail


class Late(Exception):
    """Nothing came in the time that was given."""


class Session:
    """One connection, after its handshake."""

    def __init__(self, tls, node):
        self.tls = tls
        self.node = node
        self.pending = b""
        self.limit = FIRST_BODY_MAX
        self.hello = None
        self.clock = {}

    def close(self):
        """Say close_notify, if that still can be said, and go."""
        try:
            self.tls.settimeout(1)
            self.tls.unwrap().close()
        except (OSError, ValueError):
            self.tls.close()

    # --- frames

    def send_bytes(self, data, timeout=30):
        """Write bytes as they are. A listener that refused us and went
        breaks the pipe: what it said before is still to be read."""
        self.tls.settimeout(timeout)
        try:
            self.tls.sendall(data)
        except TimeoutError as error:
            raise Late("the peer does not read") from error
        except OSError as error:
            raise self.last_words(error) from error

    def last_words(self, error):
        """How the session ended, after a write that failed."""
        try:
            while True:
                self.receive(2)
        except Ended as ended:
            return ended
        except (Late, Refusal):
            return Ended("cut", detail=str(error))

    def send(self, name, **fields):
        """Send a frame."""
        self.send_bytes(encode(name, **fields))

    def fill(self, size, deadline):
        """Have at least so many bytes pending."""
        while len(self.pending) < size:
            left = deadline - time.monotonic()
            if left <= 0:
                raise Late("no frame came")
            self.tls.settimeout(left)
            try:
                data = self.tls.recv(1 << 16)
            except TimeoutError as error:
                raise Late("no frame came") from error
            except (ssl.SSLEOFError, ConnectionError) as error:
                raise Ended("cut", detail=str(error)) from error
            except ssl.SSLError as error:
                name = (error.reason or "").lower().replace("_", "-")
                raise Ended("alert", name, str(error)) from error
            if not data:
                raise Ended("close")
            self.pending += data

    def receive(self, timeout=10):
        """The next frame that is known; error and bye are Ended."""
        deadline = time.monotonic() + timeout
        while True:
            self.fill(HEADER_BYTES, deadline)
            size = int.from_bytes(self.pending[:HEADER_BYTES], "big")
            require(size > 0, "malformed", "a frame of no bytes")
            require(size <= self.limit, "too-big", f"a frame of {size} bytes")
            self.fill(HEADER_BYTES + size, deadline)
            end = HEADER_BYTES + size
            body = self.pending[HEADER_BYTES:end]
            self.pending = self.pending[end:]
            frame = decode(body)
            if frame.name in ("error", "bye"):
                raise Ended(
                    frame.name,
                    frame.fields["reason"].decode(),
                    frame.fields["detail"].decode(errors="replace"),
                )
            if frame.name:
                return frame

    def receive_until(self, wanted, timeout=10, other=None):
        """The next frame for which @wanted is true; others go to @other."""
        deadline = time.monotonic() + timeout
        while True:
            frame = self.receive(max(deadline - time.monotonic(), 0))
            if wanted(frame):
                return frame
            if other:
                other(frame)

    # --- the beginning

    def say_hello(self, key, entries=(), feed=ZERO_FEED, **other):
        """Our hello; gives its clock digest."""
        digest = clock_digest(entries)
        fields = {
            "minor": MINOR,
            "node": key,
            "instance": os.urandom(16),
            "feed": feed,
            "clock_digest": digest,
            "software": SOFTWARE,
        }
        self.send("hello", **(fields | other))
        return digest

    def hear_hello(self, timeout=15):
        """The peer's hello, which names the key that TLS has shown."""
        frame = self.receive(timeout)
        require(frame.name == "hello", "hello-first", f"{frame.name} came")
        require(frame.fields["node"] == self.node, "node-key", "another key")
        self.hello = frame.fields
        self.limit = BODY_MAX
        return self.hello

    def say_clock(self, entries):
        """Our clock, 1,024 entries a frame."""
        entries = sorted(entries)
        while True:
            part, entries = entries[:1024], entries[1024:]
            self.send("clock", last=0 if entries else 1, entries=part)
            if not entries:
                return

    def hear_clock(self, timeout=10):
        """The peer's clock as {feed: (epoch, seq, commit)}."""
        found = []
        while True:
            frame = self.receive_until(
                lambda frame: frame.name == "clock", timeout
            )
            found += frame.fields["entries"]
            require(len(found) <= CLOCK_MAX, "clock-bad", "too long")
            if frame.fields["last"]:
                break
        feeds = [entry[0] for entry in found]
        require(feeds == sorted(set(feeds)), "clock-bad", "not sorted")
        self.clock = {entry[0]: tuple(entry[1:]) for entry in found}
        return self.clock

    def open(self, key, entries=(), feed=ZERO_FEED, secret=None):
        """All of it: hello, a join where there is a secret, the clock."""
        entries = [list(entry) for entry in entries]
        digest = self.say_hello(key, entries, feed)
        if secret:
            self.send("join", secret=secret)
        if self.hear_hello()["clock_digest"] == digest:
            self.clock = {entry[0]: tuple(entry[1:]) for entry in entries}
            return self
        self.say_clock(entries)
        self.hear_clock()
        return self

    def is_alive(self, timeout=10):
        """Does the peer answer a ping?"""
        number = int.from_bytes(os.urandom(4), "big")
        self.send("ping", number=number)
        self.receive_until(
            lambda frame: frame.name == "pong"
            and frame.fields["number"] == number,
            timeout,
        )
        return True
