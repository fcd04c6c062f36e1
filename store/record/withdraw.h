/*
 * Withdrawal: the line by which a withdrawn record says so itself, so that
 * whoever reads a clone sees it first.
 */
#ifndef WEALD_STORE_RECORD_WITHDRAW_H
#define WEALD_STORE_RECORD_WITHDRAW_H

#include "proto/bytes.h"
#include "proto/err.h"

/*
 * Append to @out the whole @record_md with "> Withdrawn: @reason" and an
 * empty line before the first line of its Markdown. Where that line says that
 * the record was withdrawn already, the new one takes its place. Lines end as
 * the first line of the file does. Pure; arguments are borrowed for the call.
 *
 *   WEALD_INVALID  the reason is not one line of 1..NOTE_BYTES_MAX bytes, or
 *                  the file has no front matter
 *   WEALD_TOOBIG   over the maximum of @out, or @record_md over its own
 *   WEALD_NOMEM
 * and @out as it was.
 */
int withdraw_mark(struct span record_md, struct span reason, struct buf *out,
		  struct weald_msg *msg);

#endif
