#include "store/feed/packcheck.h"

#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "store/feed/packindex.h"
#include "store/feed/packlist.h"
#include "store/feed/packread.h"
#include "store/fs.h"

/* Of some ten million objects. */
#define INDEX_BYTES_MAX (512u * 1024u * 1024u)
#define MULTI_INDEX     "multi-pack-index"

/* An index that was checked. */
struct known {
	char name[PACK_NAME_BYTES];
	uint64_t pack_size;
	ino_t ino;
	off_t size;
	struct timespec mtime;
	struct timespec ctime;
};

struct packcheck {
	struct known *items; /* sorted by name */
	size_t count;
};

static int corrupt(const char *dir, const char *file, const char *what,
		   struct weald_msg *msg)
{
	msg_set(msg, "\"%s/%s\" is damaged: %s", dir, file, what);
	return WEALD_CORRUPT;
}

int packcheck_new(struct packcheck **out)
{
	*out = calloc(1, sizeof **out);
	return *out == NULL ? WEALD_NOMEM : WEALD_OK;
}

void packcheck_free(struct packcheck *c)
{
	if (c != NULL) {
		free(c->items);
		free(c);
	}
}

static bool same_time(const struct timespec *a, const struct timespec *b)
{
	return a->tv_sec == b->tv_sec && a->tv_nsec == b->tv_nsec;
}

/* The index as its inode describes it; false where it is not there. */
static bool describe(int dir_fd, const struct packlist_item *item,
		     struct known *out)
{
	char file[PACK_PATH_BYTES];
	struct stat st;

	packlist_path(item->name, PACK_FILE_IDX, file);
	if (fstatat(dir_fd, file, &st, AT_SYMLINK_NOFOLLOW) != 0) {
		return false;
	}
	*out = (struct known){ .pack_size = item->size,
			       .ino = st.st_ino,
			       .size = st.st_size,
			       .mtime = st.st_mtim,
			       .ctime = st.st_ctim };
	memcpy(out->name, item->name, sizeof out->name);
	return true;
}

static int compare_known(const void *a, const void *b)
{
	const struct known *x = a;
	const struct known *y = b;

	return strcmp(x->name, y->name);
}

static bool was_checked(const struct packcheck *c, const struct known *k)
{
	const struct known *was;

	if (c == NULL || c->count == 0) {
		return false;
	}
	was = bsearch(k, c->items, c->count, sizeof *k, compare_known);
	return was != NULL && was->pack_size == k->pack_size &&
	       was->ino == k->ino && was->size == k->size &&
	       same_time(&was->mtime, &k->mtime) &&
	       same_time(&was->ctime, &k->ctime);
}

static int check_pack(int dir_fd, const char *dir,
		      const struct packlist_item *item, struct weald_msg *msg)
{
	struct weald_msg why = { "" };
	char file[PACK_PATH_BYTES];
	struct buf idx = { .data = NULL };
	int r;

	packlist_path(item->name, PACK_FILE_PACK, file);
	if (item->size < PACK_HEADER_BYTES + PACK_TRAILER_BYTES) {
		return corrupt(dir, file, "cut short", msg);
	}
	packlist_path(item->name, PACK_FILE_IDX, file);
	r = fs_read_at(dir_fd, file, INDEX_BYTES_MAX, FS_NOFOLLOW, &idx, msg);
	if (r != WEALD_OK) {
		return r;
	}
	r = packindex_check(buf_span(&idx), item->size - PACK_TRAILER_BYTES,
			    &why);
	if (r == WEALD_CORRUPT || r == WEALD_FORMAT) {
		r = corrupt(dir, file, why.text, msg);
	}
	buf_release(&idx);
	return r;
}

/* The index over several packs that stock git makes where it is told to. */
static int check_multi_index(int dir_fd, const char *dir, struct weald_msg *msg)
{
	uint8_t sum[HASHFILE_SUM_BYTES];
	struct buf idx = { .data = NULL };
	struct span body;
	int r;

	r = fs_read_at(dir_fd, MULTI_INDEX, INDEX_BYTES_MAX, FS_NOFOLLOW, &idx,
		       NULL);
	if (r == WEALD_NOTFOUND) {
		return WEALD_OK;
	}
	body = buf_span(&idx);
	if (r == WEALD_OK && body.len > sizeof sum) {
		body.len -= sizeof sum;
		r = hashfile_sum(body, sum);
		if (r == WEALD_OK &&
		    memcmp(sum, body.data + body.len, sizeof sum) != 0) {
			r = WEALD_CORRUPT;
		}
	} else if (r == WEALD_OK) {
		r = WEALD_CORRUPT;
	}
	buf_release(&idx);
	return r == WEALD_OK ? r
			     : corrupt(dir, MULTI_INDEX,
				       "remove it, git can do without", msg);
}

/* Check one pack, unless it was; note it in @known, in the order of names. */
static int check_item(int dir_fd, const char *dir, const struct packcheck *c,
		      const struct packlist_item *item, struct packcheck *known,
		      struct weald_msg *msg)
{
	const unsigned both = PACK_FILE_PACK | PACK_FILE_IDX;
	struct known *k = &known->items[known->count];
	int r = WEALD_OK;

	if ((item->files & both) != both || !describe(dir_fd, item, k)) {
		return WEALD_OK;
	}
	if (!was_checked(c, k)) {
		r = check_pack(dir_fd, dir, item, msg);
	}
	if (r == WEALD_OK) {
		known->count++;
	}
	return r == WEALD_NOTFOUND ? WEALD_OK : r;
}

static int check_items(int dir_fd, const char *dir, struct packcheck *c,
		       const struct packlist *packs, struct weald_msg *msg)
{
	struct packcheck known = { .count = 0 };
	size_t i;
	int r = WEALD_OK;

	known.items = calloc(packs->count + 1, sizeof *known.items);
	if (known.items == NULL) {
		return WEALD_NOMEM;
	}
	for (i = 0; r == WEALD_OK && i < packs->count; i++) {
		r = check_item(dir_fd, dir, c, &packs->items[i], &known, msg);
	}
	if (r == WEALD_OK && c != NULL) {
		free(c->items);
		*c = known;
		known.items = NULL; /* transferred */
	}
	free(known.items);
	return r;
}

int packcheck_indexes(struct packcheck *c, const char *pack_dir,
		      struct weald_msg *msg)
{
	struct packlist packs = { .count = 0 };
	int fd = -1;
	int r;

	r = fs_open_dir(pack_dir, &fd, msg);
	if (r != WEALD_OK) {
		return r;
	}
	r = packlist_read(fd, pack_dir, &packs, msg);
	if (r == WEALD_OK) {
		r = check_items(fd, pack_dir, c, &packs, msg);
	}
	if (r == WEALD_OK) {
		r = check_multi_index(fd, pack_dir, msg);
	}
	packlist_release(&packs);
	(void)close(fd);
	return r;
}
