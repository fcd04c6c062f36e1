/*
 * Reading a pack's bytes without libgit2, every length checked: what recovery
 * and consolidation need of a pack, on a disk that may have been touched.
 */
#ifndef WEALD_STORE_FEED_PACKREAD_H
#define WEALD_STORE_FEED_PACKREAD_H

#include <stdint.h>

#include "proto/bytes.h"
#include "proto/err.h"

#define PACK_HEADER_BYTES  12u /* "PACK", version, number of objects */
#define PACK_TRAILER_BYTES 20u /* SHA-1 of what stands before */

/* The types of entries in a pack: git's numbers. */
enum pack_entry_type {
	PACK_ENTRY_COMMIT = 1,
	PACK_ENTRY_TREE = 2,
	PACK_ENTRY_BLOB = 3,
	PACK_ENTRY_TAG = 4,
	PACK_ENTRY_OFS_DELTA = 6,
	PACK_ENTRY_REF_DELTA = 7
};

/*
 * Take the header of a pack from @r: version 2 or 3.
 * WEALD_INCOMPLETE or WEALD_CORRUPT.
 */
int pack_read_header(struct reader *r, uint32_t *out_count);

/*
 * Take the header of an entry from @r: its type and inflated size. What stands
 * behind it is zlib data, for the two deltas after their base.
 * WEALD_INCOMPLETE or WEALD_CORRUPT (no such type, a size over 2^63).
 */
int pack_read_entry(struct reader *r, enum pack_entry_type *out_type,
		    uint64_t *out_size);

/*
 * The content of the first object of the pack at @path, if that is a commit.
 *
 * @out_content  gives, on success; must hold no memory before.
 *
 * WEALD_NOTFOUND  the pack is empty, or its first object is no commit
 * WEALD_TOOBIG    a commit over COMMIT_BYTES_MAX: none of ours
 * WEALD_CORRUPT   the pack does not read
 * and the codes of store/fs.h.
 */
int pack_first_commit(const char *path, struct buf *out_content,
		      struct weald_msg *msg);

#endif
