/*
 * Standing: the version at which an own record stands in the feed, which a
 * folder is to follow.
 */
#ifndef WEALD_DAEMON_CLI_STANDING_H
#define WEALD_DAEMON_CLI_STANDING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "daemon/cli/cli.h"
#include "proto/limits.h"
#include "store/feed/feed.h"
#include "store/record/record.h"
#include "store/record/reference.h"

#define STANDING_RELATION "acknowledges"

/* A withdrawal that the record says was read. */
struct standing_ack {
	char ref[REFERENCE_BYTES_MAX + 1]; /* without a version */
	uint64_t version;
};

struct standing {
	uint64_t last; /* 0: there is no such record yet */
	bool withdrawn;
	uint8_t digest[SHA256_BYTES]; /* of its files: folder_digest() */
	struct standing_ack *acks;
	size_t acks_n;
};

/*
 * Read how "kind/slug" stands in @own. Noted; the caller releases it with
 * standing_release(), also on failure.
 */
int standing_read(struct cli *c, const struct feed *own, struct span kind,
		  struct span slug, struct standing *out);
void standing_release(struct standing *s);

/*
 * The first withdrawal that @s acknowledges and @record, the new one, does
 * not; NULL where there is none.
 */
const struct standing_ack *standing_lost_ack(const struct standing *s,
					     const struct record *record,
					     struct span own_region);

#endif
