/*
 * Inside the reports (status, peers, feeds, why): what they are answered from,
 * and how an answer is put together.
 *
 *   report.c         status, holders
 *   report_peers.c   peers
 *   report_feeds.c   feeds
 *   report_index.c   of status: the index, and what stands in it
 *   report_why.c     why: another region; report_own.c: our own
 *   report_view.c    the view that all are answered from
 *   report_json.c    objects and texts
 *
 * A view is gathered anew for each question, and lives within it: nothing of
 * the node changes meanwhile. It costs feeds x receipts.
 */
#ifndef WEALD_DAEMON_NODE_REPORT_PRIVATE_H
#define WEALD_DAEMON_NODE_REPORT_PRIVATE_H

#include "daemon/node/node_private.h"
#include "daemon/words.h"

/* ---- the view: report_view.c ---------------------------------------------
 */

/* A feed here, what others say of it, and its nodes of our feed. */
struct report_region {
	struct replica *r;
	char label[HOME_FEED_NAME_BYTES]; /* what people call it */
	bool followed;                    /* another's, whole or narrow */
	struct gossip_feed_status st;     /* all zero where not in the engine */
	/* the highest seq that connected peers or receipts name; 0: none */
	uint64_t heard_seq;
	size_t holders;  /* regions with a receipt for all that we have of it */
	size_t tellers;  /* regions with a receipt that names it */
	size_t sessions; /* connected nodes of the region */
	/* what its nodes say to hold of our feed */
	bool said;
	uint64_t said_seq;
	uint64_t other_seq; /* of another line than ours, by a fork; 0: none */
	uint64_t said_time; /* seconds since 1970, the node's claim */
	const struct replica *told_by; /* of tellers: the last one counted */
	const struct replica *held_by; /* of holders */
};

/* A receipt by a node of another region that is not blocked. */
struct report_word {
	struct gossip_receipt receipt;
	struct report_region *region;
	uint64_t time; /* the node's claim */
};

struct report_view {
	struct node *n;
	uint64_t now_ms;
	uint64_t now_s;
	struct report_region *regions; /* sorted by feed id */
	size_t regions_n;
	const struct report_region **by_name; /* the same, for people */
	struct report_region *own;
	struct report_word *words; /* sorted by region */
	size_t words_n;
	size_t ready;      /* connected peers that have said hello and clock */
	uint64_t heard_ms; /* when one was heard of last; 0: never */
};

/* WEALD_NOMEM. */
int report_view_open(struct node *n, struct report_view *out);
void report_view_close(struct report_view *v);

struct report_region *report_find(const struct report_view *v,
				  const uint8_t id[SHA256_BYTES]);
/* The region that @key speaks for; NULL: none that is known. */
struct report_region *report_region_of(const struct report_view *v,
				       const uint8_t key[PUBKEY_BYTES]);
/* A connection whose peer is in the engine, and has said hello and clock. */
bool report_is_ready(const struct report_view *v, const struct session *s,
		     struct gossip_peer_status *out);
/* The receipt of @node, borrowed from the view; NULL: there is none. */
const struct report_word *report_word_of(const struct report_view *v,
					 const uint8_t node[PUBKEY_BYTES]);
/*
 * What the peer of @s holds of @g, on the line that we hold: the higher of
 * what it said in this connection and what it signed, @word, which may be
 * NULL. What is pushed to it only the receipt tells. 0: nothing that we know
 * of, or the feed is not followed.
 */
uint64_t report_peer_seq(const struct report_view *v, const struct session *s,
			 const struct report_word *word,
			 const struct report_region *g);
/* Does @e say that all of our own feed is held, up to @seq at least? */
bool report_holds_own(const struct report_view *v, const struct clock_entry *e,
		      uint64_t seq);
/*
 * Is what @e says to hold of our own feed another line than ours? Of what lies
 * below our head the receipts do not tell.
 */
bool report_is_other_line(const struct report_view *v,
			  const struct clock_entry *e);
/* The entry of @feed in a receipt, or NULL. */
const struct clock_entry *report_entry(const struct gossip_receipt *receipt,
				       const uint8_t feed[SHA256_BYTES]);
/*
 * Since when (seconds since 1970) has who holds @seq of our feed been behind?
 * Where it is farther behind than this run remembers: at least since then.
 */
uint64_t report_behind_since(const struct report_view *v, uint64_t seq);

/* Behind, but for so short a time that the receipts may be on their way? */
#define REPORT_FRESH_S 60u
bool report_is_fresh(const struct report_view *v, uint64_t seq);

/* An update's time so far ahead of our clock is marked. */
#define REPORT_AHEAD_MAX_S 86400u

/* How it stands with a feed: what to do first is what is told. */
enum report_state {
	REPORT_OK,
	REPORT_EMPTY,        /* nothing of it is here, nobody has it */
	REPORT_CATCHING_UP,  /* more is known than is here */
	REPORT_DISPUTED,     /* its key was used twice */
	REPORT_REFUSED,      /* its next update breaks the rules */
	REPORT_STORE_FAILED, /* its next update could not be stored */
	REPORT_DAMAGED,      /* its repository cannot be opened */
	REPORT_BLOCKED,
	REPORT_NOT_FOLLOWED
};
enum report_state report_state(const struct report_region *g);
const char *report_state_name(enum report_state state);
/* From which seq on it is disputed; 0: it is not. */
uint64_t report_disputed_from(const struct report_region *g);
/* Whose next update could not be stored, any of all; NULL: none's. */
const struct report_region *report_unstored(const struct report_view *v);
/* Another region that is followed, or whose nodes say what they hold. */
bool report_is_counted(const struct report_region *g);
/* Does its region.yaml name us among those that it follows? */
bool report_follows_us(const struct report_view *v,
		       const struct report_region *g);
/* Is its region.yaml here, and does not name us? It lacks nothing of ours. */
bool report_leaves_us_out(const struct report_view *v,
			  const struct report_region *g);
/* The kind of failure that is this machine's, not the update's. */
bool report_err_is_ours(int err);

/* What to do where our own key was used twice: nobody else can. */
#define REPORT_OWN_FORK_TODO                                           \
	"find out who signed with our key and stop it; keep the root " \
	"key, all homes and forks/: this version cannot recover the "  \
	"feed, until a later one does a new feed is the way to publish"

/* ---- heard of: report_feeds.c --------------------------------------------
 */

/* A feed that regions we follow name in their region.yaml, and that we know
   nothing else of. */
#define REPORT_HEARD_MAX    1024u
#define REPORT_HEARD_BY_MAX 64u
struct report_heard {
	const struct region_follow *follow; /* the first that names it */
	const struct report_region *by[REPORT_HEARD_BY_MAX];
	size_t by_n; /* those who name it; the first ones are in @by */
};
/* Sorted by feed id; at most REPORT_HEARD_MAX. The caller frees *@out. */
int report_heard(const struct report_view *v, struct report_heard **out,
		 size_t *out_n);

/* ---- answers: report_json.c ----------------------------------------------
 * Building does not fail one step at a time: what went wrong sticks, and
 * report_end() gives NULL.
 */

struct report_object {
	json_t *object;
	bool failed;
};

void report_begin(struct report_object *o);
/* The object, the caller's; or NULL where there was no memory. */
json_t *report_end(struct report_object *o);
/*
 * Where the answer is the array @list: it, or WEALD_NOMEM; @o, which told what
 * went wrong, is ended. Takes @list.
 */
int report_list_end(struct report_object *o, json_t *list, json_t **out);
/* Takes @value, which may be NULL where it could not be made. */
void report_add(struct report_object *o, const char *key, json_t *value);
/* Text of others too: what is not UTF-8 stands in it escaped. */
void report_text(struct report_object *o, const char *key, const char *text);
void report_uint(struct report_object *o, const char *key, uint64_t v);
void report_bool(struct report_object *o, const char *key, bool v);
void report_hex(struct report_object *o, const char *key, const uint8_t *data,
		size_t len);
/* Seconds since 1970 as "2026-11-22T09:05:41Z"; null for 0. */
void report_time(struct report_object *o, const char *key, uint64_t seconds);
/* The time at which uv_now() was, or will be, @ms. */
void report_clock(struct report_object *o, const char *key,
		  const struct report_view *v, uint64_t ms);
/* Append @value to the array @list, both taken on failure too. */
void report_append(struct report_object *o, json_t *list, json_t *value);

#define REPORT_KEY_BYTES 9u
/* The first 8 hex digits of a node key, as all tables show it. */
const char *report_key(const uint8_t key[PUBKEY_BYTES],
		       char out[REPORT_KEY_BYTES]);

/* ---- the index: report_index.c -------------------------------------------
 */

/* What of the index, and in it, a person here has to know. */
void report_index(const struct report_view *v, struct report_object *o);

/* ---- steps of why: report_why.c ------------------------------------------
 */

/*
 * What why has found, step by step. What to do is said of the problem that the
 * others may come from.
 */
struct report_walk {
	struct report_object *o;
	json_t *steps;
	unsigned rank; /* of the problem that @todo is about; 0: none */
	char todo[256];
};
enum report_found {
	REPORT_GOOD,
	REPORT_PROBLEM,
	REPORT_DECISIVE, /* a problem that the others come from */
	REPORT_NOTHING   /* to be said at this step */
};
/* @todo: for a problem, decisive or not; NULL otherwise. */
void report_step(struct report_walk *w, const char *name,
		 enum report_found found, const char *todo, const char *fmt,
		 ...) __attribute__((format(printf, 5, 6)));
/* The steps link and tls: the nodes of @g, or of all where it is NULL. */
void report_step_links(const struct report_view *v, struct report_walk *w,
		       const struct report_region *g);
/* Of rejection: our disk that fails, whichever feed it was for; our own feed's
   fork, which keeps others from our updates. False: neither, nothing said. */
bool report_step_disk(const struct report_view *v, struct report_walk *w,
		      const struct report_region *g);
bool report_step_own_fork(const struct report_view *v, struct report_walk *w);
/* Ours: report_own.c. */
void report_why_own(struct report_view *v, struct report_walk *w);

#endif
