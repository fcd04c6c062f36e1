/*
 * The indexer: keeps the index (store/index/index.h) up to date with the feeds
 * while the node runs; inside daemon/node/ only.
 *
 *                    opened                  a failure
 *   INDEXER_OPENING ---------> INDEXER_OPEN <---------> INDEXER_RESTING
 *          ^                     |      |
 *          | damaged, removed,   |      | damaged again and again
 *          | weald reindex       v      v
 *          +---------------------+   INDEXER_OFF
 *
 * One job at a time uses the handle, since SQLite has one writer. Feeds that
 * have more than the index wait in a queue: each is filled in by a job of its
 * replica, some hundred updates in one transaction, and goes to the end of the
 * queue where it has more. So that neither updates nor peers wait for it, a job
 * begins a moment after what it is to take in, later while updates are checked,
 * stored or signed, and never in the queue of a feed before one of those.
 *
 * The index is disposable: nothing that happens to it stops the node.
 */
#ifndef WEALD_DAEMON_NODE_INDEXER_H
#define WEALD_DAEMON_NODE_INDEXER_H

#include "daemon/node/node_private.h"
#include "store/index/query.h"

enum indexer_state {
	INDEXER_OPENING, /* or to be opened, anew where that was asked for */
	INDEXER_OPEN,
	INDEXER_RESTING, /* it failed, a full disk say: again at at_ms */
	INDEXER_OFF      /* given up until the next start, or weald reindex */
};

/* What the index says that status tells; as of the last look. */
struct index_facts {
	bool known;
	int64_t today;                 /* days since 1970 */
	struct alerts alerts;          /* the open ones */
	struct withheld_rows withheld; /* of our own feed */
	struct hits due;
};
void index_facts_release(struct index_facts *f);

struct indexer {
	struct index *x; /* of the job that runs, if one does */
	enum indexer_state state;
	bool busy;     /* a job is under way, or waits for its feed */
	bool anew;     /* to be removed before it is opened */
	bool making;   /* made from nothing, and not all of it is in */
	bool complete; /* the index says so: all feeds have been in */
	bool strange;  /* it has what is of feeds that are not here */
	/* to be filled in, in this order */
	struct replica *first;
	struct replica *last;
	uint64_t batch;    /* updates in one transaction */
	uint64_t since_ms; /* when what waits came; 0: nothing waits */
	uint64_t at_ms;
	uint64_t rest_ms; /* so long it rests; 0: nothing failed */
	/* versions that are withheld; whoever has the index may log them */
	struct log_limit log;
	uint64_t withheld; /* of those filled in since it was opened */
	/* how far the making has come: told in the log now and then */
	uint64_t made_ms;
	uint64_t told_ms;
	/* the file that is open, and its size when it was last looked at */
	uint64_t device;
	uint64_t inode;
	uint64_t size;
	/* why it rests or is off */
	int err;
	struct weald_msg msg;
	/* how often it had to be made anew for damage, and when last */
	unsigned damages;
	uint64_t damaged_ms;
	bool facts_due;
	uint64_t facts_at_ms; /* the next look, at the earliest */
	struct index_facts facts;
	uv_timer_t timer;
};

/* Begin: opens the index in a job. WEALD_NOMEM. */
int indexer_open(struct node *n);
/* No job runs any more. */
void indexer_close(struct node *n);
/* The timer; the jobs end with all others. */
void indexer_stop(struct node *n);
/* Updates of @r have become durable. */
void indexer_added(struct replica *r);
/* Contents of @r that were absent are here. */
void indexer_revisit(struct replica *r);
/* Any feed may have moved on, or be new. */
void indexer_look(struct node *n);
void indexer_tick(struct node *n);

/* How far the index is: updates in it, of those that are here. */
struct indexer_progress {
	uint64_t done;
	uint64_t all;
	size_t feeds;
};
void indexer_progress(const struct node *n, struct indexer_progress *out);

/* ---- indexer_facts.c -----------------------------------------------------
 */

/*
 * Ask the index what status tells and what watchers want to hear of, in a job;
 * indexer_facts_done() is called then, with what it found wrong.
 */
void indexer_facts_begin(struct node *n);
void indexer_facts_done(struct node *n, int err, const struct weald_msg *msg);
/* So long it took: the next one waits, that most of the time is for filling. */
void indexer_facts_took(struct node *n, uint64_t ms);
/* Days since 1970. */
int64_t indexer_today(void);

#endif
