#include "store/feed/packcheck.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "store/feed/packindex.h"
#include "store/feed/packlist.h"
#include "store/feed/packread.h"
#include "store/fs.h"

/* Of some ten million objects. */
#define INDEX_BYTES_MAX (512u * 1024u * 1024u)
#define MULTI_INDEX     "multi-pack-index"

static int corrupt(const char *dir, const char *file, const char *what,
		   struct weald_msg *msg)
{
	msg_set(msg, "\"%s/%s\" is damaged: %s", dir, file, what);
	return WEALD_CORRUPT;
}

static int check_offsets(const struct packindex_entry *entries, size_t n,
			 uint64_t pack_size)
{
	size_t i;

	for (i = 0; i < n; i++) {
		if (entries[i].offset < PACK_HEADER_BYTES ||
		    entries[i].offset >= pack_size - PACK_TRAILER_BYTES) {
			return WEALD_CORRUPT;
		}
	}
	return WEALD_OK;
}

static int check_pack(int dir_fd, const char *dir,
		      const struct packlist_item *item, struct weald_msg *msg)
{
	uint8_t sum[HASHFILE_SUM_BYTES];
	struct packindex_entry *entries = NULL;
	struct weald_msg why = { "" };
	char file[PACK_PATH_BYTES];
	struct buf idx = { .data = NULL };
	size_t n = 0;
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
	r = packindex_read(buf_span(&idx), &entries, &n, sum, &why);
	if (r == WEALD_OK) {
		r = check_offsets(entries, n, item->size);
		msg_set(&why, "an offset beyond the pack");
	}
	if (r == WEALD_CORRUPT || r == WEALD_FORMAT) {
		r = corrupt(dir, file, why.text, msg);
	}
	free(entries);
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

int packcheck_indexes(const char *pack_dir, struct weald_msg *msg)
{
	const unsigned both = PACK_FILE_PACK | PACK_FILE_IDX;
	struct packlist packs = { .count = 0 };
	int fd = -1;
	size_t i;
	int r;

	r = fs_open_dir(pack_dir, &fd, msg);
	if (r != WEALD_OK) {
		return r;
	}
	r = packlist_read(fd, pack_dir, &packs, msg);
	for (i = 0; r == WEALD_OK && i < packs.count; i++) {
		if ((packs.items[i].files & both) == both) {
			r = check_pack(fd, pack_dir, &packs.items[i], msg);
			r = r == WEALD_NOTFOUND ? WEALD_OK : r;
		}
	}
	if (r == WEALD_OK) {
		r = check_multi_index(fd, pack_dir, msg);
	}
	packlist_release(&packs);
	(void)close(fd);
	return r;
}
