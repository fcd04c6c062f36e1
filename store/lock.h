/*
 * Lock: one process at a time, by flock() on a file that stays.
 *
 * The kernel gives the lock back when its holder ends, however it ends. The
 * file names the process that holds it, for the message to others only.
 */
#ifndef WEALD_STORE_LOCK_H
#define WEALD_STORE_LOCK_H

#include "proto/err.h"

/*
 * Take the lock on the file @path, made where it is missing, waiting up to
 * @wait_ms. @what is what it guards, for messages. The caller gives @out_fd
 * back with lock_release().
 *
 * WEALD_LOCKED with the holder's pid in @msg, or as in store/fs.h.
 */
int lock_take(const char *path, const char *what, unsigned wait_ms, int *out_fd,
	      struct weald_msg *msg);

/* @fd may be -1. */
void lock_release(int fd);

#endif
