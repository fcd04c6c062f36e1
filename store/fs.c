#include "store/fs.h"

#include <assert.h>
#include <dirent.h>
#include <errno.h>
#include <ftw.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#define TEMP_PREFIX "tmp_file"
#define TEMP_TRIES  16

int err_from_errno(int e)
{
	switch (e) {
	case ENOSPC:
	case EDQUOT:
		return WEALD_NOSPACE;
	case EACCES:
	case EPERM:
		return WEALD_DENIED;
	case ENOENT:
		return WEALD_NOTFOUND;
	case EEXIST:
		return WEALD_EXISTS;
	case ENOMEM:
	case EMFILE:
	case ENFILE:
		return WEALD_NOMEM;
	default:
		return WEALD_IO;
	}
}

/* What a person can do about it; "" where there is nothing short to say. */
static const char *advice_for(int e)
{
	switch (e) {
	case ENOSPC:
		return " (free some space, then try again)";
	case EDQUOT:
		return " (raise the quota or free some space)";
	case EACCES:
	case EPERM:
		return " (check owner and permissions)";
	case EROFS:
		return " (mounted read-only)";
	case EIO:
		return " (the disk reports errors: check it)";
	case EMFILE:
	case ENFILE:
		return " (too many open files: raise the limit)";
	default:
		return "";
	}
}

int fs_fail(int e, const char *action, const char *dir, const char *name,
	    struct weald_msg *msg)
{
	bool joined = dir != NULL && name[0] != '\0';

	msg_set(msg, "%s \"%s%s%s\": %s%s", action, dir == NULL ? "" : dir,
		joined ? "/" : "", name, strerror(e), advice_for(e));
	return err_from_errno(e);
}

int fs_read_some(int fd, void *data, size_t len, size_t *out_len)
{
	uint8_t *to = data;
	size_t done = 0;
	ssize_t n;

	while (done < len) {
		n = read(fd, to + done, len - done);
		if (n < 0 && errno == EINTR) {
			continue;
		}
		if (n < 0) {
			return err_from_errno(errno);
		}
		if (n == 0) {
			break;
		}
		done += (size_t)n;
	}
	*out_len = done;
	return WEALD_OK;
}

static int refuse_too_big(const char *path, size_t max, struct weald_msg *msg)
{
	msg_set(msg, "\"%s\" is longer than the limit of %zu bytes", path, max);
	return WEALD_TOOBIG;
}

/*
 * Read what @fd holds. The size of the file is only a first guess: it may grow
 * while it is read, and files of /proc say 0.
 */
static int read_all(int fd, size_t guess, const char *path, struct buf *b,
		    struct weald_msg *msg)
{
	size_t room = guess + 1;
	size_t got;
	int r;

	for (;;) {
		room = room > b->max - b->len ? b->max - b->len : room;
		r = buf_reserve(b, room);
		if (r != WEALD_OK) {
			return r;
		}
		r = fs_read_some(fd, b->data + b->len, room, &got);
		if (r != WEALD_OK) {
			return fs_fail(errno, "cannot read", NULL, path, msg);
		}
		b->len += got;
		if (got < room) {
			return WEALD_OK;
		}
		if (b->len == b->max) {
			return refuse_too_big(path, b->max - 1, msg);
		}
		room = 4096;
	}
}

static int check_regular(const struct stat *st, size_t max, const char *path,
			 struct weald_msg *msg)
{
	if (!S_ISREG(st->st_mode)) {
		msg_set(msg, "\"%s\" is not a regular file", path);
		return WEALD_INVALID;
	}
	if (st->st_size < 0 || (uint64_t)st->st_size > max) {
		return refuse_too_big(path, max, msg);
	}
	return WEALD_OK;
}

int fs_read_at(int dir_fd, const char *path, size_t max, unsigned flags,
	       struct buf *out, struct weald_msg *msg)
{
	struct stat st;
	struct buf b;
	int fd;
	int r;

	assert(out->data == NULL);
	assert(max < SIZE_MAX);
	/* one byte more shows a file that grew past the limit */
	buf_init(&b, max + 1);
	/* O_NONBLOCK: a pipe must not hold us up before it is refused */
	fd = openat(dir_fd, path,
		    O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY |
			    ((flags & FS_NOFOLLOW) != 0 ? O_NOFOLLOW : 0));
	if (fd < 0 && errno == ELOOP && (flags & FS_NOFOLLOW) != 0) {
		msg_set(msg, "\"%s\" is a symbolic link", path);
		return WEALD_INVALID;
	}
	if (fd < 0) {
		return fs_fail(errno, "cannot open", NULL, path, msg);
	}
	if (fstat(fd, &st) != 0) {
		r = fs_fail(errno, "cannot read", NULL, path, msg);
		goto out;
	}
	r = check_regular(&st, max, path, msg);
	if (r == WEALD_OK) {
		r = read_all(fd, (size_t)st.st_size, path, &b, msg);
	}
	if (r == WEALD_OK) {
		*out = b;
		out->max = max;
		b.data = NULL; /* transferred */
	}
out:
	buf_release(&b);
	(void)close(fd);
	return r;
}

int fs_read_file(const char *path, size_t max, struct buf *out,
		 struct weald_msg *msg)
{
	return fs_read_at(AT_FDCWD, path, max, 0, out, msg);
}

int fs_write_all(int fd, struct span bytes, const char *dir, const char *name,
		 struct weald_msg *msg)
{
	size_t done = 0;
	ssize_t n;

	while (done < bytes.len) {
		n = write(fd, bytes.data + done, bytes.len - done);
		if (n < 0 && errno == EINTR) {
			continue;
		}
		if (n < 0) {
			return fs_fail(errno, "cannot write", dir, name, msg);
		}
		done += (size_t)n;
	}
	return WEALD_OK;
}

int fs_sync_fd(int fd, const char *dir, const char *name, struct weald_msg *msg)
{
	int e;
	int r;

	if (fsync(fd) == 0) {
		return WEALD_OK;
	}
	e = errno;
	r = fs_fail(e, "cannot make durable", dir, name, msg);
	/* ENOSPC can show this late; anything else is the disk */
	return r == WEALD_NOSPACE ? r : WEALD_IO;
}

int fs_temp_at(int dir_fd, const char *dir, const char *prefix,
	       char out_name[FS_TEMP_BYTES], int *out_fd, struct weald_msg *msg)
{
	char name[FS_TEMP_BYTES];
	uint8_t raw[6];
	char hex[13];
	int tries;
	int fd = -1;

	assert(strlen(prefix) <= 16);
	for (tries = 0; tries < TEMP_TRIES && fd < 0; tries++) {
		if (getrandom(raw, sizeof raw, 0) != (ssize_t)sizeof raw) {
			return fs_fail(errno, "no random bytes for a file in",
				       dir, "", msg);
		}
		hex_encode(raw, sizeof raw, hex);
		(void)snprintf(name, sizeof name, "%s_%s", prefix, hex);
		fd = openat(dir_fd, name,
			    O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
		if (fd < 0 && errno != EEXIST) {
			return fs_fail(errno, "cannot create a file in", dir,
				       "", msg);
		}
	}
	if (fd < 0) {
		return fs_fail(EEXIST, "cannot create a file in", dir, "", msg);
	}
	memcpy(out_name, name, sizeof name);
	*out_fd = fd;
	return WEALD_OK;
}

/* The folder of @path, "." where it names none; gives memory or NULL. */
static char *parent_of(const char *path)
{
	size_t len = strlen(path);
	char *dir;

	while (len > 1 && path[len - 1] == '/') {
		len--;
	}
	while (len > 0 && path[len - 1] != '/') {
		len--;
	}
	while (len > 1 && path[len - 1] == '/') {
		len--;
	}
	if (len == 0) {
		return strdup(".");
	}
	dir = malloc(len + 1);
	if (dir != NULL) {
		memcpy(dir, path, len);
		dir[len] = '\0';
	}
	return dir;
}

/* What stands behind the last slash of @path. */
static const char *name_of(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash == NULL ? path : slash + 1;
}

int fs_open_dir(const char *path, int *out_fd, struct weald_msg *msg)
{
	int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (fd < 0) {
		return fs_fail(errno, "cannot open the folder", NULL, path,
			       msg);
	}
	*out_fd = fd;
	return WEALD_OK;
}

/* Write and sync the new file, close it in any case. */
static int fill_and_close(int fd, struct span bytes, mode_t mode,
			  const char *path, struct weald_msg *msg)
{
	int r = fs_write_all(fd, bytes, NULL, path, msg);

	if (r == WEALD_OK && fchmod(fd, mode) != 0) {
		r = fs_fail(errno, "cannot set the permissions of", NULL, path,
			    msg);
	}
	if (r == WEALD_OK) {
		r = fs_sync_fd(fd, NULL, path, msg);
	}
	if (close(fd) != 0 && r == WEALD_OK && errno != EINTR) {
		r = fs_fail(errno, "cannot write", NULL, path, msg);
	}
	return r;
}

/* Give the file @temp its name: replacing what is there, or not. */
static int put_in_place(int dir_fd, const char *temp, const char *path,
			bool replace, struct weald_msg *msg)
{
	const char *name = name_of(path);
	int rc;

	if (replace) {
		rc = renameat(dir_fd, temp, dir_fd, name);
	} else {
		rc = linkat(dir_fd, temp, dir_fd, name, 0);
		if (rc == 0) {
			(void)unlinkat(dir_fd, temp, 0);
		}
	}
	if (rc != 0) {
		return fs_fail(errno,
			       replace ? "cannot replace" : "cannot create",
			       NULL, path, msg);
	}
	return WEALD_OK;
}

static int write_durable(const char *path, struct span bytes, mode_t mode,
			 bool replace, struct weald_msg *msg)
{
	char temp[FS_TEMP_BYTES] = "";
	char *dir = parent_of(path);
	int dir_fd = -1;
	int fd = -1;
	int r;

	if (dir == NULL) {
		return WEALD_NOMEM;
	}
	if (name_of(path)[0] == '\0') {
		r = fs_fail(EISDIR, "cannot write", NULL, path, msg);
		goto out;
	}
	r = fs_open_dir(dir, &dir_fd, msg);
	if (r == WEALD_OK) {
		r = fs_temp_at(dir_fd, dir, TEMP_PREFIX, temp, &fd, msg);
	}
	if (r == WEALD_OK) {
		r = fill_and_close(fd, bytes, mode, path, msg);
	}
	if (r == WEALD_OK) {
		r = put_in_place(dir_fd, temp, path, replace, msg);
	}
	if (r == WEALD_OK) {
		temp[0] = '\0';
		r = fs_sync_fd(dir_fd, NULL, dir, msg);
	}
out:
	if (temp[0] != '\0') {
		(void)unlinkat(dir_fd, temp, 0);
	}
	if (dir_fd >= 0) {
		(void)close(dir_fd);
	}
	free(dir);
	return r;
}

int fs_write_durable(const char *path, struct span bytes, mode_t mode,
		     struct weald_msg *msg)
{
	return write_durable(path, bytes, mode, true, msg);
}

int fs_create_durable(const char *path, struct span bytes, mode_t mode,
		      struct weald_msg *msg)
{
	return write_durable(path, bytes, mode, false, msg);
}

/* Sync the folder that holds @path. */
static int sync_parent(const char *path, struct weald_msg *msg)
{
	char *dir = parent_of(path);
	int r;

	if (dir == NULL) {
		return WEALD_NOMEM;
	}
	r = fs_sync_dir(dir, msg);
	free(dir);
	return r;
}

int fs_mkdir(const char *path, mode_t mode, struct weald_msg *msg)
{
	if (mkdir(path, mode) != 0) {
		return fs_fail(errno, "cannot create the folder", NULL, path,
			       msg);
	}
	return sync_parent(path, msg);
}

int fs_rename(const char *from, const char *to, struct weald_msg *msg)
{
	if (rename(from, to) != 0) {
		return fs_fail(errno, "cannot rename", NULL, from, msg);
	}
	return sync_parent(to, msg);
}

int fs_remove(const char *path, struct weald_msg *msg)
{
	if (unlink(path) != 0) {
		return fs_fail(errno, "cannot remove", NULL, path, msg);
	}
	return WEALD_OK;
}

int fs_sync_dir(const char *path, struct weald_msg *msg)
{
	int fd = -1;
	int r = fs_open_dir(path, &fd, msg);

	if (r != WEALD_OK) {
		return r;
	}
	r = fs_sync_fd(fd, NULL, path, msg);
	(void)close(fd);
	return r;
}

int fs_exists(const char *path, bool *out, struct weald_msg *msg)
{
	struct stat st;

	if (lstat(path, &st) == 0) {
		*out = true;
		return WEALD_OK;
	}
	if (errno == ENOENT || errno == ENOTDIR) {
		*out = false;
		return WEALD_OK;
	}
	return fs_fail(errno, "cannot look at", NULL, path, msg);
}

/* The descriptor of nftw() has no place for a context: it only removes. */
static int remove_entry_cb(const char *path, const struct stat *st, int type,
			   struct FTW *ftw)
{
	(void)st;
	(void)type;
	(void)ftw;
	return remove(path);
}

int fs_remove_tree(const char *path, struct weald_msg *msg)
{
	if (nftw(path, remove_entry_cb, 16, FTW_DEPTH | FTW_PHYS) != 0 &&
	    errno != ENOENT) {
		return fs_fail(errno, "cannot remove the folder", NULL, path,
			       msg);
	}
	return WEALD_OK;
}

int fs_clean_temps(const char *path, struct weald_msg *msg)
{
	struct dirent *e;
	DIR *dir;

	dir = opendir(path);
	if (dir == NULL) {
		return fs_fail(errno, "cannot list", NULL, path, msg);
	}
	while ((e = readdir(dir)) != NULL) {
		if (strncmp(e->d_name, TEMP_PREFIX "_", sizeof TEMP_PREFIX) ==
		    0) {
			(void)unlinkat(dirfd(dir), e->d_name, 0);
		}
	}
	(void)closedir(dir);
	return WEALD_OK;
}
