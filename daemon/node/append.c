/*
 * Appending: updates of other regions, verified already, become durable here.
 *
 * A job stages them in order and commits in batches. What was refused, and up
 * to where the feed has come, goes back to the engine; a disk that failed ends
 * the node, since what it holds is not known any more.
 */
#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/node/indexer.h"
#include "store/fs.h"

/* So long after the last one memory is given back to the system. */
#define TRIM_MS 10000u
/* Commits after which packs are merged, */
#define CONSOLIDATE_COMMITS 64u
/* or once the feed has rested for so long. */
#define CONSOLIDATE_REST_MS 3000u

struct append_job {
	struct job job;
	size_t n;
	struct blob **blobs;        /* n, referenced */
	struct verified **verified; /* n; NULL where they are checked again */
	char name[HOME_FEED_NAME_BYTES]; /* to be made; "" where it is there */
	bool narrow;                     /* contents may be absent, and are: */
	struct member_follow choice;     /* those that it does not want */
	/* results */
	bool created; /* the folder: so it is ours to remove */
	struct feed *made;
	int err;
	uint64_t refused_seq;
	struct weald_msg msg;
	struct replica_look look;
	uint64_t appended;
};

static bool err_is_ours(int err)
{
	return err == WEALD_NOMEM || err == WEALD_IO || err == WEALD_NOSPACE ||
	       err == WEALD_LOCKED || err == WEALD_UNKNOWN ||
	       err == WEALD_DENIED || err == WEALD_CORRUPT ||
	       err == WEALD_DIVERGED;
}

static int make_feed(struct append_job *a)
{
	struct node *n = a->job.node;
	char *dir = NULL;
	int r;

	r = home_feed_dir(n->home, a->name, &dir);
	if (r == WEALD_OK) {
		r = feed_create(dir, &a->msg);
		a->created = r == WEALD_OK;
	}
	if (r == WEALD_OK) {
		r = feed_open(dir, FEED_WRITE, &a->made, &a->msg);
	}
	free(dir);
	return r;
}

/* A push brings all contents: what was not chosen is not kept. */
static void leave_out(struct append_job *a, struct verified *v)
{
	size_t i;

	if (!a->narrow || replica_wants(&a->choice, &v->checked.update)) {
		return;
	}
	for (i = 0; i < v->envelope.contents_n; i++) {
		v->envelope.contents[i] = (struct span){ NULL, 0 };
	}
}

static int append_one(struct append_job *a, struct feed *f, size_t i)
{
	struct verified *v = a->verified[i];
	int r = WEALD_OK;

	if (v == NULL) {
		r = verify_blob(a->blobs[i], &v, &a->msg);
		a->verified[i] = v;
	}
	if (r == WEALD_OK) {
		leave_out(a, v);
		r = feed_append(f, &v->envelope, &v->checked, &a->msg);
	}
	if (r != WEALD_OK) {
		a->refused_seq = feed_identity(f)->seq + 1;
	}
	return r;
}

static int append_commit(struct append_job *a, struct feed *f)
{
	uint64_t before = feed_committed_seq(f);
	int r;

	if (feed_staged(f) == 0) {
		return WEALD_OK;
	}
	r = feed_commit(f, &a->msg);
	if (r != WEALD_OK) {
		a->refused_seq = before + 1;
	}
	a->appended += feed_committed_seq(f) - before;
	return r;
}

static int append_all(struct append_job *a, struct feed *f)
{
	size_t i;
	int refused;
	int r = WEALD_OK;

	for (i = 0; r == WEALD_OK && i < a->n; i++) {
		r = append_one(a, f, i);
		if (r == WEALD_OK && feed_batch_is_full(f)) {
			r = append_commit(a, f);
		}
	}
	refused = r;
	if (r == WEALD_OK || !err_is_ours(r)) {
		/* what came before a refused one is good */
		r = append_commit(a, f);
	}
	if (r != WEALD_OK || refused != WEALD_OK) {
		feed_rollback(f);
	}
	return refused != WEALD_OK && !err_is_ours(r) ? refused : r;
}

static bool touches_profile(const struct append_job *a)
{
	size_t i;

	for (i = 0; i < a->n; i++) {
		if (a->verified[i] != NULL &&
		    a->verified[i]->checked.update.record.len == 0) {
			return true;
		}
	}
	return false;
}

static void append_work(struct job *job)
{
	struct append_job *a = (struct append_job *)job;
	struct feed *f = job->replica->feed;

	if (job->replica->moved) {
		replica_look(f, false, &a->look); /* the head as it is now */
		return;
	}
	if (f == NULL && a->name[0] != '\0') {
		a->err = make_feed(a);
		f = a->made;
		if (a->err != WEALD_OK && !err_is_ours(a->err)) {
			a->err = WEALD_LOCKED; /* not the update's fault */
		}
	} else if (f == NULL) {
		a->err = WEALD_LOCKED; /* it could not be opened */
	}
	if (a->err == WEALD_OK && a->narrow && !feed_is_narrow(f)) {
		a->err = feed_set_narrow(f, true, &a->msg);
	}
	if (a->err == WEALD_OK) {
		a->err = append_all(a, f);
	}
	if (f != NULL) {
		replica_look(f, touches_profile(a), &a->look);
	}
}

/* ---- merging packs -------------------------------------------------------
 */

struct consolidate_job {
	struct job job;
	int err;
	struct weald_msg msg;
};

static void consolidate_work(struct job *job)
{
	struct consolidate_job *c = (struct consolidate_job *)job;

	if (job->replica->feed != NULL) {
		c->err = feed_consolidate(job->replica->feed, &c->msg);
	}
}

static void consolidate_done(struct job *job)
{
	struct consolidate_job *c = (struct consolidate_job *)job;

	if (c->err != WEALD_OK) {
		log_warning("packs are not merged feed=%s error=%s: %s",
			    replica_label(job->replica), err_name(c->err),
			    msg_text(&c->msg, c->err));
	}
	job->node->trim_ms = node_now_ms(job->node) + TRIM_MS;
	free(c);
}

static void consolidate_begin(struct replica *r)
{
	struct consolidate_job *c = calloc(1, sizeof(*c));

	if (c == NULL) {
		return; /* the next tick tries again */
	}
	r->commits = 0;
	c->job.work = consolidate_work;
	c->job.done = consolidate_done;
	job_submit(r->node, r, &c->job);
}

void consolidate_later(struct replica *r)
{
	r->commits++;
	r->commit_ms = node_now_ms(r->node);
	if (r->commits >= CONSOLIDATE_COMMITS && !r->node->stopping) {
		consolidate_begin(r);
	}
}

/*
 * One feed a tick, and only one that rests: nodes that have counted the same
 * commits would else all merge when the next update comes, and hold it up.
 */
void consolidate_tick(struct node *n)
{
	struct replica *r;
	size_t i;

	for (i = 0; i < n->replicas_n; i++) {
		r = n->replicas[i];
		if (r->commits > 0 && !r->busy && r->waiting.first == NULL &&
		    node_now_ms(n) - r->commit_ms >= CONSOLIDATE_REST_MS) {
			consolidate_begin(r);
			return;
		}
	}
}

/* ---- taking over what a job has done ------------------------------------
 */

/* A feed of which not even the first update could be stored. */
static void unmake_feed(struct append_job *a)
{
	struct node *n = a->job.node;
	char *dir = NULL;

	feed_close(a->made);
	a->made = NULL;
	if (a->created && home_feed_dir(n->home, a->name, &dir) == WEALD_OK) {
		(void)fs_remove_tree(dir, NULL);
	}
	free(dir);
	a->job.replica->name[0] = '\0';
}

static void append_take(struct append_job *a)
{
	struct replica *r = a->job.replica;
	struct node *n = r->node;
	bool named = a->name[0] != '\0';
	bool profile = a->look.region_read;

	if (named && a->look.head.seq == 0) {
		unmake_feed(a);
		named = false;
	}
	if (a->made != NULL) {
		r->feed = a->made;
	}
	if (r->feed != NULL && a->look.head.seq != 0) {
		replica_take(r, &a->look);
	}
	if (named) {
		membership_named(n, r);
	}
	if (profile && r->feed != NULL) {
		membership_profile(n, r);
	}
	if (a->appended > 0) {
		watch_updates(r, r->head.seq - a->appended + 1, r->head.seq);
		indexer_added(r);
		consolidate_later(r);
		n->trim_ms = node_now_ms(n) + TRIM_MS;
	}
	if (r->narrow && a->appended > 0) {
		contents_look(r, false);
	}
}

static void append_log(struct append_job *a)
{
	struct replica *r = a->job.replica;
	struct node *n = r->node;

	if (a->err == WEALD_OK) {
		log_debug("appended feed=%s seq=%" PRIu64 " n=%" PRIu64,
			  replica_label(r), r->head.seq, a->appended);
		return;
	}
	if (!err_is_ours(a->err)) {
		r->refused_err = a->err;
		r->refused_seq = a->refused_seq;
		r->refused_ms = node_now_ms(n);
	}
	if (log_limit_pass(&n->log_peers, node_now_ms(n))) {
		log_warning("an update is not stored feed=%s seq=%" PRIu64
			    " error=%s: %s",
			    replica_label(r), a->refused_seq, err_name(a->err),
			    msg_text(&a->msg, a->err));
	}
}

static void append_free(struct append_job *a)
{
	size_t i;

	for (i = 0; i < a->n; i++) {
		verified_free(a->verified[i]);
		blob_unref(a->blobs[i]);
	}
	region_release(&a->look.region);
	member_follow_release(&a->choice);
	free(a->blobs);
	free(a->verified);
	free(a);
}

static void append_done(struct job *job)
{
	struct append_job *a = (struct append_job *)job;
	struct replica *r = job->replica;
	struct node *n = job->node;
	struct gossip_event event = { .type = GOSSIP_APPENDED };
	int err = a->err;
	bool ours = r == n->own;

	r->appending = false;
	r->moved = false;
	append_take(a);
	append_log(a);
	memcpy(event.appended.feed, r->id, sizeof(r->id));
	event.appended.err = err;
	event.appended.head = r->head;
	if (err_is_ours(err)) {
		/* the engine need only know that it is not the peer's fault */
		event.appended.err = err == WEALD_NOMEM || err == WEALD_NOSPACE
					     ? err
					     : WEALD_IO;
	}
	if (err == WEALD_IO || err == WEALD_UNKNOWN ||
	    (ours && (err == WEALD_CORRUPT || err == WEALD_DIVERGED))) {
		node_fail(n, err, &a->msg);
	}
	drive(n, &event);
	if (!ours && (err == WEALD_CORRUPT || err == WEALD_DIVERGED)) {
		replica_leave_alone(r, err, &a->msg);
	}
	append_free(a);
}

void append_begin(struct node *n, const struct gossip_effect *e)
{
	struct replica *r = replica_find(n, e->append.feed);
	struct append_job *a = calloc(1, sizeof(*a));
	struct span slug;
	char text[SLUG_BYTES_MAX + 1];
	size_t i;

	assert(r != NULL && "the engine knows only feeds that we told it");
	if (a != NULL) {
		a->blobs = calloc(e->append.n, sizeof(struct blob *));
		a->verified = calloc(e->append.n, sizeof(struct verified *));
	}
	if (a == NULL || a->blobs == NULL || a->verified == NULL ||
	    replica_choice(r, &a->choice) != WEALD_OK) {
		if (a != NULL) {
			append_free(a);
		}
		node_fail(n, WEALD_NOMEM, NULL);
		return;
	}
	a->job.work = append_work;
	a->job.done = append_done;
	a->narrow = r->policy == GOSSIP_FOLLOW_NARROW;
	for (i = 0; i < e->append.n; i++) {
		a->blobs[i] = blob_ref(e->append.envelopes[i]);
		a->verified[i] = verified_take(n, a->blobs[i]);
		a->n++;
	}
	/* not its feed: a job that works alone may have that in hand */
	if (r->name[0] == '\0' &&
	    (a->verified[0] != NULL ||
	     verify_blob(a->blobs[0], &a->verified[0], NULL) == WEALD_OK)) {
		slug = a->verified[0]->checked.update.slug;
		snprintf(text, sizeof(text), "%.*s", (int)slug.len,
			 (const char *)slug.data);
		replica_choose_name(r, text);
		memcpy(a->name, r->name, sizeof(a->name));
	}
	r->appending = true;
	job_submit(n, r, &a->job);
}
