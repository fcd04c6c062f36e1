/*
 * Read marks: up to which update of each feed the inbox of this home was
 * read; the file "inbox" in the home.
 *
 * A line "region seq" each, sorted by region, where region is the feed's name
 * here. A file that is missing is empty; one that is damaged costs no more
 * than that what was read is shown again.
 */
#ifndef WEALD_STORE_INBOX_H
#define WEALD_STORE_INBOX_H

#include <stddef.h>
#include <stdint.h>

#include "proto/err.h"
#include "store/home.h"

#define READ_MARKS_FILE "inbox"

struct read_mark {
	char region[HOME_FEED_NAME_BYTES];
	uint64_t seq;
};

/* All zero is empty. Sorted, no region twice; at most HOME_FEEDS_MAX. */
struct read_marks {
	struct read_mark *list;
	size_t n;
};

/*
 * Read the file in the home @h.
 *   WEALD_CORRUPT  line and what is wrong in @msg: *@out is empty
 *   WEALD_NOMEM, or as in store/fs.h
 */
int read_marks_load(const struct home *h, struct read_marks *out,
		    struct weald_msg *msg);
/*
 * Write it durably and at once, 0600. No lock is needed: of two that write at
 * the same time one is the last.
 */
int read_marks_save(const struct home *h, const struct read_marks *m,
		    struct weald_msg *msg);
/*
 * Set the mark of @region, a feed's name.
 * WEALD_INVALID (no such name can be), WEALD_TOOBIG, WEALD_NOMEM.
 */
int read_marks_set(struct read_marks *m, const char *region, uint64_t seq);
/* 0 where there is none. */
uint64_t read_marks_get(const struct read_marks *m, const char *region);
void read_marks_release(struct read_marks *m);

#endif
