/*
 * Narrow feeds: marking them, and the contents that they have not got.
 *
 * The mark in the configuration is the truth. It is set before the packs are
 * marked and removed after, so that whatever a crash leaves is a narrow feed
 * of which some packs lack their mark: the next opening for writing adds it.
 */
#include <assert.h>
#include <string.h>

#include "proto/commit.h"
#include "proto/digest.h"
#include "store/feed/feed_private.h"
#include "store/feed/objectid.h"

bool feed_is_narrow(const struct feed *f)
{
	return repo_is_narrow(f->repo);
}

bool feed_has_content(const struct feed *f, const uint8_t blob[OBJECT_ID_BYTES])
{
	return (f->pack != NULL && pack_has(f->pack, blob)) ||
	       repo_has(f->repo, blob);
}

typedef int change_fn(void *ctx, const struct feed *f, const struct update *u,
		      const struct change *c, struct weald_msg *msg);

static int each_put(const struct feed *f, const struct update *u,
		    change_fn *each, void *ctx, struct weald_msg *msg)
{
	size_t i;
	int r = WEALD_OK;

	for (i = 0; r == WEALD_OK && i < u->changes_n; i++) {
		if (!u->changes[i].removal) {
			r = each(ctx, f, u, &u->changes[i], msg);
		}
	}
	return r;
}

/* Call @each for every put of the updates @from to @to. */
static int each_change(const struct feed *f, uint64_t from, uint64_t to,
		       change_fn *each, void *ctx, struct weald_msg *msg)
{
	struct stored s;
	uint64_t seq;
	int r = WEALD_OK;

	to = to < f->committed_seq ? to : f->committed_seq;
	for (seq = from > 0 ? from : 1; r == WEALD_OK && seq <= to; seq++) {
		r = feed_read(f, seq, &s, msg);
		if (r == WEALD_OK) {
			r = each_put(f, &s.update, each, ctx, msg);
			stored_release(&s);
		}
	}
	return r;
}

struct missing {
	feed_missing_fn *each;
	void *ctx;
};

static int missing_cb(void *ctx, const struct feed *f, const struct update *u,
		      const struct change *c, struct weald_msg *msg)
{
	struct missing *m = ctx;

	(void)msg;
	return feed_has_content(f, c->blob) ? WEALD_OK : m->each(m->ctx, u, c);
}

int feed_missing(const struct feed *f, uint64_t from, uint64_t to,
		 feed_missing_fn *each, void *ctx, struct weald_msg *msg)
{
	struct missing m = { each, ctx };

	int r;

	if (!feed_is_narrow(f)) {
		return WEALD_OK;
	}
	r = repo_refresh(f->repo, msg);
	if (r != WEALD_OK) {
		return r;
	}
	return each_change(f, from, to, missing_cb, &m, msg);
}

static int refuse(int err, const struct change *c, struct weald_msg *msg)
{
	msg_set(msg, "%.*s: %s", (int)c->path.len, (const char *)c->path.data,
		err_text(err));
	return err;
}

static int check_digest(const struct change *c, struct span content,
			struct weald_msg *msg)
{
	uint8_t sha256[SHA256_BYTES];
	int r;

	if (content.len != c->size) {
		return refuse(WEALD_CONTENT_SIZE, c, msg);
	}
	r = digest_sha256(content, sha256);
	if (r == WEALD_OK && memcmp(sha256, c->sha256, sizeof sha256) != 0) {
		r = refuse(WEALD_CONTENT_DIGEST, c, msg);
	}
	return r;
}

int feed_add_content(struct feed *f, const struct change *c,
		     struct span content, struct weald_msg *msg)
{
	uint8_t blob[OBJECT_ID_BYTES];
	int r;

	assert(f->mode == FEED_WRITE);
	assert(!c->removal);
	if (f->broken != WEALD_OK) {
		return f->broken;
	}
	r = check_digest(c, content, msg);
	if (r == WEALD_OK) {
		r = object_id(OBJECT_BLOB, content.data, content.len, blob);
	}
	if (r == WEALD_OK && memcmp(blob, c->blob, sizeof blob) != 0) {
		r = refuse(WEALD_CONTENT_BLOB, c, msg);
	}
	if (r == WEALD_OK && !feed_has_content(f, blob)) {
		r = pack_add(f->pack, OBJECT_BLOB, blob, content.data,
			     content.len);
	}
	return r;
}

/*
 * Is the content here, and as its update says? One that came for one update
 * may be claimed with another digest by a second, which was taken in without.
 */
static int whole_cb(void *ctx, const struct feed *f, const struct update *u,
		    const struct change *c, struct weald_msg *msg)
{
	struct buf *content = ctx;
	int r;

	buf_clear(content);
	r = repo_has(f->repo, c->blob)
		    ? repo_read(f->repo, c->blob, OBJECT_BLOB, content, msg)
		    : refuse(WEALD_CONTENT_ABSENT, c, msg);
	if (r == WEALD_TOOBIG) {
		r = refuse(WEALD_CONTENT_SIZE, c, msg);
	}
	if (r == WEALD_OK) {
		r = check_digest(c, buf_span(content), msg);
	}
	if (r != WEALD_OK) {
		msg_prefix(msg, "update %llu", (unsigned long long)u->seq);
	}
	return r;
}

static int check_whole(const struct feed *f, struct weald_msg *msg)
{
	struct buf content;
	int r;

	buf_init(&content, CONTENT_BYTES_MAX);
	r = each_change(f, 1, f->committed_seq, whole_cb, &content, msg);
	buf_release(&content);
	return r;
}

int feed_set_narrow(struct feed *f, bool narrow, struct weald_msg *msg)
{
	int r = WEALD_OK;

	assert(f->mode == FEED_WRITE);
	assert(pack_count(f->pack) == 0);
	if (f->broken != WEALD_OK || narrow == feed_is_narrow(f)) {
		return f->broken;
	}
	if (!narrow) {
		r = check_whole(f, msg);
	}
	if (r == WEALD_OK) {
		r = repo_set_narrow(f->repo, narrow, msg);
	}
	pack_writer_set_promisor(f->pack, feed_is_narrow(f));
	return r;
}
