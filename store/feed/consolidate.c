#include "store/feed/consolidate.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "store/feed/packlist.h"
#include "store/feed/packmerge.h"
#include "store/fs.h"

/* From CONSOLIDATE_SMALL_BYTES upwards in factors of 8 to 2^64. */
#define TIERS_MAX 20u
/* Packs in one merge: bounds its memory after a long time without any. */
#define SOURCES_MAX 256u

/* What git makes beside packs and would be wrong without one of them. */
#define MULTI_INDEX "multi-pack-index"

/* The state of one consolidate_packs(). */
struct work {
	const char *dir;
	int dir_fd;
	uint64_t large_bytes;
	bool promisor;
	/* names of packs that were found to hold deltas; owned */
	char (*unfit)[PACK_NAME_BYTES];
	size_t unfit_count;
	struct consolidate_stats stats;
};

/* What to merge: pointers into a list of packs. */
struct plan {
	const struct packlist_item **items; /* owned; oldest first */
	size_t count;                       /* 0: nothing to do */
};

static size_t tier_of(uint64_t size)
{
	uint64_t bound = CONSOLIDATE_SMALL_BYTES;
	size_t tier = 0;

	while (tier + 1 < TIERS_MAX && size >= bound) {
		tier++;
		if (bound > UINT64_MAX / CONSOLIDATE_FACTOR) {
			break;
		}
		bound *= CONSOLIDATE_FACTOR;
	}
	return tier;
}

static bool is_pack(const struct packlist_item *item)
{
	unsigned both = PACK_FILE_PACK | PACK_FILE_IDX;

	return (item->files & both) == both;
}

static bool is_eligible(const struct work *w, const struct packlist_item *item)
{
	unsigned alone = PACK_FILE_KEEP | PACK_FILE_BITMAP |
			 (w->promisor ? 0 : PACK_FILE_PROMISOR);
	size_t i;

	if (!is_pack(item) || item->size >= w->large_bytes ||
	    (item->files & alone) != 0) {
		return false;
	}
	for (i = 0; i < w->unfit_count; i++) {
		if (strcmp(w->unfit[i], item->name) == 0) {
			return false;
		}
	}
	return true;
}

/*
 * The highest tier that a merge takes in; TIERS_MAX where no tier is full.
 * Begin with the lowest full tier; go up while the merged pack would fill the
 * next one, so that no object is written twice in one go.
 */
static size_t top_tier(const size_t *counts, const uint64_t *bytes)
{
	uint64_t sum = 0;
	size_t top = 0;

	while (counts[top] < CONSOLIDATE_FACTOR) {
		sum += bytes[top];
		top++;
		if (top == TIERS_MAX) {
			return TIERS_MAX;
		}
	}
	sum += bytes[top];
	while (top + 1 < TIERS_MAX && tier_of(sum) == top + 1 &&
	       counts[top + 1] + 1 >= CONSOLIDATE_FACTOR) {
		top++;
		sum += bytes[top];
	}
	return top;
}

static int compare_ages(const void *a, const void *b)
{
	const struct packlist_item *x = *(const struct packlist_item *const *)a;
	const struct packlist_item *y = *(const struct packlist_item *const *)b;

	if (x->mtime.tv_sec != y->mtime.tv_sec) {
		return x->mtime.tv_sec < y->mtime.tv_sec ? -1 : 1;
	}
	if (x->mtime.tv_nsec != y->mtime.tv_nsec) {
		return x->mtime.tv_nsec < y->mtime.tv_nsec ? -1 : 1;
	}
	return strcmp(x->name, y->name);
}

/* Sort by age, and cut so that the merge stays of bounded size. */
static void trim_plan(struct plan *p, uint64_t large_bytes)
{
	uint64_t sum = 0;
	size_t n;

	qsort(p->items, p->count, sizeof(*p->items), compare_ages);
	for (n = 0; n < p->count && n < SOURCES_MAX; n++) {
		if (n >= 2 && sum >= large_bytes) {
			break;
		}
		sum += p->items[n]->size;
	}
	p->count = n;
}

static int make_plan(const struct work *w, const struct packlist *l,
		     struct plan *out)
{
	size_t counts[TIERS_MAX] = { 0 };
	uint64_t bytes[TIERS_MAX] = { 0 };
	struct plan p = { 0 };
	size_t top;
	size_t i;

	for (i = 0; i < l->count; i++) {
		if (is_eligible(w, &l->items[i])) {
			counts[tier_of(l->items[i].size)]++;
			bytes[tier_of(l->items[i].size)] += l->items[i].size;
		}
	}
	top = top_tier(counts, bytes);
	if (top < TIERS_MAX) {
		assert(l->count > 0);
		p.items = calloc(l->count, sizeof(*p.items));
		if (p.items == NULL) {
			return WEALD_NOMEM;
		}
		for (i = 0; i < l->count; i++) {
			if (is_eligible(w, &l->items[i]) &&
			    tier_of(l->items[i].size) <= top) {
				p.items[p.count++] = &l->items[i];
			}
		}
		trim_plan(&p, w->large_bytes);
	}
	*out = p;
	return WEALD_OK;
}

static int note_unfit(struct work *w, const char *name)
{
	char(*bigger)[PACK_NAME_BYTES];

	bigger = realloc(w->unfit, (w->unfit_count + 1) * sizeof *bigger);
	if (bigger == NULL) {
		return WEALD_NOMEM;
	}
	w->unfit = bigger;
	memcpy(w->unfit[w->unfit_count++], name, PACK_NAME_BYTES);
	return WEALD_OK;
}

/* Index first: without it nobody looks for the pack. */
static int remove_pack(const struct work *w, const char *name,
		       struct weald_msg *msg)
{
	static const enum pack_file files[] = { PACK_FILE_IDX, PACK_FILE_PACK,
						PACK_FILE_REV, PACK_FILE_MTIMES,
						PACK_FILE_PROMISOR };
	char path[PACK_PATH_BYTES];
	size_t i;
	int r = WEALD_OK;

	for (i = 0; i < sizeof files / sizeof files[0] && r == WEALD_OK; i++) {
		packlist_path(name, files[i], path);
		r = packlist_remove(w->dir_fd, w->dir, path, msg);
	}
	return r;
}

/* The merged pack @name is durable: what it replaces may go. */
static int remove_sources(struct work *w, const struct plan *p,
			  const char *name, struct weald_msg *msg)
{
	size_t i;
	int r;

	r = packlist_remove(w->dir_fd, w->dir, MULTI_INDEX, msg);
	for (i = 0; i < p->count && r == WEALD_OK; i++) {
		/* a merge that was cut off left the merged pack beside them */
		if (strcmp(p->items[i]->name, name) == 0) {
			continue;
		}
		r = remove_pack(w, p->items[i]->name, msg);
		if (r == WEALD_OK) {
			w->stats.packs_merged++;
		}
	}
	return r;
}

static int carry_out(struct work *w, const struct plan *p,
		     struct weald_msg *msg)
{
	const struct packmerge_input in = { .dir_fd = w->dir_fd,
					    .dir = w->dir,
					    .sources = p->items,
					    .count = p->count,
					    .promisor = w->promisor };
	struct packmerge_result res;
	int r;

	r = packmerge(&in, &res, msg);
	if (r == WEALD_FORMAT) {
		return note_unfit(w, p->items[res.unfit]->name);
	}
	if (r != WEALD_OK) {
		return r;
	}
	w->stats.merges++;
	w->stats.objects += res.objects;
	w->stats.objects_twice += res.objects_twice;
	w->stats.bytes += res.bytes;
	return remove_sources(w, p, res.name, msg);
}

static void count_packs(struct work *w, const struct packlist *l)
{
	size_t i;

	w->stats.packs_after = 0;
	w->stats.packs_left = 0;
	for (i = 0; i < l->count; i++) {
		if (!is_pack(&l->items[i])) {
			continue;
		}
		w->stats.packs_after++;
		if (!is_eligible(w, &l->items[i])) {
			w->stats.packs_left++;
		}
	}
	if (w->stats.merges == 0 && w->unfit_count == 0) {
		w->stats.packs_before = w->stats.packs_after;
	}
}

/* One merge, or the finding that a pack is unfit; *@out_done: neither. */
static int take_step(struct work *w, bool *out_done, struct weald_msg *msg)
{
	struct packlist l = { 0 };
	struct plan p = { 0 };
	int r;

	r = packlist_read(w->dir_fd, w->dir, &l, msg);
	if (r != WEALD_OK) {
		return r;
	}
	count_packs(w, &l);
	r = make_plan(w, &l, &p);
	if (r == WEALD_OK && p.count > 0) {
		r = carry_out(w, &p, msg);
	}
	if (r == WEALD_OK) {
		*out_done = p.count == 0;
	}
	free(p.items);
	packlist_release(&l);
	return r;
}

static int work_init(struct work *w, const char *pack_dir,
		     const struct consolidate_options *options,
		     struct weald_msg *msg)
{
	*w = (struct work){ .dir = pack_dir,
			    .dir_fd = -1,
			    .large_bytes = CONSOLIDATE_LARGE_BYTES };
	if (options != NULL && options->large_bytes != 0) {
		w->large_bytes = options->large_bytes;
	}
	w->promisor = options != NULL && options->promisor;
	return fs_open_dir(pack_dir, &w->dir_fd, msg);
}

static void work_release(struct work *w)
{
	if (w->dir_fd >= 0) {
		(void)close(w->dir_fd);
	}
	free(w->unfit);
}

int consolidate_packs(const char *pack_dir,
		      const struct consolidate_options *options,
		      struct consolidate_stats *out, struct weald_msg *msg)
{
	struct work w;
	bool done = false;
	int r;

	r = work_init(&w, pack_dir, options, msg);
	while (r == WEALD_OK && !done) {
		r = take_step(&w, &done, msg);
	}
	if (out != NULL) {
		*out = w.stats;
	}
	work_release(&w);
	return r;
}

int consolidate_needed(const char *pack_dir,
		       const struct consolidate_options *options,
		       bool *out_needed, struct weald_msg *msg)
{
	struct packlist l = { 0 };
	struct plan p = { 0 };
	struct work w;
	int r;

	r = work_init(&w, pack_dir, options, msg);
	if (r == WEALD_OK) {
		r = packlist_read(w.dir_fd, pack_dir, &l, msg);
	}
	if (r == WEALD_OK) {
		r = make_plan(&w, &l, &p);
	}
	if (r == WEALD_OK) {
		*out_needed = p.count > 0;
	}
	free(p.items);
	packlist_release(&l);
	work_release(&w);
	return r;
}

/* Which files of @item only a crash can have left; enum pack_file. */
static unsigned leftovers_of(const struct work *w,
			     const struct packlist_item *item)
{
	unsigned marked = w->promisor ? PACK_FILE_PROMISOR : 0;
	unsigned guarded = PACK_FILE_KEEP | (PACK_FILE_PROMISOR & ~marked);
	unsigned derived = PACK_FILE_IDX | PACK_FILE_REV | PACK_FILE_MTIMES |
			   PACK_FILE_BITMAP | marked;

	if ((item->files & PACK_FILE_PACK) == 0) {
		return item->files & derived;
	}
	if ((item->files & (PACK_FILE_IDX | guarded)) == 0) {
		return item->files;
	}
	return 0;
}

static int clean_item(const struct work *w, const struct packlist_item *item,
		      size_t *removed, struct weald_msg *msg)
{
	unsigned files = leftovers_of(w, item);
	char path[PACK_PATH_BYTES];
	unsigned file;
	int r = WEALD_OK;

	for (file = 1; file <= files && r == WEALD_OK; file <<= 1) {
		if ((files & file) != 0) {
			packlist_path(item->name, (enum pack_file)file, path);
			r = packlist_remove(w->dir_fd, w->dir, path, msg);
			*removed += r == WEALD_OK;
		}
	}
	return r;
}

int packs_clean_leftovers(const char *pack_dir, bool promisor,
			  size_t *out_removed, struct weald_msg *msg)
{
	const struct consolidate_options options = { .promisor = promisor };
	struct packlist l = { 0 };
	size_t removed = 0;
	struct work w;
	size_t i;
	int r;

	r = work_init(&w, pack_dir, &options, msg);
	if (r == WEALD_OK) {
		r = packlist_read(w.dir_fd, pack_dir, &l, msg);
	}
	for (i = 0; i < l.temps_count && r == WEALD_OK; i++) {
		r = packlist_remove(w.dir_fd, pack_dir, l.temps[i], msg);
		removed += r == WEALD_OK;
	}
	for (i = 0; i < l.count && r == WEALD_OK; i++) {
		r = clean_item(&w, &l.items[i], &removed, msg);
	}
	if (r == WEALD_OK && out_removed != NULL) {
		*out_removed = removed;
	}
	packlist_release(&l);
	work_release(&w);
	return r;
}
