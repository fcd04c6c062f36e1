#include "store/feed/chain.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

int chain_init(struct chain *c, const struct tree_io *io)
{
	*c = (struct chain){ .ids = NULL };
	return tree_new(io, empty_tree_id, &c->tree);
}

void chain_release(struct chain *c)
{
	versions_release(&c->versions);
	signers_release(&c->signers);
	tree_free(c->tree);
	free(c->ids);
	*c = (struct chain){ .ids = NULL };
}

static int ids_reserve(struct chain *c)
{
	uint8_t(*ids)[OBJECT_ID_BYTES];
	size_t cap;

	if (c->identity.seq < c->ids_cap) {
		return WEALD_OK;
	}
	cap = c->ids_cap < 64 ? 64 : c->ids_cap + c->ids_cap / 2;
	ids = realloc(c->ids, cap * sizeof *ids);
	if (ids == NULL) {
		return WEALD_NOMEM;
	}
	c->ids = ids;
	c->ids_cap = cap;
	return WEALD_OK;
}

int chain_push(struct chain *c, const struct checked *update)
{
	const struct update *u = &update->update;
	int r;

	r = ids_reserve(c);
	if (r == WEALD_OK) {
		r = signers_note(&c->signers, u->key, u->time);
	}
	if (r == WEALD_OK) {
		r = versions_apply(&c->versions, u);
	}
	if (r != WEALD_OK) {
		return r;
	}
	memcpy(c->ids[c->identity.seq], update->commit_id, OBJECT_ID_BYTES);
	identity_apply(&c->identity, u, update->digest, update->commit_id);
	return WEALD_OK;
}

static int extend_tree(struct chain *c, const struct update *u,
		       struct weald_msg *msg)
{
	uint8_t tree[OBJECT_ID_BYTES];
	int r;

	r = tree_apply(c->tree, u->changes, u->changes_n, msg);
	if (r == WEALD_OK) {
		r = tree_write(c->tree, tree, msg);
	}
	if (r == WEALD_OK && memcmp(tree, u->tree, sizeof tree) != 0) {
		msg_set(msg,
			"tree: the changes of update %llu give another "
			"tree than it claims",
			(unsigned long long)u->seq);
		r = WEALD_TREE_OTHER;
	}
	return r;
}

int chain_extend(struct chain *c, const struct checked *update,
		 struct weald_msg *msg)
{
	const struct update *u = &update->update;
	uint8_t before[OBJECT_ID_BYTES];
	int r;

	r = identity_check(&c->identity, u, msg);
	if (r == WEALD_OK) {
		r = versions_check(&c->versions, u, msg);
	}
	if (r != WEALD_OK) {
		return r;
	}
	memcpy(before, c->identity.seq == 0 ? empty_tree_id : c->identity.tree,
	       sizeof before);
	r = extend_tree(c, u, msg);
	if (r == WEALD_OK) {
		r = chain_push(c, update);
	}
	if (r != WEALD_OK) {
		tree_reset(c->tree, before);
	}
	return r;
}
