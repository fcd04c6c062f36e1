#include "store/feed/verify.h"

#include <string.h>

#include "store/feed/chain.h"
#include "store/feed/repo.h"
#include "store/feed/walk.h"

struct verify {
	struct repo *repo;
	struct chain chain;
	int trees; /* not WEALD_OK: a tree of the update is not as it must be */
	struct weald_msg trees_msg;
	struct identity good; /* after the last update that is good */
	verify_progress_fn *progress;
	void *ctx;
	uint64_t total;
	uint64_t absent;
};

static int tree_load_cb(void *ctx, const uint8_t id[OBJECT_ID_BYTES],
			struct buf *out, struct weald_msg *msg)
{
	struct verify *v = ctx;

	return repo_read(v->repo, id, OBJECT_TREE, out, msg);
}

/*
 * A tree that an update gives must be stored, byte for byte. What is wrong is
 * kept until it is known that the update claims this tree.
 */
static int tree_emit_cb(void *ctx, const uint8_t id[OBJECT_ID_BYTES],
			struct span data, struct weald_msg *msg)
{
	struct verify *v = ctx;
	int r;

	(void)msg;
	r = repo_check_tree(v->repo, id, data, &v->trees_msg);
	if (r != WEALD_OK) {
		v->trees = r;
	}
	return WEALD_OK;
}

static uint64_t count_absent(const struct walk_item *item)
{
	const struct update *u = &item->checked.update;
	uint64_t n = 0;
	size_t i;

	for (i = 0; i < u->changes_n; i++) {
		n += !u->changes[i].removal &&
		     item->envelope.contents[i].data == NULL;
	}
	return n;
}

static int update_cb(void *ctx, const struct walk_item *item,
		     struct weald_msg *msg)
{
	struct verify *v = ctx;
	int r;

	r = chain_extend(&v->chain, &item->checked, msg);
	if (r == WEALD_OK && item->checked.update.seq == 1) {
		r = tree_emit_cb(v, empty_tree_id, (struct span){ NULL, 0 },
				 msg);
	}
	if (r == WEALD_OK && v->trees != WEALD_OK) {
		msg_set(msg, "%s", msg_text(&v->trees_msg, v->trees));
		r = v->trees;
	}
	if (r == WEALD_OK) {
		v->good = v->chain.identity;
		v->absent += count_absent(item);
	}
	if (r == WEALD_OK && v->progress != NULL) {
		v->progress(v->ctx, v->chain.identity.seq, v->total);
	}
	return r;
}

static int verify_main(struct verify *v, struct verify_result *out,
		       struct weald_msg *msg)
{
	struct walk walk = { .count = 0 };
	uint8_t head[OBJECT_ID_BYTES];
	size_t done = 0;
	int r;

	r = repo_head(v->repo, head, msg);
	if (r == WEALD_OK) {
		r = walk_list(v->repo, head, NULL, &walk, msg);
		r = r == WEALD_NOTFOUND ? WEALD_CORRUPT : r;
	}
	if (r != WEALD_OK) {
		return r;
	}
	out->narrow = repo_is_narrow(v->repo);
	out->total = walk.count;
	v->total = walk.count;
	r = walk_check(&walk,
		       out->narrow ? WALK_CONTENTS_HERE : WALK_CONTENTS_ALL,
		       update_cb, v, &done, msg);
	out->identity = v->good;
	out->absent = v->absent;
	if (r != WEALD_OK) {
		out->failed_seq = done + 1;
		hex_encode(walk.ids[done], OBJECT_ID_BYTES, out->failed_commit);
	}
	walk_release(&walk);
	return r;
}

int feed_verify(const char *dir, const char *const *known,
		verify_progress_fn *progress, void *ctx,
		struct verify_result *out, struct weald_msg *msg)
{
	struct verify v = { .progress = progress, .ctx = ctx };
	struct tree_io io = { .load = tree_load_cb,
			      .emit = tree_emit_cb,
			      .ctx = &v };
	int r;

	*out = (struct verify_result){ .total = 0 };
	r = repo_open(dir, &v.repo, msg);
	if (r == WEALD_OK && known != NULL) {
		r = repo_add_packs(v.repo, known, msg);
	}
	if (r == WEALD_OK) {
		r = chain_init(&v.chain, &io);
	}
	if (r == WEALD_OK) {
		r = verify_main(&v, out, msg);
	}
	chain_release(&v.chain);
	repo_close(v.repo);
	return r;
}
