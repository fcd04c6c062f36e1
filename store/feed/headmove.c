#include "store/feed/headmove.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "proto/bytes.h"
#include "store/fs.h"

#define REF_DIR  "refs/heads"
#define REF_NAME "main"
#define REF_LOCK REF_NAME ".lock"

static void end(struct headmove *m)
{
	if (m->lock_fd >= 0) {
		(void)close(m->lock_fd);
	}
	if (m->dir_fd >= 0) {
		(void)close(m->dir_fd);
	}
	free(m->dir);
	*m = (struct headmove){ .dir = NULL };
}

void headmove_abort(struct headmove *m)
{
	if (m->dir == NULL) {
		return;
	}
	if (m->lock_fd >= 0) {
		(void)unlinkat(m->dir_fd, REF_LOCK, 0);
	}
	end(m);
}

/* The folder is not there where git has packed all refs and tidied up. */
static int open_folder(const struct repo *r, struct headmove *m,
		       struct weald_msg *msg)
{
	int err;

	if (asprintf(&m->dir, "%s/" REF_DIR, repo_dir(r)) < 0) {
		m->dir = NULL;
		return WEALD_NOMEM;
	}
	err = fs_open_dir(m->dir, &m->dir_fd, msg);
	if (err == WEALD_NOTFOUND) {
		err = fs_mkdir(m->dir, 0755, msg);
		if (err == WEALD_OK) {
			err = fs_open_dir(m->dir, &m->dir_fd, msg);
		}
	}
	return err;
}

static int take_lock(struct headmove *m, struct weald_msg *msg)
{
	m->lock_fd = openat(m->dir_fd, REF_LOCK,
			    O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
	if (m->lock_fd >= 0) {
		return WEALD_OK;
	}
	if (errno == EEXIST) {
		msg_set(msg, "\"%s/" REF_LOCK "\" is there: is git at work?",
			m->dir);
		return WEALD_LOCKED;
	}
	return fs_fail(errno, "cannot create", m->dir, REF_LOCK, msg);
}

static int check_place(const struct repo *r, const uint8_t *from,
		       struct weald_msg *msg)
{
	uint8_t head[OBJECT_ID_BYTES];
	int err = repo_head(r, head, msg);

	if (err == WEALD_NOTFOUND && from == NULL) {
		msg_clear(msg);
		return WEALD_OK;
	}
	if (err == WEALD_NOTFOUND ||
	    (err == WEALD_OK &&
	     (from == NULL || memcmp(head, from, sizeof head) != 0))) {
		msg_set(msg, "main of %s was moved by another hand",
			repo_dir(r));
		return WEALD_DIVERGED;
	}
	return err;
}

static int write_value(const struct headmove *m, const uint8_t *to,
		       struct weald_msg *msg)
{
	char text[2 * OBJECT_ID_BYTES + 2];
	int err;

	hex_encode(to, OBJECT_ID_BYTES, text);
	text[2 * OBJECT_ID_BYTES] = '\n';
	err = fs_write_all(m->lock_fd,
			   (struct span){ (const uint8_t *)text,
					  sizeof text - 1 },
			   m->dir, REF_LOCK, msg);
	/* a hint only: the sync that counts comes later, and finds it done */
	(void)sync_file_range(m->lock_fd, 0, 0, SYNC_FILE_RANGE_WRITE);
	return err;
}

int headmove_begin(const struct repo *r, const uint8_t *from,
		   const uint8_t to[OBJECT_ID_BYTES], struct headmove *out,
		   struct weald_msg *msg)
{
	struct headmove m = { .dir_fd = -1, .lock_fd = -1 };
	int err;

	err = open_folder(r, &m, msg);
	if (err == WEALD_OK) {
		err = take_lock(&m, msg);
	}
	if (err == WEALD_OK) {
		err = check_place(r, from, msg);
	}
	if (err == WEALD_OK) {
		err = write_value(&m, to, msg);
	}
	if (err != WEALD_OK) {
		headmove_abort(&m);
		return err;
	}
	*out = m;
	return WEALD_OK;
}

int headmove_finish(struct headmove *m, struct weald_msg *msg)
{
	int err;

	assert(m->dir != NULL);
	err = fs_sync_fd(m->lock_fd, m->dir, REF_LOCK, msg);
	if (err == WEALD_OK &&
	    renameat(m->dir_fd, REF_LOCK, m->dir_fd, REF_NAME) != 0) {
		err = fs_fail(errno, "cannot replace", m->dir, REF_NAME, msg);
	}
	if (err != WEALD_OK) {
		headmove_abort(m);
		return err;
	}
	if (fs_sync_fd(m->dir_fd, NULL, m->dir, msg) != WEALD_OK) {
		msg_prefix(msg, "main may not be durable");
		err = WEALD_UNKNOWN;
	}
	end(m);
	return err;
}
