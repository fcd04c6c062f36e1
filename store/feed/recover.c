#include "store/feed/recover.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "proto/commit.h"
#include "store/feed/idmap.h"
#include "store/feed/packlist.h"
#include "store/feed/packread.h"
#include "store/feed/walk.h"
#include "store/fs.h"

/* A commit that may be beyond the chain's last. */
struct tip {
	uint64_t seq; /* 0: none */
	uint8_t id[OBJECT_ID_BYTES];
};

struct recovery {
	struct repo *repo;
	struct chain *chain;
	const uint8_t *hint; /* NULL where there is none */
	struct packlist packs;
	struct idmap known; /* the chain's commits */
	struct tip *tips;   /* packs.count + 1 of them */
};

/* The seq of the update that @commit is; 0 where it is none. */
static uint64_t commit_seq(struct span commit)
{
	uint8_t sig[SIG_BYTES];
	struct update u;
	struct buf payload;
	uint64_t seq = 0;

	buf_init(&payload, PAYLOAD_BYTES_MAX + 3);
	if (commit_parse(commit, &payload, &u, sig, NULL) == WEALD_OK) {
		seq = u.seq;
		update_release(&u);
	}
	buf_release(&payload);
	return seq;
}

/* Let @id be the tip where it is an update with a higher seq. */
static void tip_consider(const struct recovery *rec,
			 const uint8_t id[OBJECT_ID_BYTES], struct tip *tip)
{
	struct buf commit;
	uint64_t seq = 0;

	buf_init(&commit, COMMIT_BYTES_MAX);
	if (repo_read(rec->repo, id, OBJECT_COMMIT, &commit, NULL) ==
	    WEALD_OK) {
		seq = commit_seq(buf_span(&commit));
	}
	buf_release(&commit);
	if (seq > tip->seq) {
		tip->seq = seq;
		memcpy(tip->id, id, sizeof tip->id);
	}
}

/*
 * May the pack @name hold what follows on from the chain? Its first commit is
 * an update that the chain does not have, or the chain's last is within it.
 */
static bool pack_may_follow(const struct recovery *rec, const char *name)
{
	const struct identity *id = &rec->chain->identity;
	struct buf commit;
	bool beyond = false;
	char *path;

	if (asprintf(&path, "%s/%s.pack", repo_pack_dir(rec->repo), name) < 0) {
		return false;
	}
	buf_init(&commit, COMMIT_BYTES_MAX);
	if (pack_first_commit(path, &commit, NULL) == WEALD_OK) {
		beyond = commit_seq(buf_span(&commit)) > id->seq;
	}
	buf_release(&commit);
	free(path);
	return beyond ||
	       (id->seq > 0 && repo_pack_has(rec->repo, name, id->commit));
}

struct search {
	const struct recovery *rec;
	struct tip *tip;
};

static int search_cb(void *ctx, const uint8_t id[OBJECT_ID_BYTES],
		     bool is_commit, uint64_t size)
{
	struct search *s = ctx;
	uint32_t at;

	if (is_commit && size <= COMMIT_BYTES_MAX &&
	    !idmap_get(&s->rec->known, id, &at)) {
		tip_consider(s->rec, id, s->tip);
	}
	return WEALD_OK;
}

/* The highest tip first. */
static int compare_tips(const void *a, const void *b)
{
	const struct tip *x = a;
	const struct tip *y = b;

	if (x->seq != y->seq) {
		return x->seq > y->seq ? -1 : 1;
	}
	return memcmp(x->id, y->id, sizeof x->id);
}

/* The tips of all packs and of the hint; a pack that does not read has none. */
static void find_tips(struct recovery *rec)
{
	struct search s = { .rec = rec };
	const char *name;
	size_t i;

	memset(rec->tips, 0, (rec->packs.count + 1) * sizeof *rec->tips);
	for (i = 0; i < rec->packs.count; i++) {
		name = rec->packs.items[i].name;
		s.tip = &rec->tips[i];
		if (pack_may_follow(rec, name)) {
			(void)repo_pack_objects(rec->repo, name, search_cb, &s,
						NULL);
		}
	}
	if (rec->hint != NULL) {
		tip_consider(rec, rec->hint, &rec->tips[i]);
	}
	qsort(rec->tips, rec->packs.count + 1, sizeof *rec->tips, compare_tips);
}

static int extend_cb(void *ctx, const struct walk_item *item,
		     struct weald_msg *msg)
{
	return chain_extend(ctx, &item->checked, msg);
}

/* WEALD_OK also where the updates up to @tip do not follow on. */
static int try_tip(const struct recovery *rec, const struct tip *tip)
{
	struct chain *chain = rec->chain;
	struct walk walk = { .count = 0 };
	uint8_t stop[OBJECT_ID_BYTES];
	size_t done = 0;
	int err;

	memcpy(stop, chain->identity.commit, sizeof stop);
	err = walk_list(rec->repo, tip->id,
			chain->identity.seq == 0 ? NULL : stop, &walk, NULL);
	if (err == WEALD_OK) {
		err = walk_check(&walk,
				 repo_is_narrow(rec->repo) ? WALK_CONTENTS_HERE
							   : WALK_CONTENTS_ALL,
				 extend_cb, chain, &done, NULL);
	}
	walk_release(&walk);
	return err == WEALD_NOMEM ? err : WEALD_OK;
}

/* One step on, by the longest line that there is. */
static int recover_some(struct recovery *rec)
{
	const struct chain *chain = rec->chain;
	const uint64_t before = chain->identity.seq;
	size_t i;
	int err = WEALD_OK;

	for (i = rec->known.used; err == WEALD_OK && i < before; i++) {
		err = idmap_put(&rec->known, chain->ids[i], (uint32_t)i, NULL);
	}
	if (err == WEALD_OK) {
		find_tips(rec);
	}
	for (i = 0; err == WEALD_OK && chain->identity.seq == before &&
		    i <= rec->packs.count && rec->tips[i].seq > before;
	     i++) {
		err = try_tip(rec, &rec->tips[i]);
	}
	return err;
}

static int list_packs(struct recovery *rec, struct weald_msg *msg)
{
	int fd = -1;
	int err;

	err = fs_open_dir(repo_pack_dir(rec->repo), &fd, msg);
	if (err != WEALD_OK) {
		return err;
	}
	err = packlist_read(fd, repo_pack_dir(rec->repo), &rec->packs, msg);
	(void)close(fd);
	if (err == WEALD_OK) {
		rec->tips = calloc(rec->packs.count + 1, sizeof *rec->tips);
		err = rec->tips == NULL ? WEALD_NOMEM : WEALD_OK;
	}
	return err;
}

int recover_packs(struct repo *r, const uint8_t *hint, struct chain *chain,
		  struct weald_msg *msg)
{
	struct recovery rec = { .repo = r, .chain = chain, .hint = hint };
	uint64_t before;
	int err;

	err = idmap_init(&rec.known);
	if (err != WEALD_OK) {
		return err;
	}
	err = list_packs(&rec, msg);
	do {
		before = chain->identity.seq;
		if (err == WEALD_OK) {
			err = recover_some(&rec);
		}
	} while (err == WEALD_OK && chain->identity.seq > before);
	free(rec.tips);
	packlist_release(&rec.packs);
	idmap_release(&rec.known);
	return err;
}
