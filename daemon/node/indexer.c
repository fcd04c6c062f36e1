/*
 * The indexer: opens the index, queues what it lacks, fills it in.
 *
 * Happy path: indexer_open() submits the job that opens the index and asks how
 * far it is with each feed; open_done() queues all feeds. indexer_added()
 * queues a feed that has moved on. indexer_step() takes the first of the queue,
 * and a job of that replica fills it in; fill_done() queues it again where it
 * has more. When nothing waits, indexer_facts_begin() looks at what came.
 *
 * Failures: damage makes the index anew; so does a file that was removed or cut
 * while it was open. A full disk is tried again. Any other failure ends the
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
/* The disk is full: try again. */
#define REST_MS 10000u
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
	if (ix->since_ms == 0) {
		ix->since_ms = node_now_ms(r->node);
	}
}

static struct replica *queue_take(struct indexer *ix)
{
	struct replica *r = ix->first;

	if (r != NULL) {
		ix->first = r->indexing.next;
		if (ix->first == NULL) {
			ix->last = NULL;
		}
		r->indexing.waits = false;
	}
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
	ix->at_ms = node_now_ms(n) + REST_MS;
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
	switch (err) {
	case WEALD_NOSPACE:
	case WEALD_NOMEM:
		rest(n, err, msg);
		break;
	case WEALD_CORRUPT:
	case WEALD_NEWER:
		log_warning("the index is damaged and is made anew error=%s: "
			    "%s",
			    err_name(err), msg_text(msg, err));
		heal(n, true);
		break;
	default:
		give_up(n, err, msg);
		break;
	}
}

static void recovered(struct indexer *ix)
{
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
		o->err = home_feeds(h, &o->names, &o->n, &o->msg);
	}
	if (o->err == WEALD_OK) {
		o->err = index_keep(o->x, (const char *const *)o->names, o->n,
				    &o->msg);
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
		r->indexing.revisit = false; /* all is looked at */
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
	ix->making = o->made;
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
	bool revisit;
	bool skip; /* the node stops */
	uint64_t max;
	int err;
	struct weald_msg msg;
	bool ran;
	uint64_t left;
	uint64_t seq;
	uint64_t took_ms;
	/* what was withheld before, and is now */
	struct withheld_rows before;
	struct withheld_rows after;
};

/* On the loop: what its turn finds. */
static void fill_ready(struct job *job)
{
	struct fill_job *f = (struct fill_job *)job;

	f->skip = job->node->stopping;
	f->revisit = job->replica->indexing.revisit;
	job->replica->indexing.revisit = false;
}

static void fill_work(struct job *job)
{
	struct fill_job *f = (struct fill_job *)job;
	struct index_feed feed = { .name = f->name,
				   .own = job->replica->own,
				   .feed = job->replica->feed };
	uint64_t begun = uv_hrtime();

	if (f->skip || feed.feed == NULL) {
		return;
	}
	f->ran = true;
	f->err = query_withheld(f->x, f->name, &f->before, &f->msg);
	if (f->err == WEALD_OK && f->revisit) {
		f->err = index_revisit(f->x, &feed, &f->msg);
	}
	if (f->err == WEALD_OK) {
		f->err = index_fill(f->x, &feed, f->max, &f->left, &f->msg);
	}
	if (f->err == WEALD_OK) {
		f->err = index_seq(f->x, f->name, &f->seq, &f->msg);
	}
	if (f->err == WEALD_OK) {
		f->err = query_withheld(f->x, f->name, &f->after, &f->msg);
	}
	f->took_ms = (uv_hrtime() - begun) / 1000000u;
}

static bool was_withheld(const struct withheld_rows *rows, uint64_t seq)
{
	size_t i;

	for (i = 0; i < rows->n; i++) {
		if (rows->list[i].seq == seq) {
			return true;
		}
	}
	return false;
}

/*
 * Never what it says, nor what it is called: the name may be what was blocked.
 * Versions that an index from nothing finds again were told when they came.
 */
static void log_withheld(const struct replica *r, const struct fill_job *f)
{
	struct node *n = r->node;
	size_t i;

	for (i = 0; !n->indexer->making && i < f->after.n; i++) {
		if (!was_withheld(&f->before, f->after.list[i].seq) &&
		    log_limit_pass(&n->log_peers, node_now_ms(n))) {
			log_warning("a version is withheld, the privacy guard "
				    "blocks it feed=%s seq=%" PRIu64
				    " kinds=%s",
				    replica_label(r), f->after.list[i].seq,
				    f->after.list[i].why);
		}
	}
}

/* So many updates the next time that it takes as long as it should. */
static void adapt(struct indexer *ix, const struct fill_job *f)
{
	if (f->took_ms > 2u * BATCH_MS && ix->batch > BATCH_MIN) {
		ix->batch /= 2;
	} else if (f->left > 0 && f->took_ms < BATCH_MS / 2u &&
		   ix->batch < BATCH_MAX) {
		ix->batch *= 2;
	}
}

static void fill_take(struct replica *r, const struct fill_job *f)
{
	struct indexer *ix = r->node->indexer;

	recovered(ix);
	r->indexing.torn = false;
	ix->facts_due =
		ix->facts_due || f->revisit || f->seq != r->indexing.seq;
	r->indexing.seq = f->seq;
	adapt(ix, f);
	log_withheld(r, f);
	r->node->trim_ms = node_now_ms(r->node) + TRIM_MS;
	if (f->left > 0) {
		queue_add(r);
	}
}

/*
 * Damage of the index, or of the feed: opening tells, since it makes a damaged
 * index anew. Where the same feed fails again it is the feed.
 */
static void fill_torn(struct replica *r, const struct fill_job *f)
{
	if (r->indexing.torn) {
		log_warning("a feed cannot be read for the index, which goes "
			    "on without it feed=%s error=%s: %s",
			    replica_label(r), err_name(f->err),
			    msg_text(&f->msg, f->err));
		r->indexing.torn = false;
		r->indexing.out = true;
		return;
	}
	log_warning("the index is opened again feed=%s error=%s: %s",
		    replica_label(r), err_name(f->err),
		    msg_text(&f->msg, f->err));
	r->indexing.torn = true;
	heal(r->node, false);
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
		r->indexing.revisit = r->indexing.revisit || f->revisit;
		fill_torn(r, f);
	} else if (f->ran) {
		r->indexing.revisit = r->indexing.revisit || f->revisit;
		queue_add(r);
		failed(n, f->err, &f->msg);
	}
	withheld_rows_release(&f->before);
	withheld_rows_release(&f->after);
	free(f);
	indexer_step(n);
}

static void fill_begin(struct node *n)
{
	struct indexer *ix = n->indexer;
	struct fill_job *f = calloc(1, sizeof(*f));
	struct replica *r;

	if (f == NULL) {
		rest(n, WEALD_NOMEM, &ix->msg);
		return;
	}
	r = queue_take(ix);
	f->x = ix->x;
	memcpy(f->name, r->name, sizeof(f->name));
	f->max = ix->batch;
	f->job.begin = fill_ready;
	f->job.work = fill_work;
	f->job.done = fill_done;
	ix->busy = true;
	job_submit(n, r, &f->job);
}

/* ---- what next -----------------------------------------------------------
 */

static void timer_cb(uv_timer_t *timer)
{
	indexer_step(timer->data);
}

static void step_in(struct node *n, uint64_t ms)
{
	uv_timer_t *timer = &n->indexer->timer;

	if (!uv_is_active((uv_handle_t *)timer)) {
		uv_timer_start(timer, timer_cb, ms, 0);
	}
}

/* Are updates of others checked or stored just now? */
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
	return false;
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
		log_info("the index is made updates=%" PRIu64 " ms=%" PRIu64,
			 p.done, now - ix->made_ms);
	} else if (now - ix->told_ms >= TOLD_MS) {
		ix->told_ms = now;
		log_info("the index is being made updates=%" PRIu64
			 " of=%" PRIu64,
			 p.done, p.all);
	}
}

static void step_open(struct node *n)
{
	struct indexer *ix = n->indexer;
	uint64_t now = node_now_ms(n);

	if (ix->making) {
		tell_making(n);
	}
	if (ix->facts_due && !ix->making && now >= ix->facts_at_ms) {
		ix->facts_due = false;
		ix->busy = true;
		indexer_facts_begin(n);
	} else if (ix->first == NULL) {
		ix->since_ms = 0;
		if (ix->facts_due) {
			step_in(n, FACTS_MS);
		}
	} else if (is_gossiping(n) && now - ix->since_ms < YIELD_MS) {
		step_in(n, SETTLE_MS);
	} else {
		ix->since_ms = now;
		fill_begin(n);
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
			ix->state =
				ix->x == NULL ? INDEXER_OPENING : INDEXER_OPEN;
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
	if (err != WEALD_OK) {
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
	r->indexing.revisit = true;
	indexer_added(r);
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
