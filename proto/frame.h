/*
 * Frames: what two nodes say to each other. A 4-byte big-endian length, then
 * that many bytes: one canonical MessagePack array [type uint, ...].
 *
 * docs/PROTOCOL.md, "Frames". The major version is TLS's ALPN, "weald/1";
 * hello carries the minor. Later minor versions append elements to known
 * frames and bring new types, both of the kinds of value that proto/mp.h
 * knows: a receiver leaves elements that it does not know unread and skips
 * types that it does not know. Fewer elements or other types of value than
 * stand here are WEALD_MALFORMED.
 *
 * Pure. Frames come from the network; nothing asserts on what is decoded.
 *
 * What a frame may say is checked here as far as the frame alone shows it:
 * sizes, ranges, order. Whether it was asked for is the engine's matter.
 */
#ifndef WEALD_PROTO_FRAME_H
#define WEALD_PROTO_FRAME_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "proto/bytes.h"
#include "proto/clock.h"
#include "proto/err.h"
#include "proto/limits.h"

#define FRAME_ALPN  "weald/1"
#define FRAME_MINOR 0u

#define FRAME_HEADER_BYTES 4u
/* One envelope of the greatest size, and what stands around it. */
#define FRAME_BODY_BYTES_MAX (ENVELOPE_BYTES_MAX + 64u * 1024u)
/*
 * Until hello and, from a stranger, join were judged: a peer that is not known
 * yet gets no more of our memory. Both fit, with room for what is appended.
 */
#define FRAME_FIRST_BYTES_MAX 4096u

/* Entries in one clock or have; 75 KiB, so that nothing waits behind it. */
#define FRAME_ENTRIES_MAX 1024u
/* Envelopes in one updates. */
#define FRAME_ENVELOPES_MAX 1024u
/* Blobs in one want-contents or contents. */
#define FRAME_BLOBS_MAX 1024u
/* What a want may ask for at once, in bytes of envelopes. */
#define FRAME_CREDIT_MAX (64u * 1024u * 1024u)

#define FRAME_INSTANCE_BYTES     16u
#define FRAME_SECRET_BYTES       16u
#define FRAME_SOFTWARE_BYTES_MAX 64u
#define FRAME_REASON_BYTES_MAX   40u
#define FRAME_DETAIL_BYTES_MAX   512u

/* The numbers on the wire; they never change and are never used again. */
enum frame_type {
	FRAME_UNKNOWN = 0, /* decoded: a type this version does not know */
	FRAME_HELLO = 1,
	FRAME_CLOCK = 2,
	FRAME_WANT = 3,
	FRAME_UPDATES = 4,
	FRAME_HAVE = 5,
	FRAME_GRAFT = 6,
	FRAME_PRUNE = 7,
	FRAME_RECEIPT = 8,
	FRAME_FORK_PROOF = 9,
	FRAME_WANT_CONTENTS = 10,
	FRAME_CONTENTS = 11,
	FRAME_PING = 12,
	FRAME_PONG = 13,
	FRAME_JOIN = 14,
	FRAME_ERROR = 15,
	FRAME_BYE = 16
};

/*
 * hello: the first frame of both sides, once.
 * [1, minor, node key, instance, feed, clock digest, software]
 */
struct frame_hello {
	uint64_t minor;
	uint8_t node[PUBKEY_BYTES]; /* must be the key that TLS has shown */
	/* random, drawn at each start: two that live at once under one key
	   mean that the node was cloned */
	uint8_t instance[FRAME_INSTANCE_BYTES];
	uint8_t feed[SHA256_BYTES];         /* the node's own; zero: none */
	uint8_t clock_digest[SHA256_BYTES]; /* clock_digest() */
	/* "weald 1.0": for people; any 0 to 64 bytes, escape them to show */
	struct span software;
};

/*
 * clock: what the sender durably holds; once after hello, unless the digests
 * are equal. May come in several frames, sorted over all of them.
 * [2, last, entries]
 */
struct frame_clock {
	bool last; /* 0 or 1 on the wire: no further frame of this clock */
	const struct clock_entry *entries; /* 0 to FRAME_ENTRIES_MAX */
	size_t n;
};

/* Whether updates are asked for with the contents of their files. */
enum frame_fill {
	FRAME_FILL_ALL = 0,    /* all that the sender has */
	FRAME_FILL_HEADERS = 1 /* none: want-contents asks for those needed */
};

/*
 * want: send me these, on the catch-up lane. At most one for a feed is open
 * between two peers; it ends with an updates frame of lane FRAME_LANE_END.
 * [3, feed, epoch, from, to, credit, fill]
 */
struct frame_want {
	uint8_t feed[SHA256_BYTES];
	uint64_t epoch; /* of the line that is asked for */
	uint64_t from;  /* seq, 1 or more */
	uint64_t to;    /* seq, from or more; may be past what there is */
	/* bytes of envelopes that may be sent for it, 1 to FRAME_CREDIT_MAX;
	   one update may always be sent, however large */
	uint64_t credit;
	enum frame_fill fill;
};

enum frame_lane {
	FRAME_LANE_LIVE = 0,     /* new: pushed along an eager link */
	FRAME_LANE_CATCH_UP = 1, /* answers a want, and more follows */
	FRAME_LANE_END = 2       /* the last that answers this want */
};

/*
 * updates: envelopes of one feed, in order.
 * [4, feed, lane, [envelope bin ...]]
 */
struct frame_updates {
	uint8_t feed[SHA256_BYTES];
	enum frame_lane lane;
	/* each 1 to ENVELOPE_BYTES_MAX; 1 to FRAME_ENVELOPES_MAX of them, or
	   none where lane is FRAME_LANE_END: nothing (more) of it is here */
	const struct span *envelopes;
	size_t n;
};

/*
 * have: what the sender durably holds of some feeds, to peers to which these
 * feeds are not pushed. Sorted by feed, none twice.
 * [5, entries]
 */
struct frame_have {
	const struct clock_entry *entries; /* 1 to FRAME_ENTRIES_MAX */
	size_t n;
};

/*
 * graft: push this feed to me from now on, beginning with this seq (what is
 * there already comes at once, as live). [6, feed, epoch, from, fill]
 */
struct frame_graft {
	uint8_t feed[SHA256_BYTES];
	uint64_t epoch;
	uint64_t from; /* seq, 1 or more */
	enum frame_fill fill;
};

/* prune: do not push this feed to me, only tell. [7, feed] */
struct frame_prune {
	uint8_t feed[SHA256_BYTES];
};

/* receipt: as its node signed it, proto/receipt.h. [8, statement, sig] */
struct frame_receipt {
	struct span statement; /* 1 to RECEIPT_BYTES_MAX */
	uint8_t sig[SIG_BYTES];
};

/* fork-proof: proto/forkproof.h. [9, feed, proof bin] */
struct frame_fork_proof {
	uint8_t feed[SHA256_BYTES];
	struct span proof; /* 1 to FORKPROOF_BYTES_MAX */
};

/*
 * want-contents: send me files by the git ids that updates name. Each is
 * answered once, in one of the contents frames that follow.
 * [10, feed, [blob bin 20 ...]]
 */
struct frame_want_contents {
	uint8_t feed[SHA256_BYTES];
	const uint8_t (*blobs)[OBJECT_ID_BYTES]; /* 1 to FRAME_BLOBS_MAX */
	size_t n;
};

/* A file, or the answer that it is not here: then data is NULL. */
struct frame_content {
	uint8_t blob[OBJECT_ID_BYTES];
	struct span content; /* 0 to CONTENT_BYTES_MAX bytes */
};

/* contents: [11, feed, [[blob bin 20, content bin or nil] ...]] */
struct frame_contents {
	uint8_t feed[SHA256_BYTES];
	const struct frame_content *contents; /* 1 to FRAME_BLOBS_MAX */
	size_t n;
};

/* ping, and pong with the same number: [12, number], [13, number] */
struct frame_ping {
	uint64_t number;
};

/*
 * join: a stranger shows the secret of its token, after hello, which names its
 * feed. The answer is a clock, or an error. [14, secret bin 16]
 */
struct frame_join {
	uint8_t secret[FRAME_SECRET_BYTES];
};

/*
 * error: why the sender closes the connection, the receiver being at fault or
 * refused. bye: why it closes, nobody being at fault.
 * [15, reason, detail], [16, reason, detail]
 */
struct frame_close {
	struct span reason; /* 1 to 40 of [a-z0-9-]: for programs */
	/* for people; any 0 to 512 bytes, escape them to show */
	struct span detail;
};

/* A type of a later minor version. Nothing of it was looked at. */
struct frame_unknown {
	uint64_t type;
};

/*
 * A frame, to be encoded or decoded. Encoding borrows what it points at.
 * Decoding points into the bytes that were decoded, and at @owned, which
 * frame_release() frees.
 */
struct frame {
	enum frame_type type;
	void *owned; /* NULL in a frame made by hand */
	union {
		struct frame_unknown unknown;
		struct frame_hello hello;
		struct frame_clock clock;
		struct frame_want want;
		struct frame_updates updates;
		struct frame_have have;
		struct frame_graft graft;
		struct frame_prune prune;
		struct frame_receipt receipt;
		struct frame_fork_proof fork_proof;
		struct frame_want_contents want_contents;
		struct frame_contents contents;
		struct frame_ping ping; /* FRAME_PING and FRAME_PONG */
		struct frame_join join;
		struct frame_close close; /* FRAME_ERROR and FRAME_BYE */
	};
};

/* "hello", "fork-proof"; "unknown" for every other number. Never NULL. */
const char *frame_name(enum frame_type type);

/*
 * Does @f keep to what the comments above say? Both encoding and decoding ask
 * this first; WEALD_MALFORMED, or WEALD_TOOBIG where a length is over its
 * maximum. FRAME_UNKNOWN is WEALD_MALFORMED here.
 */
int frame_check(const struct frame *f, struct weald_msg *msg);

/*
 * Append a whole frame, length and body. On failure @out is as it was.
 *   WEALD_MALFORMED, WEALD_TOOBIG  as frame_check()
 *   WEALD_TOOBIG  over FRAME_BODY_BYTES_MAX, or over what @out may hold: send
 *                 fewer updates or contents at once
 *   WEALD_NOMEM
 */
int frame_encode(const struct frame *f, struct buf *out);

/*
 * Read the length at the start of @bytes, which may be cut anywhere.
 *
 * @max      what is allowed now: FRAME_BODY_BYTES_MAX, or
 *           FRAME_FIRST_BYTES_MAX before the peer is known
 * @out_len  set to the length of the body, 1 to @max bytes
 *
 *   WEALD_INCOMPLETE  fewer than FRAME_HEADER_BYTES: call again with more
 *   WEALD_MALFORMED   the length is zero: close
 *   WEALD_TOOBIG      the length is over @max: close
 */
int frame_read_header(struct span bytes, uint32_t max, uint32_t *out_len);

/*
 * Decode one whole body. A frame of an unknown type is WEALD_OK and
 * FRAME_UNKNOWN: skip it. On success the caller calls frame_release(), before
 * the bytes of @body go.
 *   WEALD_MALFORMED, WEALD_NONCANONICAL, WEALD_TOOBIG
 *                    what @msg says: close
 *   WEALD_NOMEM
 */
int frame_decode(struct span body, struct frame *out, struct weald_msg *msg);

/* Free what decoding allocated. Takes a frame made by hand too. */
void frame_release(struct frame *f);

#endif
