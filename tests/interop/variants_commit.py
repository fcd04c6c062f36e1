"""Other forms of a commit, made by a relay without a key or by the author.

Stock git calls many of these good, each with another commit id.
"""

import base64
import hashlib

import build_feed
import ed25519
import feedkit
from feedkit import BLOB, COMMIT, Chain, ssh_blob
from variants import FILES, RECORD, altered, bad, refused

BEGIN = b"-----BEGIN SSH SIGNATURE-----"
END = b"-----END SSH SIGNATURE-----"


def replace(old, new):
    """A change of the first place where old stands."""

    def change(commit):
        assert old in commit, old
        return commit.replace(old, new, 1)

    return change


def before(mark, line):
    """A change that puts a line before the first mark."""
    return replace(mark, line + mark)


def header(commit, name):
    """The whole of a header, with its further lines and its line feed."""
    start = commit.index(b"\n" + name + b" ") + 1
    end = commit.index(b"\n", start) + 1
    while commit[end : end + 1] == b" ":
        end = commit.index(b"\n", end) + 1
    return commit[start:end]


def armour_blob(commit):
    """The bytes in the armour."""
    text = header(commit, b"gpgsig").split(BEGIN)[1].split(END)[0]
    return base64.b64decode(text)


def rewrap(columns, ending=b"", marks=b""):
    """A change of the armour's lines to another width.

    ending is put behind each line of digits, marks behind BEGIN and END.
    """

    def change(commit):
        text = base64.b64encode(armour_blob(commit))
        lines = [text[n : n + columns] for n in range(0, len(text), columns)]
        lines = [BEGIN + marks, *(n + ending for n in lines), END + marks]
        return with_armour(b"\n ".join(lines))(commit)

    return change


def with_armour(armour):
    """A change of the armour to these lines."""
    return lambda commit: commit.replace(
        header(commit, b"gpgsig"), b"gpgsig " + armour + b"\n"
    )


def with_blob(change):
    """A change of the bytes in the armour, written as ssh-keygen does."""

    def outer(commit):
        text = base64.b64encode(change(armour_blob(commit)))
        lines = [text[n : n + 70] for n in range(0, len(text), 70)]
        return with_armour(b"\n ".join([BEGIN, *lines, END]))(commit)

    return outer


def with_signature(change):
    """A change of the 64 bytes of the signature."""
    return with_blob(lambda blob: blob[:-64] + change(blob[-64:]))


def with_header(name, change):
    """A change of one header."""

    def outer(commit):
        old = header(commit, name)
        return commit.replace(old, change(old), 1)

    return outer


def message(change):
    """A change of the commit's message."""

    def outer(commit):
        head, _, text = commit.partition(b"\n\n")
        return head + b"\n\n" + change(text)

    return outer


# --- what is said: message, author, time, headers, links

for name, what, change in (
    ("message-altered", "another subject", message(lambda t: b"B" + t[1:])),
    ("message-longer", "a line more at its end",
     message(lambda t: t + b"Signed-off-by: nobody\n")),
    ("message-no-line-feed", "no line feed at its end",
     message(lambda t: t[:-1])),
    ("message-two-line-feeds", "two line feeds at its end",
     message(lambda t: t + b"\n")),
    ("message-empty", "no message", message(lambda _: b"")),
    ("message-crlf", "lines that end in CR LF",
     message(lambda t: t.replace(b"\n", b"\r\n"))),
    ("message-nul", "a NUL at its end", message(lambda t: t + b"\0x")),
    ("message-other-version", "another version in the trailers",
     message(lambda t: t.replace(b"Version: 1", b"Version: 2"))),
    ("author-name", "another author", replace(b"author south", b"author n")),
    ("author-address", "another address",
     replace(b"<south-west@", b"<south-east@")),
    ("author-time", "another time of the author",
     with_header(b"author", lambda h: h.replace(b" 17935", b" 17936"))),
    ("author-zone", "another time zone",
     with_header(b"author", lambda h: h.replace(b"+0000", b"+0100"))),
    ("author-zone-minus", "the time zone -0000",
     with_header(b"author", lambda h: h.replace(b"+0000", b"-0000"))),
    ("author-twice", "the author twice",
     with_header(b"author", lambda h: h + h)),
    ("committer-other", "another committer",
     replace(b"committer south", b"committer north")),
    ("committer-time", "another time of the committer",
     with_header(b"committer", lambda h: h.replace(b" 17935", b" 17936"))),
    ("header-encoding", "an encoding header",
     before(b"weald-update ", b"encoding ISO-8859-1\n")),
    ("header-unknown", "a header more before the update",
     before(b"weald-update ", b"weald-note x\n")),
    ("header-behind", "a header more behind the signature",
     with_header(b"gpgsig", lambda h: h + b"weald-note x\n")),
    ("header-mergetag", "a mergetag header",
     before(b"gpgsig ", b"mergetag object 00\n type commit\n")),
    ("header-huge", "a header of 200,000 bytes",
     before(b"weald-update ", b"x " + b"x" * 200000 + b"\n")),
    ("header-order", "the signature before the update",
     lambda c: c.replace(header(c, b"gpgsig"), b"").replace(
         header(c, b"weald-update"),
         header(c, b"gpgsig") + header(c, b"weald-update"))),
    ("tree-line-other", "the tree of the update before",
     lambda c: c.replace(
         header(b"\n" + c, b"tree"),
         b"tree b146ce18d6a131368a5eee7f41dd468ad260ac59\n")),
    ("parent-second", "a second parent",
     with_header(b"parent", lambda h: h + h.replace(
         b"8f7611f0f8957be07ad8afd32790e77dc04cac75",
         b"e4b1cd634145fec3fd84faa85dcc1591f1687689"))),
    ("parent-twice", "its parent twice",
     with_header(b"parent", lambda h: h + h)),
    ("parent-capitals", "its parent in capitals",
     with_header(b"parent", lambda h: b"parent " + h[7:].upper())),
    ("update-twice", "the update twice",
     with_header(b"weald-update", lambda h: h + h)),
):
    altered(name, "commit-form", f"the commit has {what}", change)


def other_update(old):
    """The header of update 7 for that of update 8."""
    payload = bytes.fromhex(Chain().vectors["updates"][6]["payload"])
    return b"weald-update " + base64.b64encode(payload) + b"\n"


def loose_bits(old):
    """The same payload in a base64 whose unused bits are not zero."""
    assert old.endswith(b"A==\n") or old.endswith(b"A=\n"), old[-5:]
    return old.replace(b"A=", b"B=")


altered("update-of-another", "commit-form seq-old armour",
        "the commit has the payload of the one before",
        with_header(b"weald-update", other_update))
altered("update-folded", "commit-form commit-no-update",
        "the commit has its payload in two lines",
        with_header(b"weald-update", lambda h: h[:99] + b"\n " + h[99:]))
altered("update-loose-bits", "commit-no-update commit-form malformed",
        "the commit has its payload in loose base64",
        with_header(b"weald-update", loose_bits))
altered("update-no-padding", "commit-no-update commit-form malformed",
        "the commit has its payload in base64 without padding",
        with_header(b"weald-update", lambda h: h.rstrip(b"=\n") + b"\n"))
altered("update-space-behind", "commit-no-update commit-form malformed",
        "the commit has a space behind its payload",
        with_header(b"weald-update", lambda h: h[:-1] + b" \n"))
altered("update-renamed", "commit-no-update",
        "the commit has its payload under another name",
        replace(b"weald-update ", b"weald-updates "))
altered("update-absent", "commit-no-update",
        "the commit has no payload",
        with_header(b"weald-update", lambda _: b""))

# --- how the signature is written

for name, codes, what, change in (
    ("gpgsig-absent", "commit-form armour", "no signature",
     with_header(b"gpgsig", lambda _: b"")),
    ("gpgsig-renamed", "commit-form armour", "its signature as gpgsigx",
     replace(b"\ngpgsig ", b"\ngpgsigx ")),
    ("gpgsig-as-sha256", "commit-form armour",
     "its signature as gpgsig-sha256",
     replace(b"\ngpgsig ", b"\ngpgsig-sha256 ")),
    ("gpgsigx-more", "commit-form", "a gpgsigx header more",
     with_header(b"gpgsig", lambda h: b"gpgsigx x\n" + h)),
    ("gpgsigx-behind", "commit-form", "a gpgsigx header more at the end",
     with_header(b"gpgsig", lambda h: h + b"gpgsigx x\n")),
    ("gpgsig-sha256-more", "commit-form", "a gpgsig-sha256 header more",
     with_header(b"gpgsig", lambda h: h + h.replace(b"sig ", b"sig-sha256 "))),
    ("gpgsig-twice", "commit-form armour", "its signature twice",
     with_header(b"gpgsig", lambda h: h + h)),
    ("gpgsig-second-other", "commit-form armour", "a second signature",
     with_header(b"gpgsig", lambda h: h + b"gpgsig x\n")),
    ("gpgsig-second-first", "commit-form armour",
     "a second signature before its own",
     with_header(b"gpgsig", lambda h: b"gpgsig x\n" + h)),
    ("gpgsig-moved", "commit-form", "its signature before the author",
     lambda c: c.replace(header(c, b"gpgsig"), b"").replace(
         b"author ", header(c, b"gpgsig") + b"author ", 1)),
    ("gpgsig-in-message", "commit-form armour",
     "its signature in the message",
     lambda c: c.replace(header(c, b"gpgsig"), b"").replace(
         b"\n\n", b"\n\n" + header(c, b"gpgsig"), 1)),
    ("armour-76", "armour commit-form", "an armour of 76 columns",
     rewrap(76)),
    ("armour-one-line", "armour commit-form", "an armour of one long line",
     rewrap(1000)),
    ("armour-spaces", "armour commit-form",
     "an armour with spaces at the ends of its lines", rewrap(70, b" ")),
    ("armour-spaces-marks", "armour commit-form",
     "an armour with spaces behind BEGIN and END", rewrap(70, b"", b" ")),
    ("armour-crlf", "armour commit-form",
     "an armour with lines that end in CR LF", rewrap(70, b"\r", b"\r")),
    ("armour-empty-line", "armour commit-form",
     "an armour with an empty line before the end",
     replace(b"\n " + END, b"\n \n " + END)),
    ("armour-text-behind", "armour commit-form",
     "text behind the armour's end", replace(END, END + b"\n any words")),
    ("armour-text-before", "armour commit-form",
     "text before the armour's beginning",
     replace(b" " + BEGIN, b" any words\n " + BEGIN)),
    ("armour-line-feed", "armour commit-form",
     "an empty line behind the armour", replace(END, END + b"\n ")),
    ("armour-not-base64", "armour commit-form", "an armour of other digits",
     replace(b"U1NIU0lH", b"U1NI*0lH")),
    ("armour-padding", "armour commit-form", "an armour with more padding",
     replace(b"\n " + END, b"=\n " + END)),
    ("armour-empty", "armour commit-form", "an empty armour",
     with_armour(BEGIN + b"\n " + END)),
    ("blob-trailing", "armour commit-form",
     "a byte behind the signature in the armour",
     with_blob(lambda b: b + b"\0")),
    ("blob-truncated", "armour commit-form",
     "an armour that lacks its last byte", with_blob(lambda b: b[:-1])),
    ("blob-version-2", "armour commit-form", "an SSHSIG of version 2",
     with_blob(lambda b: b.replace(b"\0\0\0\1", b"\0\0\0\2", 1))),
    ("blob-magic", "armour commit-form", "an SSHSIG without its name",
     with_blob(lambda b: b"sshsig" + b[6:])),
    ("s-plus-l", "signature-form", "S + L in place of S",
     with_signature(ed25519.add_l_to_s)),
    ("s-bit-flipped", "signature signature-form", "a bit of S flipped",
     with_signature(lambda s: s[:32] + bytes([s[32] ^ 1]) + s[33:])),
    ("r-bit-flipped", "signature signature-form", "a bit of R flipped",
     with_signature(lambda s: bytes([s[0] ^ 1]) + s[1:])),
    ("signature-zero", "signature signature-form", "a signature of zeros",
     with_signature(lambda _: bytes(64))),
    ("signature-of-update-7", "signature", "the signature of the one before",
     with_signature(lambda _: bytes.fromhex(
         Chain().vectors["updates"][6]["signature"]))),
):
    altered(name, codes, f"the commit has {what}", change)

# --- what the author signs, wrongly

bad("signed-by-the-old-key", "signature",
    "names the new key, and is signed by the one before it",
    edit=lambda chain, draft: setattr(draft, "signer", chain.keys["first"]))
bad("signed-by-the-root-key", "signature",
    "names the feed's key, and is signed by the root key",
    edit=lambda chain, draft: setattr(draft, "signer", chain.root))
bad("signed-r-identity", "signature-form",
    "signed with the neutral element as R",
    sign=lambda key, data: key.sign_identity(data))
bad("signed-cofactored", "signature",
    "signed so that only a cofactored equation holds",
    sign=lambda key, data: key.sign_cofactored(data))
bad("signed-extra-header", "commit-form",
    "signed over a commit with a header more",
    retext=lambda text: text.replace(b"\n\n", b"\nencoding UTF-8\n\n", 1))
bad("signed-other-message", "commit-form",
    "signed over a commit with another message",
    retext=lambda text: text.replace(b"A step", b"Another step"))
bad("signed-other-author", "commit-form",
    "signed over a commit with another author",
    retext=lambda text: text.replace(b"author south", b"author north"))
bad("signed-two-parents", "commit-form",
    "signed over a commit with two parents",
    retext=lambda text: text.replace(
        b"\nauthor ",
        b"\nparent e4b1cd634145fec3fd84faa85dcc1591f1687689\nauthor ", 1))


def signed_in_blob(namespace=b"git", reserved=b"", digest="sha512", key=None):
    """An edit: the commit is signed by SSHSIG with other parameters."""

    def edit(chain, draft):
        signer = key(chain) if key else chain.key
        signatures = []

        def sign(_, data):
            text = draft.text(draft.payload())
            data = ssh_blob(namespace, reserved, digest,
                            hashlib.new(digest, text).digest())
            signatures.append(signer.sign(data))
            return signatures[-1]

        def recommit(commit):
            blob = build_feed.ssh_string(namespace)
            blob += build_feed.ssh_string(reserved)
            blob += build_feed.ssh_string(digest.encode())
            blob += build_feed.ssh_string(
                build_feed.ssh_string(b"ssh-ed25519")
                + build_feed.ssh_string(signatures[-1])
            )
            public = build_feed.ssh_string(
                build_feed.public_blob(signer.public)
            )
            return with_blob(lambda _: b"SSHSIG\0\0\0\1" + public + blob)(
                commit
            )

        draft.sign, draft.recommit = sign, recommit

    return edit


for name, codes, what, edit in (
    ("sshsig-sha256", "armour commit-form signature",
     "signed with the hash sha256", signed_in_blob(digest="sha256")),
    ("sshsig-namespace", "armour commit-form signature",
     "signed in the namespace file", signed_in_blob(namespace=b"file")),
    ("sshsig-grant-namespace", "armour commit-form signature",
     "signed in the namespace of grants",
     signed_in_blob(namespace=b"weald-grant")),
    ("sshsig-reserved", "armour commit-form signature",
     "signed with something in the reserved field",
     signed_in_blob(reserved=b"x")),
    ("sshsig-other-key", "commit-form armour signature",
     "signed by another key, which the armour names",
     signed_in_blob(key=lambda chain: chain.keys["first"])),
):
    bad(name, codes, what, edit=edit)


@refused("signature")
def signature_from_another_feed():
    """The signature of the same step in another feed with the same key."""
    other = Chain.of_vectors()
    other.feed = hashlib.sha256(b"another feed").digest()
    other.step(FILES, record=RECORD)
    commit = other.objects.by_id[other.head][1]
    chain = Chain.of_vectors()
    return chain.step(FILES, record=RECORD,
                      sign=lambda *_: armour_blob(commit)[-64:])


@refused("commit-form")
def file_changed():
    """A file of the last update has another content, and so its tree."""

    def change(commit):
        files = chain.files | {f"{RECORD}/record.md": (
            b"100644", chain.objects.add(BLOB, b"another content\n"))}
        tree = chain.objects.add_tree(files).hex().encode()
        return b"tree " + tree + commit[45:]

    chain = Chain.of_vectors()
    return chain.step(FILES, record=RECORD, recommit=change)


# --- the order of commits, changed without a key


def stack(count, *numbers):
    """The first updates, and further commits that no key made.

    Each is that of the update with the number, its parent line changed.
    """
    chain = Chain.of_vectors(count)
    whole = Chain.of_vectors()
    chain.objects.by_id |= whole.objects.by_id
    for n in numbers:
        name = bytes.fromhex(chain.vectors["updates"][n - 1]["commit"])
        commit = whole.objects.by_id[name][1]
        old = header(commit, b"parent")
        new = b"parent " + chain.head.hex().encode() + b"\n" if any(
            chain.head) else b""
        chain.head = chain.objects.add(COMMIT, commit.replace(old, new))
    return chain


@refused("commit-form", at=5)
def dropped():
    """Update 5 is missing: the commit of 6 stands on that of 4."""
    return stack(4, 6, 7)


@refused("commit-form", at=5)
def swapped():
    """The commits of updates 5 and 6 change places."""
    return stack(4, 6, 5, 7)


@refused("commit-form seq-old")
def replayed():
    """The commit of update 6 stands again on that of 7."""
    return stack(7, 6)


@refused("commit-form first-updates", at=1)
def beheaded():
    """The first commit is that of update 2, without a parent."""
    return stack(0, 2)


@refused("seq-gap first-updates not-found corrupt incomplete invalid", at=1)
def shallow():
    """A shallow clone: the commits before update 5 are missing."""
    chain = Chain.of_vectors()
    for update in chain.vectors["updates"][:4]:
        del chain.objects.by_id[bytes.fromhex(update["commit"])]
    chain.shallow = [bytes.fromhex(chain.vectors["updates"][4]["commit"])]
    return chain


@refused("seq-old commit-form")
def repeated():
    """The commit of update 7 stands again on itself."""
    return stack(7, 7)


@refused("commit-no-update")
def plain_commit():
    """A commit of stock git on top, not signed."""
    chain = Chain.of_vectors()
    tree = chain.objects.add_tree(chain.files)
    chain.head = chain.objects.add(COMMIT, (
        f"tree {tree.hex()}\nparent {chain.head.hex()}\n"
        "author a <a@b> 1793520000 +0000\n"
        "committer a <a@b> 1793520000 +0000\n\nBy hand\n").encode())
    return chain


@refused("commit-no-update")
def plain_commit_signed():
    """A commit of stock git on top, signed by the feed's key."""
    chain = Chain.of_vectors()
    tree = chain.objects.add_tree(chain.files)
    text = (
        f"tree {tree.hex()}\nparent {chain.head.hex()}\n"
        "author a <a@b> 1793520000 +0000\n"
        "committer a <a@b> 1793520000 +0000\n\nBy hand\n").encode()
    signature = chain.key.sign(feedkit.signed_bytes(b"git", text))
    chain.head = chain.objects.add(
        COMMIT, feedkit.commit_bytes(text, chain.key.public, signature))
    return chain
