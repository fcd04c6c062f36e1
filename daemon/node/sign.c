/*
 * Own updates: signed and committed by a job on the own feed, then gossiped.
 *
 * Durable before visible: the engine hears of an update only after the job that
 * committed it is done, and what it is told was read back from the feed.
 */
#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/node/indexer.h"
#include "proto/digest.h"

/* More at once are not pushed one by one: the peers ask for them. */
#define SIGN_PUSHED_MAX 64u

/* So long after a twin was seen nothing is signed. */
#define TWIN_REST_MS 600000u

struct sign_job {
	struct job job;
	node_author_fn *fn;
	void *ctx;
	node_done_fn *done;
	uint64_t before;
	int err;
	struct weald_msg msg;
	struct replica_look look;
	struct blob *blobs[SIGN_PUSHED_MAX];
	struct gossip_head heads[SIGN_PUSHED_MAX];
	size_t n;
	bool moved; /* more than SIGN_PUSHED_MAX, or one cannot be read back */
};

/* A refusal that is told from the loop, never within the call. */
struct refusal {
	node_done_fn *done;
	void *ctx;
	struct weald_msg msg;
};

bool node_may_sign(struct node *n, struct weald_msg *msg)
{
	enum gossip_guard why;

	if (n->twin_ms != 0 && node_now_ms(n) - n->twin_ms < TWIN_REST_MS) {
		/* both would sign the same seq: a fork for good */
		msg_set(msg, "another node runs with our node key, from a copy "
			     "of this home: stop one of the two, then wait for "
			     "ten minutes or start the other again");
		return false;
	}
	if (gossip_may_sign(n->engine, &why)) {
		return true;
	}
	msg_set(msg, "%s", gossip_guard_text(why));
	return false;
}

void node_be_first(struct node *n)
{
	struct gossip_event event = { .type = GOSSIP_I_AM_FIRST };

	log_info("signing is allowed by the admin's word");
	drive(n, &event);
}

/* ---- a job that signs ----------------------------------------------------
 */

/* Read update @seq back, as peers will see it. */
static int read_back(struct sign_job *s, const struct feed *f, uint64_t seq)
{
	struct stored stored = { .commit_id = { 0 } };
	struct buf envelope;
	int r;

	buf_init(&envelope, ENVELOPE_BYTES_MAX);
	r = feed_read(f, seq, &stored, &s->msg);
	if (r == WEALD_OK) {
		r = feed_read_envelope(f, seq, FRAME_FILL_ALL, &envelope,
				       &s->msg);
	}
	if (r == WEALD_OK) {
		s->blobs[s->n] = blob_new(buf_span(&envelope));
		r = s->blobs[s->n] == NULL ? WEALD_NOMEM : WEALD_OK;
	}
	if (r == WEALD_OK) {
		struct gossip_head *h = &s->heads[s->n];

		h->epoch = stored.update.epoch;
		h->seq = seq;
		memcpy(h->commit, stored.commit_id, sizeof(h->commit));
		memcpy(h->key, stored.update.key, sizeof(h->key));
		r = digest_sha256(buf_span(&stored.payload), h->digest);
	}
	if (r == WEALD_OK) {
		s->n++;
	} else {
		blob_unref(s->blobs[s->n]);
		s->blobs[s->n] = NULL;
	}
	stored_release(&stored);
	buf_release(&envelope);
	return r;
}

/* What was allowed when it was asked for may not be when its turn comes. */
static void sign_begin(struct job *job)
{
	struct sign_job *s = (struct sign_job *)job;

	if (!node_may_sign(job->node, &s->msg)) {
		s->err = WEALD_GUARD;
	}
}

static void sign_work(struct job *job)
{
	struct sign_job *s = (struct sign_job *)job;
	struct feed *f = job->replica->feed;
	struct author a = { .home = job->node->home, .feed = f };
	uint64_t seq;
	uint64_t after;

	if (s->err != WEALD_OK) {
		return;
	}
	if (f == NULL) {
		msg_set(&s->msg, "the own feed could not be opened");
		s->err = WEALD_IO;
		return;
	}
	s->before = feed_committed_seq(f);
	s->err = s->fn(s->ctx, &a, &s->msg);
	author_release(&a);
	feed_rollback(f);
	after = feed_committed_seq(f);
	s->moved = after - s->before > SIGN_PUSHED_MAX;
	for (seq = s->before + 1; !s->moved && seq <= after; seq++) {
		s->moved = read_back(s, f, seq) != WEALD_OK;
	}
	replica_look(f, after > s->before, &s->look);
}

static void sign_tell(struct sign_job *s)
{
	struct node *n = s->job.node;
	struct replica *r = s->job.replica;
	struct gossip_event event = { .type = GOSSIP_LOCAL_WRITE };
	size_t i;

	for (i = 0; i < s->n; i++) {
		event.local_write.head = s->heads[i];
		event.local_write.envelope = s->blobs[i];
		drive(n, &event);
		event.type = GOSSIP_LOCAL_WRITE;
	}
	if (s->moved) {
		replica_tell_moved(r);
	}
}

static void sign_done(struct job *job)
{
	struct sign_job *s = (struct sign_job *)job;
	struct replica *r = job->replica;
	struct node *n = job->node;
	bool grown = s->look.head.seq > r->head.seq;
	size_t i;

	if (r->feed != NULL && s->look.head.seq != 0) {
		replica_take(r, &s->look);
	}
	if (grown) {
		sign_tell(s);
		watch_updates(r, s->before + 1, r->head.seq);
		indexer_added(r);
		consolidate_later(r);
		membership_profile_again(n);
	}
	if (s->err == WEALD_IO || s->err == WEALD_UNKNOWN) {
		node_fail(n, s->err, &s->msg);
	}
	s->done(s->ctx, s->err, &s->msg);
	for (i = 0; i < s->n; i++) {
		blob_unref(s->blobs[i]);
	}
	region_release(&s->look.region);
	free(s);
}

/* ---- refused at once -----------------------------------------------------
 */

static void refuse_now(void *ctx)
{
	struct refusal *r = ctx;

	r->done(r->ctx, WEALD_GUARD, &r->msg);
	free(r);
}

static int refuse_later(struct node *n, const struct weald_msg *msg, void *ctx,
			node_done_fn *done)
{
	struct refusal *r = calloc(1, sizeof(*r));
	int err;

	if (r == NULL) {
		return WEALD_NOMEM;
	}
	r->msg = *msg;
	r->ctx = ctx;
	r->done = done;
	err = node_soon(n, refuse_now, r);
	if (err != WEALD_OK) {
		free(r);
	}
	return err;
}

int node_author(struct node *n, node_author_fn *fn, void *ctx,
		node_done_fn *done)
{
	struct weald_msg msg = { "" };
	struct sign_job *s;

	if (n->stopping) {
		msg_set(&msg, "the daemon is stopping");
		return refuse_later(n, &msg, ctx, done);
	}
	if (!node_may_sign(n, &msg)) {
		return refuse_later(n, &msg, ctx, done);
	}
	s = calloc(1, sizeof(*s));
	if (s == NULL) {
		return WEALD_NOMEM;
	}
	s->fn = fn;
	s->ctx = ctx;
	s->done = done;
	s->job.begin = sign_begin;
	s->job.work = sign_work;
	s->job.done = sign_done;
	job_submit(n, n->own, &s->job);
	return WEALD_OK;
}

/* ---- alone ---------------------------------------------------------------
 */

/*
 * Waits until no replica's job runs (job_kick() starts none meanwhile), then
 * runs with all feeds closed.
 */
struct alone {
	struct job job;
	node_alone_fn *fn;
	void *ctx;
	node_done_fn *done;
	bool begun;
	size_t count; /* of the replicas, when it began */
	int err;
	struct weald_msg msg;
};

static void alone_work(struct job *job)
{
	struct alone *a = (struct alone *)job;

	replicas_shut(job->node, a->count);
	a->err = a->fn(a->ctx, job->node->home, &a->msg);
	replicas_reopen(job->node, a->count);
}

static void alone_done(struct job *job)
{
	struct alone *a = (struct alone *)job;
	struct node *n = job->node;
	size_t i;
	int r;

	r = replicas_refresh(n);
	n->alone = NULL;
	if (n->own->feed == NULL) {
		node_fail(n, n->own->open_err, &n->own->open_msg);
	} else if (r != WEALD_OK) {
		log_warning("not all feeds were found again error=%s",
			    err_name(r));
	}
	for (i = 0; i < n->replicas_n; i++) {
		job_kick(n->replicas[i]);
	}
	node_members_changed(n);
	indexer_look(n);
	a->done(a->ctx, a->err, &a->msg);
	free(a);
}

void alone_try(struct node *n)
{
	struct alone *a = n->alone;
	size_t i;

	if (a == NULL || a->begun) {
		return;
	}
	for (i = 0; i < n->replicas_n; i++) {
		if (n->replicas[i]->busy) {
			return;
		}
	}
	a->begun = true;
	a->count = n->replicas_n;
	job_submit(n, NULL, &a->job);
}

int node_alone(struct node *n, node_alone_fn *fn, void *ctx, node_done_fn *done)
{
	struct weald_msg msg = { "" };
	struct alone *a;

	if (n->alone != NULL || n->stopping) {
		msg_set(&msg, n->stopping ? "the daemon is stopping"
					  : "another import is under way; try "
					    "again when it is done");
		return refuse_later(n, &msg, ctx, done);
	}
	a = calloc(1, sizeof(*a));
	if (a == NULL) {
		return WEALD_NOMEM;
	}
	a->fn = fn;
	a->ctx = ctx;
	a->done = done;
	a->job.work = alone_work;
	a->job.done = alone_done;
	n->alone = a;
	alone_try(n);
	return WEALD_OK;
}
