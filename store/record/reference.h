/*
 * References: how people name a record.
 *
 *   region/kind/slug     its latest version
 *   region/kind/slug@3   one version
 *   kind/slug            of the own region, with @N too
 *
 * Pure; the parts of a parsed reference are borrowed from what was parsed.
 */
#ifndef WEALD_STORE_RECORD_REFERENCE_H
#define WEALD_STORE_RECORD_REFERENCE_H

#include <stdbool.h>
#include <stdint.h>

#include "proto/bytes.h"
#include "proto/err.h"
#include "proto/limits.h"

/* region/kind/slug@N */
#define REFERENCE_REGION_BYTES_MAX (SLUG_BYTES_MAX + 1u + 12u)
#define REFERENCE_BYTES_MAX                                      \
	(REFERENCE_REGION_BYTES_MAX + 1u + NAME_BYTES_MAX + 1u + \
	 NAME_BYTES_MAX + 1u + 16u)

struct reference {
	struct span region;
	struct span kind;
	struct span slug;
	uint64_t version; /* 0: the latest */
};

/*
 * What a feed is called here: its slug or, where another feed has that slug
 * here, "<slug>-<12 hex>" with the first digits of its feed id.
 */
bool reference_is_region(struct span s);

/*
 * Parse @text as a person typed it. @own is the own region, for references
 * without one, and is borrowed too; empty where there is none. WEALD_OK, or
 * WEALD_INVALID with the expected form in @msg.
 */
int reference_parse(struct span text, struct span own, struct reference *out,
		    struct weald_msg *msg);

/*
 * Append "region/kind/slug", and "@N" where there is a version. WEALD_OK, or
 * WEALD_TOOBIG or WEALD_NOMEM with @b as it was.
 */
int reference_format(struct buf *b, const struct reference *ref);

#endif
