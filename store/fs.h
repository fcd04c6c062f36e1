/*
 * Files: read with a limit, write durably.
 *
 * Durable means: after WEALD_OK the bytes and the name survive a power cut.
 * After a failed fsync the kernel may have marked the pages clean, so a second
 * fsync would prove nothing: nothing here retries one, and the caller must not
 * either (write again, to a new file, or stop).
 *
 * Every function here blocks, opens with O_CLOEXEC and names the path in
 * @msg. Codes, besides those named beside a function, as err_from_errno()
 * gives them: WEALD_NOSPACE, WEALD_DENIED, WEALD_NOTFOUND, WEALD_EXISTS,
 * WEALD_NOMEM, WEALD_IO. Too many open files are WEALD_NOMEM: it may do later,
 * while after WEALD_IO the disk is not to be trusted.
 */
#ifndef WEALD_STORE_FS_H
#define WEALD_STORE_FS_H

#include <fcntl.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "proto/bytes.h"
#include "proto/err.h"

/* The border for errno: where codes of the C library end. */
int err_from_errno(int e);

/*
 * As err_from_errno(), and "@action @path: why (what to do)" in @msg. The
 * path is @name in @dir where @dir is not NULL.
 */
int fs_fail(int e, const char *action, const char *dir, const char *name,
	    struct weald_msg *msg);

enum fs_flags {
	/* refuse a symbolic link at the end of the path */
	FS_NOFOLLOW = 1
};

/*
 * Read a whole regular file of at most @max bytes.
 *
 * @dir_fd  what @path is relative to; AT_FDCWD for the working directory.
 * @flags   0 or FS_NOFOLLOW.
 * @out     gives: holds the bytes on success, the caller releases it. Must
 *          hold no memory before.
 *
 * WEALD_TOOBIG   longer than @max
 * WEALD_INVALID  not a regular file (a folder, a pipe, a device, or a link
 *                where those are refused)
 */
int fs_read_at(int dir_fd, const char *path, size_t max, unsigned flags,
	       struct buf *out, struct weald_msg *msg);
/* The same relative to the working directory, links followed. */
int fs_read_file(const char *path, size_t max, struct buf *out,
		 struct weald_msg *msg);

/*
 * Make @path hold exactly @bytes, durably: written under another name in the
 * same folder, synced, renamed over @path, folder synced. On failure @path is
 * as it was and the other name is gone; only where the folder's sync itself
 * fails (WEALD_IO) @path may be new already, and is not known to be durable.
 *
 * @mode  permissions of the file, whatever the umask.
 */
int fs_write_durable(const char *path, struct span bytes, mode_t mode,
		     struct weald_msg *msg);
/* The same, but WEALD_EXISTS where there is something at @path already. */
int fs_create_durable(const char *path, struct span bytes, mode_t mode,
		      struct weald_msg *msg);

/* Make a folder and its name durable; WEALD_EXISTS where there is one. */
int fs_mkdir(const char *path, mode_t mode, struct weald_msg *msg);

/* Rename within one file system and sync the folder of @to. */
int fs_rename(const char *from, const char *to, struct weald_msg *msg);

/* Remove a file; WEALD_NOTFOUND where there is none. Not durable. */
int fs_remove(const char *path, struct weald_msg *msg);

/* Sync the names in a folder. */
int fs_sync_dir(const char *path, struct weald_msg *msg);

/* Open a folder for the *_at functions; the caller closes it. */
int fs_open_dir(const char *path, int *out_fd, struct weald_msg *msg);

/* Remove a folder and everything in it; links are not followed. Not durable. */
int fs_remove_tree(const char *path, struct weald_msg *msg);

/*
 * Remove what writes that were killed left in the folder @path. The caller
 * holds a lock that keeps others from writing there.
 */
int fs_clean_temps(const char *path, struct weald_msg *msg);

/* Does @path exist, whatever it is? WEALD_OK and the answer. */
int fs_exists(const char *path, bool *out, struct weald_msg *msg);

/* The parts that others build on; @dir and @name are for messages only. */

#define FS_TEMP_BYTES 32u

/*
 * Create a new file "@prefix_<12 hex>" in @dir_fd, mode 0600, for writing.
 * @prefix has at most 16 bytes. The caller closes @out_fd and removes or
 * renames the file.
 */
int fs_temp_at(int dir_fd, const char *dir, const char *prefix,
	       char out_name[FS_TEMP_BYTES], int *out_fd,
	       struct weald_msg *msg);
/* Write all of @bytes to @fd. */
int fs_write_all(int fd, struct span bytes, const char *dir, const char *name,
		 struct weald_msg *msg);
/* fsync @fd, once. */
int fs_sync_fd(int fd, const char *dir, const char *name,
	       struct weald_msg *msg);
/* Read up to @len bytes; @out_len is less only at the end of the file. */
int fs_read_some(int fd, void *data, size_t len, size_t *out_len);

#endif
