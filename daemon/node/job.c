/*
 * Jobs: work on libuv's thread pool.
 *
 * A job of a replica waits in the replica's own queue until the one before it
 * is done, so that a struct feed is only ever used by one thread. A job without
 * a replica starts at once. While the node works alone (sign.c) no replica's
 * job starts.
 */
#include <assert.h>

#include "daemon/node/node_private.h"

void job_list_add(struct job_list *l, struct job *job)
{
	job->next = NULL;
	if (l->last == NULL) {
		l->first = job;
	} else {
		l->last->next = job;
	}
	l->last = job;
}

struct job *job_list_take(struct job_list *l)
{
	struct job *job = l->first;

	if (job != NULL) {
		l->first = job->next;
		if (l->first == NULL) {
			l->last = NULL;
		}
	}
	return job;
}

static void job_work_cb(uv_work_t *req)
{
	struct job *job = req->data;

	if (job->replica != NULL && job->replica->feed != NULL) {
		feed_revive(job->replica->feed);
	}
	job->work(job);
}

static void job_done_cb(uv_work_t *req, int status)
{
	struct job *job = req->data;
	struct node *n = job->node;
	struct replica *r = job->replica;

	assert(status == 0 && "no job is cancelled");
	(void)status;
	assert(n->jobs > 0 && n->jobs_running > 0);
	n->jobs--;
	n->jobs_running--;
	/* no job of the replica begins before the end of this one: it may be
	   that its feed is closed */
	assert(r == NULL || r->busy);
	job->done(job); /* frees it */
	if (r != NULL) {
		r->busy = false;
		job_kick(r);
	}
	node_idle(n);
}

static void job_start(struct node *n, struct job *job)
{
	int r;

	n->jobs_running++;
	if (job->begin != NULL) {
		job->begin(job);
	}
	job->req.data = job;
	r = uv_queue_work(&n->loop, &job->req, job_work_cb, job_done_cb);
	assert(r == 0 && "there is always work to do");
	(void)r;
}

void job_kick(struct replica *r)
{
	struct job *job;

	if (r->busy || r->node->alone != NULL) {
		return;
	}
	job = job_list_take(&r->waiting);
	if (job == NULL) {
		return;
	}
	r->busy = true;
	job_start(r->node, job);
}

void job_submit(struct node *n, struct replica *r, struct job *job)
{
	assert(job->work != NULL && job->done != NULL);
	job->node = n;
	job->replica = r;
	n->jobs++;
	if (r == NULL) {
		job_start(n, job);
		return;
	}
	job_list_add(&r->waiting, job);
	job_kick(r);
}
