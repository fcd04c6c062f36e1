/*
 * The pack writer: collects new objects and writes them as one git pack with
 * its index, durably.
 *
 * Happy path: pack_writer_new(), pack_add() for each object, pack_commit(),
 * and only then move the ref that makes them reachable. After pack_commit()
 * the writer is empty and can be used for the next batch.
 *
 * The pack holds whole objects, no deltas: the commits first in the order in
 * which they were added, then trees, then blobs. So the first object of a pack
 * with a commit is its first commit (packread.h finds it there).
 *
 * One thread at a time per writer; pack_commit() itself compresses on several
 * (store/parallel.h). Memory: what was added, and its compressed form during
 * the commit. There is no limit but memory: commit when pack_bytes() is large.
 */
#ifndef WEALD_STORE_FEED_PACK_H
#define WEALD_STORE_FEED_PACK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "proto/bytes.h"
#include "proto/err.h"
#include "proto/objectid.h"

/* "pack-", 40 hex digits of the pack's checksum, NUL */
#define PACK_NAME_BYTES 46u

struct pack_writer;

/* gives *@out; WEALD_NOMEM */
int pack_writer_new(struct pack_writer **out);
/* What was not committed is forgotten. @w may be NULL. */
void pack_writer_free(struct pack_writer *w);
/* Forget what was added. */
void pack_writer_clear(struct pack_writer *w);

/*
 * Add an object, copying @data. @id is the caller's word (object_id());
 * nothing checks it here. An id that is in the writer already is skipped.
 * WEALD_NOMEM, WEALD_TOOBIG (over 1 GiB, or 2^31 objects).
 */
int pack_add(struct pack_writer *w, enum object_type type,
	     const uint8_t id[OBJECT_ID_BYTES], const void *data, size_t len);

/* Packs are to be promisor packs from now on (promisor.h); at first not. */
void pack_writer_set_promisor(struct pack_writer *w, bool promisor);

bool pack_has(const struct pack_writer *w, const uint8_t id[OBJECT_ID_BYTES]);

/*
 * An object that was added and not committed yet; @out_data is borrowed until
 * the next pack_commit(), pack_writer_clear() or pack_writer_free().
 * WEALD_NOTFOUND.
 */
int pack_get(const struct pack_writer *w, const uint8_t id[OBJECT_ID_BYTES],
	     enum object_type *out_type, struct span *out_data);

/* Objects added, and the bytes of their contents. */
size_t pack_count(const struct pack_writer *w);
uint64_t pack_bytes(const struct pack_writer *w);

/*
 * Write everything added as pack-<hex>.pack and .idx into @pack_dir, durably,
 * and empty the writer. The writer holds at least one object.
 *
 * @out_name  the name without its ending.
 *
 * On failure the writer is as it was and no pack is visible; only where the
 * last step, the folder's sync, fails (WEALD_IO) the pack may be visible
 * though it is not known to be durable. Codes as in store/fs.h.
 */
int pack_commit(struct pack_writer *w, const char *pack_dir,
		char out_name[PACK_NAME_BYTES], struct weald_msg *msg);

#endif
