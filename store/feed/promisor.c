#include "store/feed/promisor.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <unistd.h>

#include "store/feed/packlist.h"
#include "store/fs.h"

int promisor_mark(int dir_fd, const char *dir, const char *name,
		  struct weald_msg *msg)
{
	char path[PACK_PATH_BYTES];
	int fd;

	packlist_path(name, PACK_FILE_PROMISOR, path);
	fd = openat(dir_fd, path,
		    O_WRONLY | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK,
		    0444);
	if (fd < 0) {
		return fs_fail(errno, "cannot create", dir, path, msg);
	}
	/* nothing was written that a failure could lose */
	(void)close(fd);
	return WEALD_OK;
}

/* Mark the pack, or take the mark away: is there anything to sync? */
static int change(int dir_fd, const char *dir, const struct packlist_item *item,
		  bool marked, bool *changed, struct weald_msg *msg)
{
	char path[PACK_PATH_BYTES];

	if (((item->files & PACK_FILE_PROMISOR) != 0) == marked ||
	    (marked && (item->files & PACK_FILE_PACK) == 0)) {
		return WEALD_OK;
	}
	*changed = true;
	if (marked) {
		return promisor_mark(dir_fd, dir, item->name, msg);
	}
	packlist_path(item->name, PACK_FILE_PROMISOR, path);
	return packlist_remove(dir_fd, dir, path, msg);
}

static int change_all(const char *pack_dir, bool marked, struct weald_msg *msg)
{
	struct packlist packs = { .count = 0 };
	bool changed = false;
	int fd = -1;
	size_t i;
	int r;

	r = fs_open_dir(pack_dir, &fd, msg);
	if (r != WEALD_OK) {
		return r;
	}
	r = packlist_read(fd, pack_dir, &packs, msg);
	for (i = 0; r == WEALD_OK && i < packs.count; i++) {
		r = change(fd, pack_dir, &packs.items[i], marked, &changed,
			   msg);
	}
	if (r == WEALD_OK && changed) {
		r = fs_sync_fd(fd, NULL, pack_dir, msg);
	}
	packlist_release(&packs);
	(void)close(fd);
	return r;
}

int promisor_mark_all(const char *pack_dir, struct weald_msg *msg)
{
	return change_all(pack_dir, true, msg);
}

int promisor_unmark_all(const char *pack_dir, struct weald_msg *msg)
{
	return change_all(pack_dir, false, msg);
}
