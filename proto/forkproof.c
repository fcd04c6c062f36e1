#include "proto/forkproof.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "proto/mp.h"

#define FIELDS 6u

int forkproof_add_bare(const struct envelope *e, struct buf *out)
{
	struct envelope bare = { .payload = e->payload };
	int r;

	if (e->contents_n > 0) {
		bare.contents = calloc(e->contents_n, sizeof *bare.contents);
		if (bare.contents == NULL) {
			return WEALD_NOMEM;
		}
	}
	bare.contents_n = e->contents_n;
	memcpy(bare.sig, e->sig, sizeof bare.sig);
	r = envelope_encode(&bare, out);
	envelope_release(&bare);
	return r;
}

static void put_first(struct mp_writer *w, struct span first)
{
	if (first.len == 0) {
		mp_put_nil(w);
	} else {
		mp_put_bin(w, first.data, first.len);
	}
}

int forkproof_encode(const struct forkproof *p, struct buf *out)
{
	const struct forkproof_line *a = &p->lines[0];
	const struct forkproof_line *b = &p->lines[1];
	struct mp_writer w;

	if (span_compare(a->envelope, b->envelope) > 0) {
		a = &p->lines[1];
		b = &p->lines[0];
	}
	mp_writer_begin(&w, out);
	mp_put_array(&w, FIELDS);
	mp_put_uint(&w, FORKPROOF_FORMAT);
	mp_put_bin(&w, p->feed, sizeof p->feed);
	mp_put_bin(&w, a->envelope.data, a->envelope.len);
	mp_put_bin(&w, b->envelope.data, b->envelope.len);
	put_first(&w, a->first);
	put_first(&w, b->first);
	return mp_writer_end(&w);
}

static bool get_first(const msgpack_object *o, struct span *out)
{
	if (o->type == MSGPACK_OBJECT_NIL) {
		*out = (struct span){ NULL, 0 };
		return true;
	}
	return mp_get_bin(o, out) && out->len > 0;
}

static int decode_root(const msgpack_object *root, struct forkproof *out,
		       struct weald_msg *msg)
{
	const msgpack_object *f;
	uint64_t format;

	if (root->type != MSGPACK_OBJECT_ARRAY || root->via.array.size == 0 ||
	    !mp_get_uint(&root->via.array.ptr[0], &format)) {
		msg_set(msg, "fork proof: does not begin with [format");
		return WEALD_MALFORMED;
	}
	if (format != FORKPROOF_FORMAT) {
		msg_set(msg,
			"fork proof: of format %llu, which is not known here",
			(unsigned long long)format);
		return WEALD_FORMAT;
	}
	if (!mp_get_array(root, FIELDS, &f) ||
	    !mp_get_bytes(&f[1], out->feed, sizeof out->feed) ||
	    !mp_get_bin(&f[2], &out->lines[0].envelope) ||
	    !mp_get_bin(&f[3], &out->lines[1].envelope) ||
	    !get_first(&f[4], &out->lines[0].first) ||
	    !get_first(&f[5], &out->lines[1].first)) {
		msg_set(msg, "fork proof: not [1, feed, envelope, envelope, "
			     "first, first]");
		return WEALD_MALFORMED;
	}
	if (span_compare(out->lines[0].envelope, out->lines[1].envelope) >= 0) {
		msg_set(msg, "fork proof: the envelopes are not sorted");
		return WEALD_MALFORMED;
	}
	return WEALD_OK;
}

int forkproof_decode(struct span bytes, struct forkproof *out,
		     struct weald_msg *msg)
{
	static const struct mp_limits limits = { .depth = 1,
						 .elements = FIELDS + 1 };
	struct forkproof p;
	struct mp_doc doc;
	int r;

	if (bytes.len > FORKPROOF_BYTES_MAX) {
		msg_set(msg, "fork proof: %zu bytes, the most is %u", bytes.len,
			FORKPROOF_BYTES_MAX);
		return WEALD_TOOBIG;
	}
	r = mp_open(&doc, bytes, &limits, msg);
	if (r != WEALD_OK) {
		msg_prefix(msg, "fork proof");
		return r;
	}
	r = decode_root(mp_root(&doc), &p, msg);
	mp_close(&doc);
	if (r == WEALD_OK) {
		*out = p;
	}
	return r;
}

/* Check one envelope of a proof; @out borrows @bytes. */
static int check_envelope(struct span bytes, object_id_fn *object_id,
			  struct checked *out, struct weald_msg *msg)
{
	struct envelope e;
	size_t i;
	int r;

	r = envelope_decode(bytes, &e, msg);
	if (r != WEALD_OK) {
		return r;
	}
	for (i = 0; i < e.contents_n; i++) {
		if (e.contents[i].data != NULL) {
			msg_set(msg, "an envelope with contents");
			r = WEALD_FORK_PROOF;
			goto out;
		}
	}
	r = envelope_check(&e, object_id, out, msg);
out:
	envelope_release(&e);
	return r;
}

static int check_line(const struct forkproof_line *line,
		      object_id_fn *object_id, struct forkproof_side *out,
		      struct weald_msg *msg)
{
	int r;

	r = check_envelope(line->envelope, object_id, &out->update, msg);
	if (r != WEALD_OK || line->first.len == 0) {
		return r;
	}
	r = check_envelope(line->first, object_id, &out->first, msg);
	out->has_first = r == WEALD_OK;
	return r;
}

static int refuse(const char *why, struct weald_msg *msg)
{
	msg_set(msg, "%s", why);
	return WEALD_FORK_PROOF;
}

/* Is @c of @feed, and of the same slug and root as @u? */
static bool same_feed(const struct checked *c, const uint8_t feed[SHA256_BYTES],
		      const struct update *u)
{
	const uint8_t *own = c->update.seq == 1 ? c->digest : c->update.feed;

	return memcmp(own, feed, SHA256_BYTES) == 0 &&
	       memcmp(c->update.root, u->root, sizeof u->root) == 0 &&
	       span_equal(c->update.slug, u->slug);
}

static bool same_commit(const struct checked *a, const struct checked *b)
{
	return memcmp(a->commit_id, b->commit_id, sizeof a->commit_id) == 0;
}

/* Two commits behind one update. */
static int check_branching(const struct forkproof_facts *f,
			   struct weald_msg *msg)
{
	const struct checked *a = &f->sides[0].update;
	const struct checked *b = &f->sides[1].update;
	const struct update *u = &a->update;
	size_t i;

	for (i = 0; i < 2; i++) {
		const struct forkproof_side *side = &f->sides[i];

		if (!same_feed(&side->update, f->feed, u) ||
		    (side->has_first && !same_feed(&side->first, f->feed, u))) {
			return refuse("updates of more than one feed", msg);
		}
	}
	if (a->update.seq != b->update.seq ||
	    memcmp(a->update.prev, b->update.prev, SHA256_BYTES) != 0 ||
	    memcmp(a->update.parent, b->update.parent, OBJECT_ID_BYTES) != 0) {
		return refuse("the updates do not follow the same one", msg);
	}
	if (same_commit(a, b)) {
		return refuse("the updates are the same", msg);
	}
	return WEALD_OK;
}

/*
 * The update with which a line enters the epoch that both are in. An update
 * of that epoch would have its first before it, shared by both lines: so the
 * update of a line that has a first is of a lower epoch.
 */
static const struct checked *entry_of(const struct forkproof_side *side)
{
	const struct checked *entry = &side->update;

	if (side->has_first) {
		entry = &side->first;
		if (entry->update.seq <= side->update.update.seq ||
		    entry->update.epoch <= side->update.update.epoch) {
			return NULL;
		}
	}
	return entry;
}

/* One epoch: both lines are in it from a shared first on, or from two. */
static int check_epoch(struct forkproof_facts *f, struct weald_msg *msg)
{
	const struct checked *a = entry_of(&f->sides[0]);
	const struct checked *b = entry_of(&f->sides[1]);

	if (a == NULL || b == NULL) {
		return refuse("a first that does not come after its update",
			      msg);
	}
	if (a->update.epoch != b->update.epoch) {
		return refuse("the lines are of different epochs", msg);
	}
	f->epoch = a->update.epoch;
	if (!f->sides[0].has_first && !f->sides[1].has_first) {
		return WEALD_OK;
	}
	if (!action_is_reissue(update_action(&a->update)) ||
	    !action_is_reissue(update_action(&b->update))) {
		return refuse("a first that does not begin an epoch", msg);
	}
	if (same_commit(a, b)) {
		return refuse("the first updates are the same", msg);
	}
	return WEALD_OK;
}

int forkproof_check(const struct forkproof *p, object_id_fn *object_id,
		    struct forkproof_facts *out, struct weald_msg *msg)
{
	struct forkproof_facts f = { .seq = 0 };
	int r = WEALD_OK;
	size_t i;

	memcpy(f.feed, p->feed, sizeof f.feed);
	for (i = 0; r == WEALD_OK && i < 2; i++) {
		r = check_line(&p->lines[i], object_id, &f.sides[i], msg);
	}
	if (r == WEALD_OK) {
		r = check_branching(&f, msg);
	}
	if (r == WEALD_OK) {
		r = check_epoch(&f, msg);
	}
	if (r != WEALD_OK) {
		msg_prefix(msg, "fork proof");
		forkproof_release(&f);
		return r;
	}
	f.seq = f.sides[0].update.update.seq;
	*out = f;
	return WEALD_OK;
}

void forkproof_release(struct forkproof_facts *f)
{
	size_t i;

	for (i = 0; i < 2; i++) {
		checked_release(&f->sides[i].update);
		checked_release(&f->sides[i].first);
	}
	*f = (struct forkproof_facts){ .seq = 0 };
}

/* May @u come next? A change of history may: its grant is the root key's. */
static int judge_update(const struct update *u, const struct identity *before,
			struct weald_msg *msg)
{
	int r;

	r = identity_check(before, u, msg);
	if (r != WEALD_REISSUE_HELD) {
		return r;
	}
	if (u->epoch <= before->epoch) {
		msg_set(msg, "epoch: %llu does not rise",
			(unsigned long long)u->epoch);
		return WEALD_EPOCH_CHANGED;
	}
	return WEALD_OK;
}

/* Is @before the state before @u? identity_check() may not look. */
static int judge_place(const struct update *u, const struct identity *before,
		       struct weald_msg *msg)
{
	if (u->seq != before->seq + 1) {
		msg_set(msg, "the fork is at update %llu, not after %llu",
			(unsigned long long)u->seq,
			(unsigned long long)before->seq);
		return u->seq > before->seq ? WEALD_SEQ_GAP : WEALD_SEQ_OLD;
	}
	if (memcmp(u->prev, before->prev, sizeof u->prev) != 0) {
		msg_set(msg, "the lines part from another update");
		return WEALD_PREV_OTHER;
	}
	if (memcmp(u->parent, before->commit, sizeof u->parent) != 0) {
		msg_set(msg, "the lines part from another commit");
		return WEALD_PARENT_OTHER;
	}
	return WEALD_OK;
}

int forkproof_judge(const struct forkproof_facts *f,
		    const struct identity *before, struct weald_msg *msg)
{
	size_t i;
	int r;

	r = judge_place(&f->sides[0].update.update, before, msg);
	for (i = 0; r == WEALD_OK && i < 2; i++) {
		r = judge_update(&f->sides[i].update.update, before, msg);
	}
	if (r != WEALD_OK) {
		msg_prefix(msg, "fork proof");
	}
	return r;
}
