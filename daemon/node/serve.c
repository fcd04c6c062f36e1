/*
 * Serving peers: updates read from a feed, forks judged, proofs checked. Each
 * is a job in its feed's queue.
 */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/node/node_private.h"
#include "proto/forkproof.h"
#include "store/feed/fork.h"

/* ---- reading -------------------------------------------------------------
 */

#define READ_N_MAX FRAME_ENVELOPES_MAX

struct read_job {
	struct job job;
	uint64_t ticket;
	uint64_t from;
	uint64_t to;
	size_t bytes;
	enum frame_fill fill;
	int err;
	struct weald_msg msg;
	struct blob **blobs; /* n, each a reference */
	size_t n;
	size_t cap;
};

static int read_keep(struct read_job *j, const struct buf *envelope)
{
	struct blob **grown;
	size_t cap;

	if (j->n == j->cap) {
		cap = j->cap == 0 ? 64 : 2 * j->cap;
		grown = realloc(j->blobs, cap * sizeof(struct blob *));
		if (grown == NULL) {
			return WEALD_NOMEM;
		}
		j->blobs = grown;
		j->cap = cap;
	}
	j->blobs[j->n] = blob_new(buf_span(envelope));
	if (j->blobs[j->n] == NULL) {
		return WEALD_NOMEM;
	}
	j->n++;
	return WEALD_OK;
}

static void read_work(struct job *job)
{
	struct read_job *j = (struct read_job *)job;
	const struct feed *f = job->replica->feed;
	struct buf envelope;
	size_t bytes = 0;
	uint64_t seq;

	if (f == NULL) {
		j->err = WEALD_NOTFOUND;
		return;
	}
	buf_init(&envelope, ENVELOPE_BYTES_MAX);
	for (seq = j->from;
	     seq <= j->to && seq <= feed_committed_seq(f) && j->n < READ_N_MAX;
	     seq++) {
		buf_clear(&envelope);
		j->err =
			feed_read_envelope(f, seq, j->fill, &envelope, &j->msg);
		if (j->err != WEALD_OK ||
		    (j->n > 0 && bytes + envelope.len > j->bytes)) {
			break;
		}
		bytes += envelope.len;
		j->err = read_keep(j, &envelope);
		if (j->err != WEALD_OK) {
			break;
		}
	}
	if (j->n > 0) {
		j->err = WEALD_OK; /* what was read is good */
	} else if (j->err == WEALD_OK) {
		j->err = WEALD_NOTFOUND;
	}
	buf_release(&envelope);
}

static void read_done(struct job *job)
{
	struct read_job *j = (struct read_job *)job;
	struct gossip_event event = { .type = GOSSIP_READ_DONE };
	size_t i;

	if (j->err != WEALD_OK && j->err != WEALD_NOTFOUND) {
		log_error("an update cannot be read feed=%s seq=%llu "
			  "error=%s: %s",
			  replica_label(job->replica),
			  (unsigned long long)j->from, err_name(j->err),
			  msg_text(&j->msg, j->err));
	}
	event.read_done.ticket = j->ticket;
	event.read_done.err = j->err;
	event.read_done.envelopes = j->blobs;
	event.read_done.n = j->err == WEALD_OK ? j->n : 0;
	drive(job->node, &event);
	for (i = 0; i < j->n; i++) {
		blob_unref(j->blobs[i]);
	}
	free(j->blobs);
	free(j);
}

void read_begin(struct node *n, const struct gossip_effect *e)
{
	struct replica *r = replica_find(n, e->read.feed);
	struct read_job *j = calloc(1, sizeof(*j));

	assert(r != NULL);
	if (j == NULL) {
		node_fail(n, WEALD_NOMEM, NULL);
		return;
	}
	j->job.work = read_work;
	j->job.done = read_done;
	j->ticket = e->read.ticket;
	j->from = e->read.from;
	j->to = e->read.to;
	j->bytes = e->read.bytes;
	j->fill = e->read.fill;
	job_submit(n, r, &j->job);
}

/* ---- forks ---------------------------------------------------------------
 */

struct judge_job {
	struct job job;
	struct blob *envelope; /* referenced */
	enum gossip_verdict verdict;
	uint64_t seq;
	struct buf proof;
	int err;
	struct weald_msg msg;
};

static void judge_work(struct job *job)
{
	struct judge_job *j = (struct judge_job *)job;

	if (job->replica->feed == NULL) {
		return;
	}
	j->err = feed_judge_fork(job->replica->feed, blob_span(j->envelope),
				 &j->verdict, &j->seq, &j->proof, &j->msg);
	if (j->err != WEALD_OK) {
		j->verdict = GOSSIP_FORK_NONE;
	}
}

/*
 * A proof that is good. Kept is the one with the lowest seq; below a later
 * grant a fork disputes nothing, and is only told.
 */
static void fork_found(struct replica *r, uint64_t seq, struct span proof)
{
	if (seq == 0) {
		log_warning(
			"an old fork, settled by the root key since feed=%s",
			replica_label(r));
		return;
	}
	if (r->disputed_from != 0 && seq >= r->disputed_from) {
		return;
	}
	replica_keep_proof(r, seq, proof);
	log_error("the feed's key was used twice: its region has to recover "
		  "it feed=%s disputed_from=%llu",
		  replica_label(r), (unsigned long long)seq);
	watch_tell(r->node,
		   json_pack("{s:s, s:s, s:I}", "event", "fork", "feed",
			     replica_label(r), "seq", (json_int_t)seq));
}

static void judge_done(struct job *job)
{
	struct judge_job *j = (struct judge_job *)job;
	struct replica *r = job->replica;
	struct gossip_event event = { .type = GOSSIP_FORK_JUDGED };

	if (j->err != WEALD_OK) {
		log_warning("a fork could not be judged feed=%s error=%s: %s",
			    replica_label(r), err_name(j->err),
			    msg_text(&j->msg, j->err));
	}
	if (j->verdict == GOSSIP_FORK_PROVEN) {
		fork_found(r, j->seq, buf_span(&j->proof));
	}
	memcpy(event.fork_judged.feed, r->id, sizeof(r->id));
	event.fork_judged.verdict = j->verdict;
	event.fork_judged.seq = j->seq;
	event.fork_judged.proof = buf_span(&j->proof);
	drive(job->node, &event);
	blob_unref(j->envelope);
	buf_release(&j->proof);
	free(j);
}

void judge_begin(struct node *n, const struct gossip_effect *e)
{
	struct replica *r = replica_find(n, e->judge_fork.feed);
	struct judge_job *j = calloc(1, sizeof(*j));

	assert(r != NULL);
	if (j == NULL) {
		node_fail(n, WEALD_NOMEM, NULL);
		return;
	}
	j->job.work = judge_work;
	j->job.done = judge_done;
	j->verdict = GOSSIP_FORK_NONE;
	j->envelope = blob_ref(e->judge_fork.envelope);
	buf_init(&j->proof, FORKPROOF_BYTES_MAX);
	job_submit(n, r, &j->job);
}

struct proof_job {
	struct job job;
	uint64_t ticket;
	struct blob *proof; /* referenced */
	uint64_t seq;
	int err;
};

static void check_proof_work(struct job *job)
{
	struct proof_job *j = (struct proof_job *)job;

	j->err = WEALD_NOTFOUND;
	if (job->replica->feed != NULL) {
		j->err = feed_check_proof(job->replica->feed,
					  blob_span(j->proof), &j->seq, NULL);
	}
	if (j->err == WEALD_CORRUPT) {
		j->err = WEALD_IO; /* our disk: nobody is to blame */
	}
}

static void check_proof_done(struct job *job)
{
	struct proof_job *j = (struct proof_job *)job;
	struct replica *r = job->replica;
	struct gossip_event event = { .type = GOSSIP_PROOF_CHECKED };

	if (j->err == WEALD_OK) {
		fork_found(r, j->seq, blob_span(j->proof));
	}
	event.proof_checked.ticket = j->ticket;
	event.proof_checked.err = j->err;
	event.proof_checked.seq = j->seq;
	drive(job->node, &event);
	blob_unref(j->proof);
	free(j);
}

void check_proof_begin(struct node *n, const struct gossip_effect *e)
{
	struct replica *r = replica_find(n, e->check_proof.feed);
	struct proof_job *j = calloc(1, sizeof(*j));

	assert(r != NULL);
	if (j == NULL) {
		node_fail(n, WEALD_NOMEM, NULL);
		return;
	}
	j->job.work = check_proof_work;
	j->job.done = check_proof_done;
	j->ticket = e->check_proof.ticket;
	j->proof = blob_ref(e->check_proof.proof);
	job_submit(n, r, &j->job);
}
