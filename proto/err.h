/*
 * Errors: the one convention of the project.
 *
 * Every function that can fail returns an int: WEALD_OK (0) or one negative
 * code of the list below. Results go through parameters named out_*, last,
 * written only on success. Codes of other libraries end at the border, in one
 * err_from_*() each. Our numbers start at -20099 so that they cannot be taken
 * for a code of libuv, libgit2, OpenSSL or msgpack-c.
 *
 * A code says which rule was broken; an optional struct weald_msg says where,
 * in words that a person can act on.
 */
#ifndef WEALD_PROTO_ERR_H
#define WEALD_PROTO_ERR_H

#include <stdbool.h>
#include <stddef.h>

/* X(code, name that scripts and logs see, what it means in plain words) */
#define WEALD_CODES(X)                                                         \
	/* general */                                                          \
	X(NOMEM, "no-memory", "out of memory")                                 \
	X(INVALID, "invalid", "not a valid value")                             \
	X(TOOBIG, "too-big", "over the limit")                                 \
	X(NOTFOUND, "not-found", "not there")                                  \
	X(EXISTS, "exists", "exists already")                                  \
	X(INCOMPLETE, "incomplete", "more bytes are needed")                   \
	X(CRYPTO, "crypto", "the cryptographic library failed")                \
	X(EXPIRED, "expired", "past its time")                                 \
	X(FORK_PROOF, "fork-proof", "does not prove a fork")                   \
	/* the bytes of a payload: rules that need only the payload */         \
	X(MALFORMED, "malformed", "not the expected MessagePack array")        \
	X(NONCANONICAL, "non-canonical", "valid, but not the canonical bytes") \
	X(FORMAT, "format-unknown", "a format this version does not know")     \
	X(FEED_FIELD, "feed-field", "the feed id does not fit the position")   \
	X(SLUG, "slug", "not a valid slug")                                    \
	X(EPOCH, "epoch", "not a valid epoch")                                 \
	X(SEQ, "seq", "not a valid seq")                                       \
	X(PREV, "prev", "prev does not fit the position")                      \
	X(TIME, "time", "the time is out of range")                            \
	X(KEY_WEAK, "key-weak", "a key that cannot be trusted")                \
	X(GRANT, "grant", "not a valid grant")                                 \
	X(GRANT_MISSING, "grant-missing", "the action needs a grant")          \
	X(GRANT_UNEXPECTED, "grant-unexpected", "the action has no grant")     \
	X(GRANT_ROOT, "grant-root", "the grant is by another root key")        \
	X(GRANT_SIGNATURE, "grant-signature",                                  \
	  "the grant's signature is wrong")                                    \
	X(ACTION, "action", "not a valid action")                              \
	X(RECORD, "record", "not a valid record path")                         \
	X(VERSION, "version", "the version does not fit the record")           \
	X(SUMMARY, "summary", "not a valid summary")                           \
	X(NOTE, "note", "not a valid note")                                    \
	X(TOPICS, "topics", "not a valid list of topics")                      \
	X(PARENT, "parent", "parent does not fit the position")                \
	X(CHANGES, "changes", "not a valid list of changes")                   \
	X(PATH, "path", "not a valid path")                                    \
	X(FIRST_UPDATES, "first-updates",                                      \
	  "the first two updates create and describe the feed")                \
	/* a signature, an envelope, a commit */                               \
	X(SIGNATURE, "signature", "the signature is wrong")                    \
	X(SIGNATURE_FORM, "signature-form",                                    \
	  "a signature in another than the canonical form")                    \
	X(ARMOUR, "armour", "not an SSH signature as ssh-keygen writes it")    \
	X(KEYFILE, "key-file", "not an Ed25519 key in OpenSSH format")         \
	X(ENVELOPE, "envelope", "not a valid envelope")                        \
	X(CONTENT_ABSENT, "content-absent", "a content is missing")            \
	X(CONTENT_SIZE, "content-size", "a content has another size")          \
	X(CONTENT_DIGEST, "content-digest", "a content has another SHA-256")   \
	X(CONTENT_BLOB, "content-blob", "a content has another git id")        \
	X(COMMIT_FORM, "commit-form",                                          \
	  "not the commit that its payload and signature build")               \
	X(COMMIT_NO_UPDATE, "commit-no-update",                                \
	  "a commit without an update of Weald")                               \
	/* appending: rules that need the feed */                              \
	X(FEED_OTHER, "feed-other", "an update of another feed")               \
	X(SLUG_CHANGED, "slug-changed", "the slug changed")                    \
	X(ROOT_CHANGED, "root-changed", "the root key changed")                \
	X(SEQ_GAP, "seq-gap", "an update before this one is missing")          \
	X(SEQ_OLD, "seq-old", "the feed is further on already")                \
	X(PREV_OTHER, "prev-other", "does not follow the last update")         \
	X(PARENT_OTHER, "parent-other", "does not follow the last commit")     \
	X(KEY_CHANGED, "key-changed",                                          \
	  "signed by a key that is not the feed's")                            \
	X(EPOCH_CHANGED, "epoch-changed", "the epoch changed")                 \
	X(VERSION_OTHER, "version-other", "not the record's next version")     \
	X(RECORD_TAKEN, "record-taken",                                        \
	  "the record's name is taken in this feed")                           \
	X(REMOVAL_ABSENT, "removal-absent",                                    \
	  "removes a file that is not there")                                  \
	X(PUT_UNCHANGED, "put-unchanged",                                      \
	  "puts a file that is there as it is")                                \
	X(PATH_CLASH, "path-clash", "one name is both file and folder")        \
	X(TREE_OTHER, "tree-other", "the tree is not what the changes give")   \
	X(REISSUE_HELD, "reissue-held",                                        \
	  "a granted change of history, held back: not supported yet")         \
	/* what is kept */                                                     \
	X(IO, "io", "reading or writing failed")                               \
	X(NOSPACE, "no-space", "the disk is full")                             \
	X(DENIED, "denied", "permission denied")                               \
	X(LOCKED, "locked", "in use by another process")                       \
	X(CORRUPT, "corrupt", "damaged on disk")                               \
	X(NEWER, "newer", "written by a newer version of weald")               \
	X(DIVERGED, "diverged", "another history than the one held")           \
	X(UNKNOWN, "unknown", "not known whether it was carried out")          \
	X(CLOCK, "clock", "the clock cannot be right")                         \
	X(UNCHANGED, "unchanged",                                              \
	  "nothing to publish: the content is the same")                       \
	X(GUARD, "guard", "not signed: other nodes may hold more of our feed") \
	X(PRIVACY, "privacy", "looks like data about a person")                \
	X(TIMEOUT, "timeout", "not in the time that was given")                \
	X(UNREACHABLE, "unreachable", "no connection")                         \
	X(USAGE, "usage", "not how the command is used")

enum weald_err {
	WEALD_OK = 0,
	WEALD_ERR_BELOW_ALL = -20100,
#define WEALD_X(code, name, text) WEALD_##code,
	WEALD_CODES(WEALD_X)
#undef WEALD_X
		WEALD_ERR_ABOVE_ALL
};

#define WEALD_MSG_BYTES 512u

/*
 * Where and what, beside a code: one line, no full stop, filled in by the
 * function that found the fault. Text of others stands in it escaped.
 */
struct weald_msg {
	char text[WEALD_MSG_BYTES];
};

/* The name that scripts and logs see ("seq-gap"); never NULL. */
const char *err_name(int err);

/* The code in plain words, for a person; never NULL. */
const char *err_text(int err);

/*
 * Write @fmt into @msg, cut at its size, with every byte that is not
 * printable ASCII or UTF-8 text escaped as \xNN. @msg may be NULL.
 */
void msg_set(struct weald_msg *msg, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

/* Nothing went wrong after all: forget what @msg says. NULL is fine. */
void msg_clear(struct weald_msg *msg);

/* Put "@fmt: " before what @msg says; the same rules. */
void msg_prefix(struct weald_msg *msg, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

/* What @msg says or, where it is empty or NULL, err_text(@err). */
const char *msg_text(const struct weald_msg *msg, int err);

#endif
