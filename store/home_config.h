/*
 * Files in the format of git-config: one reader for all that a home holds
 * (config, members), and how a value is written.
 *
 * A person may have edited such a file, so every mistake in it is told as
 * "PATH:LINE: what stands there; allowed: what may". Files that include others
 * are refused. Blocks.
 */
#ifndef WEALD_STORE_HOME_CONFIG_H
#define WEALD_STORE_HOME_CONFIG_H

#include <stddef.h>

#include "proto/bytes.h"
#include "proto/err.h"

/* The largest such file, in bytes and in lines: 1,024 members that say all
   that they may (store/members.h) take less. */
#define HOME_CONFIG_BYTES_MAX (20u * 1024u * 1024u)
#define HOME_CONFIG_LINES_MAX 300000u

/* [section "subsection"] name = value. Borrowed for the call. */
struct home_config_entry {
	const char *path;       /* of the file, for messages */
	size_t line;            /* where it stands */
	const char *section;    /* lower case; "" where there is none */
	const char *subsection; /* as it stands; NULL where there is none */
	const char *name;       /* lower case */
	const char *value;      /* NULL where there is no "=" */
};

/* WEALD_OK, or the code that ends the reading. */
typedef int home_config_fn(void *ctx, const struct home_config_entry *e,
			   struct weald_msg *msg);

/*
 * Call @fn for each entry of the file @path, in the order of the file. A name
 * that is given again is told again: the last one counts.
 *   WEALD_NOTFOUND  there is no such file; @msg is not set
 *   WEALD_CORRUPT   no git-config file within the bounds above; @msg says where
 *   WEALD_NOMEM, what @fn returns, and as in store/fs.h
 */
int home_config_each(const char *path, size_t bytes_max, home_config_fn *fn,
		     void *ctx, struct weald_msg *msg);

/* WEALD_CORRUPT: the value of @e is not as @allowed says. */
int home_config_refuse_value(const struct home_config_entry *e,
			     const char *allowed, struct weald_msg *msg);
/* WEALD_CORRUPT: nothing of the name of @e belongs here; @allowed does. */
int home_config_refuse_name(const struct home_config_entry *e,
			    const char *allowed, struct weald_msg *msg);

/*
 * Append "\t@name = @value\n", the value in quotes where it needs them, so that
 * it reads back as it is. @value holds no NUL. As it was on failure.
 * WEALD_TOOBIG, WEALD_NOMEM.
 */
int home_config_add(struct buf *b, const char *name, struct span value);

#endif
