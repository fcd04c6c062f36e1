/*
 * A map from object ids to small numbers.
 *
 * Ids come from others, who can choose them to some degree: the hash is keyed
 * with a random number, so that nobody can make the map slow. Memory: 24 bytes
 * a slot, at most two thirds of the slots in use.
 */
#ifndef WEALD_STORE_FEED_IDMAP_H
#define WEALD_STORE_FEED_IDMAP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "proto/err.h"
#include "proto/limits.h"

/* At most this many ids. */
#define IDMAP_MAX (UINT32_C(1) << 31)

struct idmap_slot;

struct idmap {
	struct idmap_slot *slots;
	size_t size; /* a power of two, or 0 */
	size_t used;
	uint64_t key;
};

/* Zeroed memory is no valid map: the key is drawn here. WEALD_IO */
int idmap_init(struct idmap *m);
/* Free the memory; @m is empty and can be used again. */
void idmap_release(struct idmap *m);
/* Forget the ids, keep the memory. */
void idmap_clear(struct idmap *m);

/* The number kept for @id: false where there is none. */
bool idmap_get(const struct idmap *m, const uint8_t id[OBJECT_ID_BYTES],
	       uint32_t *out);

/*
 * Keep @number for @id, unless a number is kept for it already.
 *
 * @out_added  false where one was. May be NULL.
 *
 * WEALD_NOMEM, WEALD_TOOBIG; the map is as it was.
 */
int idmap_put(struct idmap *m, const uint8_t id[OBJECT_ID_BYTES],
	      uint32_t number, bool *out_added);

#endif
