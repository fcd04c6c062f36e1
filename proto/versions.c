#include "proto/versions.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "proto/digest.h"
#include "proto/limits.h"
#include "proto/path.h"

void versions_release(struct versions *v)
{
	free(v->slots);
	*v = (struct versions){ .count = 0 };
}

static int name_make(struct span kind, struct span slug,
		     uint8_t out[VERSIONS_NAME_BYTES])
{
	uint8_t text[2 * NAME_BYTES_MAX + 1];
	uint8_t digest[SHA256_BYTES];
	size_t n = 0;
	int r;

	assert(kind.len <= NAME_BYTES_MAX && slug.len <= NAME_BYTES_MAX);
	memcpy(text, kind.data, kind.len);
	n += kind.len;
	text[n++] = '/';
	memcpy(text + n, slug.data, slug.len);
	n += slug.len;
	r = digest_sha256((struct span){ text, n }, digest);
	if (r == WEALD_OK) {
		memcpy(out, digest, VERSIONS_NAME_BYTES);
	}
	return r;
}

static uint32_t month_pack(struct span month)
{
	const uint8_t *m = month.data;

	assert(month.len == 7);
	return (uint32_t)(m[0] - '0') * 100000u +
	       (uint32_t)(m[1] - '0') * 10000u +
	       (uint32_t)(m[2] - '0') * 1000u + (uint32_t)(m[3] - '0') * 100u +
	       (uint32_t)(m[5] - '0') * 10u + (uint32_t)(m[6] - '0');
}

static int entry_make(struct span record, struct version_entry *out,
		      struct weald_msg *msg)
{
	struct record_path path;
	int r;

	r = path_parse_record(record, &path, msg);
	if (r != WEALD_OK) {
		return r;
	}
	*out = (struct version_entry){ .month = month_pack(path.month) };
	return name_make(path.kind, path.slug, out->name);
}

/* The slot of @name, or the empty one where it belongs; slots_n > 0. */
static struct version_entry *slot_of(const struct versions *v,
				     const uint8_t *name)
{
	size_t at = 0;
	size_t i;

	for (i = 0; i < sizeof at; i++) {
		at = at << 8 | name[i];
	}
	at &= v->slots_n - 1;
	while (v->slots[at].version != 0 &&
	       memcmp(v->slots[at].name, name, VERSIONS_NAME_BYTES) != 0) {
		at = (at + 1) & (v->slots_n - 1);
	}
	return &v->slots[at];
}

static const struct version_entry *entry_find(const struct versions *v,
					      const uint8_t *name)
{
	const struct version_entry *e;

	if (v->slots_n == 0) {
		return NULL;
	}
	e = slot_of(v, name);
	return e->version == 0 ? NULL : e;
}

/* Room for one entry more, at most half of the slots in use. */
static int versions_grow(struct versions *v)
{
	struct versions bigger;
	size_t i;

	if (2 * (v->count + 1) <= v->slots_n) {
		return WEALD_OK;
	}
	bigger.count = v->count;
	bigger.slots_n = v->slots_n == 0 ? 64 : 2 * v->slots_n;
	bigger.slots = calloc(bigger.slots_n, sizeof *bigger.slots);
	if (bigger.slots == NULL) {
		return WEALD_NOMEM;
	}
	for (i = 0; i < v->slots_n; i++) {
		if (v->slots[i].version != 0) {
			*slot_of(&bigger, v->slots[i].name) = v->slots[i];
		}
	}
	free(v->slots);
	*v = bigger;
	return WEALD_OK;
}

int versions_get(const struct versions *v, struct span record,
		 uint64_t *out_version, struct weald_msg *msg)
{
	const struct version_entry *have;
	struct version_entry want;
	int r;

	r = entry_make(record, &want, msg);
	if (r != WEALD_OK) {
		return r;
	}
	have = entry_find(v, want.name);
	if (have != NULL && have->month != want.month) {
		msg_set(msg, "record: %.*s is taken, it stands under %04u-%02u",
			(int)record.len, (const char *)record.data,
			have->month / 100, have->month % 100);
		return WEALD_RECORD_TAKEN;
	}
	*out_version = have == NULL ? 0 : have->version;
	return WEALD_OK;
}

int versions_check(const struct versions *v, const struct update *u,
		   struct weald_msg *msg)
{
	uint64_t version;
	int r;

	if (u->record.len == 0) {
		return WEALD_OK;
	}
	r = versions_get(v, u->record, &version, msg);
	if (r != WEALD_OK) {
		return r;
	}
	if (u->version != version + 1) {
		msg_set(msg, "version: %llu of %.*s, the next is %llu",
			(unsigned long long)u->version, (int)u->record.len,
			(const char *)u->record.data,
			(unsigned long long)version + 1);
		return WEALD_VERSION_OTHER;
	}
	return WEALD_OK;
}

int versions_apply(struct versions *v, const struct update *u)
{
	struct version_entry entry;
	struct version_entry *slot;
	int r;

	if (u->record.len == 0) {
		return WEALD_OK;
	}
	r = entry_make(u->record, &entry, NULL);
	if (r != WEALD_OK) {
		return r;
	}
	r = versions_grow(v);
	if (r != WEALD_OK) {
		return r;
	}
	slot = slot_of(v, entry.name);
	if (slot->version == 0) {
		v->count++;
	}
	entry.version = u->version;
	*slot = entry;
	return WEALD_OK;
}

int versions_month(const struct versions *v, struct span kind, struct span slug,
		   char out_month[8])
{
	const struct version_entry *have;
	uint8_t name[VERSIONS_NAME_BYTES];
	uint32_t m;
	size_t i;
	int r;

	if (!path_is_name(kind) || !path_is_name(slug)) {
		return WEALD_NOTFOUND;
	}
	r = name_make(kind, slug, name);
	if (r != WEALD_OK) {
		return r;
	}
	have = entry_find(v, name);
	if (have == NULL) {
		return WEALD_NOTFOUND;
	}
	m = have->month;
	for (i = 7; i-- > 0;) {
		if (i == 4) {
			out_month[i] = '-';
		} else {
			out_month[i] = (char)('0' + m % 10);
			m /= 10;
		}
	}
	out_month[7] = '\0';
	return WEALD_OK;
}

int versions_restore(struct versions *v, const struct version_entry *entry)
{
	struct version_entry *slot;
	int r;

	assert(entry->version != 0);
	r = versions_grow(v);
	if (r != WEALD_OK) {
		return r;
	}
	slot = slot_of(v, entry->name);
	if (slot->version != 0) {
		return WEALD_EXISTS;
	}
	v->count++;
	*slot = *entry;
	return WEALD_OK;
}
