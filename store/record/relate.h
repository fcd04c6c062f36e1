/*
 * Relate: a link more in the front matter of a record, by an edit of its text
 * that leaves every other byte as it is, comments and all.
 */
#ifndef WEALD_STORE_RECORD_RELATE_H
#define WEALD_STORE_RECORD_RELATE_H

#include "proto/bytes.h"
#include "proto/err.h"

/*
 * Append to @out the whole @record_md with {rel: @rel, id: @id} as the first of
 * its `links`, a field that is added where there is none. Pure; arguments are
 * borrowed for the call.
 *
 *   WEALD_UNCHANGED  the link is there already
 *   WEALD_INVALID    the front matter cannot be read, or `links` is written in
 *                    a way that is better changed by hand: @msg says where
 *   WEALD_TOOBIG     over the maximum of @out
 *   WEALD_NOMEM
 * and @out as it was.
 */
int relate_add(struct span record_md, const char *rel, const char *id,
	       struct buf *out, struct weald_msg *msg);

#endif
