/*
 * Putting a pack and its index on disk: what the writer and consolidation
 * share.
 *
 * Happy path: packout_new(), for each entry packout_begin(), packout_bytes()
 * as often as needed, packout_end(); then packout_commit(). Until then the
 * bytes stand in tmp_* files, which git and everything here ignores;
 * packout_free() removes them.
 */
#ifndef WEALD_STORE_FEED_PACKOUT_H
#define WEALD_STORE_FEED_PACKOUT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <time.h>

#include "proto/err.h"
#include "proto/limits.h"
#include "store/feed/pack.h"

struct packout;

/*
 * Begin a pack of exactly @count entries, 1 <= @count < 2^31, in the folder
 * @pack_dir. gives *@out.
 *
 * @promisor  it is to be a promisor pack: marked before it is visible
 */
int packout_new(const char *pack_dir, size_t count, bool promisor,
		struct packout **out, struct weald_msg *msg);
/* Removes what was not committed; @o may be NULL. */
void packout_free(struct packout *o);

/* An entry of the object @id follows; no id twice. */
void packout_begin(struct packout *o, const uint8_t id[OBJECT_ID_BYTES]);
/* Its bytes: header and zlib data, as they stand in a pack. */
int packout_bytes(struct packout *o, const void *data, size_t len,
		  struct weald_msg *msg);
/* @crc  zlib's crc32() over the bytes of the entry. */
void packout_end(struct packout *o, uint32_t crc);

/* Bytes of the pack so far; after packout_commit() of the whole. */
uint64_t packout_size(const struct packout *o);

/*
 * Make the pack durable and visible: both files synced, the pack renamed
 * before its index, the folder synced. A pack of the same name, and so of the
 * same content, is replaced.
 *
 * @mtime     the time of change that both files shall have; NULL for now.
 * @out_name  the name without its ending.
 *
 * On failure nothing is visible, with the exception that pack_commit() names.
 * Either way nothing but packout_free() may follow.
 */
int packout_commit(struct packout *o, const struct timespec *mtime,
		   char out_name[PACK_NAME_BYTES], struct weald_msg *msg);

#endif
