/*
 * The files of narrow replicas: those that peers lack.
 *
 * A peer's want-contents is answered a piece at a time, and no further piece is
 * read while what was sent waits to be taken.
 */
#include <stdlib.h>
#include <string.h>

#include "daemon/node/node_private.h"

/* Read for one piece of an answer. */
#define ANSWER_BYTES (1024u * 1024u)
/* want-contents of one peer that wait. */
#define ANSWERS_MAX 8u

/* A want-contents; the first in the session's list is the one answered. */
struct answer {
	struct answer *next;
	struct node *node;
	uint32_t peer;
	struct replica *replica;
	uint8_t (*blobs)[OBJECT_ID_BYTES];
	size_t n;
	size_t done; /* answered already */
	bool reading;
};

struct answer_job {
	struct job job;
	uint32_t peer;
	uint8_t (*blobs)[OBJECT_ID_BYTES]; /* copied */
	size_t n;
	struct buf *contents; /* n; data NULL: not here */
	size_t read;
};

static void answer_free(struct answer *a)
{
	free(a->blobs);
	free(a);
}

static void answer_work(struct job *job)
{
	struct answer_job *j = (struct answer_job *)job;
	const struct feed *f = job->replica->feed;
	size_t bytes = 0;
	size_t i;

	for (i = 0; i < j->n && bytes < ANSWER_BYTES; i++) {
		buf_init(&j->contents[i], CONTENT_BYTES_MAX);
		if (f != NULL && feed_content(f, j->blobs[i], &j->contents[i],
					      NULL) == WEALD_OK) {
			/* an empty file is no absent one */
			(void)buf_reserve(&j->contents[i], 1);
			bytes += j->contents[i].len;
		} else {
			buf_release(&j->contents[i]);
		}
		j->read++;
	}
}

static void answer_job_free(struct answer_job *j)
{
	size_t i;

	for (i = 0; i < j->read; i++) {
		buf_release(&j->contents[i]);
	}
	free(j->contents);
	free(j->blobs);
	free(j);
}

static void answer_send(struct session *s, const struct answer_job *j)
{
	struct frame frame = { .type = FRAME_CONTENTS };
	struct frame_content *list = calloc(j->read, sizeof(*list));
	size_t i;

	for (i = 0; list != NULL && i < j->read; i++) {
		memcpy(list[i].blob, j->blobs[i], OBJECT_ID_BYTES);
		list[i].content = buf_span(&j->contents[i]);
	}
	memcpy(frame.contents.feed, j->job.replica->id, SHA256_BYTES);
	frame.contents.contents = list;
	frame.contents.n = j->read;
	if (list == NULL || conn_send(s->conn, &frame) != WEALD_OK) {
		conn_close(s->conn, false, "restarting", "out of memory");
	}
	free(list);
}

static void answer_next(struct session *s);

static void answer_done(struct job *job)
{
	struct answer_job *j = (struct answer_job *)job;
	struct session *s = session_find(job->node, j->peer);
	struct answer *a = s == NULL ? NULL : s->answers;

	if (a != NULL && s->state == SESSION_PEER) {
		answer_send(s, j);
		a->reading = false;
		a->done += j->read;
		if (a->done >= a->n) {
			s->answers = a->next;
			answer_free(a);
		}
		answer_next(s);
	}
	answer_job_free(j);
}

static void answer_next(struct session *s)
{
	struct answer *a = s->answers;
	struct conn_figures figures;
	struct answer_job *j;
	size_t left;

	if (a == NULL || a->reading || s->state != SESSION_PEER) {
		return;
	}
	conn_figures(s->conn, &figures);
	if (figures.unsent >= GOSSIP_CATCHUP_BYTES_MAX) {
		return; /* contents_sent() goes on */
	}
	left = a->n - a->done;
	j = calloc(1, sizeof(*j));
	if (j != NULL) {
		j->contents = calloc(left, sizeof(*j->contents));
		j->blobs = calloc(left, sizeof(*j->blobs));
	}
	if (j == NULL || j->contents == NULL || j->blobs == NULL) {
		if (j != NULL) {
			answer_job_free(j);
		}
		return; /* when the next bytes go out */
	}
	memcpy(j->blobs, a->blobs + a->done, left * sizeof(*j->blobs));
	j->n = left;
	j->peer = s->id;
	j->job.work = answer_work;
	j->job.done = answer_done;
	a->reading = true;
	job_submit(s->node, a->replica, &j->job);
}

/* Nothing of that feed is served here. */
static void answer_absent(struct session *s,
			  const struct frame_want_contents *w)
{
	struct frame frame = { .type = FRAME_CONTENTS };
	struct frame_content *list = calloc(w->n, sizeof(*list));
	size_t i;

	for (i = 0; list != NULL && i < w->n; i++) {
		memcpy(list[i].blob, w->blobs[i], OBJECT_ID_BYTES);
	}
	memcpy(frame.contents.feed, w->feed, SHA256_BYTES);
	frame.contents.contents = list;
	frame.contents.n = w->n;
	if (list != NULL) {
		(void)conn_send(s->conn, &frame);
	}
	free(list);
}

void contents_wanted(struct session *s, const struct frame_want_contents *w)
{
	struct node *n = s->node;
	struct replica *r = replica_find(n, w->feed);
	struct answer **at = &s->answers;
	struct answer *a;
	size_t count = 0;

	while (*at != NULL) {
		at = &(*at)->next;
		count++;
	}
	if (r == NULL || (r->policy != GOSSIP_FOLLOW_WHOLE &&
			  r->policy != GOSSIP_FOLLOW_NARROW)) {
		answer_absent(s, w);
		return;
	}
	if (count >= ANSWERS_MAX) {
		session_misbehaved(s, "flood",
				   "too many want-contents at once");
		return;
	}
	a = calloc(1, sizeof(*a));
	if (a != NULL) {
		a->blobs = calloc(w->n, sizeof(*a->blobs));
	}
	if (a == NULL || a->blobs == NULL) {
		free(a);
		return; /* the peer asks another when its time is over */
	}
	memcpy(a->blobs, w->blobs, w->n * sizeof(*a->blobs));
	a->node = n;
	a->peer = s->id;
	a->replica = r;
	a->n = w->n;
	*at = a;
	answer_next(s);
}

void contents_sent(struct session *s)
{
	answer_next(s);
}

void contents_forget(struct session *s)
{
	struct answer *a;

	while ((a = s->answers) != NULL) {
		s->answers = a->next;
		answer_free(a);
	}
}
