#include "store/feed/idmap.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#define SIZE_FIRST 64u

struct idmap_slot {
	uint8_t id[OBJECT_ID_BYTES];
	uint32_t number; /* one more than the number kept; 0: free */
};

int idmap_init(struct idmap *m)
{
	uint64_t key;

	if (getrandom(&key, sizeof key, 0) != (ssize_t)sizeof key) {
		return WEALD_IO;
	}
	*m = (struct idmap){ .key = key | 1 };
	return WEALD_OK;
}

void idmap_release(struct idmap *m)
{
	free(m->slots);
	*m = (struct idmap){ .key = m->key };
}

void idmap_clear(struct idmap *m)
{
	if (m->used > 0) {
		memset(m->slots, 0, m->size * sizeof *m->slots);
	}
	m->used = 0;
}

/*
 * Where @id stands, or the free slot where it would stand. Multiplication by
 * an odd random number spreads any ids over the upper bits.
 */
static struct idmap_slot *find(const struct idmap *m,
			       const uint8_t id[OBJECT_ID_BYTES])
{
	struct idmap_slot *slot;
	uint64_t v;
	size_t i;

	assert(m->used < m->size);
	memcpy(&v, id, sizeof v);
	v *= m->key;
	for (i = (size_t)(v >> 32);; i++) {
		slot = &m->slots[i & (m->size - 1)];
		if (slot->number == 0 ||
		    memcmp(slot->id, id, OBJECT_ID_BYTES) == 0) {
			return slot;
		}
	}
}

bool idmap_get(const struct idmap *m, const uint8_t id[OBJECT_ID_BYTES],
	       uint32_t *out)
{
	const struct idmap_slot *slot;

	if (m->used == 0) {
		return false;
	}
	slot = find(m, id);
	if (slot->number == 0) {
		return false;
	}
	*out = slot->number - 1;
	return true;
}

static int grow(struct idmap *m)
{
	struct idmap bigger = *m;
	size_t i;

	bigger.size = m->size == 0 ? SIZE_FIRST : m->size * 2;
	bigger.slots = calloc(bigger.size, sizeof *bigger.slots);
	if (bigger.slots == NULL) {
		return WEALD_NOMEM;
	}
	for (i = 0; i < m->size; i++) {
		if (m->slots[i].number != 0) {
			*find(&bigger, m->slots[i].id) = m->slots[i];
		}
	}
	free(m->slots);
	*m = bigger;
	return WEALD_OK;
}

int idmap_put(struct idmap *m, const uint8_t id[OBJECT_ID_BYTES],
	      uint32_t number, bool *out_added)
{
	struct idmap_slot *slot;
	bool added;
	int r;

	assert(number < IDMAP_MAX);
	if (m->used >= IDMAP_MAX) {
		return WEALD_TOOBIG;
	}
	if (m->used >= m->size / 3 * 2) {
		r = grow(m);
		if (r != WEALD_OK) {
			return r;
		}
	}
	slot = find(m, id);
	added = slot->number == 0;
	if (added) {
		memcpy(slot->id, id, OBJECT_ID_BYTES);
		slot->number = number + 1;
		m->used++;
	}
	if (out_added != NULL) {
		*out_added = added;
	}
	return WEALD_OK;
}
