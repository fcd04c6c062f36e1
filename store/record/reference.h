/*
 * References: how people name a record.
 *
 *   region/kind/slug     its latest version
 *   region/kind/slug@3   one version
 *   region/kind/slug@3:0123456789abcdef   that version, pinned: the first 8
 *                        bytes of the SHA-256 of its record.md
 *   kind/slug            of the own region, with @N too
 *   weald:FEED ID/kind/slug   for machines; the feed id in hex
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

#define REFERENCE_SCHEME       "weald:"
#define REFERENCE_DIGEST_BYTES 8u

/* A slug that is taken here, or a feed id. */
#define REFERENCE_REGION_BYTES_MAX (2u * SHA256_BYTES)
/* weald:region/kind/slug@N:digest */
#define REFERENCE_BYTES_MAX                                           \
	(6u + REFERENCE_REGION_BYTES_MAX + 1u + NAME_BYTES_MAX + 1u + \
	 NAME_BYTES_MAX + 1u + 16u + 1u + 2u * REFERENCE_DIGEST_BYTES)

struct reference {
	struct span region;
	struct span kind;
	struct span slug;
	uint64_t version; /* 0: the latest */
	bool is_feed;     /* region is a feed id: 64 hex digits */
	bool has_digest;  /* of the version's record.md */
	uint8_t digest[REFERENCE_DIGEST_BYTES];
};

/*
 * What a feed is called here: its slug or, where another feed has that slug
 * here, "<slug>-<12 hex>" with the first digits of its feed id.
 */
bool reference_is_region(struct span s);

/*
 * Parse @text as a person typed it, or in the form for machines. @own is the
 * own region, for references without one, and is borrowed too; empty where
 * there is none. WEALD_OK, or WEALD_INVALID with the expected form in @msg.
 */
int reference_parse(struct span text, struct span own, struct reference *out,
		    struct weald_msg *msg);

/*
 * Is @text, a whole record.md, the one that @ref pins? True where it pins
 * none; false, too, where the digest cannot be made.
 */
bool reference_pins(const struct reference *ref, struct span text);
/* Pin @ref, which says a version, to @text. As digest_sha256(). */
int reference_pin(struct reference *ref, struct span text);

/*
 * Append the reference in the form that it was parsed from, with its region.
 * WEALD_OK, or WEALD_TOOBIG or WEALD_NOMEM with @b as it was.
 */
int reference_format(struct buf *b, const struct reference *ref);

#endif
