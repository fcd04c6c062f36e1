/*
 * Merging packs into one by copying their entries as they are.
 */
#ifndef WEALD_STORE_FEED_PACKMERGE_H
#define WEALD_STORE_FEED_PACKMERGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "proto/err.h"
#include "store/feed/packlist.h"

struct packmerge_result {
	char name[PACK_NAME_BYTES]; /* of the merged pack */
	uint64_t objects;           /* copied */
	uint64_t objects_twice;     /* dropped: an earlier source had them */
	uint64_t bytes;             /* of the merged pack */
	size_t unfit;               /* with WEALD_FORMAT, and nothing else */
};

/* What to merge, all borrowed. */
struct packmerge_input {
	int dir_fd; /* the folder of packs */
	const char *dir;
	const struct packlist_item *const *sources;
	size_t count;
	bool promisor; /* the merged pack is to be a promisor pack */
};

/*
 * Write one pack with the objects of all sources, durably. They are borrowed
 * and stay where they are. Their order is that of the objects; of an
 * object that several have the first is kept. The merged pack has the time of
 * change of the newest source.
 *
 * Every byte of the sources is checked: sizes, the CRC of each entry, the
 * checksums of packs and indexes. Each is read from its start to its end, with
 * read(): a disk that reports an error must not end the process, as it would
 * with mapped memory.
 *
 * WEALD_FORMAT   source number out->unfit is no pack to be merged: it holds
 *                deltas, or its index is not of version 2
 * WEALD_CORRUPT  a source is damaged; @msg names the file
 * and the codes of store/fs.h. On failure nothing has changed, as far as
 * packout_commit() can say so.
 */
int packmerge(const struct packmerge_input *in, struct packmerge_result *out,
	      struct weald_msg *msg);

#endif
