"""Updates that do not fit their feed: position, keys, grants, versions, trees.

And the feeds that look odd but are valid.
"""

import ed25519
from feedkit import BLOB, GITATTRIBUTES, REGION, TREE, ZERO_20, ZERO_32
from feedkit import Chain, sha256
from variants import FILES, RECORD, accepted, bad, refused

TROLLEY = "intervention/2026-11/sepsis-first-dose-trolley"
POINT_IDENTITY = (1).to_bytes(32, "little")
POINT_ORDER_2 = (ed25519.P - 1).to_bytes(32, "little")
POINT_ORDER_4 = bytes(32)
POINT_ORDER_8 = ed25519.encode(ed25519.ORDER_8)

# --- the first two updates


@refused("first-updates", at=1)
def first_publish():
    """The first update publishes."""
    return Chain().step(action="publish")


@refused("first-updates", at=1)
def first_with_files():
    """The first update brings the profile."""
    files = {".gitattributes": GITATTRIBUTES, "region.yaml": REGION}
    return Chain().step(files, action="create-feed")


@refused("first-updates", at=1)
def first_with_record():
    """The first update is about a record."""
    return Chain().create(record=RECORD)


@refused("first-updates", at=1)
def first_with_tree():
    """The first update claims a tree that is not empty."""
    chain = Chain()
    blob = chain.objects.add(BLOB, b"x")
    tree = chain.objects.add_tree({"region.yaml": (b"100644", blob)})
    return chain.create(tree=tree)


@refused("epoch first-updates", at=1)
def first_epoch_1():
    """The first update has epoch 1."""
    return Chain().create(epoch=1)


@refused("feed-field first-updates", at=1)
def first_feed_not_zero():
    """The first update names a feed."""
    return Chain().create(feed=sha256(b"x"))


@refused("prev first-updates", at=1)
def first_prev_not_zero():
    """The first update names a previous one."""
    return Chain().create(prev=sha256(b"x"))


@refused("parent first-updates", at=1)
def first_parent_not_zero():
    """The first update names a parent."""
    return Chain().create(parent=sha256(b"x")[:20])


@refused("seq", at=1)
def first_seq_0():
    """The first update has seq 0."""
    return Chain().create(seq=0)


@refused("grant-unexpected first-updates", at=1)
def first_with_grant():
    """The first update carries a grant."""
    chain = Chain()
    draft = chain.draft(action="create-feed")
    return chain.append(chain.grant(draft))


@refused("first-updates", at=2)
def second_publish():
    """The second update publishes."""
    return Chain().create().step(FILES, record=RECORD)


@refused("first-updates", at=2)
def second_without_gitattributes():
    """The second update puts region.yaml alone."""
    chain = Chain().create()
    return chain.step({"region.yaml": REGION}, action="profile")


@refused("first-updates", at=2)
def second_without_region():
    """The second update puts .gitattributes alone."""
    chain = Chain().create()
    return chain.step({".gitattributes": GITATTRIBUTES}, action="profile")


@refused("first-updates path", at=2)
def second_with_record():
    """The second update is about a record."""
    return Chain().create().step(FILES, action="profile", record=RECORD)


@refused("first-updates", at=2)
def second_other_action():
    """The second update brings both files as a `describe`."""
    files = {".gitattributes": GITATTRIBUTES, "region.yaml": REGION}
    return Chain().create().step(files, action="describe")


bad("create-feed-again", "first-updates", "a later update creates a feed",
    files={}, record="", action="create-feed")

# --- position

bad("seq-skipped", "seq-gap seq", "the seq is one too high", seq=9)
bad("seq-repeated", "seq-old seq-gap seq", "the seq is the last one's", seq=7)
bad("seq-largest", "seq-gap seq", "the seq is 2^53", seq=2**53)
bad("prev-other", "prev-other prev", "prev is the update before the last",
    prev=sha256(b"another update"))
bad("prev-zero", "prev prev-other", "prev is zero", prev=ZERO_32)
bad("feed-zero", "feed-field feed-other", "feed is zero", feed=ZERO_32)
bad("feed-other", "feed-other", "feed is another one", feed=sha256(b"feed"))
bad("slug-changed", "slug-changed", "the slug is another one",
    slug="south-east")
bad("root-changed", "root-changed", "the root is another one",
    root=sha256(b"root"))
bad("epoch-raised", "epoch-changed epoch", "the epoch is 1 without a grant",
    epoch=1)


@refused("parent-other seq-gap", at=7)
def parent_before_last():
    """The parent is the commit before the last."""
    chain = Chain.of_vectors()
    parent = bytes.fromhex(chain.vectors["updates"][5]["commit"])
    return chain.step(FILES, record=RECORD, parent=parent)


@refused("parent parent-other seq-gap not-found corrupt", at=1)
def parent_zero():
    """The parent is zero: no other commit can be found."""
    return Chain.of_vectors().step(FILES, record=RECORD, parent=ZERO_20)


@refused("prev-other prev")
def prev_of_a_fork():
    """The previous update is that of another line of the same feed."""
    other = Chain.of_vectors(6).step(FILES, record=RECORD)
    chain = Chain.of_vectors()
    return chain.step(FILES, record=RECORD, prev=other.digest)


@refused("prev-other prev")
def parent_of_a_fork():
    """The parent is in another line of the same feed than prev."""
    chain = Chain.of_vectors(6).step(FILES, record=RECORD)
    draft = chain.draft({"record.md": b"more"}, record=RECORD)
    draft.prev = Chain.of_vectors().digest
    return chain.append(draft)


@refused("seq-gap seq", at=5)
def dropped_and_signed_again():
    """Update 5 is missing, and update 6 is signed again behind 4."""
    chain = Chain.of_vectors(4)
    return chain.step(FILES, record=RECORD, seq=6)


@refused("seq-gap seq", at=5)
def swapped_and_signed_again():
    """Updates 5 and 6 change places, each linked to what is before it."""
    chain = Chain.of_vectors(4)
    chain.step(FILES, record=RECORD, seq=6)
    return chain.step({"record.md": b"y"}, record=RECORD, seq=5)


@refused("version-other", at=8)
def wrong_below_right_ones():
    """Two right updates stand above one that skips a version."""
    chain = Chain.of_vectors()
    chain.step(FILES, record=RECORD, version=2)
    chain.step({"record.md": b"more"}, record=RECORD)
    return chain.step({"record.md": b"and more"}, record=RECORD)


# --- keys and grants


@refused("key-changed")
def key_old_after_rotation():
    """An update by the key that was replaced."""
    chain = Chain.of_vectors()
    key = chain.keys["first"].public
    return chain.step(FILES, record=RECORD, key=key)


@refused("key-changed", at=4)
def key_new_without_rotation():
    """An update by another key, without any rotation."""
    chain = Chain.of_vectors(3)
    key = chain.keys["second"].public
    return chain.step(FILES, record=RECORD, key=key)


@refused("key-changed")
def key_root_signs():
    """The root key signs an update itself."""
    chain = Chain.of_vectors()
    return chain.step(FILES, record=RECORD, key=chain.root.public)


def rotation(chain, **fields):
    """A draft that changes the key to a third one."""
    key = chain.add_key("third").public
    return chain.draft(**{"action": "rotate-key", "key": key} | fields)


@refused("grant-missing")
def grant_missing():
    """A rotation without a grant."""
    chain = Chain.of_vectors()
    return chain.append(rotation(chain))


@refused("grant-unexpected")
def grant_on_publish():
    """A publish that carries a grant that is right in itself."""
    chain = Chain.of_vectors()
    draft = chain.draft(FILES, record=RECORD)
    return chain.append(chain.grant(draft))


@refused("grant-unexpected")
def grant_on_unknown_action():
    """An unknown action that carries a grant, and keeps the key."""
    chain = Chain.of_vectors()
    return chain.append(chain.grant(chain.draft(action="adopt-key")))


@refused("key-changed")
def key_by_unknown_action():
    """An unknown action that changes the key."""
    chain = Chain.of_vectors()
    return chain.append(rotation(chain, action="adopt-key"))


@refused("grant-root")
def grant_by_another_root():
    """A rotation under a grant by another root key."""
    chain = Chain.of_vectors()
    return chain.append(
        chain.grant(rotation(chain), root=chain.add_key("other root"))
    )


@refused("grant-root")
def grant_by_the_feed_key():
    """A rotation under a grant by the feed's own key."""
    chain = Chain.of_vectors()
    return chain.append(chain.grant(rotation(chain), root=chain.key))


@refused("grant-signature")
def grant_signed_by_another():
    """A rotation whose grant names the root key but is signed by another."""
    chain = Chain.of_vectors()
    draft = chain.grant(rotation(chain), root=chain.add_key("other root"))
    draft.grant[0] = chain.root.public
    return chain.append(draft)


@refused("grant-signature")
def grant_of_an_earlier_rotation():
    """A rotation that carries the grant of update 4."""
    chain = Chain.of_vectors()
    earlier = Chain.of_vectors(3)
    key = earlier.keys["second"].public
    draft = earlier.draft(action="rotate-key", key=key)
    grant = earlier.grant(draft).grant
    draft = chain.draft(action="rotate-key", key=chain.key.public)
    draft.grant = grant
    return chain.append(draft)


@refused("grant-signature")
def grant_for_another_key():
    """A rotation under a grant for another new key."""
    chain = Chain.of_vectors()
    draft = chain.grant(rotation(chain))
    draft.key = chain.add_key("fourth").public
    return chain.append(draft)


@refused("grant-signature")
def grant_for_another_action():
    """A rotation under a grant for a recover."""
    chain = Chain.of_vectors()
    draft = rotation(chain, action="recover")
    chain.grant(draft)
    draft.action = "rotate-key"
    return chain.append(draft)


@refused("grant-signature")
def grant_for_another_feed():
    """A rotation under a grant for another feed of the same root key."""
    chain = Chain.of_vectors()
    draft = rotation(chain)
    feed, draft.feed = draft.feed, sha256(b"another feed")
    chain.grant(draft)
    draft.feed = feed
    return chain.append(draft)


@refused("grant-signature")
def grant_in_another_namespace():
    """A rotation under a grant signed in the namespace of commits."""
    chain = Chain.of_vectors()
    return chain.append(chain.grant(rotation(chain), namespace=b"git"))


@refused("grant-signature")
def grant_s_plus_l():
    """A rotation whose grant has S + L in place of S."""
    chain = Chain.of_vectors()
    draft = chain.grant(rotation(chain))
    draft.grant[1] = ed25519.add_l_to_s(draft.grant[1])
    return chain.append(draft)


@refused("grant")
def grant_until_in_rotation():
    """A rotation whose grant names a last seq."""
    chain = Chain.of_vectors()
    return chain.append(chain.grant(rotation(chain), until=8))


@refused("epoch-changed epoch")
def rotation_raises_epoch():
    """A granted rotation that raises the epoch."""
    chain = Chain.of_vectors()
    return chain.append(chain.grant(rotation(chain, epoch=1)))


@refused("reissue-held")
def recover_granted():
    """A recover that is granted: held back in this version."""
    chain = Chain.of_vectors()
    draft = rotation(chain, action="recover", epoch=1)
    return chain.append(chain.grant(draft, until=8))


@refused("reissue-held")
def erase_granted():
    """An erase that is granted and keeps the key: held back."""
    chain = Chain.of_vectors()
    draft = chain.draft(
        {"record.md": b"removed\n"}, record=TROLLEY, action="erase",
        epoch=1, version=3,
    )
    return chain.append(chain.grant(draft, until=8))


@refused("grant-missing")
def recover_without_grant():
    """A recover without a grant."""
    return Chain.of_vectors().step(action="recover", epoch=1)


@refused("grant-root")
def recover_by_another_root():
    """A recover under a grant by another root key."""
    chain = Chain.of_vectors()
    draft = chain.draft(action="recover", epoch=1)
    root = chain.add_key("other root")
    return chain.append(chain.grant(draft, until=8, root=root))


@refused("grant-signature")
def recover_signed_by_another():
    """A recover whose grant is signed by another than the root key."""
    chain = Chain.of_vectors()
    draft = chain.draft(action="recover", epoch=1)
    chain.grant(draft, until=8, root=chain.add_key("other root"))
    draft.grant[0] = chain.root.public
    return chain.append(draft)


@refused("grant")
def recover_until_before():
    """A recover whose grant ends before it."""
    chain = Chain.of_vectors()
    draft = chain.draft(action="recover", epoch=1)
    return chain.append(chain.grant(draft, until=7))


@refused("epoch epoch-changed")
def recover_epoch_0():
    """A recover that does not raise the epoch."""
    chain = Chain.of_vectors()
    return chain.append(chain.grant(chain.draft(action="recover"), until=8))


def weak(name, key):
    """Note a feed whose key is of small order: forgeries pass with git."""

    def make():
        chain = Chain()
        return chain.create(
            key=key,
            sign=lambda _, data: ed25519.forge_small_order(key, data),
        )

    make.__name__ = f"key-{name}"
    make.__doc__ = f"the feed's key is {key.hex()}, forged with no secret"
    refused("key-weak", at=1)(make)


weak("identity", POINT_IDENTITY)
weak("order-2", POINT_ORDER_2)
weak("order-4", POINT_ORDER_4)
weak("order-8", POINT_ORDER_8)
weak("identity-not-reduced", (ed25519.P + 1).to_bytes(32, "little"))
weak("identity-signed", (1 << 255 | 1).to_bytes(32, "little"))


@refused("key-weak")
def rotation_to_weak_key():
    """A granted rotation to a key of small order."""
    chain = Chain.of_vectors()
    draft = chain.draft(
        action="rotate-key", key=POINT_IDENTITY,
        sign=lambda _, data: ed25519.forge_small_order(POINT_IDENTITY, data),
    )
    return chain.append(chain.grant(draft))


@refused("key-weak signature", at=1)
def key_no_point():
    """The feed's key is no point of the curve."""
    key = (2).to_bytes(32, "little")
    chain = Chain()
    return chain.create(key=key, signer=chain.key)


@refused("grant-signature key-weak", at=3)
def grant_by_weak_root():
    """The root key is of small order, and its grant forged."""
    chain = Chain()
    chain.root = ed25519.Key(bytes(32))
    chain.root.public = POINT_IDENTITY
    chain.root.sign = lambda data: ed25519.forge_small_order(
        POINT_IDENTITY, data
    )
    return chain.create().profile().rotate("second")


# --- records, files and the tree

bad("version-missing", "version", "an update about a record has version 0",
    version=0)
bad("version-without-record", "version",
    "an update about no record has version 1", files={}, record="",
    version=1)
bad("version-2-of-new", "version-other", "a new record begins at version 2",
    version=2)
bad("version-skipped", "version-other", "a record skips version 3",
    record=TROLLEY, version=4)
bad("version-repeated", "version-other", "a record repeats version 2",
    record=TROLLEY, version=2)
bad("version-restarted", "version-other", "a record begins again at 1",
    record=TROLLEY, version=1)
bad("record-taken", "record-taken",
    "a record of the same kind and slug in another month",
    record="intervention/2026-12/sepsis-first-dose-trolley")
bad("record-moved", "record-taken version-other",
    "the next version of a record in another month",
    record="intervention/2026-12/sepsis-first-dose-trolley", version=3)
bad("removal-absent", "removal-absent", "removes a file that is not there",
    files={"data.csv": None})
bad("removal-absent-root", "removal-absent",
    "removes a file of the record that went before",
    record="evidence/2026-11/sepsis-trolley-2025", files={"data.csv": None})
bad("put-unchanged", "put-unchanged", "puts a file as it is",
    record=TROLLEY,
    files={"record.md": b"---\nkind: intervention\ntitle: Sepsis trolley\n"
                        b"must_keep: [sealed]\n---\n\nStart with one bay.\n"})


@refused("path-clash", at=9)
def path_clash_file_first():
    """A folder is put where a file is."""
    chain = Chain.of_vectors().step({"attachments": b"x"}, record=RECORD)
    del chain.files[f"{RECORD}/attachments"]
    return chain.step({"attachments/scan.pdf": b"x"}, record=RECORD)


@refused("path-clash", at=9)
def path_clash_folder_first():
    """A file is put where a folder is."""
    chain = Chain.of_vectors()
    chain.step({"attachments/scan.pdf": b"x"}, record=RECORD)
    del chain.files[f"{RECORD}/attachments/scan.pdf"]
    return chain.step({"attachments": b"x"}, record=RECORD)


@refused("path-clash changes")
def path_clash_in_one():
    """One update puts a name as file and as folder."""
    chain = Chain.of_vectors()
    draft = chain.draft({"attachments": b"x"}, record=RECORD)
    draft.changes.append(
        chain.change_of(f"{RECORD}/attachments/scan.pdf", b"y")
    )
    return chain.append(draft)


@refused("removal-absent", at=9)
def removal_of_folder():
    """Removes a folder as if it were a file."""
    chain = Chain.of_vectors().step(
        {"attachments/scan.pdf": b"x"}, record=RECORD
    )
    draft = chain.draft(record=RECORD)
    draft.changes = [[f"{RECORD}/attachments"]]
    return chain.append(draft)


def tree_of(change):
    """An edit that lets the tree be another than the changes give.

    change(chain, files) changes a copy of the feed's files, or gives the id.
    """

    def edit(chain, draft):
        files = dict(chain.files)
        draft.tree = change(chain, files) or chain.objects.add_tree(files)

    return edit


def add_file(path, mode=b"100644"):
    """A change that adds a file which no update names."""

    def change(chain, files):
        files[path] = (mode, chain.objects.add(BLOB, b"#!/bin/sh\n"))

    return change


def change_mode(mode):
    """A change of the mode of the file that the update puts."""

    def change(_, files):
        path = f"{RECORD}/record.md"
        files[path] = (mode, files[path][1])

    return change


def drop_file(_, files):
    """Leave a file out that no update removed."""
    del files["region.yaml"]


def root_reversed(chain, files):
    """Put the entries of the root the wrong way round."""
    name = chain.objects.add_tree(files)
    data = chain.objects.by_id[name][1]
    entries = []
    while data:
        head, _, rest = data.partition(b"\0")
        mode, _, entry = head.partition(b" ")
        entries.append((entry, mode, rest[:20]))
        data = rest[20:]
    return chain.objects.add_entries(reversed(entries))


def empty_folder(chain, files):
    """Add a folder without entries at the root."""
    empty = chain.objects.add(TREE, b"")
    files["empty"] = (b"40000", empty)


for name, what, change in (
    ("unchanged", "is that of the update before",
     lambda chain, _: bytes.fromhex(chain.vectors["updates"][6]["tree"])),
    ("more", "has a file that no update put",
     add_file(f"{RECORD}/data.csv")),
    ("hook", "has .GIT/hooks/post-checkout", add_file(".GIT/hooks/x")),
    ("dots", "has a file outside of itself", add_file("../x")),
    ("less", "lacks a file", drop_file),
    ("executable", "has a file of mode 100755", change_mode(b"100755")),
    ("group-writable", "has a file of mode 100664", change_mode(b"100664")),
    ("symlink", "has a symbolic link", change_mode(b"120000")),
    ("submodule", "has a submodule", change_mode(b"160000")),
    ("unsorted", "is not sorted", root_reversed),
    ("empty-folder", "has an empty folder", empty_folder),
):
    # Who takes over only what the tree reaches may miss the content first.
    codes = "tree-other"
    if name in ("unchanged", "submodule"):
        codes += " content-absent"
    bad(f"tree-{name}", codes, f"the tree {what}", edit=tree_of(change))


@refused("content-absent not-found corrupt")
def content_absent():
    """A content is not in the repository."""
    chain = Chain.of_vectors().step(FILES, record=RECORD)
    del chain.objects.by_id[chain.files[f"{RECORD}/record.md"][1]]
    return chain


@refused("tree-other not-found corrupt")
def tree_absent():
    """A tree is not in the repository."""
    chain = Chain.of_vectors().step(FILES, record=RECORD)
    file = {"record.md": chain.files[f"{RECORD}/record.md"]}
    del chain.objects.by_id[chain.objects.add_tree(file)]
    return chain


@refused("content-absent content-blob not-found corrupt")
def content_is_a_tree():
    """A content's id is that of a tree."""
    chain = Chain.of_vectors()
    data = chain.objects.by_id[chain.objects.add_tree(chain.files)][1]
    draft = chain.draft(FILES, record=RECORD)
    name = chain.objects.add(TREE, data)
    draft.changes[0][1:] = [len(data), sha256(data), name]
    chain.files[f"{RECORD}/record.md"] = (b"100644", name)
    draft.tree = chain.objects.add_tree(chain.files)
    return chain.append(draft)


# --- valid, however odd


@accepted
def vectors():
    """The vectors themselves."""
    return Chain.of_vectors()


@accepted
def only_the_first():
    """A feed of one update."""
    return Chain.of_vectors(1)


@accepted
def unknown_action():
    """An action of a later version, about a record and about none."""
    chain = Chain.of_vectors()
    chain.step(FILES, record=RECORD, action="translate")
    return chain.step(action="x-")


@accepted
def any_known_action():
    """Known actions say nothing about what they change."""
    chain = Chain.of_vectors()
    chain.step(FILES, record=RECORD, action="withdraw")
    chain.step(action="publish")
    return chain.step({"record.md": b"x"}, record=RECORD, action="profile")


@accepted
def ext_kept():
    """An ext of 1,024 bytes."""
    return Chain.of_vectors().step(FILES, record=RECORD, ext=bytes(1024))


@accepted
def largest_words():
    """Summary, note, topics, action, names: each as long as may be."""
    record = f"{'k' * 60}/0000-12/{'s' * 60}"
    return Chain.of_vectors().step(
        {"n" * 100: b"x", "attachments/" + "n" * 100: b"y"},
        record=record,
        action="a" * 20,
        summary="\u00e9" * 100,
        note="n" * 1999 + "!",
        topics=[f"{n}" + "t" * 39 for n in range(8)],
    )


@accepted
def words_of_all_kinds():
    """Text with a zero-width joiner, an emoji, a no-break space, a zero."""
    return Chain.of_vectors().step(
        FILES,
        record=RECORD,
        summary="\u00a0caf\u00e9 \U0001f468\u200d\U0001f469 \u2013 \ue000",
        note="First\n\n\n# second: \u0416\n---\nUpdate: 1\nVersion: 9",
        topics=["-", "0", "a--b"],
    )


@accepted
def slug_shortest():
    """A slug of two digits."""
    chain = Chain().create(slug="01")
    return chain.profile(slug="01")


@accepted
def times_anyhow():
    """Times that go back, repeat, and lie at both ends."""
    chain = Chain.of_vectors(3)
    for n, moment in enumerate((253402300799, 86400, 86400, 2**32)):
        chain.step({"record.md": b"%d" % n}, record=RECORD, time=moment)
    return chain


@accepted
def rotations():
    """Key after key, back to the first, and to the same again."""
    chain = Chain.of_vectors().rotate("third")
    chain.step(FILES, record=RECORD)
    chain.rotate("first", {"region.yaml": b"name: South\n"})
    chain.step({"record.md": b"x"}, record=RECORD)
    return chain.rotate("first")


@accepted
def record_removed_and_back():
    """A record loses all its files, and goes on with the next version."""
    chain = Chain.of_vectors().step(FILES, record=RECORD)
    chain.step({"record.md": None}, record=RECORD, action="withdraw")
    return chain.step(FILES, record=RECORD)


@accepted
def record_without_changes():
    """A version of a record that changes no file."""
    chain = Chain.of_vectors().step(record=RECORD)
    return chain.step(record=RECORD)


@accepted
def slug_of_two_kinds():
    """One slug in two kinds, and two in one month."""
    chain = Chain.of_vectors()
    chain.step(FILES, record="measure/2026-12/late-doses")
    chain.step(FILES, record="problem/2026-12/late-doses")
    return chain.step(FILES, record="problem/2026-12/late-doses-2")


@accepted
def root_files_again():
    """The root files are removed and put again."""
    chain = Chain.of_vectors()
    chain.step({".gitattributes": None, "region.yaml": None})
    return chain.step({".gitattributes": GITATTRIBUTES}, action="profile")


@accepted
def name_changes_from_file_to_folder():
    """A file is removed and a folder put under its name, and back."""
    chain = Chain.of_vectors().step({"attachments": b"x"}, record=RECORD)
    chain.step(
        {"attachments": None, "attachments/a.pdf": b"y"}, record=RECORD
    )
    return chain.step(
        {"attachments": b"z", "attachments/a.pdf": None}, record=RECORD
    )


@accepted
def names_almost_refused():
    """File names that are next to refused ones."""
    names = (
        "console com10 com nul-1 lpt lock a..b a.lock.md a.-_ lock.lockx 0 "
        "a.lock-1 attachments/attachments attachments/con1"
    ).split()
    return Chain.of_vectors().step({n: b"x" for n in names}, record=RECORD)


@accepted
def tree_order_of_folders():
    """Folders and files that git sorts in another way than their paths."""
    chain = Chain.of_vectors()
    chain.step(
        {"attachments.md": b"1", "attachments-2": b"2",
         "attachments/a": b"3", "attachments0": b"4"},
        record=RECORD,
    )
    chain.step(FILES, record="problem-2/2026-12/late-doses")
    return chain.step(FILES, record="problem/2026-12/late-doses0")


@accepted
def largest_contents():
    """Four files of 1 MiB, and an empty one."""
    files = {f"attachments/{n}.bin": bytes([n]) * 2**20 for n in range(4)}
    return Chain.of_vectors().step(files | {"empty": b""}, record=RECORD)


@accepted
def many_changes():
    """A payload of nearly 64 KiB: 500 files put, then removed."""
    names = [f"attachments/{n:03}.txt" for n in range(500)]
    chain = Chain.of_vectors()
    chain.step({n: b"%d" % i for i, n in enumerate(names)}, record=RECORD)
    return chain.step({n: None for n in names}, record=RECORD)


@accepted
def many_updates():
    """Enough updates for a seq of two bytes."""
    chain = Chain.of_vectors()
    for n in range(130):
        chain.step({"record.md": b"%d\n" % n}, record=RECORD)
    return chain
