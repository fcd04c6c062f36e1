/*
 * The inside of the gossip engine, shared by its parts only:
 *
 *   gossip.c          life, the step, effects, timers, questions
 *   gossip_feed.c     feeds: what is held, verified, waiting, being appended
 *   gossip_peer.c     peers: hello, clock, verifying in order, dropping
 *   gossip_tree.c     pushing, have, graft, prune
 *   gossip_catchup.c  want, on both sides
 *   gossip_receipt.c  receipts
 *   gossip_fork.c     forks
 *   gossip_guard.c    the own-feed guard
 *   gossip_query.c    receipts and proofs that are out to be checked
 *   gossip_quota.c    what may be used up in a while: pushes, nuisance
 *   gossip_peek.c     what an envelope claims
 *   gossip_text.c     reasons in words
 *
 * A function that fails for want of memory sets the engine's nomem, and the
 * step ends with WEALD_NOMEM: so nothing in between has to undo anything.
 */
#ifndef WEALD_PROTO_GOSSIP_PRIVATE_H
#define WEALD_PROTO_GOSSIP_PRIVATE_H

#include "proto/gossip.h"

#define NEVER UINT64_MAX
/* More missing than this, and a want does it better than a graft. */
#define GOSSIP_GRAFT_SEQS_MAX 32u

/*
 * What is used up and forgiven in time: a level, in thousandths of what is
 * counted, as it was at a time.
 */
struct gossip_bucket {
	uint64_t level;
	uint64_t at_ms;
};

/* An update that cannot be stored yet, or is being stored. */
struct gossip_wait {
	struct gossip_head head;
	uint8_t prev[SHA256_BYTES];
	struct blob *envelope; /* a reference */
	uint64_t since_ms;
	uint32_t peer;
	bool granted; /* its key may be new */
	bool bare;    /* a put comes without its content */
	bool served;  /* on the catch-up lane: the peer says it is stored */
	bool charged; /* the feed's quota allows that it is pushed */
};

struct gossip_feed {
	uint8_t id[SHA256_BYTES];
	size_t slot; /* in g->feeds and in each peer's links */
	enum gossip_policy policy;
	struct gossip_head head; /* durable */
	struct gossip_head tip;  /* verified without a gap from head */

	/* sorted by epoch and seq; the first appending_n are in an APPEND */
	struct gossip_wait *waits;
	size_t waits_n;
	size_t waits_cap;
	size_t waits_bytes;
	size_t appending_n;

	/* the last update that a push brought, and who pushed it */
	uint64_t pushed_seq;
	uint32_t pushed_by;

	uint64_t expire_at;  /* when what waits is looked through */
	uint64_t have_at[2]; /* when haves go out: first and second side */
	uint64_t graft_at;   /* when a missing update is grafted */
	uint32_t graft_peer; /* grafted last */
	unsigned graft_n;    /* in a row, without an update */

	/* the open want */
	bool asking;
	bool ask_anew; /* what was being verified is lost: from the tip on */
	uint32_t ask_peer;
	uint64_t ask_next;  /* the seq that is expected next */
	uint64_t ask_to;    /* the last one that was asked for */
	uint64_t ask_left;  /* of the credit */
	uint64_t ask_at;    /* without progress until then: another peer */
	uint64_t ask_until; /* not answered whole until then: another, too */
	size_t verifying_bytes;

	uint64_t hold_until; /* rests after a refused update; 0: does not */
	int hold_err;

	struct gossip_bucket quota_n;
	struct gossip_bucket quota_bytes;
	bool quota_over; /* the last update that was pushed to us was over it */

	uint64_t disputed_from;
	struct blob *proof;
	bool judging;
	uint32_t fork_peer; /* asked for its update of fork_seq; 0: nobody */
	uint64_t fork_seq;
	uint64_t fork_until; /* then it is not waited for any more */

	bool busy; /* in g->busy */
};

/* A feed and a peer. All of it ends with the connection. */
struct gossip_link {
	uint64_t has; /* the peer said or showed that it holds this seq */
	uint64_t said_epoch; /* of what it said last, perhaps not our epoch */
	uint64_t said_seq;   /* 0: it has said nothing */
	uint64_t sent;       /* written to it on this connection */
	uint64_t told;       /* the highest that we said we hold */
	uint64_t serve_next; /* what a want or graft gets next */
	uint64_t serve_to;
	uint64_t serve_credit;
	uint64_t pruned_at;
	uint64_t owed;       /* bytes that it may still send for our wants */
	uint64_t differs;    /* it named another commit for this seq of ours */
	uint64_t proof_seq;  /* it proved a fork that we could not judge yet */
	uint64_t bare_seq;   /* the first that it gave without its contents */
	uint64_t bare_until; /* from there on it is not asked, until then */
	uint32_t over;       /* pushes over the quota, at over_s */
	uint32_t over_s;
	uint8_t doubts; /* wants in a row that it did not answer as it should */
	uint8_t fill;   /* enum frame_fill: what it gets */
	uint8_t fill_asked; /* what we asked it for */
	bool asked;         /* a want of ours has not come to its end */
	bool follows;       /* the peer showed an interest in the feed */
	bool eager;
	bool serving;
	bool serving_live; /* for a graft, not a want */
};

/* An envelope out for verification. */
struct gossip_check {
	uint64_t ticket;
	size_t slot;
	uint64_t seq; /* as it claims */
	enum frame_lane lane;
	struct blob *envelope; /* a reference, until taken */
	bool charged;          /* to the feed's quota */
	bool done;
	bool taken; /* in, or not; it only keeps its place in the queue */
	int err;
	struct gossip_facts facts;
};

struct gossip_peer {
	uint32_t id;
	uint8_t key[PUBKEY_BYTES];
	bool dialled;
	bool hello; /* came */
	bool ready; /* its clock came too */
	uint8_t instance[FRAME_INSTANCE_BYTES];
	uint8_t feed[SHA256_BYTES];
	struct clock snapshot; /* what our hello's digest said, until ready */
	struct clock others;   /* its clock of feeds that we do not follow */
	struct clock heard;    /* its clock while it arrives */

	struct gossip_link *links; /* links_n, by slot */
	size_t links_n;

	/* in order of arrival, a queue from checks_at on, the first not taken;
	   each feed's are taken in that order */
	struct gossip_check *checks;
	size_t checks_at;
	size_t checks_n;
	size_t checks_cap;
	size_t checks_bytes;
	bool paused;

	size_t unsent;
	size_t read_bytes;    /* the size of its next READ */
	uint64_t read_ticket; /* 0: no READ is open */
	size_t read_slot;
	uint64_t read_from;
	size_t serves_n; /* links that are served */
	size_t serve_at; /* the slot whose turn it is */

	uint64_t up_ms;
	uint64_t heard_ms;
	uint64_t pinged_ms;
	struct gossip_bucket nuisance;
	struct gossip_bucket frames;
	bool said_own; /* what it holds of our own feed */
};

struct gossip_known { /* a node's latest receipt */
	uint8_t node[PUBKEY_BYTES];
	uint64_t counter;
	uint64_t at_ms; /* when it came */
	struct clock_entry *entries;
	size_t n;
	struct blob *statement;
	uint8_t sig[SIG_BYTES];
};

/* A receipt or proof out to be checked. */
struct gossip_query {
	uint64_t ticket;
	uint32_t peer;
	size_t slot;       /* of a proof */
	struct blob *blob; /* a reference */
	uint8_t sig[SIG_BYTES];
};

/* A node that said to hold more of our own feed than we do. */
struct gossip_claim {
	uint8_t node[PUBKEY_BYTES];
	uint64_t seq;
	unsigned boasts; /* in a row: gave nothing when it was asked */
};

#define GOSSIP_CLAIMS_MAX  64u
#define GOSSIP_QUERIES_MAX 32u

struct gossip_queries {
	struct gossip_query list[GOSSIP_QUERIES_MAX];
	size_t n;
};

/* Memory that lives until the next step. */
struct gossip_scrap {
	struct gossip_scrap *next;
	struct blob *blob; /* a reference to give back, or NULL */
	max_align_t data[];
};

struct gossip {
	struct gossip_config config; /* pointers cleared */
	char software[FRAME_SOFTWARE_BYTES_MAX];
	uint64_t now;
	uint64_t random;
	bool nomem;
	uint64_t ticket; /* the last one given out */
	uint64_t pings;

	struct gossip_feed **feeds; /* by slot */
	size_t feeds_n;
	size_t feeds_cap;
	size_t *order; /* slots sorted by feed id */
	struct gossip_feed *own;
	struct clock clock; /* what is durable */

	struct gossip_peer *peers[GOSSIP_PEERS_MAX];
	size_t peers_n;

	size_t *busy; /* slots of feeds with a timer; room for all */
	size_t busy_n;
	size_t asks_n;
	size_t checks_bytes; /* of all peers */
	size_t waits_bytes;
	bool ask_more; /* a place for a want became free */

	struct gossip_known *known; /* known_n receipts */
	size_t known_n;
	size_t known_cap;
	size_t known_bytes;
	struct gossip_queries receipts;
	struct gossip_queries proofs;
	uint64_t receipt_at;
	bool receipt_signing;

	uint8_t (*view)[PUBKEY_BYTES];
	bool *view_said;
	size_t view_n;
	size_t said_n; /* peers and nodes beside the view, too */
	uint64_t guard_at;
	uint64_t guard_until; /* claims of who is not connected count so long */
	bool guard_open;
	uint64_t own_heard; /* the highest seq of our own feed heard of */
	struct gossip_claim claims[GOSSIP_CLAIMS_MAX]; /* claims_n made */
	size_t claims_n;                               /* the oldest goes */

	struct gossip_effect *effects;
	size_t effects_n;
	size_t effects_cap;
	struct gossip_scrap *scraps;
	uint64_t wake_at; /* as told */
	uint64_t counts[GOSSIP_REASONS_N];
};

/* gossip.c */
struct gossip_effect *gossip_effect_add(struct gossip *g,
					enum gossip_effect_type type);
/* Zeroed memory until the next step; NULL and nomem where there is none. */
void *gossip_scrap_alloc(struct gossip *g, size_t n, size_t size);
/* Keep a reference to @b until the next step. */
struct blob *gossip_scrap_blob(struct gossip *g, struct blob *b);
/* A frame to @p; NULL: no memory. @bytes: about what it takes on the wire. */
struct frame *gossip_send_add(struct gossip *g, struct gossip_peer *p,
			      enum frame_type type, size_t bytes);
void gossip_count_add(struct gossip *g, enum gossip_reason why);
/* Count it and tell the driver. @f and @p may be NULL. */
void gossip_report_add(struct gossip *g, enum gossip_reason why,
		       const struct gossip_feed *f, const struct gossip_peer *p,
		       uint64_t number);
uint64_t gossip_random(struct gossip *g);
/* Have @f looked at when the time of one of its timers has come. */
void gossip_feed_set_busy(struct gossip *g, struct gossip_feed *f);

/* gossip_feed.c */
struct gossip_feed *gossip_feed_find(const struct gossip *g,
				     const uint8_t id[SHA256_BYTES]);
bool gossip_feed_followed(const struct gossip_feed *f);
/* Followed, and not resting after a refused update. */
bool gossip_feed_awake(const struct gossip *g, const struct gossip_feed *f);
/* Awake, and it can take more updates: it does not end where it is disputed. */
bool gossip_feed_open(const struct gossip *g, const struct gossip_feed *f);
/* The last seq that may be taken. */
uint64_t gossip_feed_limit(const struct gossip_feed *f);
int gossip_feed_follow(struct gossip *g, const struct gossip_event *event);
void gossip_feed_free(struct gossip *g, struct gossip_feed *f);
/*
 * A valid update of @f, from @c, a check of @p's, which may be dropped for it.
 * Returns whether it was new and waits now.
 */
bool gossip_feed_offer(struct gossip *g, struct gossip_feed *f,
		       struct gossip_peer *p, const struct gossip_check *c);
void gossip_feed_appended(struct gossip *g, const struct gossip_event *event);
void gossip_feed_local_write(struct gossip *g,
			     const struct gossip_event *event);
/* Does it mean that we failed, and not what was looked at? */
bool gossip_is_our_failure(int err);
void gossip_feed_moved(struct gossip *g, const struct gossip_event *event);
void gossip_feed_expire(struct gossip *g, struct gossip_feed *f);
void gossip_feed_dispute(struct gossip *g, struct gossip_feed *f, uint64_t seq);

/* gossip_peer.c */
struct gossip_peer *gossip_peer_find(const struct gossip *g, uint32_t id);
void gossip_peer_up(struct gossip *g, const struct gossip_event *event);
void gossip_peer_forget(struct gossip *g, struct gossip_peer *p);
/* @p is not valid afterwards. */
void gossip_peer_drop(struct gossip *g, struct gossip_peer *p,
		      enum gossip_reason why, int err);
void gossip_peer_received(struct gossip *g, struct gossip_peer *p,
			  const struct frame *f);
void gossip_peer_verified(struct gossip *g, const struct gossip_event *event);
/* Returns false where that was too much and @p was dropped. */
bool gossip_peer_nuisance(struct gossip *g, struct gossip_peer *p,
			  enum gossip_reason why, unsigned points);
/* The peer's timers; may drop it. */
void gossip_peer_timeout(struct gossip *g, struct gossip_peer *p);
uint64_t gossip_peer_deadline(const struct gossip_peer *p);
/* Make room in each peer's links for all feeds. */
void gossip_peers_grow(struct gossip *g);

/* gossip_tree.c */
uint64_t gossip_link_known(const struct gossip_link *l);
/* The highest seq for which the peer of @l, one of @f's, may be asked. */
uint64_t gossip_link_gives(const struct gossip *g, const struct gossip_feed *f,
			   const struct gossip_link *l);
/* Push @w along the eager links, as far as the feed's quota goes. */
void gossip_tree_push(struct gossip *g, struct gossip_feed *f,
		      struct gossip_wait *w, uint32_t except);
/* Push what is verified and not stored to a link that is up to there. */
void gossip_tree_push_waiting(struct gossip *g, struct gossip_feed *f,
			      struct gossip_peer *p);
/* The head moved, or a peer came: haves are due soon. */
void gossip_tree_have_soon(struct gossip *g, struct gossip_feed *f);
/* Who pushed the feed's last update has gone: another link takes its place. */
void gossip_tree_orphaned(struct gossip *g, struct gossip_feed *f);
void gossip_tree_timeout(struct gossip *g, struct gossip_feed *f);
/* Send the haves that are due, of all feeds, one frame a peer. */
void gossip_tree_send_haves(struct gossip *g);
void gossip_tree_heard(struct gossip *g, struct gossip_feed *f,
		       struct gossip_peer *p, const struct clock_entry *e);
void gossip_tree_have(struct gossip *g, struct gossip_peer *p,
		      const struct frame_have *have);
void gossip_tree_graft(struct gossip *g, struct gossip_peer *p,
		       const struct frame_graft *m);
void gossip_tree_prune(struct gossip *g, struct gossip_peer *p,
		       const struct frame_prune *m);
/* Have @p tell only: a prune. */
void gossip_tree_stop_push(struct gossip *g, const struct gossip_feed *f,
			   struct gossip_peer *p);
/* An update came that was here: prune where a push did it. */
void gossip_tree_duplicate(struct gossip *g, struct gossip_feed *f,
			   struct gossip_peer *p, uint64_t seq,
			   enum frame_lane lane);
/*
 * Seq @seq of @f, which is followed whole, came without its contents: as if the
 * peer had told that it holds it. Others are asked. @p may be dropped.
 */
void gossip_tree_bare(struct gossip *g, struct gossip_feed *f,
		      struct gossip_peer *p, uint64_t seq, bool pushed);
/* The highest seq that a ready peer is known to hold. */
uint64_t gossip_tree_heard_max(const struct gossip *g,
			       const struct gossip_feed *f);
/* How many updates are known that we lack and may take. */
uint64_t gossip_tree_missing(const struct gossip *g,
			     const struct gossip_feed *f);
/* Something is missing: see to it soon, if nothing brings it before. */
void gossip_tree_graft_soon(struct gossip *g, struct gossip_feed *f);

/* gossip_catchup.c */
/* Ask for what is missing, if that is possible and not done yet. */
void gossip_catchup_ask(struct gossip *g, struct gossip_feed *f);
void gossip_catchup_ask_all(struct gossip *g);
/* The open want of @f, if any, is over. */
void gossip_catchup_stop(struct gossip *g, struct gossip_feed *f);
void gossip_catchup_timeout(struct gossip *g, struct gossip_feed *f);
void gossip_catchup_want(struct gossip *g, struct gossip_peer *p,
			 const struct frame_want *want);
void gossip_catchup_serve_live(struct gossip *g, struct gossip_feed *f,
			       struct gossip_peer *p, uint64_t from);
/* The system has taken what was to be sent to @p, all or a part of it. */
void gossip_catchup_sent(struct gossip *g, struct gossip_peer *p);
/* Start the next READ for @p, if there is room for what it brings. */
void gossip_catchup_pump(struct gossip *g, struct gossip_peer *p);
void gossip_catchup_read_done(struct gossip *g,
			      const struct gossip_event *event);
/* An envelope of @len bytes that answers a want is there. */
void gossip_catchup_progress(struct gossip *g, struct gossip_feed *f,
			     const struct gossip_peer *p, uint64_t seq,
			     size_t len);
/*
 * A whole frame that answers a want, @owed: one of ours, is there.
 * False: @p was dropped.
 */
bool gossip_catchup_arrived(struct gossip *g, struct gossip_feed *f,
			    struct gossip_peer *p,
			    const struct frame_updates *u, bool owed);
/* Ask @p for seq @from to @to, of which at least one will come. */
void gossip_want_send(struct gossip *g, struct gossip_feed *f,
		      struct gossip_peer *p, uint64_t from, uint64_t to,
		      uint64_t credit);
/* Send an updates frame of @n envelopes. */
void gossip_updates_send(struct gossip *g, struct gossip_peer *p,
			 const struct gossip_feed *f, enum frame_lane lane,
			 struct blob *const *envelopes, size_t n);

/* gossip_receipt.c */
void gossip_receipt_soon(struct gossip *g);
void gossip_receipt_timeout(struct gossip *g);
void gossip_receipt_signed(struct gossip *g, const struct gossip_event *event);
void gossip_receipt_received(struct gossip *g, struct gossip_peer *p,
			     const struct frame_receipt *r);
void gossip_receipt_checked(struct gossip *g, const struct gossip_event *event);
/* A peer became ready: tell it the receipts that are known. */
void gossip_receipt_greet(struct gossip *g, struct gossip_peer *p);
void gossip_receipt_free(struct gossip *g);

/* gossip_query.c */
/*
 * Have @bytes, which came from @p, looked at by an effect of @type, *@out_e,
 * whose ticket the caller fills in from the query. NULL: there is no room, or
 * no memory.
 */
struct gossip_query *gossip_query_add(struct gossip *g,
				      struct gossip_queries *list,
				      const struct gossip_peer *p,
				      struct span bytes,
				      enum gossip_effect_type type,
				      struct gossip_effect **out_e);
/* The query of @ticket, taken out: its reference is the caller's. */
struct gossip_query gossip_query_take(struct gossip_queries *list,
				      uint64_t ticket);
bool gossip_query_has(const struct gossip_queries *list, struct span bytes);
void gossip_query_free(struct gossip_queries *list);

/* gossip_quota.c */
/* Add @n to what is used up, of which @per_s are forgiven each second. False,
   and nothing is added: it would be over @max. */
bool gossip_bucket_add(const struct gossip *g, struct gossip_bucket *b,
		       uint64_t n, uint64_t max, uint64_t per_s);
enum gossip_quota {
	GOSSIP_QUOTA_CATCHUP, /* caught up, and new to others perhaps */
	GOSSIP_QUOTA_OWN,     /* we are the author */
	GOSSIP_QUOTA_PUSHED   /* was pushed to us: a little late, perhaps */
};
/* May @f push, or be pushed, an update of @len bytes more? */
bool gossip_quota_take(const struct gossip *g, struct gossip_feed *f,
		       size_t len, enum gossip_quota how);
/* It was none after all. */
void gossip_quota_return(struct gossip_feed *f, size_t len);
/* Would @n small ones more go? */
bool gossip_quota_has_room(const struct gossip *g, const struct gossip_feed *f,
			   uint64_t n);
/* @p pushed seq @seq of @f over its quota. False: @p was dropped. */
bool gossip_quota_exceeded(struct gossip *g, struct gossip_feed *f,
			   struct gossip_peer *p, uint64_t seq);

/* gossip_guard.c */
/* @p, or a receipt by @node, said what it holds of our own feed. */
void gossip_guard_heard(struct gossip *g, const uint8_t node[PUBKEY_BYTES],
			uint64_t seq);
void gossip_guard_timeout(struct gossip *g);
/* @p gave of our own feed what it said it holds, or did not. */
void gossip_guard_asked(struct gossip *g, const struct gossip_peer *p,
			bool gave);

/* gossip_fork.c */
/* The update @envelope, of @seq, from @p does not fit our line. */
void gossip_fork_suspect(struct gossip *g, struct gossip_feed *f, uint64_t seq,
			 struct gossip_peer *p, struct blob *envelope);
/* Does a peer hold another line? Look into it, one peer after the other. */
void gossip_fork_look(struct gossip *g, struct gossip_feed *f);
/* Who was asked does not answer. */
void gossip_fork_timeout(struct gossip *g, struct gossip_feed *f);
/* Ask again for proofs that can be judged by now. */
void gossip_fork_ask_proofs(struct gossip *g, struct gossip_feed *f);
void gossip_fork_judged(struct gossip *g, const struct gossip_event *event);
void gossip_fork_received(struct gossip *g, struct gossip_peer *p,
			  const struct frame_fork_proof *proof);
void gossip_fork_checked(struct gossip *g, const struct gossip_event *event);
void gossip_fork_greet(struct gossip *g, struct gossip_peer *p);
/* Tell all peers the proof that is kept of @f. */
void gossip_fork_tell(struct gossip *g, struct gossip_feed *f, uint32_t except);
/* Tell @p, who asks for updates of @f up to @to, the proof if it concerns it.
 */
void gossip_fork_warn(struct gossip *g, struct gossip_feed *f,
		      struct gossip_peer *p, uint64_t to);

/* gossip_peek.c */
/*
 * What an envelope claims, without checking it: its seq, which decides what
 * is worth verifying, in the range of valid ones. False: no valid envelope.
 */
bool gossip_peek(struct span envelope, uint64_t *out_epoch, uint64_t *out_seq);

#endif
