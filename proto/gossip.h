/*
 * Gossip: which update goes to which peer, and when. Events in, effects out.
 *
 * Pure: no I/O, clock, randomness, cryptography or git. The driver (the daemon,
 * or the simulator) tells what happened with gossip_step() and carries out the
 * effects that it gives. Same events, same times, same seed: same effects.
 *
 * Per feed the links to the peers form a tree (Plumtree): an eager link is
 * pushed each new update at once, a lazy one is told (`have`) a moment later.
 * A link starts eager; a pushed update that was there already prunes it; a have
 * that no push satisfies in time grafts. Feeds are logs, so a seq is the whole
 * id of a message, and a gap is asked for at once (`want`).
 *
 * Rules for the driver
 *
 *   - gossip_step() is not re-entrant: carry out all effects of a step, in
 *     their order, before the next step. An effect that fails at once is
 *     answered by its event in a step of its own.
 *   - Effects, and all that they point at, are the engine's: *borrowed* by the
 *     driver until the next gossip_step() or gossip_free(). A blob that is
 *     needed longer (a job on the thread pool) is *kept* with blob_ref() and
 *     given back with blob_unref(), on the thread that runs the engine.
 *   - All that an event points at is *borrowed* by the engine for the call; it
 *     takes references to blobs, and copies other bytes that it needs.
 *   - Each VERIFY, APPEND, READ, SIGN_RECEIPT, CHECK_RECEIPT, JUDGE_FORK and
 *     CHECK_PROOF is answered by exactly one event, in any order and at any
 *     time, also after its peer has gone. APPENDs of one feed never overlap.
 *   - SENDs to one peer are written in the order given. Nothing that a SEND
 *     says to be held precedes the event that told of its durability: own
 *     updates, have, clock and receipts name only what is durable. Other
 *     feeds' new updates may be passed on before they are stored here.
 *   - The engine says hello and the clock itself. Of a stranger with a token
 *     the driver holds back the hello until it has judged the join that
 *     follows, and only then tells PEER_UP and RECEIVED.
 *   - Frames that the engine does not take (want-contents, contents, join,
 *     error, bye) are the driver's; given to the engine they are counted.
 *
 * Bounds, and what happens there (each with its counter, gossip_count())
 *
 *   feeds          GOSSIP_FEEDS_MAX: further ones are WEALD_TOOBIG
 *   peers          GOSSIP_PEERS_MAX: a further one is dropped, peers-full
 *   unsent bytes   GOSSIP_LIVE_BYTES_MAX: nothing is pushed, haves are put
 *    of a peer     off, and it catches up later; catch-up is sent only below
 *                  GOSSIP_CATCHUP_BYTES_MAX, so that a live update waits for
 *                  no more than that and one READ; over
 *                  GOSSIP_UNSENT_BYTES_MAX the peer is dropped, not-reading
 *   verifying      GOSSIP_VERIFY_N_MAX and GOSSIP_VERIFY_BYTES_MAX a peer,
 *                  GOSSIP_VERIFY_BYTES_ALL_MAX in all: over it READING stops
 *                  the reading from the peer; what one frame more brings is
 *                  still taken
 *   waiting        GOSSIP_WAIT_BYTES_MAX and GOSSIP_WAIT_N_MAX a feed,
 *                  GOSSIP_WAIT_BYTES_ALL_MAX in all: what is farthest ahead
 *                  is dropped, waiting-full, and asked for again later; the
 *                  one that comes next always has room. What waits longer
 *                  than GOSSIP_WAIT_MS is dropped, waited-too-long
 *   open wants     GOSSIP_ASKS_MAX in all, one a feed, of GOSSIP_CREDIT_BYTES
 *                  each; further feeds wait for their turn. One that makes no
 *                  progress for GOSSIP_ASK_MS, or is not answered whole in
 *                  GOSSIP_ASK_WHOLE_MS, goes to another peer. Wants of a peer:
 *                  one a feed, a second is counted, want-twice
 *   pushes         of a feed: GOSSIP_QUOTA_BURST, then GOSSIP_QUOTA_PER_S a
 *                  second, of GOSSIP_QUOTA_BYTES in the mean. What is over it
 *                  is neither pushed nor, when pushed to us, verified: quota.
 *                  It is told, asked for, and comes by catch-up. Who pushes
 *                  is not to blame, unless it alone pushed twice the quota
 *   reads          one at a time a peer, of one update or
 * GOSSIP_READ_BYTES_MIN, more and more up to GOSSIP_READ_BYTES while the system
 *                  takes at once all that is written
 *   haves          one entry a feed and peer: the newest replaces the older
 *   receipts       GOSSIP_RECEIPTS_MAX nodes and GOSSIP_RECEIPT_BYTES_MAX,
 *                  nodes not heard for an hour making room:
 *                  others are counted, and neither kept nor passed on; so is
 *                  one that comes sooner than GOSSIP_RECEIPT_NODE_MS (and as
 *                  much more for each 16 feeds) after the last of its node,
 *                  so that who passes on what a hostile node signs is no
 *                  nuisance itself: receipt-often
 *   nuisance       what costs us but proves nothing (a replay that answers no
 *                  want, an update of a feed that is not followed, a ping, a
 *                  receipt, a fork proof): over GOSSIP_NUISANCE_MAX and four
 *                  for each feed, of which GOSSIP_NUISANCE_PER_S are forgiven
 *                  each second, the peer is dropped, flood
 *   frames         other than updates: over GOSSIP_FRAMES_MAX, of which
 *                  GOSSIP_FRAMES_PER_S are forgiven each second, the peer is
 *                  dropped, flood
 *
 * A feed whose key was used twice is disputed from the seq where its two lines
 * part: what comes before is still taken in and served, so that all agree on
 * it; from there on each node keeps what it had, and the proof goes round. The
 * lowest seq that is proven counts. Who is too far behind to judge a proof
 * asks for it again when it is not.
 */
#ifndef WEALD_PROTO_GOSSIP_H
#define WEALD_PROTO_GOSSIP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "proto/blob.h"
#include "proto/clock.h"
#include "proto/err.h"
#include "proto/frame.h"
#include "proto/limits.h"

#define GOSSIP_FEEDS_MAX            CLOCK_FEEDS_MAX
#define GOSSIP_PEERS_MAX            256u
#define GOSSIP_LIVE_BYTES_MAX       (512u * 1024u)
#define GOSSIP_CATCHUP_BYTES_MAX    (32u * 1024u)
#define GOSSIP_UNSENT_BYTES_MAX     (8u * 1024u * 1024u)
#define GOSSIP_VERIFY_N_MAX         2048u
#define GOSSIP_VERIFY_BYTES_MAX     (1024u * 1024u)
#define GOSSIP_VERIFY_BYTES_ALL_MAX (16u * 1024u * 1024u)
#define GOSSIP_WAIT_N_MAX           8192u
#define GOSSIP_WAIT_BYTES_MAX       (6u * 1024u * 1024u)
#define GOSSIP_WAIT_BYTES_ALL_MAX   (24u * 1024u * 1024u)
#define GOSSIP_WAIT_MS              60000u
#define GOSSIP_ASKS_MAX             8u
#define GOSSIP_CREDIT_BYTES         (1024u * 1024u)
#define GOSSIP_READ_BYTES_MIN       (16u * 1024u)
#define GOSSIP_READ_BYTES           (128u * 1024u)
#define GOSSIP_APPEND_N_MAX         1024u
#define GOSSIP_APPEND_BYTES_MAX     (4u * 1024u * 1024u)
#define GOSSIP_RECEIPTS_MAX         1024u
#define GOSSIP_RECEIPT_BYTES_MAX    (16u * 1024u * 1024u)
#define GOSSIP_NUISANCE_MAX         2000u
#define GOSSIP_NUISANCE_PER_S       20u
/* What a feed may push: so many at once, then so many a second, each of so
   many bytes in the mean. */
#define GOSSIP_QUOTA_BURST  100u
#define GOSSIP_QUOTA_PER_S  1u
#define GOSSIP_QUOTA_BYTES  (64u * 1024u)
#define GOSSIP_FRAMES_MAX   20000u
#define GOSSIP_FRAMES_PER_S 500u

/* Times, in ms. */
#define GOSSIP_HELLO_MS       10000u /* until hello and clock have come */
#define GOSSIP_IDLE_MS        15000u /* of silence: a ping */
#define GOSSIP_DEAD_MS        45000u /* of silence: the peer is dropped */
#define GOSSIP_HAVE_FIRST_MS  60u    /* the side of a link that tells first */
#define GOSSIP_HAVE_SECOND_MS 200u   /* the other, if it was not told by then */
#define GOSSIP_GRAFT_MS       150u   /* a have unsatisfied: graft */
#define GOSSIP_GRAFT_AGAIN_MS 400u   /* a graft unsatisfied: the next peer */
#define GOSSIP_ASK_MS         5000u  /* a want without progress: another peer */
#define GOSSIP_ASK_WHOLE_MS                               \
	30000u /* a want that takes so long: another, too \
		*/
#define GOSSIP_HOLD_MS         10000u /* a feed after a refused update */
#define GOSSIP_BARE_MS         10000u /* who has no contents is not asked */
#define GOSSIP_GUARD_MS        60000u /* until a majority opens the guard */
#define GOSSIP_RECEIPT_NODE_MS 1000u  /* between two receipts of one node */

/*
 * Why something was dropped, refused or is told: X(code, name that scripts
 * and logs see, what it means, what to do).
 */
#define GOSSIP_REASONS(X)                                                      \
	/* the peer is dropped, and backed off by its node key */              \
	X(HELLO_LATE, "hello-late", "said no hello or clock in time",          \
	  "check the peer's log; it may be overloaded")                        \
	X(HELLO_TWICE, "hello-twice", "said hello twice",                      \
	  "the peer's software is faulty: tell its region")                    \
	X(HELLO_FIRST, "hello-first", "spoke before its hello",                \
	  "the peer's software is faulty: tell its region")                    \
	X(NODE_KEY, "node-key", "claims another node key than TLS has shown",  \
	  "the peer is faulty or hostile: tell its region")                    \
	X(CLOCK_BAD, "clock-bad", "its clock is not sorted or too long",       \
	  "the peer's software is faulty: tell its region")                    \
	X(UPDATE_BAD, "update-bad", "sent an update that is not valid",        \
	  "the peer is faulty or hostile: tell its region")                    \
	X(STRANGER, "stranger",                                                \
	  "sent an update that the feed's key did not sign",                   \
	  "the peer is faulty or hostile: tell its region")                    \
	X(UPDATE_REFUSED, "update-refused",                                    \
	  "serves an update that the feed's rules refuse",                     \
	  "compare versions with the peer; tell its region")                   \
	X(FEED_CLAIMED, "feed-claimed",                                        \
	  "sent an update under the name of another feed",                     \
	  "the peer is faulty or hostile: tell its region")                    \
	X(RECEIPT_BAD, "receipt-bad", "sent a receipt that is not valid",      \
	  "the peer is faulty or hostile: tell its region")                    \
	X(PROOF_BAD, "proof-bad", "sent a fork proof that proves nothing",     \
	  "the peer is faulty or hostile: tell its region")                    \
	X(FLOOD, "flood", "sent too much that nobody asked for",               \
	  "the peer is faulty or hostile: tell its region")                    \
	X(NOT_READING, "not-reading", "does not read what is sent to it",      \
	  "check the line to the peer and the peer's load")                    \
	X(SILENT, "silent", "was silent for too long",                         \
	  "check the line to the peer; it is dialled again")                   \
	X(SELF, "self", "is this node itself",                                 \
	  "take our own address out of the list of peers")                     \
	X(TWIN, "twin", "another node runs with our node key",                 \
	  "stop one of them: a home was copied; then weald why")               \
	X(DUPLICATE, "duplicate", "is connected already",                      \
	  "nothing: one connection is kept")                                   \
	X(CLONED, "cloned", "two nodes run with this peer's node key",         \
	  "tell its region: a home was copied")                                \
	X(PEERS_FULL, "peers-full", "one peer more than allowed",              \
	  "nothing, or raise the number of peers")                             \
	X(NO_MEMORY, "no-memory", "no memory was left for it",                 \
	  "give the node more memory")                                         \
	/* one thing is dropped */                                             \
	X(REPLAY, "replay", "an update that is here already",                  \
	  "nothing: two paths brought the same update")                        \
	X(NOT_FOLLOWED, "not-followed", "an update of a feed not followed",    \
	  "nothing, unless it keeps growing: weald follow, if it should be")   \
	X(BLOCKED, "blocked", "an update of a blocked feed",                   \
	  "nothing: it was blocked by hand")                                   \
	X(WAITING_FULL, "waiting-full", "no room left to wait in",             \
	  "nothing: it is asked for again")                                    \
	X(WAITED_LONG, "waited-too-long", "what came before it never came",    \
	  "weald why REGION names the gap")                                    \
	X(FEED_HELD, "feed-held", "the feed rests after a refused update",     \
	  "weald why REGION names the update")                                 \
	X(FEED_DISPUTED, "feed-disputed",                                      \
	  "the feed's key was used twice: it takes no further updates",        \
	  "tell its region; a later weald can recover the feed")               \
	X(REISSUE_HELD, "reissue-held",                                        \
	  "a change of history, which this version cannot take in",            \
	  "update weald")                                                      \
	X(QUOTA, "quota", "a pushed update over what a feed may push at once", \
	  "nothing: it comes by catch-up; its region publishes much")          \
	X(WANT_TWICE, "want-twice", "a second want for one feed",              \
	  "nothing: the first is served")                                      \
	X(WANT_EPOCH, "want-epoch", "a want for a line not held",              \
	  "nothing: the peer asks again when it has heard of ours")            \
	X(NOT_HELD, "not-held",                                                \
	  "a peer has not got what it said it holds, or not its contents",     \
	  "nothing: another is asked")                                         \
	X(UNASKED, "unasked", "an answer to a question not asked",             \
	  "nothing, unless it grows: then the peer is faulty")                 \
	X(FRAME_OTHER, "frame-other", "a frame that is not the engine's",      \
	  "nothing: a newer peer may say more than we know")                   \
	X(RECEIPT_OLD, "receipt-old", "a receipt no newer than the last",      \
	  "nothing: two paths brought the same receipt")                       \
	X(RECEIPT_NEW, "receipt-new", "a receipt, to be checked",              \
	  "nothing: so the receipts come")                                     \
	X(RECEIPT_OFTEN, "receipt-often",                                      \
	  "a receipt too soon after the last of its node",                     \
	  "nothing, unless it grows: then that node is faulty")                \
	X(RECEIPT_STRANGE, "receipt-strange",                                  \
	  "a receipt by a node that no region we follow names",                \
	  "nothing, unless one of our regions changed its nodes")              \
	X(PING, "ping", "a ping", "nothing: the peer asks if we live")         \
	X(RECEIPTS_FULL, "receipts-full", "no room for one node's receipt",    \
	  "nothing: only status knows less of it")                             \
	X(PROOF_NEW, "proof-new", "the proof of a fork, to be checked",        \
	  "nothing: weald status tells of a fork")                             \
	X(NO_FORK, "no-fork", "what looked like a fork is none",               \
	  "nothing, unless it grows: then the peer is faulty")                 \
	X(PROOF_OLD, "proof-old", "the proof of a fork known already",         \
	  "nothing: two paths brought the same proof")                         \
	/* told */                                                             \
	X(STORE_FAILED, "store-failed", "an update could not be stored",       \
	  "look at the disk: weald status")                                    \
	X(READ_FAILED, "read-failed", "an update could not be read",           \
	  "weald verify checks the feed")                                      \
	X(FORK_FOUND, "fork-found", "a feed's key was used twice",             \
	  "tell its region; a later weald can recover the feed")               \
	X(OWN_AHEAD, "own-ahead",                                              \
	  "a peer holds more of our own feed than we do",                      \
	  "nothing: our updates are taken back before the next is signed")     \
	X(GUARD_MAJORITY, "guard-majority",                                    \
	  "signing is allowed by a majority, not all",                         \
	  "nothing, unless a backup was restored")                             \
	X(GUARD_OPEN, "guard-open", "signing is allowed", "nothing")

enum gossip_reason {
#define GOSSIP_X(code, name, text, todo) GOSSIP_WHY_##code,
	GOSSIP_REASONS(GOSSIP_X)
#undef GOSSIP_X
		GOSSIP_REASONS_N
};

/* "replay"; what it means; what to do about it. Never NULL. */
const char *gossip_reason_name(enum gossip_reason reason);
const char *gossip_reason_text(enum gossip_reason reason);
const char *gossip_reason_todo(enum gossip_reason reason);

enum gossip_policy {
	GOSSIP_NOT_FOLLOWED = 0,
	GOSSIP_BLOCKED_FEED,
	GOSSIP_FOLLOW_WHOLE,
	GOSSIP_FOLLOW_NARROW /* headers; contents are wanted apart */
};

/* The last update of a feed's line, and what the next one must name. */
struct gossip_head {
	uint64_t epoch;
	uint64_t seq; /* 0: none, and all else zero */
	uint8_t commit[OBJECT_ID_BYTES];
	uint8_t digest[SHA256_BYTES]; /* SHA-256 of its payload */
	uint8_t key[PUBKEY_BYTES];    /* that signed it; zero: not said */
};

/*
 * What a verified envelope says. @granted: it carries a good grant by the
 * feed's root key, so that its key may be new. An update that follows ours
 * under another key without a grant is a stranger's: it is not passed on, and
 * costs the peer that sent it, as honest nodes do not pass it on either. @bare:
 * a put comes without its content, so that a whole feed cannot store it.
 */
struct gossip_facts {
	uint8_t feed[SHA256_BYTES];
	struct gossip_head head; /* of the update itself */
	uint8_t prev[SHA256_BYTES];
	bool granted;
	bool bare;
};

enum gossip_verdict {
	GOSSIP_FORK_NONE,    /* the update is held, or cannot be judged */
	GOSSIP_FORK_EARLIER, /* the lines part before it: ask for @seq */
	GOSSIP_FORK_PROVEN   /* @proof proves it; disputed from @seq, or, where
				a later grant confirmed the line that is held,
				@seq is 0 and nothing is disputed */
};

enum gossip_event_type {
	GOSSIP_TIMEOUT,     /* WAKE_AT's time has come; early is harmless */
	GOSSIP_FOLLOW,      /* at the start for each feed, and on changes */
	GOSSIP_LOCAL_WRITE, /* we signed an update, and it is durable */
	GOSSIP_MOVED,       /* a head moved on by other means: an import */
	GOSSIP_PEER_UP,     /* TLS is done: the key is proven */
	GOSSIP_PEER_DOWN,   /* not after a DROP_PEER of it */
	GOSSIP_RECEIVED,
	GOSSIP_SENT, /* bytes were written, or nothing is left to write */
	GOSSIP_VERIFIED,
	GOSSIP_APPENDED,
	GOSSIP_READ_DONE,
	GOSSIP_RECEIPT_SIGNED,
	GOSSIP_RECEIPT_CHECKED,
	GOSSIP_FORK_JUDGED,
	GOSSIP_PROOF_CHECKED,
	GOSSIP_I_AM_FIRST /* the admin opens the own-feed guard */
};

struct gossip_event {
	enum gossip_event_type type;
	uint64_t now_ms; /* monotonic: the only clock of the engine */
	union {
		/* the first time: @head: what is durable, all zero where
		   nothing is; @disputed_from: 0, or the first seq of the fork
		   that was found before we started; @proof: its proof, as the
		   driver kept it, borrowed and copied; empty where there is
		   none. Later these three are not looked at */
		struct {
			uint8_t feed[SHA256_BYTES];
			enum gossip_policy policy;
			struct gossip_head head;
			uint64_t disputed_from;
			struct span proof;
		} follow;
		/* the own feed's next update; @envelope is referenced */
		struct {
			struct gossip_head head;
			struct blob *envelope;
		} local_write;
		/* @head: what is durable now, no lower than before; of a feed
		   that a FOLLOW named, and with no APPEND open. Peers are told
		   of it and ask; nothing is pushed */
		struct {
			uint8_t feed[SHA256_BYTES];
			struct gossip_head head;
		} moved;
		/* @peer: the driver's number for this connection, never used
		   again; @key: its node key, as TLS has proven it; @dialled:
		   we opened the connection */
		struct {
			uint32_t peer;
			uint8_t key[PUBKEY_BYTES];
			bool dialled;
		} peer_up;
		struct {
			uint32_t peer;
		} peer_down;
		struct {
			uint32_t peer;
			const struct frame *frame;
		} received;
		/* bytes of SENDs carried out that the system has not taken */
		struct {
			uint32_t peer;
			size_t unsent;
		} sent;
		/* @err: WEALD_OK and @facts, or why it is not valid */
		struct {
			uint64_t ticket;
			int err;
			struct gossip_facts facts;
		} verified;
		/* @head: the feed's durable head now, also after a failure;
		   @err: WEALD_OK: all are stored; WEALD_NOMEM, WEALD_IO,
		   WEALD_NOSPACE, WEALD_LOCKED, WEALD_UNKNOWN: we failed;
		   others: the update after @head breaks the feed's rules */
		struct {
			uint8_t feed[SHA256_BYTES];
			int err;
			struct gossip_head head;
		} appended;
		/* @envelopes: referenced by the engine; in order, from
		   READ's from on without a gap; none where @err */
		struct {
			uint64_t ticket;
			int err;
			struct blob *const *envelopes;
			size_t n;
		} read_done;
		struct {
			int err; /* not signed: tried again at the next time */
			uint8_t node[PUBKEY_BYTES];
			uint64_t counter;
			struct span statement;
			uint8_t sig[SIG_BYTES];
		} receipt_signed;
		/* @entries: what the statement says; @err: WEALD_NOTFOUND:
		   good, but by a node that no region we follow names */
		struct {
			uint64_t ticket;
			int err;
			uint8_t node[PUBKEY_BYTES];
			uint64_t counter;
			const struct clock_entry *entries;
			size_t n;
		} receipt_checked;
		/* @proof: the proof's bytes where PROVEN */
		struct {
			uint8_t feed[SHA256_BYTES];
			enum gossip_verdict verdict;
			uint64_t seq;
			struct span proof;
		} fork_judged;
		/* @seq: disputed from, 0: nothing, as above. @err: WEALD_OK;
		   WEALD_SEQ_GAP: we have not come to its @seq yet, asked for
		   again then; WEALD_PREV_OTHER, WEALD_PARENT_OTHER: our line
		   parts before @seq, looked for; these with @seq 0 where it is
		   not known. We failed: as in APPENDED, and WEALD_NOTFOUND.
		   Others: the peer is to blame */
		struct {
			uint64_t ticket;
			int err;
			uint64_t seq;
		} proof_checked;
	};
};

enum gossip_effect_type {
	GOSSIP_SEND,
	GOSSIP_READING,
	GOSSIP_DROP_PEER,
	GOSSIP_VERIFY,
	GOSSIP_APPEND,
	GOSSIP_READ,
	GOSSIP_SIGN_RECEIPT,
	GOSSIP_CHECK_RECEIPT,
	GOSSIP_JUDGE_FORK,
	GOSSIP_CHECK_PROOF,
	GOSSIP_WAKE_AT,
	GOSSIP_REPORT
};

struct gossip_effect {
	enum gossip_effect_type type;
	union {
		/* @fill: HEADERS: leave the contents of updates out */
		struct {
			uint32_t peer;
			enum frame_fill fill;
			const struct frame *frame;
		} send;
		/* stop reading from the peer, or go on */
		struct {
			uint32_t peer;
			bool on;
		} reading;
		/* write what was sent, say error or bye, and close. The
		   engine has forgotten the peer already. */
		struct {
			uint32_t peer;
			enum gossip_reason reason;
			int err;       /* the check that failed, or WEALD_OK */
			bool back_off; /* its node key, not just this try */
		} drop_peer;
		/* envelope_check(); a VERIFIED answers. @feed: as claimed;
		   @live: to be done before those that are not */
		struct {
			uint64_t ticket;
			uint32_t peer;
			uint8_t feed[SHA256_BYTES];
			bool live;
			struct blob *envelope;
		} verify;
		/* store in this order, all or a beginning of them, durably;
		   an APPENDED answers */
		struct {
			uint8_t feed[SHA256_BYTES];
			struct blob *const *envelopes;
			size_t n;
		} append;
		/* envelopes @from to @to, as many as fit in @bytes and at
		   least one; a READ_DONE answers */
		struct {
			uint64_t ticket;
			uint8_t feed[SHA256_BYTES];
			uint64_t from;
			uint64_t to;
			size_t bytes;
			enum frame_fill fill;
		} read;
		/* sign that these are held; a RECEIPT_SIGNED answers */
		struct {
			const struct clock_entry *entries;
			size_t n;
		} sign_receipt;
		/* a RECEIPT_CHECKED answers */
		struct {
			uint64_t ticket;
			struct blob *statement;
			uint8_t sig[SIG_BYTES];
		} check_receipt;
		/* @envelope, valid, of seq @seq, does not follow the line that
		   we hold: compare; a FORK_JUDGED answers */
		struct {
			uint8_t feed[SHA256_BYTES];
			uint64_t seq;
			struct blob *envelope;
		} judge_fork;
		/* a PROOF_CHECKED answers; the driver keeps a good proof,
		   unless it has one of a lower seq */
		struct {
			uint64_t ticket;
			uint8_t feed[SHA256_BYTES];
			struct blob *proof;
		} check_proof;
		/* replaces the time of every earlier WAKE_AT */
		struct {
			uint64_t at_ms; /* UINT64_MAX: none */
		} wake_at;
		/* for the log and status; @feed zero, @peer 0 where none */
		struct {
			enum gossip_reason reason;
			int err;
			uint8_t feed[SHA256_BYTES];
			uint32_t peer;
			uint64_t number; /* a seq, where there is one */
		} report;
	};
};

struct gossip;

/* Who we are. */
struct gossip_config {
	uint8_t node[PUBKEY_BYTES];
	uint8_t instance[FRAME_INSTANCE_BYTES];
	uint8_t feed[SHA256_BYTES]; /* our own; zero: we write none */
	uint64_t seed;
	struct span software;
	bool first; /* --i-am-first: no guard */
	/* what the own-feed guard waits for: the node keys in the last
	   own receipt view, @view_n of them; copied */
	const uint8_t (*view)[PUBKEY_BYTES];
	size_t view_n;
	/* ms from a change to the receipt that tells of it, and between
	   receipts when nothing changes; 0: no receipts are signed */
	uint64_t receipt_ms;
	uint64_t receipt_idle_ms;
};

/*
 * A new engine that knows no feed and no peer. @config is borrowed. The
 * feeds follow as FOLLOW events, the own feed among them, then peers.
 * WEALD_OK or WEALD_NOMEM.
 */
int gossip_new(const struct gossip_config *config, uint64_t now_ms,
	       struct gossip **out);
/* Takes NULL. All references to blobs are given back. */
void gossip_free(struct gossip *g);

/*
 * One event. On success the effects are in *@out_effects, *@out_n of them.
 *
 *   WEALD_TOOBIG  a FOLLOW over GOSSIP_FEEDS_MAX: no effects, nothing changed
 *   WEALD_NOMEM   there are no effects and the engine cannot go on: close all
 *                 connections, free it, and begin anew from the store
 */
int gossip_step(struct gossip *g, const struct gossip_event *event,
		const struct gossip_effect **out_effects, size_t *out_n);

/* ---- questions, for status, why and publish; they change nothing ---- */

/* How often this was the reason, since the start. */
uint64_t gossip_count(const struct gossip *g, enum gossip_reason reason);

enum gossip_guard {
	GOSSIP_SIGN_ALLOWED,
	GOSSIP_SIGN_NO_FEED,  /* we have no feed of our own */
	GOSSIP_SIGN_WAITING,  /* for nodes to say what they hold of our feed */
	GOSSIP_SIGN_BEHIND,   /* our own updates are being taken back */
	GOSSIP_SIGN_DISPUTED, /* our feed is forked */
};
/* May an own update be signed now? The reason is for a person to read. */
bool gossip_may_sign(const struct gossip *g, enum gossip_guard *out_why);
const char *gossip_guard_text(enum gossip_guard why);

struct gossip_feed_status {
	enum gossip_policy policy;
	struct gossip_head head;
	uint64_t verified_seq; /* valid and without a gap, perhaps not stored */
	uint64_t heard_seq;    /* the highest that a connected peer holds */
	uint64_t disputed_from; /* 0: not disputed */
	int held_err;           /* why it rests, or WEALD_OK */
	size_t waiting_n;       /* updates that wait */
	size_t waiting_bytes;
	uint32_t asked_peer; /* who is asked for more; 0: nobody */
	bool over_quota;     /* too much at once: it comes by catch-up */
};
/* WEALD_OK or WEALD_NOTFOUND. */
int gossip_feed_status(const struct gossip *g, const uint8_t feed[SHA256_BYTES],
		       struct gossip_feed_status *out);

/* What waits: the @i-th of all, in no order. False: there are not so many. */
struct gossip_waiting {
	uint8_t feed[SHA256_BYTES];
	uint64_t epoch;
	uint64_t seq;
	uint64_t since_ms;
	size_t bytes;
	enum gossip_wait_reason {
		GOSSIP_WAIT_GAP,
		GOSSIP_WAIT_STORE, /* to be stored */
		GOSSIP_WAIT_REISSUE
	} reason;
};
bool gossip_waiting(const struct gossip *g, size_t i,
		    struct gossip_waiting *out);

struct gossip_peer_status {
	bool ready;   /* hello and clock have come */
	bool dialled; /* by us */
	bool paused;  /* not read from, until what it sent is verified */
	size_t unsent;
	size_t verifying_n;
	size_t verifying_bytes;
	uint64_t eager;  /* feeds pushed to it */
	uint64_t lazy;   /* feeds told to it */
	uint64_t asked;  /* feeds that it is asked for */
	uint64_t served; /* feeds that it asked us for */
	uint64_t up_ms;
	uint64_t heard_ms;
	uint8_t key[PUBKEY_BYTES];
	uint8_t feed[SHA256_BYTES];
};
int gossip_peer_status(const struct gossip *g, uint32_t peer,
		       struct gossip_peer_status *out);

/*
 * What @peer said or showed in this connection that it holds of @feed: 0 and 0
 * where nothing. What was only pushed to it does not count, so whom we feed
 * may seem behind: its receipt tells. *@out_eager_to: new updates are pushed to
 * it; *@out_eager_from: the last one that was pushed to us came from it.
 *
 * False, and nothing is written: the feed is not followed, or the peer not
 * ready.
 */
bool gossip_peer_has(const struct gossip *g, uint32_t peer,
		     const uint8_t feed[SHA256_BYTES], uint64_t *out_epoch,
		     uint64_t *out_seq, bool *out_eager_to,
		     bool *out_eager_from);

/* The latest receipts: the @i-th node's. Borrowed until the next step. */
struct gossip_receipt {
	uint8_t node[PUBKEY_BYTES];
	uint64_t counter;
	const struct clock_entry *entries;
	size_t n;
	struct span statement;
	uint8_t sig[SIG_BYTES];
};
bool gossip_receipt(const struct gossip *g, size_t i,
		    struct gossip_receipt *out);

/* What is durable here; borrowed until the next step. */
const struct clock *gossip_clock(const struct gossip *g);

#endif
