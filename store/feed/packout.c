#include "store/feed/packout.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "store/feed/hashfile.h"
#include "store/feed/packindex.h"
#include "store/feed/packread.h"
#include "store/feed/promisor.h"
#include "store/fs.h"

/* As git does: nobody writes into a pack. */
#define PACK_MODE 0444

/* A file on its way; @temp is "" when there is none to remove. */
struct half {
	char temp[FS_TEMP_BYTES];
	int fd;
	struct hashfile file;
};

struct packout {
	char *dir;
	int dir_fd;
	struct half pack;
	struct half idx;
	struct packindex_entry *entries;
	size_t count;
	size_t done;
	bool promisor;
};

static int half_open(struct packout *o, struct half *h, const char *prefix,
		     struct weald_msg *msg)
{
	int r = fs_temp_at(o->dir_fd, o->dir, prefix, h->temp, &h->fd, msg);

	if (r != WEALD_OK) {
		return r;
	}
	/* first: after a sync of the other half it would cost this one more */
	if (fchmod(h->fd, PACK_MODE) != 0) {
		return fs_fail(errno, "cannot finish", o->dir, h->temp, msg);
	}
	return hashfile_init(&h->file, h->fd, o->dir, h->temp);
}

static void half_free(struct packout *o, struct half *h)
{
	hashfile_release(&h->file);
	if (h->fd >= 0) {
		(void)close(h->fd);
	}
	if (h->temp[0] != '\0') {
		(void)unlinkat(o->dir_fd, h->temp, 0);
	}
}

static int write_header(struct packout *o, struct weald_msg *msg)
{
	uint32_t n = (uint32_t)o->count;
	uint8_t header[PACK_HEADER_BYTES] = { 'P', 'A', 'C', 'K', 0, 0, 0, 2 };

	header[8] = (uint8_t)(n >> 24);
	header[9] = (uint8_t)(n >> 16);
	header[10] = (uint8_t)(n >> 8);
	header[11] = (uint8_t)n;
	return hashfile_add(&o->pack.file, header, sizeof header, msg);
}

int packout_new(const char *pack_dir, size_t count, bool promisor,
		struct packout **out, struct weald_msg *msg)
{
	struct packout *o;
	int r = WEALD_NOMEM;

	assert(count > 0);
	assert(count < PACKINDEX_COUNT_LIMIT);
	o = calloc(1, sizeof *o);
	if (o == NULL) {
		return WEALD_NOMEM;
	}
	o->count = count;
	o->promisor = promisor;
	o->dir_fd = -1;
	o->pack.fd = -1;
	o->idx.fd = -1;
	o->dir = strdup(pack_dir);
	o->entries = calloc(count, sizeof *o->entries);
	if (o->dir == NULL || o->entries == NULL) {
		goto err;
	}
	r = fs_open_dir(pack_dir, &o->dir_fd, msg);
	if (r == WEALD_OK) {
		r = half_open(o, &o->pack, "tmp_pack", msg);
	}
	if (r == WEALD_OK) {
		r = write_header(o, msg);
	}
	if (r != WEALD_OK) {
		goto err;
	}
	*out = o;
	return WEALD_OK;
err:
	packout_free(o);
	return r;
}

void packout_free(struct packout *o)
{
	if (o == NULL) {
		return;
	}
	half_free(o, &o->pack);
	half_free(o, &o->idx);
	if (o->dir_fd >= 0) {
		(void)close(o->dir_fd);
	}
	free(o->entries);
	free(o->dir);
	free(o);
}

void packout_begin(struct packout *o, const uint8_t id[OBJECT_ID_BYTES])
{
	struct packindex_entry *e;

	assert(o->done < o->count);
	e = &o->entries[o->done];
	memcpy(e->id, id, OBJECT_ID_BYTES);
	e->offset = o->pack.file.total;
}

int packout_bytes(struct packout *o, const void *data, size_t len,
		  struct weald_msg *msg)
{
	assert(o->done < o->count);
	return hashfile_add(&o->pack.file, data, len, msg);
}

void packout_end(struct packout *o, uint32_t crc)
{
	assert(o->done < o->count);
	o->entries[o->done].crc = crc;
	o->done++;
}

uint64_t packout_size(const struct packout *o)
{
	return o->pack.file.total;
}

static int write_index(struct packout *o, const uint8_t *pack_sum,
		       struct weald_msg *msg)
{
	uint8_t sum[HASHFILE_SUM_BYTES];
	int r;

	packindex_sort_by_id(o->entries, o->count);
	r = half_open(o, &o->idx, "tmp_idx", msg);
	if (r == WEALD_OK) {
		r = packindex_write(o->entries, o->count, pack_sum,
				    &o->idx.file, msg);
	}
	if (r == WEALD_OK) {
		r = hashfile_finish(&o->idx.file, sum, msg);
	}
	return r;
}

/* Time, sync, close. */
static int half_finish(struct packout *o, struct half *h,
		       const struct timespec *mtime, struct weald_msg *msg)
{
	struct timespec times[2] = { { .tv_nsec = UTIME_OMIT },
				     { .tv_nsec = UTIME_OMIT } };
	int fd = h->fd;
	int r;

	if (mtime != NULL) {
		times[1] = *mtime;
	}
	if (mtime != NULL && futimens(fd, times) != 0) {
		return fs_fail(errno, "cannot finish", o->dir, h->temp, msg);
	}
	r = fs_sync_fd(fd, o->dir, h->temp, msg);
	if (r != WEALD_OK) {
		return r;
	}
	h->fd = -1;
	if (close(fd) != 0 && errno != EINTR) {
		return fs_fail(errno, "cannot write", o->dir, h->temp, msg);
	}
	return WEALD_OK;
}

static int half_rename(struct packout *o, struct half *h, const char *name,
		       const char *ending, struct weald_msg *msg)
{
	char to[PACK_NAME_BYTES + 8];

	(void)snprintf(to, sizeof to, "%s%s", name, ending);
	if (renameat(o->dir_fd, h->temp, o->dir_fd, to) != 0) {
		return fs_fail(errno, "cannot create", o->dir, to, msg);
	}
	h->temp[0] = '\0';
	return WEALD_OK;
}

/* The index did not get its name: take the pack away, unless it was there. */
static void undo_pack(struct packout *o, const char *name)
{
	char file[PACK_NAME_BYTES + 8];

	(void)snprintf(file, sizeof file, "%s.idx", name);
	if (faccessat(o->dir_fd, file, F_OK, AT_SYMLINK_NOFOLLOW) == 0 ||
	    errno != ENOENT) {
		return;
	}
	(void)snprintf(file, sizeof file, "%s.pack", name);
	(void)unlinkat(o->dir_fd, file, 0);
}

int packout_commit(struct packout *o, const struct timespec *mtime,
		   char out_name[PACK_NAME_BYTES], struct weald_msg *msg)
{
	uint8_t sum[HASHFILE_SUM_BYTES] = { 0 };
	char name[PACK_NAME_BYTES] = "pack-";
	int r;

	assert(o->done == o->count);
	r = hashfile_finish(&o->pack.file, sum, msg);
	if (r == WEALD_OK) {
		r = write_index(o, sum, msg);
	}
	/*
	 * A hint: with both on their way the first sync makes most of the
	 * second, too. The syncs that count follow.
	 */
	(void)sync_file_range(o->pack.fd, 0, 0, SYNC_FILE_RANGE_WRITE);
	(void)sync_file_range(o->idx.fd, 0, 0, SYNC_FILE_RANGE_WRITE);
	if (r == WEALD_OK) {
		r = half_finish(o, &o->pack, mtime, msg);
	}
	if (r == WEALD_OK) {
		r = half_finish(o, &o->idx, mtime, msg);
	}
	hex_encode(sum, sizeof sum, name + strlen(name));
	if (r == WEALD_OK && o->promisor) {
		r = promisor_mark(o->dir_fd, o->dir, name, msg);
	}
	if (r == WEALD_OK) {
		r = half_rename(o, &o->pack, name, ".pack", msg);
	}
	if (r != WEALD_OK) {
		return r;
	}
	r = half_rename(o, &o->idx, name, ".idx", msg);
	if (r != WEALD_OK) {
		undo_pack(o, name);
		return r;
	}
	r = fs_sync_fd(o->dir_fd, NULL, o->dir, msg);
	if (r == WEALD_OK) {
		memcpy(out_name, name, sizeof name);
	}
	return r;
}
