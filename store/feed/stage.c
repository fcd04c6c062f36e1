/*
 * Staging: an update's objects are collected and go to the pack in the making
 * together, once nothing can refuse the update any more. So one that is
 * refused leaves nothing behind, however often it is sent.
 */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "proto/digest.h"
#include "store/feed/feed_private.h"

int stage_tree(struct feed *f, const uint8_t id[OBJECT_ID_BYTES],
	       struct span data)
{
	struct fresh_tree *fresh;
	int r;

	fresh = realloc(f->fresh, (f->fresh_n + 1) * sizeof *fresh);
	if (fresh == NULL) {
		return WEALD_NOMEM;
	}
	f->fresh = fresh;
	fresh += f->fresh_n;
	memcpy(fresh->id, id, sizeof fresh->id);
	buf_init(&fresh->data, data.len);
	r = buf_add(&fresh->data, data.data, data.len);
	if (r == WEALD_OK) {
		f->fresh_n++;
	}
	return r;
}

void stage_forget(struct feed *f)
{
	while (f->fresh_n > 0) {
		buf_release(&f->fresh[--f->fresh_n].data);
	}
	free(f->fresh);
	f->fresh = NULL;
}

static int add_trees(struct feed *f, const struct checked *c)
{
	const struct fresh_tree *t;
	size_t i;
	int r = WEALD_OK;

	for (i = 0; r == WEALD_OK && i < f->fresh_n; i++) {
		t = &f->fresh[i];
		r = pack_add(f->pack, OBJECT_TREE, t->id, t->data.data,
			     t->data.len);
	}
	if (r == WEALD_OK && c->update.seq == 1) {
		/* no change leads to it, so no tree came up */
		r = pack_add(f->pack, OBJECT_TREE, empty_tree_id, "", 0);
	}
	return r;
}

static int add_contents(struct feed *f, const struct update *u,
			const struct span *contents)
{
	size_t i;
	int r = WEALD_OK;

	for (i = 0; r == WEALD_OK && i < u->changes_n; i++) {
		if (!u->changes[i].removal && contents[i].data != NULL) {
			r = pack_add(f->pack, OBJECT_BLOB, u->changes[i].blob,
				     contents[i].data, contents[i].len);
		}
	}
	return r;
}

int stage_update(struct feed *f, const struct checked *c,
		 const struct span *contents)
{
	int r;

	r = pack_add(f->pack, OBJECT_COMMIT, c->commit_id, c->commit.data,
		     c->commit.len);
	if (r == WEALD_OK) {
		r = add_trees(f, c);
	}
	if (r == WEALD_OK) {
		r = add_contents(f, &c->update, contents);
	}
	stage_forget(f);
	f->staged++;
	if (r != WEALD_OK) {
		feed_rollback(f);
	}
	return r;
}

/* Did the content that @c names come with @e under another path? */
static bool came_with(const struct envelope *e, const struct update *u,
		      const struct change *c)
{
	const struct change *other;
	size_t i;

	for (i = 0; i < u->changes_n; i++) {
		other = &u->changes[i];
		if (e->contents[i].data != NULL && other->size == c->size &&
		    memcmp(other->blob, c->blob, sizeof c->blob) == 0 &&
		    memcmp(other->sha256, c->sha256, sizeof c->sha256) == 0) {
			return true;
		}
	}
	return false;
}

/*
 * The content that @c names is here already: is it as @c says? Nodes to which
 * it travels check that, so that all must. A narrow feed can do without.
 */
static int check_here(const struct feed *f, const struct change *c,
		      struct weald_msg *msg)
{
	uint8_t sha256[SHA256_BYTES];
	struct buf content;
	int r;

	if (feed_is_narrow(f) && !feed_has_content(f, c->blob)) {
		return WEALD_OK;
	}
	buf_init(&content, CONTENT_BYTES_MAX);
	r = feed_read_object(f, c->blob, OBJECT_BLOB, &content, msg);
	if (r == WEALD_NOTFOUND) {
		r = WEALD_CONTENT_ABSENT;
	} else if (r == WEALD_TOOBIG ||
		   (r == WEALD_OK && content.len != c->size)) {
		r = WEALD_CONTENT_SIZE;
	}
	if (r == WEALD_OK) {
		r = digest_sha256(buf_span(&content), sha256);
		if (r == WEALD_OK &&
		    memcmp(sha256, c->sha256, sizeof sha256) != 0) {
			r = WEALD_CONTENT_DIGEST;
		}
	}
	if (r == WEALD_CONTENT_ABSENT || r == WEALD_CONTENT_SIZE ||
	    r == WEALD_CONTENT_DIGEST) {
		msg_set(msg, "changes: %.*s: %s", (int)c->path.len,
			(const char *)c->path.data, err_text(r));
	}
	buf_release(&content);
	return r;
}

/* What did not come with @e must be here. */
static int check_absent(const struct feed *f, const struct envelope *e,
			const struct update *u, struct weald_msg *msg)
{
	size_t i;
	int r = WEALD_OK;

	for (i = 0; r == WEALD_OK && i < u->changes_n; i++) {
		if (!u->changes[i].removal && e->contents[i].data == NULL &&
		    !came_with(e, u, &u->changes[i])) {
			r = check_here(f, &u->changes[i], msg);
		}
	}
	return r;
}

int feed_append(struct feed *f, const struct envelope *e,
		const struct checked *c, struct weald_msg *msg)
{
	int r;

	assert(f->mode == FEED_WRITE);
	assert(e->contents_n == c->update.changes_n);
	if (f->broken != WEALD_OK) {
		return f->broken;
	}
	r = identity_check(&f->chain.identity, &c->update, msg);
	if (r == WEALD_OK) {
		r = check_absent(f, e, &c->update, msg);
	}
	if (r == WEALD_OK) {
		r = chain_extend(&f->chain, c, msg);
	}
	if (r != WEALD_OK) {
		stage_forget(f);
		return r;
	}
	return stage_update(f, c, e->contents);
}
