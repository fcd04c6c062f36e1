"""The payload: its bytes, its fields, and the rules that need nothing else.

docs/PROTOCOL.md, "MessagePack", "The payload", "Text", "Paths", "Keys and
signatures". Part of check_feed.py.
"""

import re
from collections import namedtuple

import msgpack

from check_base import Refusal, object_id, require, sha256

PAYLOAD_MAX = 64 * 1024
CONTENT_MAX = 1024 * 1024
CONTENTS_MAX = 4 * 1024 * 1024
UINT_MAX = 2**53
TIME_MIN, TIME_MAX = 86_400, 253_402_300_799

EMPTY_TREE = bytes.fromhex("4b825dc642cb6eb9a060e54bf8d69288fbee4904")
GITATTRIBUTES = (
    b"* -text\n**/attachments/** filter=lfs diff=lfs merge=lfs -text\n"
)
ROOT_FILES = (".gitattributes", "region.yaml")

GRANTED = ("rotate-key", "recover", "erase")
REISSUES = ("recover", "erase")

# --- the payload: MessagePack

# First byte: (type, bytes of the value, the smallest value that needs it)
LONG_FORMS = {
    0xCC: ("uint", 1, 0x80),
    0xCD: ("uint", 2, 0x100),
    0xCE: ("uint", 4, 0x10000),
    0xCF: ("uint", 8, 0x100000000),
    0xD9: ("str", 1, 32),
    0xDA: ("str", 2, 0x100),
    0xDB: ("str", 4, 0x10000),
    0xC4: ("bin", 1, 0),
    0xC5: ("bin", 2, 0x100),
    0xC6: ("bin", 4, 0x10000),
    0xDC: ("array", 2, 16),
    0xDD: ("array", 4, 0x10000),
}


class Text(bytes):
    """A MessagePack str as its bytes, apart from a bin."""


class Reader:
    """Canonical MessagePack: uint, str, bin and array in shortest form."""

    def __init__(self, data):
        self.data = data
        self.at = 0

    def take(self, count):
        """The next bytes."""
        require(
            count <= len(self.data) - self.at,
            "malformed",
            f"cut short at byte {self.at}",
        )
        self.at += count
        return self.data[self.at - count : self.at]

    def header(self):
        """The type at this place and its value, length or count."""
        first = self.take(1)[0]
        if first < 0x80:
            return "uint", first
        if first & 0xF0 == 0x90:
            return "array", first & 0x0F
        if first & 0xE0 == 0xA0:
            return "str", first & 0x1F
        require(
            first in LONG_FORMS,
            "malformed",
            f"a type that is never used (0x{first:02x})",
        )
        kind, width, least = LONG_FORMS[first]
        value = int.from_bytes(self.take(width), "big")
        require(
            value >= least,
            "non-canonical",
            f"a longer form than needed (0x{first:02x})",
        )
        return kind, value

    def value(self, depth=0):
        """One value; arrays as lists, at most three in one another."""
        kind, value = self.header()
        if kind == "uint":
            require(value <= UINT_MAX, "too-big", "an integer over 2^53")
            return value
        if kind == "str":
            return Text(self.take(value))
        if kind == "bin":
            return self.take(value)
        require(depth < 3, "too-big", "arrays nested more than three deep")
        require(
            value <= len(self.data) - self.at,
            "malformed",
            "an array longer than its bytes",
        )
        return [self.value(depth + 1) for _ in range(value)]


def as_msgpack(value):
    """A value for the msgpack library: Text becomes a str."""
    if isinstance(value, Text):
        return value.decode(errors="surrogateescape")
    if isinstance(value, list):
        return [as_msgpack(item) for item in value]
    return value


def pack(value):
    """Canonical MessagePack by the library: a second way to the bytes."""
    return msgpack.packb(
        as_msgpack(value), use_bin_type=True, unicode_errors="surrogateescape"
    )


def unpack(payload):
    """The one value that a payload is."""
    require(
        len(payload) <= PAYLOAD_MAX, "too-big", f"{len(payload)} bytes"
    )
    reader = Reader(payload)
    value = reader.value()
    require(
        reader.at == len(payload), "malformed", "bytes behind the payload"
    )
    require(
        pack(value) == payload, "non-canonical", "the library packs other bytes"
    )
    return value


# --- the payload: fields

FIELDS = (
    ("format", int),
    ("feed", 32),
    ("slug", Text),
    ("root", 32),
    ("epoch", int),
    ("seq", int),
    ("prev", 32),
    ("time", int),
    ("key", 32),
    ("grant", list),
    ("action", Text),
    ("record", Text),
    ("version", int),
    ("summary", Text),
    ("note", Text),
    ("topics", list),
    ("parent", 20),
    ("tree", 20),
    ("changes", list),
    ("nonce", 16),
    ("ext", bytes),
)

Update = namedtuple("Update", [name for name, _ in FIELDS])
# Of a removal only the path is there.
Change = namedtuple("Change", "path size sha256 blob", defaults=(None,) * 3)


def fits(value, kind):
    """Is this value of a field's type? A number stands for a bin's size."""
    if isinstance(kind, int):
        return type(value) is bytes and len(value) == kind
    return type(value) is kind


def all_fit(values, *kinds):
    """Is this an array of exactly these types?"""
    return (
        type(values) is list
        and len(values) == len(kinds)
        and all(map(fits, values, kinds))
    )


def decode(payload):
    """The update that a payload is, with every field of its type."""
    value = unpack(payload)
    require(type(value) is list, "malformed", "the payload is not an array")
    if value and type(value[0]) is int:
        require(value[0] == 1, "format-unknown", f"format {value[0]}")
    require(len(value) == 21, "malformed", f"{len(value)} fields")
    for (name, kind), field in zip(FIELDS, value):
        require(fits(field, kind), "malformed", f"{name} has another type")
    update = Update(*value)
    require(
        update.grant == [] or all_fit(update.grant, 32, 64, int),
        "malformed",
        "grant is neither [] nor [root key, signature, until]",
    )
    require(
        all(type(topic) is Text for topic in update.topics),
        "malformed",
        "a topic is not a str",
    )
    for change in update.changes:
        require(
            all_fit(change, Text) or all_fit(change, Text, int, 32, 20),
            "malformed",
            "a change is neither [path] nor [path, size, sha256, blob]",
        )
    return update._replace(
        changes=[Change(*change) for change in update.changes]
    )


# --- the payload: rules that need nothing else

SLUG = re.compile(rb"[a-z0-9](?:[a-z0-9-]{0,38}[a-z0-9])")
ACTION = re.compile(rb"[a-z-]{1,20}")
TOPIC = re.compile(rb"[a-z0-9-]{1,40}")
RECORD_NAME = rb"[a-z0-9][a-z0-9-]{0,59}"
RECORD = re.compile(
    rb"(%s)/[0-9]{4}-(?:0[1-9]|1[0-2])/(%s)" % (RECORD_NAME, RECORD_NAME)
)
FILE_NAME = re.compile(rb"[a-z0-9][a-z0-9._-]{0,99}")
DEVICE = re.compile(rb"(?:con|prn|aux|nul|com[0-9]|lpt[0-9])(?:\..*)?")

BANNED = set(
    [*range(0x20), *range(0x7F, 0xA0), 0x061C, 0x200E, 0x200F, 0x2028, 0x2029]
    + [*range(0x202A, 0x202F), *range(0x2066, 0x206A), 0xFEFF]
)

# The y of every point of order 1, 2, 4 or 8; the sign of x may be either.
FIELD_PRIME = 2**255 - 19
GROUP_ORDER = 2**252 + 27742317777372353535851937790883648493
ORDER_8_Y = int.from_bytes(
    bytes.fromhex(
        "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05"
    ),
    "little",
)
SMALL_ORDER_Y = (
    0, 1, FIELD_PRIME - 1, ORDER_8_Y, FIELD_PRIME - ORDER_8_Y
)  # fmt: skip


def is_strong_point(data):
    """May these 32 bytes be a key or an R: canonical, not of small order?"""
    y = int.from_bytes(data, "little") & (2**255 - 1)
    return y < FIELD_PRIME and y not in SMALL_ORDER_Y


def is_canonical_signature(signature):
    """Is R a point that may be one, and S reduced?"""
    return (
        is_strong_point(signature[:32])
        and int.from_bytes(signature[32:], "little") < GROUP_ORDER
    )


def check_line(text, name):
    """A line of text, without its length."""
    try:
        characters = text.decode("utf-8")
    except UnicodeDecodeError as error:
        raise Refusal(name, f"not UTF-8: {error.reason}") from error
    for character in characters:
        require(
            ord(character) not in BANNED,
            name,
            f"holds U+{ord(character):04X}",
        )
    require(
        not text.startswith(b" ") and not text.endswith(b" "),
        name,
        "begins or ends with a space",
    )


def check_words(update):
    """Summary, note and topics."""
    size = len(update.summary)
    require(1 <= size <= 200, "summary", f"{size} bytes")
    check_line(update.summary, "summary")
    require(len(update.note) <= 2000, "note", f"{len(update.note)} bytes")
    require(
        not update.note.startswith(b"\n") and not update.note.endswith(b"\n"),
        "note",
        "begins or ends with a line feed",
    )
    for line in update.note.split(b"\n"):
        check_line(line, "note")
    require(len(update.topics) <= 8, "topics", f"{len(update.topics)} topics")
    for topic in update.topics:
        require(TOPIC.fullmatch(topic), "topics", f"{topic!r} is no topic")
    for one, other in zip(update.topics, update.topics[1:]):
        require(one < other, "topics", "not sorted, or one twice")


def check_position(update):
    """Feed, seq, prev, parent and epoch, as far as the payload tells."""
    first = update.seq == 1
    require(update.seq >= 1, "seq", "the first seq is 1")
    for name, refusal in (
        ("feed", "feed-field"),
        ("prev", "prev"),
        ("parent", "parent"),
    ):
        require(
            any(getattr(update, name)) != first,
            refusal,
            f"{name} is zero in the first update and in no other",
        )
    require(
        SLUG.fullmatch(update.slug), "slug", f"{update.slug!r} is no slug"
    )
    require(
        not (first and update.epoch > 0), "epoch", "not 0 in the first update"
    )
    require(
        TIME_MIN <= update.time <= TIME_MAX, "time", f"time is {update.time}"
    )
    require(
        is_strong_point(update.key),
        "key-weak",
        "not canonical, or of small order",
    )


def check_grant_form(update):
    """The grant is there where it belongs, and by the feed's root key."""
    action = update.action.decode()
    if action not in GRANTED:
        require(
            update.grant == [],
            "grant-unexpected",
            f"`{action}` carries no grant",
        )
        return
    require(update.grant != [], "grant-missing", f"`{action}` needs a grant")
    root, _, until = update.grant
    if action in REISSUES:
        require(until >= update.seq, "grant", "until is below seq")
        require(update.epoch >= 1, "epoch", "a reissue has epoch 1 or more")
    else:
        require(until == 0, "grant", "until is not 0")
    require(
        sha256(root) == update.root, "grant-root", "by another root key"
    )


def check_path(path, record):
    """A file that an update about this record may touch."""
    if record:
        require(
            path.startswith(record + b"/"),
            "path",
            f"{path!r} is not beneath the record",
        )
        name = path[len(record) + 1 :]
        if name.startswith(b"attachments/"):
            name = name[len(b"attachments/") :]
        fine = (
            FILE_NAME.fullmatch(name)
            and not name.endswith((b".", b".lock"))
            and not DEVICE.fullmatch(name)
        )
    else:
        fine = path.decode(errors="replace") in ROOT_FILES
    require(fine, "path", f"{path!r} is no file of an update")


def check_changes(update):
    """The list of files, without what the feed holds."""
    total = 0
    for change in update.changes:
        check_path(change.path, update.record)
        if change.blob is None:
            continue
        require(
            change.size <= CONTENT_MAX,
            "changes",
            f"{change.path!r} has {change.size} bytes",
        )
        total += change.size
        if change.path == b".gitattributes":
            require(
                change[1:]
                == (
                    len(GITATTRIBUTES),
                    sha256(GITATTRIBUTES),
                    object_id(b"blob", GITATTRIBUTES),
                ),
                "changes",
                ".gitattributes has another content",
            )
    require(total <= CONTENTS_MAX, "changes", f"{total} bytes together")
    for one, other in zip(update.changes, update.changes[1:]):
        require(one.path < other.path, "changes", "not sorted, or one twice")


def check_first_updates(update):
    """create-feed comes first and only there; profile comes second."""
    require(
        (update.seq == 1) == (update.action == b"create-feed"),
        "first-updates",
        "the first update, and no other, is create-feed",
    )
    paths = [
        change.path.decode(errors="replace")
        for change in update.changes
        if change.blob is not None
    ]
    if update.seq == 1:
        require(
            update.record == b""
            and update.changes == []
            and update.tree == EMPTY_TREE,
            "first-updates",
            "create-feed changes no file",
        )
    if update.seq == 2:
        require(
            update.action == b"profile"
            and update.record == b""
            and tuple(paths) == ROOT_FILES,
            "first-updates",
            "the second update is the profile, with both root files",
        )


def check_alone(update):
    """Every rule that needs the payload alone."""
    require(
        ACTION.fullmatch(update.action),
        "action",
        f"{update.action!r} is no action",
    )
    require(len(update.ext) <= 1024, "too-big", "ext has over 1,024 bytes")
    check_position(update)
    check_grant_form(update)
    if update.record:
        require(
            RECORD.fullmatch(update.record),
            "record",
            f"{update.record!r} is no record",
        )
    require(
        (update.version == 0) == (update.record == b""),
        "version",
        f"version {update.version} of record {update.record!r}",
    )
    check_words(update)
    check_changes(update)
    check_first_updates(update)
