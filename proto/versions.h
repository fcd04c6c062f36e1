/*
 * Versions: which records a feed has, and at which version each stands.
 *
 * A record's name in its feed is kind and slug together; the month in its
 * path is the one of its first version, for ever. docs/PROTOCOL.md,
 * "Appending". Pure.
 *
 * The table keeps 32 bytes a record: the name as the first 16 bytes of the
 * SHA-256 of "kind/slug", so that a feed's author cannot make two names
 * collide, and every node decides the same.
 */
#ifndef WEALD_PROTO_VERSIONS_H
#define WEALD_PROTO_VERSIONS_H

#include "proto/bytes.h"
#include "proto/err.h"
#include "proto/update.h"

#define VERSIONS_NAME_BYTES 16u

struct version_entry {
	uint8_t name[VERSIONS_NAME_BYTES];
	uint64_t version; /* 0: an empty slot */
	uint32_t month;   /* year * 100 + month */
};

/* All zero is an empty table. */
struct versions {
	struct version_entry *slots; /* slots_n of them, a power of two */
	size_t slots_n;
	size_t count;
};

void versions_release(struct versions *v);

/*
 * May @u come next as far as its record goes? WEALD_OK for an update without
 * a record.
 *   WEALD_VERSION_OTHER  its version is not the record's last and one
 *   WEALD_RECORD_TAKEN   kind and slug are taken under another month
 *   WEALD_CRYPTO
 */
int versions_check(const struct versions *v, const struct update *u,
		   struct weald_msg *msg);

/*
 * Move on to @u, which versions_check() accepted. WEALD_NOMEM or
 * WEALD_CRYPTO, the table as it was.
 */
int versions_apply(struct versions *v, const struct update *u);

/*
 * The version at which @record (kind/YYYY-MM/slug) stands; 0 where there is
 * none, or WEALD_RECORD, WEALD_RECORD_TAKEN or WEALD_CRYPTO.
 */
int versions_get(const struct versions *v, struct span record,
		 uint64_t *out_version, struct weald_msg *msg);

/*
 * The month ("YYYY-MM" and NUL) under which @kind and @slug stand.
 * WEALD_NOTFOUND where there is no such record, or WEALD_CRYPTO.
 */
int versions_month(const struct versions *v, struct span kind, struct span slug,
		   char out_month[8]);

/* Put back an entry that was saved; WEALD_NOMEM, WEALD_EXISTS. */
int versions_restore(struct versions *v, const struct version_entry *entry);

#endif
