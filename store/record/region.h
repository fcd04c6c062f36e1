/*
 * region.yaml: how a region describes itself, at the root of its feed.
 *
 *   name: Health Innovation South West
 *   nodes:
 *     - key: <64 hex>
 *       addresses: ["weald.example.org:7411"]
 *   follows:
 *     - feed: <64 hex>
 *       slug: wessex
 *       by: hand
 *   contact: {role: ..., mailbox: ...}
 *   predecessor: <64 hex>
 *
 * docs/PROTOCOL.md, "region.yaml". Read leniently: fields that are not known
 * are passed over, so that later versions may say more. Nothing in it decides
 * who may sign. Pure; text of others.
 */
#ifndef WEALD_STORE_RECORD_REGION_H
#define WEALD_STORE_RECORD_REGION_H

#include <stdbool.h>
#include <stddef.h>

#include "proto/bytes.h"
#include "proto/err.h"
#include "proto/limits.h"

#define REGION_NAME_BYTES_MAX    100u
#define REGION_CONTACT_BYTES_MAX 100u
#define REGION_NODES_MAX         16u
#define REGION_ADDRESSES_MAX     8u
#define REGION_ADDRESS_BYTES_MAX 259u
#define REGION_FOLLOWS_MAX       1024u

struct region_node {
	uint8_t key[PUBKEY_BYTES];
	char *addresses[REGION_ADDRESSES_MAX];
	size_t addresses_n;
};

enum region_by { REGION_BY_HAND, REGION_BY_INTRODUCTION };

struct region_follow {
	uint8_t feed[SHA256_BYTES];
	char slug[SLUG_BYTES_MAX + 1]; /* as the region knows it */
	enum region_by by;
};

/* All zero is an empty one. Owned: region_release(). */
struct region {
	char name[REGION_NAME_BYTES_MAX + 1];
	struct region_node *nodes;
	size_t nodes_n;
	struct region_follow *follows; /* sorted by feed, none twice */
	size_t follows_n;
	char role[REGION_CONTACT_BYTES_MAX + 1]; /* "" where none */
	char mailbox[REGION_CONTACT_BYTES_MAX + 1];
	bool has_predecessor;
	uint8_t predecessor[SHA256_BYTES];
};

/*
 * Read @text, a whole region.yaml. @name is the file's for messages.
 *   WEALD_INVALID  line and what is allowed in @msg
 *   WEALD_TOOBIG   over a maximum above, or over CONTENT_BYTES_MAX
 *   WEALD_NOMEM
 */
int region_parse(struct span text, const char *name, struct region *out,
		 struct weald_msg *msg);
void region_release(struct region *r);

/*
 * Append the text of @r: one form for the same content. region_parse() gives
 * it back. WEALD_TOOBIG, WEALD_NOMEM.
 */
int region_format(const struct region *r, struct buf *out);

#endif
