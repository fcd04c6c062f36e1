/*
 * Inside the node: what its files share. daemon/node/node.h is for others.
 *
 *   node.c             start, stop, signals, reload
 *   drive.c            the engine: an event in, its effects carried out
 *   session.c          a connection from TLS to the engine: who it is
 *   plan.c             whom to dial
 *   job.c              work on the thread pool, in order for each feed
 *   replica.c          the feeds in this home, and what is known of them
 *   verify.c           updates of peers are checked, many at a time
 *   append.c           and stored
 *   serve.c            updates are read for peers; forks and proofs judged
 *   sign.c             own updates: node_author(), node_alone()
 *   receipts.c         receipts: signed, checked, kept over a restart
 *   contents_fetch.c   files of narrow replicas: asked for, stored
 *   contents_answer.c  and read for peers
 *   membership.c       invites, joins, follows, introductions, region.yaml
 *   report.c           status, peers, feeds, why, as JSON
 *   indexer.c          the index follows the feeds: daemon/node/indexer.h
 *   watch.c            who is told of what happens
 *
 * Threads. Everything here belongs to the loop's thread but what a job's work()
 * touches: its own struct, and the struct feed of its replica, of which at most
 * one job runs at a time.
 */
#ifndef WEALD_DAEMON_NODE_NODE_PRIVATE_H
#define WEALD_DAEMON_NODE_NODE_PRIVATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <uv.h>

#include "daemon/control/control.h"
#include "daemon/log.h"
#include "daemon/node/conn.h"
#include "daemon/node/dial.h"
#include "daemon/node/listen.h"
#include "daemon/node/node.h"
#include "daemon/node/tls.h"
#include "proto/ed25519.h"
#include "proto/envelope.h"
#include "proto/gossip.h"
#include "store/feed/feed.h"
#include "store/home.h"
#include "store/members.h"
#include "store/record/region.h"
#include "store/settings.h"

/* ---- jobs: job.c ---------------------------------------------------------
 */

struct node;
struct replica;

/*
 * One piece of work. It begins the struct that holds what the work needs;
 * done() frees it. Jobs of one replica run one after the other in the order
 * given, jobs without one at once.
 */
struct job {
	uv_work_t req;
	struct node *node;
	struct replica *replica;        /* NULL: none */
	void (*begin)(struct job *job); /* on the loop, just before; or NULL */
	void (*work)(struct job *job);  /* on the pool */
	void (*done)(struct job *job);  /* on the loop, always */
	struct job *next;
};

/* Jobs that wait, in their order. All zero is an empty list. */
struct job_list {
	struct job *first;
	struct job *last;
};
void job_list_add(struct job_list *l, struct job *job);
/* The first, or NULL. */
struct job *job_list_take(struct job_list *l);

/* Takes @job. */
void job_submit(struct node *n, struct replica *r, struct job *job);
/* Start what waits for @r, unless one runs or the node pauses. */
void job_kick(struct replica *r);

/* ---- replicas: replica.c -------------------------------------------------
 */

/* A feed that is in this home, or is to be. */
struct replica {
	struct node *node;
	uint8_t id[SHA256_BYTES];
	char name[HOME_FEED_NAME_BYTES]; /* its folder; "" while there is none
					  */
	char slug[SLUG_BYTES_MAX + 1];   /* "" where not known yet */
	bool own;
	bool engine_knows;   /* a FOLLOW was told */
	bool narrow;         /* contents are missing, or may be */
	struct fetch *fetch; /* of its missing contents; NULL: never */
	enum gossip_policy policy;
	/* the jobs'; NULL while there is no repository, or a damaged one */
	struct feed *feed;
	/* why the repository could not be opened: it is left alone */
	int open_err;
	struct weald_msg open_msg;
	bool shut; /* by a job that works alone: it opens it again */
	/* durable; as the last job left it */
	struct gossip_head head;
	uint8_t root[SHA256_BYTES]; /* of its root key; zero: no update yet */
	uint64_t last_time;         /* of the update at head; 0: none */
	size_t records;
	/* its last readable region.yaml; all zero where none */
	struct region region;
	bool has_region;
	struct job_list waiting;
	bool busy;
	struct indexing {
		struct replica *next; /* in the indexer's queue */
		bool waits;           /* it stands there */
		bool again;           /* what was absent is looked at again */
		uint64_t cursor;      /* from here on */
		uint64_t revisit_ms;  /* contents have come: look then; or 0 */
		uint64_t late_ms;     /* the first of them */
		bool torn;            /* it could not be read the last time */
		bool out;             /* nor the time after: it is left out */
		uint64_t seq;         /* where the index is with it */
		uint64_t told;        /* where watchers heard what matters */
	} indexing;
	unsigned commits;   /* since packs were merged */
	uint64_t commit_ms; /* the last of them */
	bool appending;     /* the engine waits for an APPENDED */
	bool moved;         /* by ourselves, while it did: nothing is stored */
	/* disputed at the start: the proof that was kept */
	uint64_t disputed_from;
	struct buf proof;
	/* the last update that was refused, for why */
	int refused_err;
	uint64_t refused_seq;
	uint64_t refused_ms;
};

/*
 * Open all feeds on disk. One of another region that is damaged is told and
 * left out, with open_err; the own one is a failure.
 */
int replicas_open(struct node *n, struct weald_msg *msg);
/* Close the feeds and forget all replicas. */
void replicas_close(struct node *n);
/*
 * In a job that works alone: close every feed, and open them again, of the
 * @count that there were when it began. What could not be opened is tried too;
 * what an append is yet to make is not.
 */
void replicas_shut(struct node *n, size_t count);
void replicas_reopen(struct node *n, size_t count);
/* On the loop, after that: take over what has changed. */
int replicas_refresh(struct node *n);
struct replica *replica_find(struct node *n, const uint8_t id[SHA256_BYTES]);
struct replica *replica_named(struct node *n, const char *name);
/* The one of this id, made where there is none. WEALD_NOMEM, WEALD_TOOBIG. */
int replica_add(struct node *n, const uint8_t id[SHA256_BYTES],
		struct replica **out);
/*
 * A job has moved @r on: take over its state. Reads region.yaml where @profile
 * says that it may have changed. In a job, with the feed: replica_look();
 * on the loop: replica_take().
 */
struct replica_look {
	struct gossip_head head;
	uint8_t root[SHA256_BYTES];
	uint64_t last_time;
	size_t records;
	char slug[SLUG_BYTES_MAX + 1];
	bool narrow;
	bool has_region;
	struct region region;
	bool region_read; /* else region is as it was */
};
void replica_look(const struct feed *f, bool profile, struct replica_look *out);
void replica_take(struct replica *r, struct replica_look *look);
/*
 * Tell the engine that the head of @r has moved on other than by an APPEND. One
 * that is open is answered with the new head, and stores nothing.
 */
void replica_tell_moved(struct replica *r);
/* What people call it: its folder's name, its slug, or the id's first hex. */
const char *replica_label(const struct replica *r);
/*
 * What of a narrow feed is wanted: its topics and kinds, copied for a job; the
 * caller releases it. WEALD_NOMEM.
 */
int replica_choice(const struct replica *r, struct member_follow *out);
/* Are the contents of @u wanted? On any thread. */
bool replica_wants(const struct member_follow *choice, const struct update *u);
/* Give a new feed its folder's name: the slug or, where taken, slug-hex. */
void replica_choose_name(struct replica *r, const char *slug);
/*
 * A foreign feed that is damaged stops neither the node nor other feeds: it is
 * closed, and the engine asks for it and tells of it no more. No job of it
 * runs.
 */
void replica_leave_alone(struct replica *r, int err,
			 const struct weald_msg *msg);
/* Keep a fork's proof over restarts. */
void replica_keep_proof(struct replica *r, uint64_t seq, struct span proof);

/* ---- sessions: session.c -------------------------------------------------
 */

enum session_state {
	SESSION_NEW,      /* TLS is not done */
	SESSION_STRANGER, /* hello, then join, are waited for */
	SESSION_JUDGED,   /* join is being judged */
	SESSION_PEER,     /* in the engine */
	SESSION_GONE      /* closing */
};

struct session {
	struct node *node;
	struct conn *conn;
	uint32_t id; /* the engine's number; never used again */
	enum session_state state;
	uint8_t key[PUBKEY_BYTES];
	bool has_hello; /* of a stranger, kept */
	struct frame_hello hello;
	uint8_t software[FRAME_SOFTWARE_BYTES_MAX];
	size_t software_len;
	bool accepted; /* the peer said hello: it knows us */
	uint64_t since_ms;
	uint64_t deadline_ms;   /* of a stranger */
	struct answer *answers; /* want-contents that are being answered */
};

extern const struct conn_handler session_handler;
struct session *session_find(struct node *n, uint32_t id);
/* A session in the engine with this node key, or NULL. */
struct session *session_by_key(struct node *n, const uint8_t key[PUBKEY_BYTES]);
/* How many are in the engine. */
size_t sessions_up(const struct node *n);
void session_close(struct session *s, bool at_fault, const char *reason,
		   const char *detail);
/*
 * End a session that is in the engine, and tell the engine, also from within
 * its effects.
 */
void session_drop(struct session *s, bool at_fault, const char *reason,
		  const char *detail);
/* The same, and the peer is not taken again for a while. */
void session_misbehaved(struct session *s, const char *reason,
			const char *detail);
/* Membership has judged a join: WEALD_OK, or why not, with the word to say. */
void session_judged(struct session *s, int err, const char *reason,
		    const char *detail);
/* The region that a node key speaks for; false: no region known here does. */
bool roster_find(struct node *n, const uint8_t key[PUBKEY_BYTES],
		 struct replica **out_region, bool *out_blocked);
/* What the region.yaml of @r says of a node key; NULL: nothing. */
const struct region_node *roster_node(const struct replica *r,
				      const uint8_t key[PUBKEY_BYTES]);
/* Does region @r, followed or our own, name this node key? */
bool roster_names(struct node *n, const struct replica *r,
		  const uint8_t key[PUBKEY_BYTES]);
/* A misbehaving peer, by node key. */
void back_off_add(struct node *n, const uint8_t key[PUBKEY_BYTES],
		  const char *reason);
bool back_off_holds(struct node *n, const uint8_t key[PUBKEY_BYTES],
		    uint64_t *out_until_ms, const char **out_reason);
void sessions_tick(struct node *n);
/* End the sessions of nodes that nobody names any more, or that are blocked. */
void sessions_review(struct node *n);

/* ---- whom to dial: plan.c -----------------------------------------------
 */

/* Members, region.yaml or settings have changed: choose anew. */
void plan_refresh(struct node *n);
/* Now and then: more connections where there are too few. */
void plan_tick(struct node *n);

/* ---- the engine: drive.c -------------------------------------------------
 */

/* One event, its effects, and what they bring about. */
void drive(struct node *n, struct gossip_event *event);
/* From within effects: after the step that runs. PEER_DOWN and SENT only. */
void drive_later(struct node *n, const struct gossip_event *event);
uint64_t node_now_ms(const struct node *n);
uint64_t node_clock_s(void);
uint64_t node_random(struct node *n, uint64_t below);

/* ---- verify.c, append.c, serve.c ------------------------------------------
 * Each begins the work of one effect, which an event answers later.
 */

/* What envelope_check() found of a blob; owned by whoever holds it. */
struct verified {
	struct verified *next;    /* in the cache */
	struct blob *blob;        /* referenced by the cache */
	struct envelope envelope; /* borrows the blob */
	struct checked checked;
	size_t bytes;
};
void verified_free(struct verified *v);

#define VERIFIED_BUCKETS   4096u
#define VERIFIED_N_MAX     16384u
#define VERIFIED_BYTES_MAX (24u * 1024u * 1024u)

/*
 * Kept from VERIFY to APPEND, so that nothing is checked twice. What does not
 * fit is checked again; what only the cache still holds is swept out.
 */
struct verified_cache {
	struct verified *buckets[VERIFIED_BUCKETS];
	size_t n;
	size_t bytes;
	size_t unswept_bytes;
	size_t sweep_at;
};
/* Take the entry of @blob out; NULL where there is none. The caller frees. */
struct verified *verified_take(struct node *n, const struct blob *blob);
void verified_release_all(struct node *n);

struct verify_job;
void verify_begin(struct node *n, const struct gossip_effect *e);
/* Hand the verifications begun in this step to the pool. */
void verify_flush(struct node *n);
/* On any thread: decode and check. The caller frees @out on success. */
int verify_blob(struct blob *blob, struct verified **out,
		struct weald_msg *msg);

void append_begin(struct node *n, const struct gossip_effect *e);
/* A commit was made: now and then, packs are merged. */
void consolidate_later(struct replica *r);
void consolidate_tick(struct node *n);
void read_begin(struct node *n, const struct gossip_effect *e);
void judge_begin(struct node *n, const struct gossip_effect *e);
void check_proof_begin(struct node *n, const struct gossip_effect *e);

/* ---- sign.c --------------------------------------------------------------
 */

/* Begin the work that waits to be alone, if nothing else runs. */
void alone_try(struct node *n);

/* ---- receipts.c ----------------------------------------------------------
 */

/* Once the replicas are open: of nodes that no region names none are kept. */
int receipts_load(struct node *n, struct weald_msg *msg);
/* Write the file if something changed. */
void receipts_save(struct node *n);
void receipts_sign(struct node *n, const struct gossip_effect *e);
void receipts_check(struct node *n, const struct gossip_effect *e);
/* Node keys of the last own receipt view; allocated, the caller frees. */
int receipts_view(struct node *n, uint8_t (**out)[PUBKEY_BYTES], size_t *out_n);
/* The time that the latest receipt of @node claims; 0: there is none. */
uint64_t receipts_time(struct node *n, const uint8_t node[PUBKEY_BYTES]);
/* The latest time that a receipt of another node claims; 0: there is none. */
uint64_t receipts_newest(const struct node *n);
void receipts_release(struct node *n);

/* ---- contents_fetch.c, contents_answer.c ----------------------------------
 */

/* Files that a peer in the engine sends. False: they were not asked for. */
bool contents_came(struct session *s, const struct frame_contents *c);
/* It asks for files. */
void contents_wanted(struct session *s, const struct frame_want_contents *w);
/*
 * Something of a narrow replica has changed: look for what is missing, in its
 * last updates or, where the choice may have changed, in @all.
 */
void contents_look(struct replica *r, bool all);
/* Bytes have gone out: go on answering. */
void contents_sent(struct session *s);
/* The session ends: it is answered no more; */
void contents_forget(struct session *s);
/* what it was asked for is asked of another. */
void contents_lost(struct session *s);
void contents_tick(struct node *n);
/* A peer has come: who rests as nobody had it looks again. */
void contents_peer_up(struct node *n);
void contents_release(struct replica *r);

/* ---- membership.c --------------------------------------------------------
 */

struct membership;
int membership_open(struct node *n, struct weald_msg *msg);
/* The node stops: who waits for an answer gets one. */
void membership_stop(struct node *n);
void membership_close(struct node *n);
/* A stranger's join: answer with session_judged(), at once or later. */
void membership_judge(struct session *s, const struct frame_join *join);
/* A session we dialled: the secret to show after our hello, or NULL. */
const uint8_t *membership_secret(struct node *n,
				 const uint8_t key[PUBKEY_BYTES]);
/* The peer has accepted us: it said hello. */
void membership_accepted(struct session *s);
/* The peer refused us, or a dialled target could not be reached. */
void membership_refused(struct node *n, const uint8_t key[PUBKEY_BYTES],
			const struct conn_end *end);
/* The region.yaml of @r has changed, or the own guard opened. */
void membership_profile(struct node *n, const struct replica *r);
/* We have signed, or read all again: there may be a feed key by now. */
void membership_profile_again(struct node *n);
/* @r got its slug: complete what members knows of it. */
void membership_named(struct node *n, struct replica *r);
void membership_tick(struct node *n);

/* ---- node.c --------------------------------------------------------------
 */

/* members has changed: tell the engine and the dialler. */
void node_members_changed(struct node *n);
/* Nothing can go on: stop in order, node_run() returns @err. */
void node_fail(struct node *n, int err, const struct weald_msg *msg);
/* All jobs are done: go on with what waited for that. */
void node_idle(struct node *n);
/* Call @fn(@ctx) from the loop, right after what runs now. WEALD_NOMEM. */
int node_soon(struct node *n, void (*fn)(void *ctx), void *ctx);

/* ---- report_view.c -------------------------------------------------------
 */

/* When our own head came to where, in this run: since when others lack it. */
#define NODE_MARKS_MAX 32u
struct node_mark {
	uint64_t seq;
	uint64_t time; /* of the update */
};
/* The own feed is about to be taken over: the old head is there still. */
void report_own_moved(struct node *n, const struct replica_look *look);

/* ---- watch.c, watch_updates.c
 * -------------------------------------------------------------
 */

/* Tell all watchers; takes @event, which may be NULL (no memory). */
void watch_tell(struct node *n, json_t *event);
bool watch_is_wanted(const struct node *n);
void watch_release(struct node *n);
/*
 * Tell watchers, if there are any, of the updates @from to @to, which are
 * durable; of very many only the last. What the privacy guard blocks is told
 * without its words.
 */
void watch_updates(struct replica *r, uint64_t from, uint64_t to);

struct alone;
struct indexer;
struct receipt_book;

#define TWIN_PEERS_MAX    8u
#define NODE_BACK_OFF_MAX 256u
struct back_off {
	uint8_t key[PUBKEY_BYTES];
	uint64_t until_ms;
	unsigned times;
	char reason[FRAME_REASON_BYTES_MAX + 1];
};

struct node {
	uv_loop_t loop;
	struct home *home;
	struct settings settings;
	struct members members;
	uint8_t key[PUBKEY_BYTES]; /* the node key */
	struct ed25519_signer *signer;
	uint8_t instance[FRAME_INSTANCE_BYTES];
	uint64_t random;

	struct gossip *engine;
	bool driving;
	struct gossip_event *later; /* later_n of them, room for later_cap */
	size_t later_n;
	size_t later_cap;

	struct replica **replicas; /* sorted by nothing; few */
	size_t replicas_n;
	struct replica *own;

	struct session **sessions;
	size_t sessions_n;
	uint32_t sessions_last;
	struct back_off back_offs[NODE_BACK_OFF_MAX];
	size_t back_offs_n;

	struct tls *tls;
	struct conn_setup setup;
	struct listener *listener;
	struct dialler *dialler;
	uint64_t dial_next_ms;

	size_t jobs; /* under way or waiting */
	size_t jobs_running;
	struct alone *alone; /* set: no replica's job begins */
	struct verified_cache verified;
	/* filled until verify_flush(): live updates, and all others */
	struct verify_job *verifying_live;
	struct verify_job *verifying_rest;
	/* the rest waits for its turn, so that live ones find a thread */
	struct job_list verify_waiting;
	size_t verify_running;

	struct indexer *indexer; /* daemon/node/indexer.h */
	struct receipt_book *receipts;
	struct membership *membership;
	struct control_server *control;
	struct node_watch *watches;
	bool telling; /* the watches are walked */

	uv_timer_t wake;
	uv_timer_t tick; /* once a second */
	uv_signal_t signals[3];
	unsigned handles; /* open ones of ours */
	struct log_limit log_peers;
	/* sessions that peers ended for another with our key: session.c */
	unsigned displaced;
	uint64_t displaced_ms;
	uint8_t displacers[TWIN_PEERS_MAX][PUBKEY_BYTES]; /* by whom */
	size_t displacers_n;
	uint64_t twin_ms; /* when that was last too often; 0: never */
	bool roster_due;  /* a region names other nodes than before */
	uint64_t trim_ms; /* memory is given back then; 0: none was used */

	bool stopping;
	bool stopped_control;
	bool fail_pending; /* stop at the next tick */
	int err;           /* what node_run() returns */
	struct weald_msg msg;
	uint64_t started_ms;
	uint64_t started_s;
	struct node_mark marks[NODE_MARKS_MAX]; /* oldest first */
	size_t marks_n;
};

#endif
