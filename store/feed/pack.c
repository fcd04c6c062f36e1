#include "store/feed/pack.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "store/feed/idmap.h"
#include "store/feed/packentry.h"
#include "store/feed/packindex.h"
#include "store/feed/packout.h"
#include "store/parallel.h"

/*
 * A commit runs in three steps. The objects are put in the order of the pack
 * and cut into units of about UNIT_BYTES; the units are encoded in parallel,
 * each into memory of its own; then all is written in order. One update is
 * one unit, for which no thread is started.
 */
#define UNIT_BYTES (64u * 1024u)

/* Room that an empty writer keeps: for the objects of some single updates. */
#define ROOM_KEPT 256u

struct object {
	uint8_t id[OBJECT_ID_BYTES];
	enum object_type type;
	uint8_t *data; /* owned */
	size_t len;
};

struct pack_writer {
	struct object *objects;
	size_t count;
	size_t room;
	uint64_t bytes;
	bool promisor;
	struct idmap map; /* id -> place in objects */
};

/* An object's entry in its unit's memory. */
struct encoded {
	size_t len;
	uint32_t crc;
};

struct unit {
	size_t first; /* in the order of the pack */
	size_t count;
	size_t bound;
	uint8_t *data; /* owned; NULL until encoded */
	int err;
};

struct encoding {
	const struct object **order; /* owned; the objects are the writer's */
	struct encoded *encoded;
	size_t count;
	struct unit *units;
	size_t units_count;
	struct packentry_coder coders[PARALLEL_WORKERS_MAX];
};

int pack_writer_new(struct pack_writer **out)
{
	struct pack_writer *w = calloc(1, sizeof *w);
	int r;

	if (w == NULL) {
		return WEALD_NOMEM;
	}
	r = idmap_init(&w->map);
	if (r != WEALD_OK) {
		free(w);
		return r;
	}
	*out = w;
	return WEALD_OK;
}

void pack_writer_clear(struct pack_writer *w)
{
	size_t i;

	for (i = 0; i < w->count; i++) {
		free(w->objects[i].data);
	}
	w->count = 0;
	w->bytes = 0;
	if (w->room > ROOM_KEPT) {
		/* a large batch was: many feeds lie idle with their writers */
		free(w->objects);
		w->objects = NULL;
		w->room = 0;
		idmap_release(&w->map);
	} else {
		idmap_clear(&w->map);
	}
}

void pack_writer_free(struct pack_writer *w)
{
	if (w == NULL) {
		return;
	}
	pack_writer_clear(w);
	idmap_release(&w->map);
	free(w->objects);
	free(w);
}

void pack_writer_set_promisor(struct pack_writer *w, bool promisor)
{
	w->promisor = promisor;
}

static int make_room(struct pack_writer *w)
{
	struct object *objects;
	size_t room;

	if (w->count < w->room) {
		return WEALD_OK;
	}
	if (w->count >= PACKINDEX_COUNT_LIMIT - 1) {
		return WEALD_TOOBIG;
	}
	room = w->room == 0 ? 16 : w->room * 2;
	objects = realloc(w->objects, room * sizeof *objects);
	if (objects == NULL) {
		return WEALD_NOMEM;
	}
	w->objects = objects;
	w->room = room;
	return WEALD_OK;
}

int pack_add(struct pack_writer *w, enum object_type type,
	     const uint8_t id[OBJECT_ID_BYTES], const void *data, size_t len)
{
	struct object o = { .type = type, .len = len };
	int r;

	assert(type >= OBJECT_COMMIT);
	assert(type <= OBJECT_BLOB);
	if (pack_has(w, id)) {
		return WEALD_OK;
	}
	if (len > PACKENTRY_BYTES_MAX) {
		return WEALD_TOOBIG;
	}
	r = make_room(w);
	if (r != WEALD_OK) {
		return r;
	}
	memcpy(o.id, id, sizeof o.id);
	o.data = malloc(len == 0 ? 1 : len);
	if (o.data == NULL) {
		return WEALD_NOMEM;
	}
	if (len > 0) {
		memcpy(o.data, data, len);
	}
	r = idmap_put(&w->map, id, (uint32_t)w->count, NULL);
	if (r != WEALD_OK) {
		free(o.data);
		return r;
	}
	w->objects[w->count++] = o;
	w->bytes += len;
	return WEALD_OK;
}

bool pack_has(const struct pack_writer *w, const uint8_t id[OBJECT_ID_BYTES])
{
	uint32_t at;

	return idmap_get(&w->map, id, &at);
}

int pack_get(const struct pack_writer *w, const uint8_t id[OBJECT_ID_BYTES],
	     enum object_type *out_type, struct span *out_data)
{
	const struct object *o;
	uint32_t at;

	if (!idmap_get(&w->map, id, &at)) {
		return WEALD_NOTFOUND;
	}
	o = &w->objects[at];
	*out_type = o->type;
	*out_data = (struct span){ o->data, o->len };
	return WEALD_OK;
}

size_t pack_count(const struct pack_writer *w)
{
	return w->count;
}

uint64_t pack_bytes(const struct pack_writer *w)
{
	return w->bytes;
}

static void encoding_release(struct encoding *e)
{
	size_t i;

	for (i = 0; i < e->units_count; i++) {
		free(e->units[i].data);
	}
	for (i = 0; i < PARALLEL_WORKERS_MAX; i++) {
		packentry_coder_release(&e->coders[i]);
	}
	free(e->units);
	free(e->encoded);
	free(e->order);
}

/* Commits, then trees, then blobs, each as they were added. */
static void put_in_order(const struct pack_writer *w, struct encoding *e)
{
	static const enum object_type types[] = { OBJECT_COMMIT, OBJECT_TREE,
						  OBJECT_BLOB };
	size_t t;
	size_t i;

	for (t = 0; t < sizeof types / sizeof types[0]; t++) {
		for (i = 0; i < w->count; i++) {
			if (w->objects[i].type == types[t]) {
				e->order[e->count++] = &w->objects[i];
			}
		}
	}
	assert(e->count == w->count);
}

static void cut_into_units(struct encoding *e)
{
	struct unit *u = NULL;
	size_t i;

	for (i = 0; i < e->count; i++) {
		if (u == NULL || u->bound >= UNIT_BYTES) {
			u = &e->units[e->units_count++];
			u->first = i;
		}
		u->count++;
		u->bound += packentry_bound(e->order[i]->len);
	}
}

static int encoding_init(struct encoding *e, const struct pack_writer *w)
{
	memset(e, 0, sizeof *e);
	e->order = calloc(w->count, sizeof(*e->order));
	e->encoded = calloc(w->count, sizeof *e->encoded);
	e->units = calloc(w->count, sizeof *e->units);
	if (e->order == NULL || e->encoded == NULL || e->units == NULL) {
		encoding_release(e);
		return WEALD_NOMEM;
	}
	put_in_order(w, e);
	cut_into_units(e);
	return WEALD_OK;
}

static int encode_unit(struct encoding *e, struct packentry_coder *coder,
		       struct unit *u)
{
	uint8_t *at;
	size_t i;
	int r;

	u->data = malloc(u->bound);
	if (u->data == NULL) {
		return WEALD_NOMEM;
	}
	at = u->data;
	for (i = u->first; i < u->first + u->count; i++) {
		const struct object *o = e->order[i];
		struct encoded *out = &e->encoded[i];

		r = packentry_encode(coder, o->type,
				     (struct span){ o->data, o->len }, at,
				     &out->len);
		if (r != WEALD_OK) {
			return r;
		}
		out->crc = (uint32_t)crc32_z(0, at, out->len);
		at += out->len;
	}
	return WEALD_OK;
}

static void encode_unit_cb(void *ctx, size_t worker, size_t index)
{
	struct encoding *e = ctx;
	struct unit *u = &e->units[index];

	u->err = encode_unit(e, &e->coders[worker], u);
}

static int encode_all(struct encoding *e)
{
	size_t i;

	parallel_for(e->units_count, encode_unit_cb, e);
	for (i = 0; i < e->units_count; i++) {
		if (e->units[i].err != WEALD_OK) {
			return e->units[i].err;
		}
	}
	return WEALD_OK;
}

static int write_unit(const struct encoding *e, const struct unit *u,
		      struct packout *out, struct weald_msg *msg)
{
	const uint8_t *at = u->data;
	size_t i;
	int r;

	for (i = u->first; i < u->first + u->count; i++) {
		packout_begin(out, e->order[i]->id);
		r = packout_bytes(out, at, e->encoded[i].len, msg);
		if (r != WEALD_OK) {
			return r;
		}
		packout_end(out, e->encoded[i].crc);
		at += e->encoded[i].len;
	}
	return WEALD_OK;
}

static int write_all(const struct encoding *e, const char *pack_dir,
		     bool promisor, char out_name[PACK_NAME_BYTES],
		     struct weald_msg *msg)
{
	struct packout *out = NULL;
	size_t i;
	int r;

	r = packout_new(pack_dir, e->count, promisor, &out, msg);
	for (i = 0; i < e->units_count && r == WEALD_OK; i++) {
		r = write_unit(e, &e->units[i], out, msg);
	}
	if (r == WEALD_OK) {
		r = packout_commit(out, NULL, out_name, msg);
	}
	packout_free(out);
	return r;
}

int pack_commit(struct pack_writer *w, const char *pack_dir,
		char out_name[PACK_NAME_BYTES], struct weald_msg *msg)
{
	struct encoding e;
	int r;

	assert(w->count > 0);
	r = encoding_init(&e, w);
	if (r != WEALD_OK) {
		return r;
	}
	r = encode_all(&e);
	if (r == WEALD_OK) {
		r = write_all(&e, pack_dir, w->promisor, out_name, msg);
	}
	encoding_release(&e);
	if (r == WEALD_OK) {
		pack_writer_clear(w);
	}
	return r;
}
