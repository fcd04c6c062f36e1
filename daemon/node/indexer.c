/*
 * The indexer: opens the index, queues what it lacks, fills it in.
 *
 * Happy path: indexer_open() submits the job that opens the index and asks how
 * far it is with each feed; open_done() queues all feeds. indexer_added()
 * queues a feed that has moved on. indexer_step() takes the first of the queue,
 * and a job of that replica fills it in; fill_done() queues it again where it
 * has more. When nothing waits an index that was made from nothing is marked as
 * complete, and indexer_facts_begin() looks at what came.
 *
 * Contents that come late, to a narrow replica, make its versions be looked at
 * again: once for many, a second after the last, some hundred in a job.
 *
 * Failures: damage makes the index anew; so does a file that was removed or cut
 * while it was open. A feed that cannot be taken in is left out. Whatever else
 * fails is tried again, later each time. Damage again and again ends the
 * indexing until the next start.
 */
#include "daemon/node/indexer.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

/* Updates in one transaction: so many that it takes some 50 ms. */
#define BATCH_FIRST 64u
#define BATCH_MIN   16u
#define BATCH_MAX   512u
#define BATCH_MS    50u
/* So long after an update came, what comes with it is taken in together; */
#define SETTLE_MS 50u
/* while others are checked and stored it is later, but not later than this. */
#define YIELD_MS 1000u
/* After a failure: try again, each time after twice as long. */
#define REST_MS     1000u
#define REST_MAX_MS 60000u
/* So long after the last late content all of them are looked at, */
#define REVISIT_MS 1000u
/* but not later after the first. */
#define REVISIT_MAX_MS 5000u
/* The log tells how far it is. */
#define TOLD_MS 10000u
/* Damaged so often, each within so long of the last: given up. */
#define DAMAGES_MAX 8u
#define DAMAGES_MS  600000u
/* Beside the index, where a command has found it damaged. */
#define DAMAGED_FILE INDEX_FILE "-damaged"
/* So long after the last filling memory is given back to the system. */
#define TRIM_MS 10000u
/* Between two looks at the facts, and so many times what one took. */
#define FACTS_MS    500u
#define FACTS_SHARE 10u

static void indexer_step(struct node *n);
static void step_in(struct node *n, uint64_t ms);

/* ---- the queue -----------------------------------------------------------
 */

static void queue_add(struct replica *r)
{
	struct indexer *ix = r->node->indexer;

	if (r->indexing.waits || r->indexing.out || r->name[0] == '\0') {
		return;
	}
	r->indexing.waits = true;
	r->indexing.next = NULL;
	if (ix->last == NULL) {
		ix->first = r;
	} else {
		ix->last->indexing.next = r;
	}
	ix->last = r;
}

/* No job of its feed runs or waits: neither waits for the other. */
static bool is_idle(const struct replica *r)
{
	return !r->busy && r->waiting.first == NULL;
}

/* The first, or the first that is idle; NULL where there is none. */
static struct replica *queue_take(struct indexer *ix, bool idle)
{
	struct replica *before = NULL;
	struct replica *r = ix->first;

	while (r != NULL && idle && !is_idle(r)) {
		before = r;
		r = r->indexing.next;
	}
	if (r == NULL) {
		return NULL;
	}
	if (before == NULL) {
		ix->first = r->indexing.next;
	} else {
		before->indexing.next = r->indexing.next;
	}
	if (ix->last == r) {
		ix->last = before;
	}
	r->indexing.waits = false;
	return r;
}

static void queue_all(struct node *n)
{
	size_t i;

	for (i = 0; i < n->replicas_n; i++) {
		queue_add(n->replicas[i]);
	}
}

/* ---- failures ------------------------------------------------------------
 */

static void rest(struct node *n, int err, const struct weald_msg *msg)
{
	struct indexer *ix = n->indexer;

	if (ix->err != err) {
		log_warning("the index rests, and is tried again error=%s: %s",
			    err_name(err), msg_text(msg, err));
	}
	ix->err = err;
	ix->msg = *msg;
	ix->state = INDEXER_RESTING;
	ix->rest_ms = ix->rest_ms == 0 ? REST_MS : 2 * ix->rest_ms;
	if (ix->rest_ms > REST_MAX_MS) {
		ix->rest_ms = REST_MAX_MS;
	}
	ix->at_ms = node_now_ms(n) + ix->rest_ms;
}

static void give_up(struct node *n, int err, const struct weald_msg *msg)
{
	struct indexer *ix = n->indexer;

	log_warning("the index is given up until the next start error=%s: %s",
		    err_name(err), msg_text(msg, err));
	ix->err = err;
	ix->msg = *msg;
	ix->state = INDEXER_OFF;
}

static void open_again(struct indexer *ix, bool anew)
{
	ix->state = INDEXER_OPENING;
	ix->anew = ix->anew || anew;
}

/* Damage: open it again, made @anew. Not for ever: that is the disk, or us. */
static void heal(struct node *n, bool anew)
{
	struct indexer *ix = n->indexer;
	uint64_t now = node_now_ms(n);
	struct weald_msg msg;

	if (now - ix->damaged_ms > DAMAGES_MS) {
		ix->damages = 0;
	}
	ix->damages++;
	ix->damaged_ms = now;
	if (ix->damages <= DAMAGES_MAX) {
		open_again(ix, anew);
		return;
	}
	msg_set(&msg, "the index is damaged again and again: check the disk, "
		      "then weald reindex");
	give_up(n, WEALD_CORRUPT, &msg);
}

/* Not about a feed: the disk, memory, or damage. */
static void failed(struct node *n, int err, const struct weald_msg *msg)
{
	struct indexer *ix = n->indexer;

	if (ix->anew) {
		return; /* it is thrown away in any case */
	}
	if (err == WEALD_CORRUPT || err == WEALD_NEWER) {
		log_warning("the index is damaged and is made anew error=%s: "
			    "%s",
			    err_name(err), msg_text(msg, err));
		heal(n, true);
		return;
	}
	rest(n, err, msg);
}

static void recovered(struct indexer *ix)
{
	ix->rest_ms = 0;
	if (ix->err != WEALD_OK) {
		log_info("the index goes on");
		ix->err = WEALD_OK;
		ix->msg = (struct weald_msg){ "" };
	}
}

/* ---- opening -------------------------------------------------------------
 */

struct open_job {
	struct job job;
	struct index *x; /* in: the old one, or NULL */
	bool anew;
	bool made;
	bool complete;
	bool strange; /* it has more of feeds that are not here */
	int err;
	struct weald_msg msg;
	/* how far it is with each feed */
	char **names;
	uint64_t *seqs;
	size_t n;
};

static void open_work(struct job *job)
{
	struct open_job *o = (struct open_job *)job;
	const struct home *h = job->node->home;
	size_t i;

	index_close(o->x);
	o->x = NULL;
	if (o->anew) {
		o->err = index_remove(home_path(h), &o->msg);
	}
	if (o->err == WEALD_OK) {
		o->err = index_open(home_path(h), INDEX_WRITE, &o->x, &o->made,
				    &o->msg);
	}
	if (o->err == WEALD_OK) {
		o->err = index_is_complete(o->x, &o->complete, &o->msg);
	}
	if (o->err == WEALD_OK) {
		o->err = home_feeds(h, &o->names, &o->n, &o->msg);
	}
	if (o->err == WEALD_OK) {
		o->err = index_keep(o->x, (const char *const *)o->names, o->n,
				    BATCH_MAX, &o->strange, &o->msg);
	}
	o->seqs = calloc(o->n + 1, sizeof(*o->seqs));
	if (o->seqs == NULL && o->err == WEALD_OK) {
		o->err = WEALD_NOMEM;
	}
	for (i = 0; o->err == WEALD_OK && i < o->n; i++) {
		o->err = index_seq(o->x, o->names[i], &o->seqs[i], &o->msg);
	}
	if (o->err != WEALD_OK) {
		index_close(o->x);
		o->x = NULL;
	}
}

static void open_free(struct open_job *o)
{
	while (o->n > 0) {
		free(o->names[--o->n]);
	}
	free(o->names);
	free(o->seqs);
	free(o);
}

static bool look_at(const struct node *n, const char *name, struct stat *out)
{
	char *path = NULL;
	bool there = home_join(n->home, name, &path) == WEALD_OK &&
		     stat(path, out) == 0;

	free(path);
	return there;
}

static void open_take(struct node *n, const struct open_job *o)
{
	struct indexer *ix = n->indexer;
	struct stat st = { 0 };
	struct replica *r;
	size_t i;

	for (i = 0; i < n->replicas_n; i++) {
		r = n->replicas[i];
		r->indexing.seq = 0;
		r->indexing.out = false;
		/* late contents that no look has come to before the end */
		r->indexing.again = !o->made;
		r->indexing.cursor = 0;
		r->indexing.revisit_ms = 0;
	}
	for (i = 0; i < o->n; i++) {
		r = replica_named(n, o->names[i]);
		if (r != NULL) {
			r->indexing.seq = o->seqs[i];
		}
	}
	if (look_at(n, INDEX_FILE, &st)) {
		ix->device = st.st_dev;
		ix->inode = st.st_ino;
		ix->size = (uint64_t)st.st_size;
	}
	ix->state = INDEXER_OPEN;
	ix->complete = o->complete;
	ix->strange = o->strange;
	ix->making = !o->complete;
	ix->made_ms = node_now_ms(n);
	ix->told_ms = ix->made_ms;
	ix->facts_due = true;
	if (o->made) {
		log_info("the index is made from the feeds feeds=%zu", o->n);
	}
	queue_all(n);
}

static void open_done(struct job *job)
{
	struct open_job *o = (struct open_job *)job;
	struct node *n = job->node;
	struct indexer *ix = n->indexer;

	ix->busy = false;
	ix->x = o->x; /* transferred */
	if (ix->anew) {
		open_again(ix, true); /* asked for once more meanwhile */
	} else if (o->err == WEALD_OK) {
		recovered(ix);
		open_take(n, o);
	} else if (o->err == WEALD_CORRUPT && o->anew) {
		give_up(n, o->err, &o->msg); /* damaged as it was made */
	} else {
		failed(n, o->err, &o->msg);
	}
	open_free(o);
	indexer_step(n);
}

static void open_begin(struct node *n)
{
	struct indexer *ix = n->indexer;
	struct open_job *o = calloc(1, sizeof(*o));

	if (o == NULL) {
		rest(n, WEALD_NOMEM, &ix->msg);
		return;
	}
	o->x = ix->x; /* transferred */
	ix->x = NULL;
	o->anew = ix->anew;
	ix->anew = false;
	ix->making = ix->making || o->anew;
	ix->complete = ix->complete && !o->anew;
	ix->withheld = 0;
	ix->busy = true;
	o->job.work = open_work;
	o->job.done = open_done;
	job_submit(n, NULL, &o->job);
}

/* ---- filling -------------------------------------------------------------
 */

struct fill_job {
	struct job job;
	struct index *x;
	char name[HOME_FEED_NAME_BYTES];
	bool again;      /* look again at what is absent, from the cursor on */
	uint64_t cursor; /* in and out */
	bool skip;       /* the node stops */
	uint64_t max;
	/* what is withheld: where it is logged, and whether it is */
	struct log_limit *log;
	bool tells;
	uint64_t withheld;
	int err;
	struct weald_msg msg;
	bool ran;
	bool looked; /* again */
	bool more;   /* to look at again */
	uint64_t left;
	uint64_t seq;
	uint64_t took_ms;
};

/* On the loop: what its turn finds. */
static void fill_ready(struct job *job)
{
	struct fill_job *f = (struct fill_job *)job;

	f->skip = job->node->stopping;
	f->again = job->replica->indexing.again;
	f->cursor = job->replica->indexing.cursor;
}

static uint64_t steady_ms(void)
{
	return uv_hrtime() / 1000000u;
}

/*
 * Never what it says, nor what it is called: the name may be what was blocked.
 * Versions that an index from nothing finds again were told when they came.
 * On the job's thread: one job at a time has the limit.
 */
static void tell_withheld(void *ctx, const char *feed, uint64_t seq,
			  const char *why)
{
	struct fill_job *f = ctx;

	f->withheld++;
	if (f->tells && log_limit_pass(f->log, steady_ms())) {
		log_warning("a version is withheld, the privacy guard blocks "
			    "it feed=%s seq=%" PRIu64 " kinds=%s",
			    feed, seq, why);
	}
}

static void fill_work(struct job *job)
{
	struct fill_job *f = (struct fill_job *)job;
	struct index_feed feed = { .name = f->name,
				   .own = job->replica->own,
				   .feed = job->replica->feed };
	uint64_t begun = steady_ms();

	if (f->skip || feed.feed == NULL) {
		return;
	}
	f->ran = true;
	index_on_withheld(f->x, tell_withheld, f);
	f->err = index_fill(f->x, &feed, f->max, &f->left, &f->msg);
	if (f->err == WEALD_OK && f->again && f->left == 0) {
		f->looked = true;
		f->err = index_revisit(f->x, &feed, &f->cursor, f->max,
				       &f->more, &f->msg);
	}
	if (f->err == WEALD_OK) {
		f->err = index_seq(f->x, f->name, &f->seq, &f->msg);
	}
	index_on_withheld(f->x, NULL, NULL);
	f->took_ms = steady_ms() - begun;
}

/* So many updates the next time that it takes as long as it should. */
static void adapt(struct indexer *ix, const struct fill_job *f)
{
	if (f->took_ms > 2u * BATCH_MS && ix->batch > BATCH_MIN) {
		ix->batch /= 2;
	} else if ((f->left > 0 || f->more) && f->took_ms < BATCH_MS / 2u &&
		   ix->batch < BATCH_MAX) {
		ix->batch *= 2;
	}
}

static void fill_take(struct replica *r, const struct fill_job *f)
{
	struct indexer *ix = r->node->indexer;

	recovered(ix);
	r->indexing.torn = false;
	ix->facts_due = ix->facts_due || f->looked || f->seq != r->indexing.seq;
	ix->withheld += f->withheld;
	r->indexing.seq = f->seq;
	if (f->looked) {
		r->indexing.cursor = f->cursor;
		r->indexing.again = f->more;
	}
	adapt(ix, f);
	r->node->trim_ms = node_now_ms(r->node) + TRIM_MS;
	if (f->left > 0 || r->indexing.again) {
		queue_add(r);
	}
}

/* The index goes on without it, until it is opened anew. */
static void leave_out(struct replica *r, const struct fill_job *f)
{
	log_warning("a feed cannot be read for the index, which goes on "
		    "without it feed=%s error=%s: %s",
		    replica_label(r), err_name(f->err),
		    msg_text(&f->msg, f->err));
	r->indexing.torn = false;
	r->indexing.out = true;
}

/*
 * Damage of the index, or of the feed: opening tells, since it makes a damaged
 * index anew. Where the same feed fails again it is the feed.
 */
static void fill_torn(struct replica *r, const struct fill_job *f)
{
	if (r->indexing.torn) {
		leave_out(r, f);
		return;
	}
	log_warning("the index is opened again feed=%s error=%s: %s",
		    replica_label(r), err_name(f->err),
		    msg_text(&f->msg, f->err));
	r->indexing.torn = true;
	heal(r->node, false);
}

/* What no other feed would fail with. */
static bool is_of_feed(int err)
{
	return err == WEALD_INVALID || err == WEALD_TOOBIG;
}

static void fill_done(struct job *job)
{
	struct fill_job *f = (struct fill_job *)job;
	struct replica *r = job->replica;
	struct node *n = job->node;

	n->indexer->busy = false;
	if (f->ran && f->err == WEALD_OK) {
		fill_take(r, f);
	} else if (f->ran && f->err == WEALD_CORRUPT) {
		fill_torn(r, f);
	} else if (f->ran && is_of_feed(f->err)) {
		leave_out(r, f);
	} else if (f->ran) {
		queue_add(r);
		failed(n, f->err, &f->msg);
	}
	free(f);
	step_in(n, 0); /* this job counts as its feed's until it has ended */
}

static void fill_begin(struct node *n, struct replica *r)
{
	struct indexer *ix = n->indexer;
	struct fill_job *f = calloc(1, sizeof(*f));

	if (f == NULL) {
		queue_add(r);
		rest(n, WEALD_NOMEM, &ix->msg);
		return;
	}
	f->x = ix->x;
	memcpy(f->name, r->name, sizeof(f->name));
	f->max = ix->batch;
	f->log = &ix->log;
	f->tells = !ix->making;
	f->job.begin = fill_ready;
	f->job.work = fill_work;
	f->job.done = fill_done;
	ix->busy = true;
	job_submit(n, r, &f->job);
}

/* ---- once nothing waits --------------------------------------------------
 */

struct tidy_job {
	struct job job;
	struct index *x;
	bool strange; /* take out what is of feeds not here, else: complete */
	int err;
	struct weald_msg msg;
};

static void tidy_work(struct job *job)
{
	struct tidy_job *t = (struct tidy_job *)job;
	char **names = NULL;
	size_t n = 0;

	if (!t->strange) {
		t->err = index_set_complete(t->x, &t->msg);
		return;
	}
	t->err = home_feeds(job->node->home, &names, &n, &t->msg);
	if (t->err == WEALD_OK) {
		t->err = index_keep(t->x, (const char *const *)names, n,
				    BATCH_MAX, &t->strange, &t->msg);
	}
	while (n > 0) {
		free(names[--n]);
	}
	free(names);
}

static void tidy_done(struct job *job)
{
	struct tidy_job *t = (struct tidy_job *)job;
	struct node *n = job->node;
	struct indexer *ix = n->indexer;

	ix->busy = false;
	if (t->err != WEALD_OK) {
		failed(n, t->err, &t->msg);
	} else if (ix->strange) {
		recovered(ix);
		ix->strange = t->strange;
	} else {
		recovered(ix);
		ix->complete = true;
	}
	free(t);
	indexer_step(n);
}

static void tidy_begin(struct node *n)
{
	struct indexer *ix = n->indexer;
	struct tidy_job *t = calloc(1, sizeof(*t));

	if (t == NULL) {
		rest(n, WEALD_NOMEM, &ix->msg);
		return;
	}
	t->x = ix->x;
	t->strange = ix->strange;
	t->job.work = tidy_work;
	t->job.done = tidy_done;
	ix->busy = true;
	job_submit(n, NULL, &t->job);
}

/* Is every feed of the home in, also those that cannot be opened just now? */
static bool all_in(const struct node *n)
{
	const struct replica *r;
	size_t i;

	for (i = 0; i < n->replicas_n; i++) {
		r = n->replicas[i];
		if (r->name[0] != '\0' && (r->feed == NULL || r->indexing.out ||
					   r->indexing.seq < r->head.seq)) {
			return false;
		}
	}
	return n->indexer->first == NULL;
}

/* ---- what next -----------------------------------------------------------
 */

static void timer_cb(uv_timer_t *timer)
{
	indexer_step(timer->data);
}

/* In @ms, or before that where it is to be sooner already. */
static void step_in(struct node *n, uint64_t ms)
{
	uv_timer_t *timer = &n->indexer->timer;

	if (!uv_is_active((uv_handle_t *)timer) ||
	    uv_timer_get_due_in(timer) > ms) {
		uv_timer_start(timer, timer_cb, ms, 0);
	}
}

/* Are updates checked, stored or signed just now? */
static bool is_gossiping(const struct node *n)
{
	size_t i;

	if (n->verify_running > 0 || n->verify_waiting.first != NULL) {
		return true;
	}
	for (i = 0; i < n->replicas_n; i++) {
		if (n->replicas[i]->appending) {
			return true;
		}
	}
	return n->own->busy;
}

void indexer_progress(const struct node *n, struct indexer_progress *out)
{
	const struct replica *r;
	size_t i;

	memset(out, 0, sizeof(*out));
	for (i = 0; i < n->replicas_n; i++) {
		r = n->replicas[i];
		if (r->head.seq == 0 || r->indexing.out) {
			continue;
		}
		out->feeds++;
		out->all += r->head.seq;
		out->done += r->indexing.seq < r->head.seq ? r->indexing.seq
							   : r->head.seq;
	}
}

static void tell_making(struct node *n)
{
	struct indexer *ix = n->indexer;
	uint64_t now = node_now_ms(n);
	struct indexer_progress p;

	indexer_progress(n, &p);
	if (ix->first == NULL) {
		ix->making = false;
		log_info("the index is made updates=%" PRIu64
			 " withheld=%" PRIu64 " ms=%" PRIu64,
			 p.done, ix->withheld, now - ix->made_ms);
	} else if (now - ix->told_ms >= TOLD_MS) {
		ix->told_ms = now;
		log_info("the index is being made updates=%" PRIu64
			 " of=%" PRIu64,
			 p.done, p.all);
	}
}

/* Queue the feeds whose late contents have waited long enough. */
static void queue_late(struct node *n)
{
	uint64_t now = node_now_ms(n);
	struct indexing *i;
	size_t k;

	for (k = 0; k < n->replicas_n; k++) {
		i = &n->replicas[k]->indexing;
		/* what comes while it is looked at may lie before the cursor */
		if (i->revisit_ms == 0 || i->again) {
			continue;
		}
		if (now < i->revisit_ms) {
			step_in(n, i->revisit_ms - now);
			continue;
		}
		i->revisit_ms = 0;
		i->again = true;
		i->cursor = 0;
		log_debug("late contents are looked at feed=%s",
			  replica_label(n->replicas[k]));
		queue_add(n->replicas[k]);
	}
}

/* Something is to be done, and nothing stands in its way. */
static void step_work(struct node *n, bool facts)
{
	struct indexer *ix = n->indexer;
	uint64_t now = node_now_ms(n);
	bool late = now - ix->since_ms >= YIELD_MS;
	struct replica *r;

	if (is_gossiping(n) && !late) {
		step_in(n, SETTLE_MS);
		return;
	}
	if (facts) {
		ix->since_ms = now;
		ix->facts_due = false;
		ix->busy = true;
		indexer_facts_begin(n);
		return;
	}
	if (ix->first == NULL) {
		tidy_begin(n);
		return;
	}
	r = queue_take(ix, !late);
	if (r == NULL) {
		step_in(n, SETTLE_MS);
		return;
	}
	ix->since_ms = now;
	fill_begin(n, r);
}

static void step_open(struct node *n)
{
	struct indexer *ix = n->indexer;
	uint64_t now = node_now_ms(n);
	bool facts;

	queue_late(n);
	if (ix->making) {
		tell_making(n);
	}
	facts = ix->facts_due && !ix->making && now >= ix->facts_at_ms;
	if (facts || ix->first != NULL || ix->strange ||
	    (!ix->complete && all_in(n))) {
		if (ix->since_ms == 0) {
			ix->since_ms = now;
		}
		step_work(n, facts);
		return;
	}
	ix->since_ms = 0;
	if (ix->facts_due) {
		step_in(n, FACTS_MS);
	}
}

/* Go on, whatever the state: the only place that decides. */
static void indexer_step(struct node *n)
{
	struct indexer *ix = n->indexer;

	if (ix->busy || n->stopping) {
		return;
	}
	switch (ix->state) {
	case INDEXER_OPENING:
		open_begin(n);
		break;
	case INDEXER_OPEN:
		step_open(n);
		break;
	case INDEXER_RESTING:
		if (node_now_ms(n) >= ix->at_ms) {
			/* after the disk has failed nothing of it is trusted */
			ix->state = ix->x == NULL || ix->err == WEALD_IO
					    ? INDEXER_OPENING
					    : INDEXER_OPEN;
			step_in(n, 0);
		}
		break;
	case INDEXER_OFF:
		break;
	}
}

void indexer_facts_took(struct node *n, uint64_t ms)
{
	n->indexer->facts_at_ms = node_now_ms(n) + FACTS_MS + FACTS_SHARE * ms;
}

void indexer_facts_done(struct node *n, int err, const struct weald_msg *msg)
{
	n->indexer->busy = false;
	if (err == WEALD_OK) {
		recovered(n->indexer);
	} else {
		n->indexer->facts_due = true;
		failed(n, err, msg);
	}
	indexer_step(n);
}

/* ---- from outside --------------------------------------------------------
 */

void indexer_added(struct replica *r)
{
	struct node *n = r->node;

	queue_add(r);
	/* what is published here is found at once */
	step_in(n, r->own ? 0 : SETTLE_MS);
}

void indexer_revisit(struct replica *r)
{
	struct indexing *i = &r->indexing;
	uint64_t now = node_now_ms(r->node);

	if (i->revisit_ms == 0) {
		i->late_ms = now;
	}
	i->revisit_ms = now + REVISIT_MS;
	if (i->revisit_ms > i->late_ms + REVISIT_MAX_MS) {
		i->revisit_ms = i->late_ms + REVISIT_MAX_MS;
	}
	step_in(r->node, i->revisit_ms - now);
}

void indexer_look(struct node *n)
{
	queue_all(n);
	step_in(n, SETTLE_MS);
}

/*
 * Removed, replaced or cut while it is open: what is written goes nowhere. Its
 * size never falls by itself.
 */
static bool is_gone(struct node *n)
{
	struct indexer *ix = n->indexer;
	struct stat st = { 0 };

	if (!look_at(n, INDEX_FILE, &st) || st.st_dev != ix->device ||
	    st.st_ino != ix->inode || (uint64_t)st.st_size < ix->size) {
		return true;
	}
	ix->size = (uint64_t)st.st_size;
	return look_at(n, DAMAGED_FILE, &st);
}

void indexer_tick(struct node *n)
{
	struct indexer *ix = n->indexer;

	if (ix->state == INDEXER_OPEN && !ix->busy && is_gone(n)) {
		log_warning("the index was removed, cut or found damaged, and "
			    "is made anew");
		heal(n, true);
	}
	if (!ix->busy) {
		log_limit_tell(&ix->log, steady_ms());
	}
	ix->facts_due = ix->facts_due || ix->facts.today != indexer_today();
	if (!uv_is_active((uv_handle_t *)&ix->timer)) {
		indexer_step(n);
	}
}

/* weald reindex */
int node_reindex(struct node *n, json_t **out)
{
	struct indexer *ix = n->indexer;
	size_t i;

	log_info("the index is to be made anew");
	for (i = 0; i < n->replicas_n; i++) {
		n->replicas[i]->indexing.seq = 0;
	}
	ix->damages = 0;
	open_again(ix, true);
	ix->making = true;
	ix->complete = false;
	indexer_step(n);
	return node_index_state(n, out);
}

int indexer_open(struct node *n)
{
	struct indexer *ix = calloc(1, sizeof(*ix));

	if (ix == NULL || uv_timer_init(&n->loop, &ix->timer) != 0) {
		free(ix);
		return WEALD_NOMEM;
	}
	ix->timer.data = n;
	ix->batch = BATCH_FIRST;
	n->indexer = ix;
	n->handles++;
	step_in(n, 0);
	return WEALD_OK;
}

static void timer_closed_cb(uv_handle_t *handle)
{
	struct node *n = handle->data;

	n->handles--;
}

void indexer_stop(struct node *n)
{
	uv_handle_t *timer;

	if (n->indexer != NULL) {
		timer = (uv_handle_t *)&n->indexer->timer;
		if (!uv_is_closing(timer)) {
			uv_close(timer, timer_closed_cb);
		}
	}
}

void indexer_close(struct node *n)
{
	if (n->indexer != NULL) {
		index_close(n->indexer->x);
		index_facts_release(&n->indexer->facts);
		free(n->indexer);
		n->indexer = NULL;
	}
}
