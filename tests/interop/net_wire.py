"""What nodes say to each other: frames, entries, clock digests, tokens.

docs/PROTOCOL.md, "Frames", "The clock", "Tokens", "Addresses". Part of
net_client.py. Written from that page; shares no code with Weald.
"""

import base64
import re
from collections import namedtuple

from check_base import require, sha256
from check_payload import UINT_MAX, Reader, Text, pack

ALPN = "weald/1"
MINOR = 0

HEADER_BYTES = 4
BODY_MAX = 5_308_416
FIRST_BODY_MAX = 4_096
VALUES_MAX = 10_240
DEPTH_MAX = 8
CLOCK_MAX = 4_096
CREDIT_MAX = 67_108_864

LIVE, CATCH_UP, END = 0, 1, 2
FILL_ALL, FILL_HEADERS = 0, 1

ZERO_FEED = bytes(32)

# --- the bytes of a body


class FrameReader(Reader):
    """Canonical MessagePack as a frame has it: nil too, eight deep."""

    def __init__(self, data):
        super().__init__(data)
        self.left = VALUES_MAX

    def value(self, depth=0):
        """One value; nil as None."""
        require(self.left > 0, "too-big", "more than 10,240 values")
        self.left -= 1
        if self.data[self.at : self.at + 1] == b"\xc0":
            self.at += 1
            return None
        kind, value = self.header()
        if kind == "uint":
            require(value <= UINT_MAX, "too-big", "an integer over 2^53")
            return value
        if kind == "str":
            return Text(self.take(value))
        if kind == "bin":
            return self.take(value)
        require(depth < DEPTH_MAX, "too-big", "arrays too deep")
        require(
            value <= len(self.data) - self.at,
            "malformed",
            "an array longer than its bytes",
        )
        return [self.value(depth + 1) for _ in range(value)]

    def whole(self):
        """The one value that all the bytes are."""
        value = self.value()
        require(self.at == len(self.data), "malformed", "bytes behind it")
        return value


# --- the shapes of elements: each a function that refuses what does not fit


def uint(least=0, most=UINT_MAX):
    """A number in a range."""

    def check(value, name):
        require(type(value) is int, "malformed", f"{name} is no uint")
        require(least <= value <= most, "malformed", f"{name} is {value}")

    return check


def exactly(size):
    """A bin of one size."""

    def check(value, name):
        require(
            type(value) is bytes and len(value) == size,
            "malformed",
            f"{name} is no bin {size}",
        )

    return check


def upto(most, least=0, kind=bytes):
    """A bin, or a str, of a range of sizes."""

    def check(value, name):
        require(type(value) is kind, "malformed", f"{name} has another type")
        require(len(value) >= least, "malformed", f"{name} is too short")
        require(len(value) <= most, "too-big", f"{name} is too long")

    return check


def many(check_one, least, most):
    """An array of things of one shape."""

    def check(values, name):
        require(type(values) is list, "malformed", f"{name} is no array")
        require(len(values) >= least, "malformed", f"{name}: too few")
        require(len(values) <= most, "too-big", f"{name}: too many")
        for value in values:
            check_one(value, name)

    return check


ENTRY = (exactly(32), uint(), uint(1), exactly(20))


def fixed(*shapes):
    """An array of exactly these."""

    def check(values, name):
        require(
            type(values) is list and len(values) == len(shapes),
            "malformed",
            f"{name}: not {len(shapes)} elements",
        )
        for value, shape in zip(values, shapes):
            shape(value, name)

    return check


def entries(least):
    """Entries, sorted by feed, none twice."""
    each = many(fixed(*ENTRY), least, 1024)

    def check(values, name):
        each(values, name)
        for one, other in zip(values, values[1:]):
            require(one[0] < other[0], "malformed", f"{name}: not sorted")

    return check


def content(value, name):
    """A bin and a file's content, or nil."""
    require(
        type(value) is list and len(value) == 2,
        "malformed",
        f"{name}: not a pair",
    )
    exactly(20)(value[0], name)
    if value[1] is not None:
        upto(1024 * 1024)(value[1], name)


def reason(value, name):
    """A word for programs."""
    upto(40, 1, Text)(value, name)
    require(
        re.fullmatch(rb"[a-z0-9-]+", value), "malformed", f"{name}: {value!r}"
    )


FEED = ("feed", exactly(32))
FILL = ("fill", uint(0, 1))
EPOCH = ("epoch", uint())
CLOSE = (("reason", reason), ("detail", upto(512, 0, Text)))

# name: (type, elements behind the type)
FRAMES = {
    "hello": (
        1,
        ("minor", uint()),
        ("node", exactly(32)),
        ("instance", exactly(16)),
        FEED,
        ("clock_digest", exactly(32)),
        ("software", upto(64, 0, Text)),
    ),
    "clock": (2, ("last", uint(0, 1)), ("entries", entries(0))),
    "want": (
        3,
        FEED,
        EPOCH,
        ("start", uint(1)),
        ("to", uint(1)),
        ("credit", uint(1, CREDIT_MAX)),
        FILL,
    ),
    "updates": (
        4,
        FEED,
        ("lane", uint(0, 2)),
        ("envelopes", many(upto(5 * 1024 * 1024, 1), 0, 1024)),
    ),
    "have": (5, ("entries", entries(1))),
    "graft": (6, FEED, EPOCH, ("start", uint(1)), FILL),
    "prune": (7, FEED),
    "receipt": (
        8,
        ("statement", upto(307_328, 1)),
        ("signature", exactly(64)),
    ),
    "fork-proof": (9, FEED, ("proof", upto(280_068, 1))),
    "want-contents": (10, FEED, ("blobs", many(exactly(20), 1, 1024))),
    "contents": (11, FEED, ("contents", many(content, 1, 1024))),
    "ping": (12, ("number", uint())),
    "pong": (13, ("number", uint())),
    "join": (14, ("secret", exactly(16))),
    "error": (15, *CLOSE),
    "bye": (16, *CLOSE),
}
NAMES = {shape[0]: name for name, shape in FRAMES.items()}

Frame = namedtuple("Frame", "name fields")


def check_frame(frame):
    """The rules of one frame, beyond the shapes of its elements."""
    fields = frame.fields
    if frame.name == "want":
        require(fields["to"] >= fields["start"], "malformed", "to below from")
    if frame.name == "updates":
        require(
            fields["envelopes"] or fields["lane"] == END,
            "malformed",
            "updates without an envelope",
        )


def decode(body):
    """The frame that a body is; name None: a type that is not known."""
    reader = FrameReader(body)
    kind, count = reader.header()
    require(kind == "array" and count > 0, "malformed", "no array")
    kind, number = reader.header()
    require(kind == "uint", "malformed", "the type is no uint")
    if number not in NAMES:
        return Frame(None, {"type": number})
    values = FrameReader(body).whole()
    name = NAMES[number]
    shapes = FRAMES[name][1:]
    require(len(values) > len(shapes), "malformed", "too few elements")
    fields = {}
    for (field, shape), value in zip(shapes, values[1:]):
        shape(value, f"{name}: {field}")
        fields[field] = value
    frame = Frame(name, fields)
    check_frame(frame)
    return frame


def with_length(body):
    """A body behind its length."""
    return len(body).to_bytes(HEADER_BYTES, "big") + body


def values_of(name, fields):
    """The elements of a frame's array; texts may be str."""
    number, *shapes = FRAMES[name]
    out = [number]
    for field, _ in shapes:
        value = fields[field]
        out.append(Text(value.encode()) if type(value) is str else value)
    return out


def encode(name, appended=(), **fields):
    """A frame; @appended: elements of a later minor version."""
    return with_length(pack(values_of(name, fields) + list(appended)))


# --- clocks


def clock_digest(values):
    """The digest of a whole clock."""
    return sha256(pack(sorted(values)))


# --- tokens and addresses

PREFIX = "weald-join:"
LABEL = r"[A-Za-z0-9_][A-Za-z0-9_-]{0,62}"
ADDRESS = re.compile(
    rf"(?:({LABEL}(?:\.{LABEL})*)|\[([0-9A-Fa-f:.]+)\]):([1-9][0-9]{{0,4}})"
)

Token = namedtuple("Token", "feed node expires secret addresses")


def parse_address(text):
    """Host and port."""
    found = ADDRESS.fullmatch(text)
    require(found, "malformed", f"no address: {text!r}")
    host, port = found[1] or found[2], int(found[3])
    require(port <= 65535 and len(host) <= 253, "malformed", text)
    return host, port


def decode_token(text):
    """The token that a text is; exactly one text is each token."""
    require(text.startswith(PREFIX), "malformed", "not a token")
    digits = text[len(PREFIX) :]
    require(re.fullmatch(r"[A-Za-z0-9_-]+", digits), "malformed", "base64url")
    data = base64.urlsafe_b64decode(digits + "=" * (-len(digits) % 4))
    require(
        base64.urlsafe_b64encode(data).decode().rstrip("=") == digits,
        "non-canonical",
        "unused bits",
    )
    body, check = data[:-4], data[-4:]
    require(sha256(body)[:4] == check, "malformed", "mistyped or cut short")
    require(len(body) <= 2304, "too-big", "a long token")
    value = FrameReader(body).whole()
    require(
        type(value) is list and value[:1] == [1], "format-unknown", "a token"
    )
    shape = fixed(
        uint(1, 1),
        exactly(32),
        exactly(32),
        uint(86_400, 253_402_300_799),
        exactly(16),
        many(upto(259, 3, Text), 1, 8),
    )
    shape(value, "token")
    addresses = [address.decode() for address in value[5]]
    for address in addresses:
        parse_address(address)
    return Token(*value[1:5], addresses)


def encode_token(token):
    """The text of a token."""
    addresses = [Text(address.encode()) for address in token.addresses]
    body = pack([1, *token[:4], addresses])
    data = body + sha256(body)[:4]
    return PREFIX + base64.urlsafe_b64encode(data).decode().rstrip("=")
