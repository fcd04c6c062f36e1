/*
 * The files of narrow replicas: those that are missing here.
 *
 * A feed that is followed by topic or kind comes as headers. A job then looks
 * which contents are missing and wanted, those of some updates at a time; they
 * are asked of one peer after the other with want-contents, and what comes is
 * checked against its update and stored. What none of them has is passed over:
 * the look begins anew at the first update some time after it has reached the
 * last one. When the choice becomes wider the same look finds what is missing
 * now; when all is there and wanted, the replica becomes whole.
 */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/node/indexer.h"

/* Contents asked for at once: so many, or so many bytes of them. */
#define FETCH_N_MAX     256u
#define FETCH_BYTES_MAX (4u * 1024u * 1024u)
/* Feeds for which one peer is asked at once. */
#define FETCH_PEER_MAX 4u
/* Without an answer: another peer. */
#define FETCH_MS 30000u
/* Nobody has them: look again. */
#define FETCH_AGAIN_MS 60000u
/* A peer has come, and says what it holds in a moment. */
#define FETCH_SOON_MS 1000u

enum fetch_state {
	FETCH_REST,    /* nothing to do until look is set, or at_ms */
	FETCH_LOOKING, /* a job looks for what is missing */
	FETCH_ASKING,  /* a peer was asked */
	FETCH_STORING  /* a job stores what came */
};

struct wanted {
	struct change change; /* without its path */
	bool answered;        /* it came */
	bool asked;   /* of the peer that is asked now, and not answered */
	bool refused; /* the peer that is asked now has not got it */
};

/* What one replica misses. */
struct fetch {
	struct replica *replica;
	enum fetch_state state;
	bool look;      /* something has changed: begin again */
	uint64_t at_ms; /* REST: look then; ASKING, STORING: give up then */
	uint64_t from;  /* the first update to look at */
	uint64_t next;  /* and once what was found is here, or passed over */
	/* from the first one again, once the end is reached; 0: no need */
	uint64_t again_ms;
	struct wanted *wanted; /* n */
	size_t n;
	size_t left;     /* asked, and not answered yet */
	size_t storing;  /* jobs that store what came */
	bool failed;     /* one of them could not */
	uint32_t asked;  /* the session; 0: none */
	uint32_t *tried; /* sessions that did not have all of it */
	size_t tried_n;
	bool late; /* one of them did not answer in time */
};

static void fetch_step(struct fetch *f);

/* ---- looking -------------------------------------------------------------
 */

struct look_job {
	struct job job;
	struct member_follow follow; /* a copy of topics and kinds */
	bool whole;
	uint64_t from;
	int err;
	struct weald_msg msg;
	struct wanted *wanted; /* n: of whole updates, so that each is passed */
	size_t n;
	uint64_t seq;  /* of the last of them */
	uint64_t next; /* the first update that was not looked at */
	bool became_whole;
	struct replica_look look;
};

static bool look_wants(const struct look_job *j, const struct update *u)
{
	return j->whole || replica_wants(&j->follow, u);
}

static int look_each(void *ctx, const struct update *u, const struct change *c)
{
	struct look_job *j = ctx;
	struct wanted *grown;
	size_t i;

	if (!look_wants(j, u)) {
		return WEALD_OK;
	}
	if (j->n >= FETCH_N_MAX && u->seq != j->seq) {
		j->next = u->seq;
		return WEALD_EXISTS; /* enough */
	}
	for (i = 0; i < j->n; i++) {
		if (memcmp(j->wanted[i].change.blob, c->blob,
			   sizeof(c->blob)) == 0) {
			return WEALD_OK; /* one file in two updates */
		}
	}
	if (j->n % FETCH_N_MAX == 0) {
		grown = realloc(j->wanted,
				(j->n + FETCH_N_MAX) * sizeof(*grown));
		if (grown == NULL) {
			return WEALD_NOMEM;
		}
		j->wanted = grown;
	}
	j->wanted[j->n] = (struct wanted){ .change = *c };
	j->wanted[j->n].change.path = (struct span){ NULL, 0 };
	j->n++;
	j->seq = u->seq;
	return WEALD_OK;
}

static void look_work(struct job *job)
{
	struct look_job *j = (struct look_job *)job;
	struct feed *f = job->replica->feed;

	if (f == NULL || !feed_is_narrow(f)) {
		return;
	}
	j->next = feed_committed_seq(f) + 1;
	j->err = feed_missing(f, j->from, feed_committed_seq(f), look_each, j,
			      &j->msg);
	if (j->err == WEALD_EXISTS) {
		j->err = WEALD_OK;
	}
	if (j->err == WEALD_OK && j->n == 0 && j->whole && j->from <= 1) {
		j->err = feed_set_narrow(f, false, &j->msg);
		j->became_whole = j->err == WEALD_OK;
	}
	replica_look(f, true, &j->look);
}

/* Nothing is missing from f->from on: from the first update again? */
static void end_reached(struct fetch *f, bool whole)
{
	/* it is whole where nothing is missing from the first one on */
	bool again = whole && f->from > 1;

	if (f->again_ms != 0) {
		again = node_now_ms(f->replica->node) >= f->again_ms;
		f->at_ms = f->again_ms;
	}
	if (again) {
		f->again_ms = 0;
		f->look = true;
	}
	f->from = again ? 1 : f->next;
}

static void look_done(struct job *job)
{
	struct look_job *j = (struct look_job *)job;
	struct replica *r = job->replica;
	struct fetch *f = r->fetch;

	if (r->feed != NULL && j->look.head.seq != 0) {
		replica_take(r, &j->look);
		membership_profile(job->node, r);
	}
	if (j->err != WEALD_OK) {
		log_warning("missing files cannot be looked for feed=%s "
			    "error=%s: %s",
			    replica_label(r), err_name(j->err),
			    msg_text(&j->msg, j->err));
	}
	if (j->became_whole) {
		log_info("the replica is whole now feed=%s", replica_label(r));
	}
	f->n = j->err == WEALD_OK ? j->n : 0;
	free(f->wanted);
	f->wanted = j->wanted; /* transferred */
	f->left = f->n;
	f->next = j->next;
	f->tried_n = 0;
	f->late = false;
	f->asked = 0;
	f->state = f->n > 0 ? FETCH_ASKING : FETCH_REST;
	f->at_ms = node_now_ms(r->node) + FETCH_AGAIN_MS;
	if (f->n == 0 && j->err == WEALD_OK) {
		end_reached(f, j->whole && !j->became_whole);
	}
	member_follow_release(&j->follow);
	region_release(&j->look.region);
	free(j);
	fetch_step(f);
}

static void look_begin(struct fetch *f)
{
	struct replica *r = f->replica;
	struct look_job *j = calloc(1, sizeof(*j));
	int err = j == NULL ? WEALD_NOMEM : replica_choice(r, &j->follow);

	if (err != WEALD_OK) {
		free(j);
		f->at_ms = node_now_ms(r->node) + FETCH_AGAIN_MS;
		return;
	}
	j->whole = r->policy == GOSSIP_FOLLOW_WHOLE;
	j->from = f->from < 1 ? 1 : f->from;
	j->job.work = look_work;
	j->job.done = look_done;
	f->look = false;
	f->state = FETCH_LOOKING;
	job_submit(r->node, r, &j->job);
}

/* ---- asking --------------------------------------------------------------
 */

static bool was_tried(const struct fetch *f, uint32_t id)
{
	size_t i;

	for (i = 0; i < f->tried_n; i++) {
		if (f->tried[i] == id) {
			return true;
		}
	}
	return false;
}

static void add_tried(struct fetch *f, uint32_t id)
{
	uint32_t *grown;

	if (f->tried_n >= GOSSIP_PEERS_MAX) {
		return;
	}
	grown = realloc(f->tried, (f->tried_n + 1) * sizeof(*grown));
	if (grown != NULL) {
		f->tried = grown;
		f->tried[f->tried_n++] = id;
	}
}

/* Is it asked for enough other feeds already? */
static bool is_busy(const struct node *n, uint32_t id)
{
	size_t count = 0;
	size_t i;

	for (i = 0; i < n->replicas_n; i++) {
		count += n->replicas[i]->fetch != NULL &&
					 n->replicas[i]->fetch->asked == id
				 ? 1
				 : 0;
	}
	return count >= FETCH_PEER_MAX;
}

/* A peer that holds the feed and was not asked in vain, drawn by lot. */
static struct session *choose_peer(struct fetch *f)
{
	struct node *n = f->replica->node;
	struct session *chosen = NULL;
	struct session *s;
	uint64_t seen = 0;
	uint64_t epoch;
	uint64_t seq;
	bool to;
	bool from;
	size_t i;

	for (i = 0; i < n->sessions_n; i++) {
		s = n->sessions[i];
		if (s->state != SESSION_PEER || was_tried(f, s->id) ||
		    is_busy(n, s->id) ||
		    !gossip_peer_has(n->engine, s->id, f->replica->id, &epoch,
				     &seq, &to, &from) ||
		    seq == 0) {
			continue;
		}
		seen++;
		if (node_random(n, seen) == 0) {
			chosen = s;
		}
	}
	return chosen;
}

/* Nobody reachable has the rest of what was found. */
static void pass_over(struct fetch *f)
{
	uint64_t later_ms = node_now_ms(f->replica->node) + FETCH_AGAIN_MS;

	f->state = FETCH_REST;
	f->at_ms = later_ms;
	if (f->tried_n == 0) {
		return; /* there is nobody to ask */
	}
	f->from = f->next;
	/* who was late may still be sending: more would only wait behind it */
	f->look = f->look || !f->late;
	if (f->again_ms == 0) {
		f->again_ms = later_ms;
	}
}

/* What @f asks for next of the peer that is asked; how much it is. */
static size_t choose_contents(struct fetch *f,
			      uint8_t blobs[FETCH_N_MAX][OBJECT_ID_BYTES])
{
	struct wanted *w;
	uint64_t bytes = 0;
	size_t count = 0;
	size_t i;

	for (i = 0; i < f->n; i++) {
		w = &f->wanted[i];
		w->asked = !w->answered && !w->refused && count < FETCH_N_MAX &&
			   (count == 0 ||
			    bytes + w->change.size <= FETCH_BYTES_MAX);
		if (w->asked) {
			bytes += w->change.size;
			memcpy(blobs[count++], w->change.blob, OBJECT_ID_BYTES);
		}
	}
	return count;
}

static void ask(struct fetch *f)
{
	uint8_t blobs[FETCH_N_MAX][OBJECT_ID_BYTES];
	struct session *s = session_find(f->replica->node, f->asked);
	struct frame frame = { .type = FRAME_WANT_CONTENTS };
	size_t i;

	if (s == NULL || s->state != SESSION_PEER) {
		f->asked = 0;
		s = choose_peer(f);
		for (i = 0; i < f->n; i++) {
			f->wanted[i].refused = false;
		}
	}
	if (s == NULL) {
		pass_over(f);
		return;
	}
	f->left = choose_contents(f, blobs);
	assert(f->left > 0);
	memcpy(frame.want_contents.feed, f->replica->id, SHA256_BYTES);
	frame.want_contents.blobs = (const uint8_t(*)[OBJECT_ID_BYTES])blobs;
	frame.want_contents.n = f->left;
	f->asked = s->id;
	f->at_ms = node_now_ms(f->replica->node) + FETCH_MS;
	if (conn_send(s->conn, &frame) != WEALD_OK) {
		add_tried(f, s->id);
		f->asked = 0;
	}
}

/* The peer had its time: what it still owes is asked of another. */
static void give_up_late(struct fetch *f)
{
	if (f->asked != 0 && f->left > 0 &&
	    node_now_ms(f->replica->node) >= f->at_ms) {
		add_tried(f, f->asked);
		f->late = true;
		f->asked = 0;
	}
}

/* Go on, whatever the state: the only place that decides. */
static void fetch_step(struct fetch *f)
{
	struct node *n = f->replica->node;
	bool due = node_now_ms(n) >= f->at_ms;

	if (n->stopping) {
		return;
	}
	switch (f->state) {
	case FETCH_REST:
		if (f->replica->narrow && (f->look || due)) {
			look_begin(f);
		}
		break;
	case FETCH_ASKING:
		give_up_late(f);
		if (f->asked == 0 || f->left == 0) {
			ask(f);
		}
		break;
	case FETCH_STORING:
		give_up_late(f); /* store_next() asks another */
		break;
	case FETCH_LOOKING:
		break;
	}
}

/* ---- storing -------------------------------------------------------------
 */

struct store_job {
	struct job job;
	struct change *changes; /* n */
	struct buf *contents;
	size_t n;
	int err;   /* of the store */
	int wrong; /* of a content: the peer's fault */
	uint32_t peer;
	struct weald_msg msg;
};

static void store_work(struct job *job)
{
	struct store_job *j = (struct store_job *)job;
	struct feed *f = job->replica->feed;
	size_t i;
	int r;

	if (f == NULL) {
		return;
	}
	for (i = 0; i < j->n && j->err == WEALD_OK; i++) {
		r = feed_add_content(f, &j->changes[i],
				     buf_span(&j->contents[i]), &j->msg);
		if (r == WEALD_CONTENT_SIZE || r == WEALD_CONTENT_DIGEST ||
		    r == WEALD_CONTENT_BLOB) {
			j->wrong = r;
		} else if (r != WEALD_OK) {
			j->err = r;
		}
	}
	if (j->err == WEALD_OK) {
		j->err = feed_commit(f, &j->msg);
	}
	if (j->err != WEALD_OK) {
		feed_rollback(f);
	}
}

static void store_free(struct store_job *j)
{
	size_t i;

	for (i = 0; i < j->n; i++) {
		buf_release(&j->contents[i]);
	}
	free(j->changes);
	free(j->contents);
	free(j);
}

static bool all_answered(const struct fetch *f)
{
	size_t i;

	for (i = 0; i < f->n; i++) {
		if (!f->wanted[i].answered) {
			return false;
		}
	}
	return true;
}

/* Has the peer that is asked said of all that it has it not? */
static bool all_refused(const struct fetch *f)
{
	size_t i;

	for (i = 0; i < f->n; i++) {
		if (!f->wanted[i].answered && !f->wanted[i].refused) {
			return false;
		}
	}
	return true;
}

/* All that came is stored, or is not, or was refused: what next? */
static void store_next(struct fetch *f)
{
	f->state = FETCH_ASKING;
	if (f->failed) {
		/* what came is not all here: look again, from the start */
		f->failed = false;
		f->asked = 0;
		f->from = 1;
		f->state = FETCH_REST;
		f->at_ms = node_now_ms(f->replica->node) + FETCH_AGAIN_MS;
	} else if (all_answered(f)) {
		f->asked = 0;
		f->from = f->next;
		f->look = true;
		f->state = FETCH_REST;
	} else if (f->asked != 0 && all_refused(f)) {
		add_tried(f, f->asked); /* it has not got the rest */
		f->asked = 0;
	}
}

static void store_done(struct job *job)
{
	struct store_job *j = (struct store_job *)job;
	struct replica *r = job->replica;
	struct node *n = job->node;
	struct fetch *f = r->fetch;
	struct session *s = session_find(n, j->peer);

	if (j->err == WEALD_IO || j->err == WEALD_UNKNOWN) {
		node_fail(n, j->err, &j->msg);
	}
	if (j->wrong != WEALD_OK) {
		add_tried(f, j->peer);
	}
	if (j->wrong != WEALD_OK && s != NULL && s->state == SESSION_PEER) {
		session_misbehaved(s, err_name(j->wrong),
				   "a file is not what its update says");
	}
	f->failed = f->failed || j->err != WEALD_OK || j->wrong != WEALD_OK;
	f->storing--;
	if (f->storing == 0) {
		store_next(f);
	}
	consolidate_later(r);
	indexer_revisit(r);
	store_free(j);
	fetch_step(f);
}

static struct wanted *find_wanted(struct fetch *f, const uint8_t *blob)
{
	size_t i;

	for (i = 0; i < f->n; i++) {
		if (f->wanted[i].asked && memcmp(f->wanted[i].change.blob, blob,
						 OBJECT_ID_BYTES) == 0) {
			return &f->wanted[i];
		}
	}
	return NULL;
}

static struct store_job *store_new(size_t n)
{
	struct store_job *j = calloc(1, sizeof(*j));

	if (j == NULL) {
		return NULL;
	}
	j->changes = calloc(n, sizeof(*j->changes));
	j->contents = calloc(n, sizeof(*j->contents));
	if (j->changes == NULL || j->contents == NULL) {
		store_free(j);
		return NULL;
	}
	j->job.work = store_work;
	j->job.done = store_done;
	return j;
}

/* What @c says of @w: the content is copied for the job. */
static int collect_one(struct wanted *w, struct span content,
		       struct store_job *j)
{
	if (content.data == NULL) {
		w->refused = true;
		return WEALD_OK;
	}
	if (content.len != w->change.size) {
		/* not copied: what waits has the sizes that were asked for */
		j->wrong = WEALD_CONTENT_SIZE;
		return WEALD_OK;
	}
	w->answered = true;
	buf_init(&j->contents[j->n], CONTENT_BYTES_MAX);
	j->changes[j->n] = w->change;
	return buf_add(&j->contents[j->n++], content.data, content.len);
}

/* How much of @c was asked for; each counts once. */
static size_t collect(struct fetch *f, const struct frame_contents *c,
		      struct store_job *j)
{
	struct wanted *w;
	size_t count = 0;
	size_t i;

	for (i = 0; j->err == WEALD_OK && i < c->n; i++) {
		w = find_wanted(f, c->contents[i].blob);
		if (w != NULL) {
			w->asked = false;
			f->left--;
			count++;
			j->err = collect_one(w, c->contents[i].content, j);
		}
	}
	return count;
}

/*
 * A job waits only for what was asked for, so that a peer can make us keep no
 * more than that.
 */
bool contents_came(struct session *s, const struct frame_contents *c)
{
	struct replica *r = replica_find(s->node, c->feed);
	struct fetch *f = r == NULL ? NULL : r->fetch;
	struct store_job *j;
	size_t count;

	if (f == NULL || f->asked != s->id || f->asked == 0 || f->left == 0) {
		return false;
	}
	j = store_new(c->n < f->left ? c->n : f->left);
	if (j == NULL) {
		return true; /* asked again when the time is over */
	}
	count = collect(f, c, j);
	if (j->n > 0 || j->wrong != WEALD_OK) {
		j->peer = s->id;
		f->storing++;
		f->state = FETCH_STORING;
		job_submit(s->node, r, &j->job);
		return true;
	}
	store_free(j);
	if (count > 0 && f->storing == 0) {
		store_next(f);
		fetch_step(f);
	}
	return count > 0;
}

void contents_look(struct replica *r, bool all)
{
	if (!r->narrow) {
		return;
	}
	if (r->fetch == NULL) {
		r->fetch = calloc(1, sizeof(*r->fetch));
		if (r->fetch == NULL) {
			return; /* the next change tries again */
		}
		r->fetch->replica = r;
	}
	r->fetch->look = true;
	if (all && r->fetch->state == FETCH_REST) {
		r->fetch->from = 1;
	} else if (all) {
		r->fetch->again_ms = node_now_ms(r->node); /* when it is done */
	}
	fetch_step(r->fetch);
}

void contents_tick(struct node *n)
{
	size_t i;

	for (i = 0; i < n->replicas_n; i++) {
		if (n->replicas[i]->fetch != NULL) {
			fetch_step(n->replicas[i]->fetch);
		}
	}
}

void contents_peer_up(struct node *n)
{
	uint64_t soon_ms = node_now_ms(n) + FETCH_SOON_MS;
	struct fetch *f;
	size_t i;

	for (i = 0; i < n->replicas_n; i++) {
		f = n->replicas[i]->fetch;
		if (f != NULL && f->state == FETCH_REST) {
			f->at_ms = soon_ms;
		}
		if (f != NULL && f->again_ms > soon_ms) {
			f->again_ms = soon_ms;
		}
	}
}

void contents_release(struct replica *r)
{
	if (r->fetch != NULL) {
		free(r->fetch->tried);
		free(r->fetch->wanted);
		free(r->fetch);
		r->fetch = NULL;
	}
}

void contents_lost(struct session *s)
{
	struct node *n = s->node;
	struct fetch *f;
	size_t i;

	for (i = 0; s->id != 0 && i < n->replicas_n; i++) {
		f = n->replicas[i]->fetch;
		if (f != NULL && f->asked == s->id) {
			f->asked = 0;
			fetch_step(f);
		}
	}
}
