/*
 * Verification of updates on the thread pool, several in a job, and what was
 * found, kept until they are appended.
 */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/node/node_private.h"
#include "store/feed/objectid.h"
#include "store/parallel.h"

/* In one job: enough that handing over costs nothing, few enough that a live
   update does not wait long for a thread. */
#define VERIFY_BATCH_MAX 16u
/* Envelopes that came since the cache was swept: it may hold the last ref. */
#define UNSWEPT_BYTES_MAX (8u * 1024u * 1024u)

struct verify_item {
	uint64_t ticket;
	struct blob *blob; /* referenced */
	int err;
	struct verified *verified; /* on success */
};

struct verify_job {
	struct job job;
	bool live;
	size_t n;
	struct verify_item items[VERIFY_BATCH_MAX];
};

void verified_free(struct verified *v)
{
	if (v == NULL) {
		return;
	}
	checked_release(&v->checked);
	envelope_release(&v->envelope);
	free(v);
}

int verify_blob(struct blob *blob, struct verified **out, struct weald_msg *msg)
{
	struct verified *v = calloc(1, sizeof(*v));
	int r;

	if (v == NULL) {
		return WEALD_NOMEM;
	}
	r = envelope_decode(blob_span(blob), &v->envelope, msg);
	if (r != WEALD_OK) {
		free(v);
		return r;
	}
	r = envelope_check(&v->envelope, object_id, &v->checked, msg);
	if (r != WEALD_OK) {
		envelope_release(&v->envelope);
		free(v);
		return r;
	}
	v->blob = blob;
	v->bytes = sizeof(*v) + v->checked.commit.cap +
		   v->envelope.contents_n * sizeof(struct span) +
		   v->checked.update.changes_n * sizeof(struct change);
	*out = v;
	return WEALD_OK;
}

/* ---- the cache -----------------------------------------------------------
 */

static size_t bucket_of(const struct blob *blob)
{
	return ((uintptr_t)blob >> 6) % VERIFIED_BUCKETS;
}

static void cache_drop(struct verified_cache *c, struct verified **at)
{
	struct verified *v = *at;

	*at = v->next;
	v->next = NULL;
	c->n--;
	c->bytes -= v->bytes;
}

/* Let go of what the engine no longer holds. */
static void cache_sweep(struct verified_cache *c)
{
	struct verified **at;
	struct verified *v;
	size_t i;

	for (i = 0; i < VERIFIED_BUCKETS; i++) {
		at = &c->buckets[i];
		while ((v = *at) != NULL) {
			if (v->blob->refs > 1) {
				at = &v->next;
				continue;
			}
			cache_drop(c, at);
			blob_unref(v->blob);
			verified_free(v);
		}
	}
	c->sweep_at = 2 * c->n < 256 ? 256 : 2 * c->n;
	c->unswept_bytes = 0;
}

/* Takes @v where there is room for it. */
static bool cache_put(struct node *n, struct verified *v)
{
	struct verified_cache *c = &n->verified;
	size_t b = bucket_of(v->blob);

	c->unswept_bytes += v->blob->len;
	if (c->n >= c->sweep_at || c->unswept_bytes > UNSWEPT_BYTES_MAX ||
	    c->bytes + v->bytes > VERIFIED_BYTES_MAX) {
		cache_sweep(c);
	}
	if (c->n >= VERIFIED_N_MAX ||
	    c->bytes + v->bytes > VERIFIED_BYTES_MAX) {
		return false;
	}
	blob_ref(v->blob);
	v->next = c->buckets[b];
	c->buckets[b] = v;
	c->n++;
	c->bytes += v->bytes;
	return true;
}

struct verified *verified_take(struct node *n, const struct blob *blob)
{
	struct verified_cache *c = &n->verified;
	struct verified **at = &c->buckets[bucket_of(blob)];
	struct verified *v;

	while (*at != NULL && (*at)->blob != blob) {
		at = &(*at)->next;
	}
	v = *at;
	if (v != NULL) {
		cache_drop(c, at);
		blob_unref(v->blob);
	}
	return v;
}

void verified_release_all(struct node *n)
{
	struct verified_cache *c = &n->verified;
	struct verified *v;
	size_t i;

	for (i = 0; i < VERIFIED_BUCKETS; i++) {
		while ((v = c->buckets[i]) != NULL) {
			cache_drop(c, &c->buckets[i]);
			blob_unref(v->blob);
			verified_free(v);
		}
	}
}

/* ---- the jobs ------------------------------------------------------------
 */

static void verify_work(struct job *job)
{
	struct verify_job *v = (struct verify_job *)job;
	struct verify_item *it;
	size_t i;

	for (i = 0; i < v->n; i++) {
		it = &v->items[i];
		it->err = verify_blob(it->blob, &it->verified, NULL);
	}
}

/* A grant by the root key that the feed has, not one that a forger made up. */
static bool is_granted(struct node *n, const uint8_t feed[SHA256_BYTES],
		       const struct update *u)
{
	const struct replica *r = replica_find(n, feed);

	return u->grant.present &&
	       (r == NULL || r->head.seq == 0 ||
		memcmp(r->root, u->root, sizeof(r->root)) == 0);
}

/* Is a put without its content? A narrow node has not got all of them. */
static bool is_bare(const struct verified *v)
{
	const struct update *u = &v->checked.update;
	size_t i;

	for (i = 0; i < u->changes_n; i++) {
		if (!u->changes[i].removal &&
		    v->envelope.contents[i].data == NULL) {
			return true;
		}
	}
	return false;
}

static void facts_of(struct node *n, const struct verified *v,
		     struct gossip_facts *out)
{
	const struct update *u = &v->checked.update;

	memset(out, 0, sizeof(*out));
	/* the first update of a feed names it by its own digest */
	memcpy(out->feed, u->seq == 1 ? v->checked.digest : u->feed,
	       sizeof(out->feed));
	out->head.epoch = u->epoch;
	out->head.seq = u->seq;
	memcpy(out->head.commit, v->checked.commit_id,
	       sizeof(out->head.commit));
	memcpy(out->head.digest, v->checked.digest, sizeof(out->head.digest));
	memcpy(out->head.key, u->key, sizeof(out->head.key));
	memcpy(out->prev, u->prev, sizeof(out->prev));
	out->granted = is_granted(n, out->feed, u);
	out->bare = is_bare(v);
}

/* Begin what waits, as far as it leaves threads to others. */
static void verify_next(struct node *n)
{
	struct job *job;

	while (n->verify_running < parallel_workers() &&
	       (job = job_list_take(&n->verify_waiting)) != NULL) {
		n->verify_running++;
		job_submit(n, NULL, job);
	}
}

static void verify_done(struct job *job)
{
	struct verify_job *v = (struct verify_job *)job;
	struct node *n = job->node;
	struct gossip_event event;
	struct verify_item *it;
	size_t i;

	if (!v->live) {
		n->verify_running--;
		verify_next(n);
	}
	for (i = 0; i < v->n; i++) {
		it = &v->items[i];
		event = (struct gossip_event){ .type = GOSSIP_VERIFIED };
		event.verified.ticket = it->ticket;
		event.verified.err = it->err;
		if (it->err == WEALD_OK) {
			facts_of(n, it->verified, &event.verified.facts);
			if (!cache_put(n, it->verified)) {
				verified_free(it->verified);
			}
		}
		drive(n, &event);
		blob_unref(it->blob);
	}
	free(v);
}

/* Hand @v over: what is not live waits until few others are under way. */
static void verify_submit(struct node *n, struct verify_job *v)
{
	if (v->live) {
		job_submit(n, NULL, &v->job);
		return;
	}
	job_list_add(&n->verify_waiting, &v->job);
	verify_next(n);
}

static void flush(struct node *n, struct verify_job **at)
{
	struct verify_job *v = *at;

	*at = NULL;
	if (v != NULL) {
		verify_submit(n, v);
	}
}

void verify_flush(struct node *n)
{
	flush(n, &n->verifying_live);
	flush(n, &n->verifying_rest);
}

void verify_begin(struct node *n, const struct gossip_effect *e)
{
	struct verify_job **at =
		e->verify.live ? &n->verifying_live : &n->verifying_rest;
	struct verify_job *v = *at;
	struct verify_item *it;

	if (v == NULL) {
		v = calloc(1, sizeof(*v));
		if (v == NULL) {
			node_fail(n, WEALD_NOMEM, NULL);
			return;
		}
		v->live = e->verify.live;
		v->job.work = verify_work;
		v->job.done = verify_done;
		*at = v;
	}
	it = &v->items[v->n++];
	it->ticket = e->verify.ticket;
	it->blob = blob_ref(e->verify.envelope);
	if (v->n == VERIFY_BATCH_MAX) {
		flush(n, at);
	}
}
