/*
 * The inside of the gossip engine, shared by its parts only:
 *
 *   gossip.c          life, the step, effects, timers, questions
 *   gossip_feed.c     feeds: what is held, verified, waiting, being appended
 *   gossip_peer.c     peers: hello, clock, verifying in order, dropping
 *   gossip_tree.c     pushing, have, graft, prune
 *   gossip_catchup.c  want, on both sides
 *   gossip_receipt.c  receipts
 *   gossip_guard.c    forks, and the own-feed guard
 *   gossip_text.c     reasons in words
 *
 * A function that fails for want of memory sets the engine's nomem, and the
 * step ends with WEALD_NOMEM: so nothing in between has to undo anything.
 */
#ifndef WEALD_PROTO_GOSSIP_PRIVATE_H
#define WEALD_PROTO_GOSSIP_PRIVATE_H

#include "proto/gossip.h"

#define NEVER UINT64_MAX

/* An update that cannot be stored yet, or is being stored. */
struct gossip_wait {
	struct gossip_head head;
	uint8_t prev[SHA256_BYTES];
	struct blob *envelope; /* a reference */
	uint64_t since_ms;
	uint32_t peer;
	bool served; /* on the catch-up lane: the peer says it is stored */
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
	uint32_t ask_peer;
	uint64_t ask_next; /* the seq that is expected next */
	uint64_t ask_at;   /* without progress until then: another peer */
	uint32_t ask_shun; /* who disappointed last */
	size_t verifying_bytes;

	uint64_t hold_until; /* rests after a refused update; 0: does not */
	int hold_err;

	uint64_t disputed_from;
	struct blob *proof;
	bool judging;
	uint32_t fork_peer; /* asked for its update of fork_seq; 0: nobody */
	uint64_t fork_seq;

	bool busy; /* in g->busy */
};

/* A feed and a peer. All of it ends with the connection. */
struct gossip_link {
	uint64_t has;  /* the peer said or showed that it holds this seq */
	uint64_t sent; /* written to it on this connection */
	uint64_t told; /* the highest that we said we hold */
	uint64_t serve_next; /* what a want or graft gets next */
	uint64_t serve_to;
	uint64_t serve_credit;
	uint64_t pruned_at;
	uint8_t fill; /* enum frame_fill */
	bool follows; /* the peer showed an interest in the feed */
	bool eager;
	bool serving;
	bool serving_live; /* for a graft, not a want */
	bool doubted;      /* did not answer a want for what it says it holds */
};

/* An envelope out for verification. */
struct gossip_check {
	uint64_t ticket;
	size_t slot;
	uint64_t seq; /* as it claims */
	enum frame_lane lane;
	struct blob *envelope; /* a reference */
	bool done;
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

	/* in order of arrival, a queue from checks_at on */
	struct gossip_check *checks;
	size_t checks_at;
	size_t checks_n;
	size_t checks_cap;
	size_t checks_bytes;
	bool paused;

	size_t unsent;
	uint64_t read_ticket; /* 0: no READ is open */
	size_t read_slot;
	uint64_t read_from;
	size_t serves_n; /* links that are served */
	size_t serve_at; /* the slot whose turn it is */

	uint64_t up_ms;
	uint64_t heard_ms;
	uint64_t pinged_ms;
	uint64_t nuisance; /* in thousandths, at nuisance_ms */
	uint64_t nuisance_ms;
	bool said_own; /* what it holds of our own feed */
};

struct gossip_known { /* a node's latest receipt */
	uint8_t node[PUBKEY_BYTES];
	uint64_t counter;
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

#define GOSSIP_QUERIES_MAX 32u

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
	struct gossip_query receipts[GOSSIP_QUERIES_MAX];
	size_t receipts_n;
	struct gossip_query proofs[GOSSIP_QUERIES_MAX];
	size_t proofs_n;
	uint64_t receipt_at;
	bool receipt_signing;

	uint8_t (*view)[PUBKEY_BYTES];
	bool *view_said;
	size_t view_n;
	size_t said_n; /* peers and nodes beside the view, too */
	uint64_t guard_at;
	uint64_t guard_until; /* what receipts say counts so long */
	bool guard_open;
	uint64_t own_heard; /* the highest seq of our own feed heard of */

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
/* Followed, neither disputed nor resting: it can take more updates. */
bool gossip_feed_open(const struct gossip *g, const struct gossip_feed *f);
int gossip_feed_follow(struct gossip *g, const struct gossip_event *event);
void gossip_feed_free(struct gossip *g, struct gossip_feed *f);
/* A valid update of @f, from @c, a check of @p's. */
void gossip_feed_offer(struct gossip *g, struct gossip_feed *f,
		       struct gossip_peer *p, const struct gossip_check *c);
void gossip_feed_appended(struct gossip *g, const struct gossip_event *event);
void gossip_feed_local_write(struct gossip *g,
			     const struct gossip_event *event);
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
void gossip_tree_push(struct gossip *g, struct gossip_feed *f,
		      const struct gossip_wait *w, uint32_t except);
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
/* An update came that was here: prune where a push did it. */
void gossip_tree_duplicate(struct gossip *g, struct gossip_feed *f,
			   struct gossip_peer *p, uint64_t seq,
			   enum frame_lane lane);
/* The highest seq that a ready peer is known to hold. */
uint64_t gossip_tree_heard_max(const struct gossip *g,
			       const struct gossip_feed *f);

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
/* Start the next READ for @p, if there is room for what it brings. */
void gossip_catchup_pump(struct gossip *g, struct gossip_peer *p);
void gossip_catchup_read_done(struct gossip *g,
			      const struct gossip_event *event);
/* A frame of updates that answers a want. False: @p was dropped. */
bool gossip_catchup_arrived(struct gossip *g, struct gossip_feed *f,
			    struct gossip_peer *p,
			    const struct frame_updates *u, uint64_t last_seq);
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

/* gossip_guard.c */
/* @p, or a receipt by @node, said what it holds of our own feed. */
void gossip_guard_heard(struct gossip *g, const uint8_t node[PUBKEY_BYTES],
			uint64_t seq);
void gossip_guard_timeout(struct gossip *g);
/* The update @w, or @envelope, of @seq from @p does not fit our line. */
void gossip_fork_suspect(struct gossip *g, struct gossip_feed *f, uint64_t seq,
			 struct gossip_peer *p, struct blob *envelope);
/* Ask @p for its update of @seq. */
void gossip_fork_ask(struct gossip *g, struct gossip_feed *f,
		     struct gossip_peer *p, uint64_t seq);
void gossip_fork_judged(struct gossip *g, const struct gossip_event *event);
void gossip_fork_received(struct gossip *g, struct gossip_peer *p,
			  const struct frame_fork_proof *proof);
void gossip_fork_checked(struct gossip *g, const struct gossip_event *event);
void gossip_fork_greet(struct gossip *g, struct gossip_peer *p);

/* gossip_peek.c */
/*
 * What an envelope claims, without checking it: its seq, which decides what
 * is worth verifying. False: not an envelope at all.
 */
bool gossip_peek(struct span envelope, uint64_t *out_epoch, uint64_t *out_seq);

#endif
