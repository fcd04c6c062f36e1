#include "store/feed/packlist.h"

#include <assert.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "store/fs.h"

#define NAME_LEN (PACK_NAME_BYTES - 1)

static const struct {
	enum pack_file file;
	const char *ending;
} endings[] = {
	{ PACK_FILE_PACK, ".pack" },     { PACK_FILE_IDX, ".idx" },
	{ PACK_FILE_KEEP, ".keep" },     { PACK_FILE_PROMISOR, ".promisor" },
	{ PACK_FILE_BITMAP, ".bitmap" }, { PACK_FILE_REV, ".rev" },
	{ PACK_FILE_MTIMES, ".mtimes" },
};

void packlist_path(const char *name, enum pack_file file,
		   char out[PACK_PATH_BYTES])
{
	size_t i = 0;

	while (endings[i].file != file) {
		i++;
		assert(i < sizeof endings / sizeof endings[0]);
	}
	(void)snprintf(out, PACK_PATH_BYTES, "%s%s", name, endings[i].ending);
}

/* "pack-", 40 hex digits in lower case, an ending: or 0. */
static unsigned file_of(const char *name)
{
	size_t i;

	if (strncmp(name, "pack-", 5) != 0 ||
	    strspn(name + 5, "0123456789abcdef") != NAME_LEN - 5) {
		return 0;
	}
	for (i = 0; i < sizeof endings / sizeof endings[0]; i++) {
		if (strcmp(name + NAME_LEN, endings[i].ending) == 0) {
			return (unsigned)endings[i].file;
		}
	}
	return 0;
}

/* One more element of @size bytes in *@array; doubles at powers of two. */
static int grow(void **array, size_t count, size_t size)
{
	void *bigger;

	if (count >= 16 && (count & (count - 1)) != 0) {
		return WEALD_OK;
	}
	if (count > 0 && count < 16) {
		return WEALD_OK;
	}
	bigger = realloc(*array, (count == 0 ? 16 : count * 2) * size);
	if (bigger == NULL) {
		return WEALD_NOMEM;
	}
	*array = bigger;
	return WEALD_OK;
}

static int add_temp(struct packlist *l, const char *name)
{
	void *array = l->temps;
	int r = grow(&array, l->temps_count, sizeof *l->temps);

	if (r != WEALD_OK) {
		return r;
	}
	l->temps = array;
	(void)snprintf(l->temps[l->temps_count], sizeof *l->temps, "%s", name);
	l->temps_count++;
	return WEALD_OK;
}

static int add_item(struct packlist *l, const char *name, unsigned file)
{
	struct packlist_item *item;
	void *array = l->items;
	int r = grow(&array, l->count, sizeof *l->items);

	if (r != WEALD_OK) {
		return r;
	}
	l->items = array;
	item = &l->items[l->count++];
	*item = (struct packlist_item){ .files = file };
	memcpy(item->name, name, NAME_LEN);
	return WEALD_OK;
}

static int compare_names(const void *a, const void *b)
{
	const struct packlist_item *x = a;
	const struct packlist_item *y = b;

	return strcmp(x->name, y->name);
}

/* One item a file so far: make it one a pack, sorted. */
static void join_items(struct packlist *l)
{
	size_t n = 0;
	size_t i;

	if (l->count == 0) {
		return;
	}
	qsort(l->items, l->count, sizeof *l->items, compare_names);
	for (i = 1; i < l->count; i++) {
		if (compare_names(&l->items[n], &l->items[i]) == 0) {
			l->items[n].files |= l->items[i].files;
		} else {
			l->items[++n] = l->items[i];
		}
	}
	l->count = n + 1;
}

/* Sizes and times; what vanished meanwhile is no pack any more. */
static int look_at_packs(int dir_fd, const char *dir, struct packlist *l,
			 struct weald_msg *msg)
{
	char path[PACK_PATH_BYTES];
	struct packlist_item *item;
	struct stat st;
	size_t i;

	for (i = 0; i < l->count; i++) {
		item = &l->items[i];
		if ((item->files & PACK_FILE_PACK) == 0) {
			continue;
		}
		packlist_path(item->name, PACK_FILE_PACK, path);
		if (fstatat(dir_fd, path, &st, AT_SYMLINK_NOFOLLOW) == 0) {
			item->size = (uint64_t)st.st_size;
			item->mtime = st.st_mtim;
		} else if (errno == ENOENT) {
			item->files &= ~(unsigned)PACK_FILE_PACK;
		} else {
			return fs_fail(errno, "cannot look at", dir, path, msg);
		}
	}
	return WEALD_OK;
}

static int read_names(DIR *d, const char *dir, struct packlist *l,
		      struct weald_msg *msg)
{
	struct dirent *de;
	unsigned file;
	int r = WEALD_OK;

	while (r == WEALD_OK) {
		errno = 0;
		de = readdir(d);
		if (de == NULL && errno != 0) {
			return fs_fail(errno, "cannot list", NULL, dir, msg);
		}
		if (de == NULL) {
			break;
		}
		file = file_of(de->d_name);
		if (file != 0) {
			r = add_item(l, de->d_name, file);
		} else if (strncmp(de->d_name, "tmp_", 4) == 0) {
			r = add_temp(l, de->d_name);
		}
	}
	return r;
}

int packlist_read(int dir_fd, const char *dir, struct packlist *out,
		  struct weald_msg *msg)
{
	struct packlist l = { 0 };
	DIR *d = NULL;
	int fd;
	int r;

	/* a stream of its own position, which takes its descriptor */
	fd = openat(dir_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd >= 0) {
		d = fdopendir(fd);
	}
	if (d == NULL) {
		r = fs_fail(errno, "cannot list", NULL, dir, msg);
		if (fd >= 0) {
			(void)close(fd);
		}
		return r;
	}
	r = read_names(d, dir, &l, msg);
	(void)closedir(d);
	if (r == WEALD_OK) {
		join_items(&l);
		r = look_at_packs(dir_fd, dir, &l, msg);
	}
	if (r != WEALD_OK) {
		packlist_release(&l);
		return r;
	}
	*out = l;
	return WEALD_OK;
}

void packlist_release(struct packlist *l)
{
	free(l->items);
	free(l->temps);
	*l = (struct packlist){ 0 };
}

int packlist_remove(int dir_fd, const char *dir, const char *name,
		    struct weald_msg *msg)
{
	if (unlinkat(dir_fd, name, 0) != 0 && errno != ENOENT) {
		return fs_fail(errno, "cannot remove", dir, name, msg);
	}
	return WEALD_OK;
}
