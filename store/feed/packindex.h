/*
 * The index of a pack, version 2: where each object's entry starts, and the
 * CRC-32 of its bytes.
 */
#ifndef WEALD_STORE_FEED_PACKINDEX_H
#define WEALD_STORE_FEED_PACKINDEX_H

#include <stddef.h>
#include <stdint.h>

#include "proto/bytes.h"
#include "proto/err.h"
#include "proto/limits.h"
#include "store/feed/hashfile.h"

struct packindex_entry {
	uint8_t id[OBJECT_ID_BYTES];
	uint32_t crc;
	uint64_t offset; /* below 2^63 */
};

/* An index holds fewer objects than this. */
#define PACKINDEX_COUNT_LIMIT (UINT32_C(1) << 31)

/* Sort for packindex_write(), or in the order in which the pack has them. */
void packindex_sort_by_id(struct packindex_entry *entries, size_t n);
void packindex_sort_by_offset(struct packindex_entry *entries, size_t n);

/*
 * Write the index of @entries, sorted by id and none twice, into @f, all but
 * the closing checksum, which hashfile_finish() adds. @n <
 * PACKINDEX_COUNT_LIMIT.
 */
int packindex_write(const struct packindex_entry *entries, size_t n,
		    const uint8_t pack_sum[HASHFILE_SUM_BYTES],
		    struct hashfile *f, struct weald_msg *msg);

/*
 * Read a whole index, checking everything in it: checksum, size, fanout,
 * order.
 *
 * @out  gives: entries sorted by id, to be freed; may be NULL for none.
 *
 * WEALD_FORMAT   not version 2
 * WEALD_CORRUPT  @msg says what is wrong, without the file's name
 * WEALD_NOMEM, WEALD_CRYPTO
 */
int packindex_read(struct span idx, struct packindex_entry **out, size_t *out_n,
		   uint8_t out_pack_sum[HASHFILE_SUM_BYTES],
		   struct weald_msg *msg);

/*
 * The same checks of everything in a whole index, and that each object begins
 * at or behind PACK_HEADER_BYTES and below @limit. The same codes.
 */
int packindex_check(struct span idx, uint64_t limit, struct weald_msg *msg);

#endif
