"""Payloads that break one rule: of form, of a field, of text, of paths.

All are signed by the right key over the commit that they build.
"""

from feedkit import Chain, array_header, pack, sha256
from variants import FILES, RECORD, accepted, bad, refused

# --- the bytes


def raw(**fields):
    """An edit that replaces the bytes of fields."""
    return lambda _, draft: draft.raw.update(fields)


def mangle(change):
    """An edit that changes the payload before it is signed."""
    return lambda _, draft: setattr(draft, "mangle", change)


NULL_32 = bytes(32)

for name, what, edit in (
    ("payload-truncated", "the payload lacks its last byte",
     mangle(lambda p: p[:-1])),
    ("payload-trailing", "a byte stands behind the payload",
     mangle(lambda p: p + b"\0")),
    ("payload-twice", "a second array stands behind the payload",
     mangle(lambda p: p + p)),
    ("payload-not-an-array", "the payload is a bin that holds the array",
     mangle(pack)),
    ("payload-20-fields", "the payload has no ext",
     mangle(lambda p: array_header(20) + p[3:-2])),
    ("payload-22-fields", "the payload has a field too many",
     mangle(lambda p: array_header(22) + p[3:] + b"\0")),
    ("type-map", "grant is an empty map", raw(grant=b"\x80")),
    ("type-nil", "grant is nil", raw(grant=b"\xc0")),
    ("type-false", "epoch is false", raw(epoch=b"\xc2")),
    ("type-float", "epoch is the float 0.0",
     raw(epoch=b"\xcb" + bytes(8))),
    ("type-negative", "epoch is -1", raw(epoch=b"\xff")),
    ("type-signed", "epoch is 0 in the form of a signed integer",
     raw(epoch=b"\xd0\x00")),
    ("type-ext", "nonce is an ext of 16 bytes",
     raw(nonce=b"\xd8\x01" + bytes(16))),
    ("type-str-for-bin", "nonce is a str", raw(nonce=pack("n" * 16))),
    ("type-bin-for-str", "slug is a bin", raw(slug=pack(b"south-west"))),
    ("type-str-for-uint", "seq is a str", raw(seq=pack("8"))),
    ("type-str-for-array", "topics is a str", raw(topics=pack("sepsis"))),
    ("type-array-for-bin", "ext is an empty array", raw(ext=b"\x90")),
    ("type-bin-topic", "a topic is a bin", raw(topics=pack([b"sepsis"]))),
    ("key-31-bytes", "key has 31 bytes", raw(key=pack(bytes(31)))),
    ("nonce-15-bytes", "nonce has 15 bytes", raw(nonce=pack(bytes(15)))),
    ("nonce-17-bytes", "nonce has 17 bytes", raw(nonce=pack(bytes(17)))),
    ("feed-20-bytes", "feed has 20 bytes", raw(feed=pack(bytes(20)))),
    ("parent-32-bytes", "parent has 32 bytes", raw(parent=pack(NULL_32))),
    ("tree-32-bytes", "tree has 32 bytes", raw(tree=pack(NULL_32))),
    ("change-of-two", "a change has two elements",
     raw(changes=pack([[RECORD + "/record.md", 22]]))),
    ("change-of-five", "a change has five elements",
     raw(changes=pack([[RECORD + "/record.md", 22, NULL_32, bytes(20), 0]]))),
    ("change-a-str", "a change is a str",
     raw(changes=pack([RECORD + "/record.md"]))),
    ("change-blob-32", "a change has a blob id of 32 bytes",
     raw(changes=pack([[RECORD + "/record.md", 22, NULL_32, NULL_32]]))),
    ("grant-of-two", "the grant has two elements",
     raw(grant=pack([NULL_32, bytes(64)]))),
    ("grant-short-signature", "the grant's signature has 63 bytes",
     raw(grant=pack([NULL_32, bytes(63), 0]))),
    ("count-bomb", "topics announces 2^27 elements",
     raw(topics=b"\xdd\x08\x00\x00\x00")),
):
    bad(name, "malformed", what, edit=edit)

bad("depth-bomb", "malformed too-big", "ext is 10,000 arrays deep",
    edit=raw(ext=b"\x91" * 10000 + b"\x90"))
bad("payload-empty", "malformed commit-no-update",
    "the weald-update header is empty", edit=mangle(lambda _: b""))


@refused("malformed commit-no-update")
def payload_nothing():
    """The payload is one nil."""
    chain = Chain.of_vectors()
    return chain.append(chain.draft(FILES, record=RECORD), payload=b"\xc0")


def long_form(header, value):
    """The bytes of value behind a longer header than needed."""
    return bytes.fromhex(header) + value


for name, what, edit in (
    ("long-uint8", "seq as uint8", raw(seq=long_form("cc", b"\x08"))),
    ("long-uint16", "seq as uint16", raw(seq=long_form("cd", b"\x00\x08"))),
    ("long-uint32", "version as uint32",
     raw(version=long_form("ce", b"\0\0\0\x01"))),
    ("long-uint64", "time as uint64",
     raw(time=long_form("cf", (1793520000).to_bytes(8, "big")))),
    ("long-str8", "slug as str8", raw(slug=long_form("d90a", b"south-west"))),
    ("long-str16", "note as str16, empty", raw(note=bytes.fromhex("da0000"))),
    ("long-str32", "note as str32, empty",
     raw(note=bytes.fromhex("db00000000"))),
    ("long-bin16", "nonce as bin16",
     raw(nonce=long_form("c50010", bytes(16)))),
    ("long-bin32", "ext as bin32, empty", raw(ext=bytes.fromhex("c600000000"))),
    ("long-array16", "topics as array16, empty",
     raw(topics=bytes.fromhex("dc0000"))),
    ("long-array32", "the payload as array32",
     mangle(lambda p: bytes.fromhex("dd00000015") + p[3:])),
):
    bad(name, "non-canonical", what, edit=edit)

bad("uint-over-2-53", "too-big malformed version", "version is 2^53 + 1",
    version=2**53 + 1)
bad("uint-2-64", "too-big malformed epoch", "epoch is 2^64 - 1",
    epoch=2**64 - 1)


def payload_of(size):
    """The vectors and an update whose payload has this many bytes."""
    chain = Chain.of_vectors()
    names = [f"attachments/{n:03}-{'x' * 90}.txt" for n in range(320)]
    draft = chain.draft({name: b"x" for name in names}, record=RECORD)
    draft.note = "n" * 1900
    draft.ext = bytes(256)
    draft.ext = bytes(256 + size - len(draft.payload()))
    assert len(draft.payload()) == size
    return chain.append(draft)


@refused("too-big")
def payload_over_64_kib():
    """The payload has 65,537 bytes."""
    return payload_of(65537)


@accepted
def payload_of_64_kib():
    """The payload has 65,536 bytes."""
    return payload_of(65536)


bad("ext-1025", "too-big malformed", "ext has 1,025 bytes", ext=bytes(1025))
bad("format-2", "format-unknown", "format is 2", format=2)
bad("format-0", "format-unknown", "format is 0", format=0)

# --- slug, time, action: a feed that is wrong from its first update

for name, slug in (
    ("slug-empty", ""),
    ("slug-one", "s"),
    ("slug-41", "s" * 41),
    ("slug-capital", "South-west"),
    ("slug-hyphen-first", "-west"),
    ("slug-hyphen-last", "west-"),
    ("slug-underscore", "south_west"),
    ("slug-line-feed", "south\nwest"),
    ("slug-bracket", "south>west"),
    ("slug-accent", "s\u00fcd-west"),
):
    def make_slug(slug=slug):
        return Chain().create(slug=slug)
    make_slug.__name__ = name
    make_slug.__doc__ = f"the slug is {slug!r}"
    refused("slug", at=1)(make_slug)

bad("time-too-early", "time", "time is 86,399", time=86399)
bad("time-too-late", "time", "time is in the year 10000", time=253402300800)
for name, action in (
    ("action-empty", ""),
    ("action-21", "p" * 21),
    ("action-capital", "Publish"),
    ("action-digit", "publish2"),
    ("action-space", "pub lish"),
):
    bad(name, "action", f"the action is {action!r}", action=action)

# --- text

BANNED = (0x00, 0x09, 0x1B, 0x7F, 0x85, 0x9F, 0x061C, 0x200E, 0x200F, 0x2028,
          0x2029, 0x202A, 0x202E, 0x2066, 0x2069, 0xFEFF)
for code in BANNED:
    bad(f"summary-u{code:04x}", "summary",
        f"the summary holds U+{code:04X}", summary=f"A{chr(code)}B")
for name, what, text in (
    ("empty", "is empty", ""),
    ("201", "has 201 bytes", "s" * 201),
    ("201-accents", "has 101 characters in 202 bytes", "\u00e9" * 101),
    ("space-first", "begins with a space", " A"),
    ("space-last", "ends with a space", "A "),
    ("line-feed", "has two lines", "A\nB"),
    ("carriage-return", "holds a carriage return", "A\rB"),
    ("not-utf8", "is Latin-1", "caf\udce9"),
    ("overlong", "holds an overlong slash", "A\udcc0\udcafB"),
    ("surrogate", "holds an encoded surrogate", "A\udced\udca0\udc80B"),
    ("above-unicode", "holds U+110000", "A\udcf4\udc90\udc80\udc80B"),
    ("cut-rune", "ends within a character", "A\udce2\udc80"),
):
    bad(f"summary-{name}", "summary", f"the summary {what}", summary=text)
for name, what, text in (
    ("2001", "has 2,001 bytes", "n" * 2001),
    ("line-feed-first", "begins with a line feed", "\nA"),
    ("line-feed-last", "ends with a line feed", "A\n"),
    ("line-feed", "is a line feed", "\n"),
    ("carriage-return", "has lines that end in CR LF", "A\r\nB"),
    ("space-first", "has a line that begins with a space", "A\n B"),
    ("space-last", "has a line that ends with a space", "A \nB"),
    ("tab", "holds a tab", "A\n\tB"),
    ("not-utf8", "is not UTF-8", "A\nB\udcff"),
    ("bidi", "holds U+202E", "A\n\u202eB"),
):
    bad(f"note-{name}", "note", f"the note {what}", note=text)
for name, what, topics in (
    ("nine", "are nine", [f"t{n}" for n in range(9)]),
    ("unsorted", "are not sorted", ["sepsis", "falls"]),
    ("twice", "hold one twice", ["sepsis", "sepsis"]),
    ("empty", "hold an empty one", [""]),
    ("41", "hold one of 41 bytes", ["t" * 41]),
    ("capital", "hold a capital", ["Sepsis"]),
    ("comma", "hold a comma and a space", ["falls, sepsis"]),
):
    bad(f"topics-{name}", "topics", f"the topics {what}", topics=topics)

# --- records and paths

for name, record in (
    ("no-month", "problem/late-doses"),
    ("month-00", "problem/2026-00/late-doses"),
    ("month-13", "problem/2026-13/late-doses"),
    ("month-short", "problem/2026-1/late-doses"),
    ("month-letters", "problem/20ab-12/late-doses"),
    ("kind-capital", "Problem/2026-12/late-doses"),
    ("kind-dot", "pro.blem/2026-12/late-doses"),
    ("kind-empty", "/2026-12/late-doses"),
    ("kind-61", f"{'k' * 61}/2026-12/late-doses"),
    ("slug-empty", "problem/2026-12/"),
    ("slug-hyphen-first", "problem/2026-12/-late"),
    ("slug-61", f"problem/2026-12/{'s' * 61}"),
    ("slug-dots", "problem/2026-12/.."),
    ("deeper", "problem/2026-12/late-doses/more"),
    ("absolute", "/problem/2026-12/late-doses"),
    ("line-feed", "problem/2026-12/late\ndoses"),
):
    bad(f"record-{name}", "record path", f"the record is {record!r}",
        record=record)


@refused("path commit-form tree-other record")
def record_root_slash():
    """The record's files lie under a path that ends with a slash more."""
    chain = Chain.of_vectors()
    draft = chain.draft(FILES, record=RECORD)
    draft.changes[0][0] = RECORD + "//record.md"
    return chain.append(draft)


for name, path in (
    ("dot-git", ".GIT/config"),
    ("dot-git-name", ".git"),
    ("git-short", "git~1"),
    ("dots", "../late-doses-2/record.md"),
    ("dots-name", ".."),
    ("dot-name", "."),
    ("hidden", ".gitattributes"),
    ("gitmodules", ".gitmodules"),
    ("empty-name", ""),
    ("folder", "notes/record.md"),
    ("attachments-deeper", "attachments/2026/scan.pdf"),
    ("attachments-empty", "attachments/"),
    ("attachments-dots", "attachments/.."),
    ("capital", "Record.md"),
    ("backslash", "attachments\\scan.pdf"),
    ("colon", "record.md:stream"),
    ("space", "my record.md"),
    ("accent", "caf\u00e9.md"),
    ("zero-width", ".g\u200cit"),
    ("nul", "record.md\0.txt"),
    ("line-feed", "record\n.md"),
    ("hyphen-first", "-rf"),
    ("dot-last", "record.md."),
    ("lock", "record.md.lock"),
    ("only-lock", "a.lock"),
    ("device-con", "con"),
    ("device-nul-ending", "nul.txt"),
    ("device-aux-two", "aux.tar.gz"),
    ("device-prn", "prn.md"),
    ("device-com0", "com0"),
    ("device-lpt9", "attachments/lpt9.pdf"),
    ("name-101", "n" * 101),
):
    bad(f"path-{name}", "path", f"a file of the record is {path!r}",
        files={path: b"x"})


def repath(path):
    """An edit that moves the one change of a draft to another path."""

    def edit(chain, draft):
        blob = chain.files.pop(f"{RECORD}/record.md")
        chain.files[path] = blob
        draft.changes[0][0] = path
        draft.tree = chain.objects.add_tree(chain.files)

    return edit


bad("path-absolute", "path", "a path begins with a slash",
    edit=repath("/etc/passwd"))
bad("path-other-record", "path", "a file of another record",
    edit=repath("problem/2026-12/late-doses-2/record.md"))
bad("path-other-record-as-long", "path",
    "a file of another record whose name is as long",
    edit=repath("problem/2026-12/last-doses/record.md"))
bad("path-record-itself", "path", "a file in place of the record's folder",
    edit=repath(RECORD))
bad("path-root-in-record", "path",
    "an update about a record puts region.yaml",
    edit=repath("region.yaml"))
bad("path-record-in-root", "path",
    "an update about no record puts a file of one",
    files={f"{RECORD}/record.md": b"x"}, record="")
bad("path-root-other", "path", "another file at the feed's root",
    files={"readme.md": b"x"}, record="")
bad("path-root-gitmodules", "path", ".gitmodules at the feed's root",
    files={".gitmodules": b"x"}, record="")


def swap_changes(_, draft):
    draft.changes.reverse()


def double_change(_, draft):
    draft.changes.append(draft.changes[-1])


def remove_and_put(_, draft):
    draft.changes.insert(0, draft.changes[0][:1])


TWO = {"data.csv": b"month\n", "record.md": b"x"}
bad("changes-unsorted", "changes", "the changes are not sorted",
    files=TWO, edit=swap_changes)
bad("changes-twice", "changes", "a path is put twice", edit=double_change)
bad("changes-removed-and-put", "changes", "a path is removed and put",
    edit=remove_and_put)
bad("content-over-1-mib", "changes too-big", "a file has 1,048,577 bytes",
    files={"data.csv": bytes(2**20 + 1)})
bad("contents-over-4-mib", "changes too-big",
    "the files have 4,194,305 bytes together",
    files={f"attachments/{n}.bin": bytes([n]) * 2**20 for n in range(4)}
    | {"record.md": b"x"})
bad("gitattributes-other", "changes path",
    ".gitattributes has another content",
    files={".gitattributes": b"* text=auto\n"}, record="")


def wrong_digest(_, draft):
    draft.changes[0][2] = sha256(b"another content")


bad("content-other-digest", "content-digest",
    "the SHA-256 of a content is another one", edit=wrong_digest)


def wrong_size(_, draft):
    draft.changes[0][1] += 1


bad("content-other-size", "content-size",
    "the size of a content is another one", edit=wrong_size)
