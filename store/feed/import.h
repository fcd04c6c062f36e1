/*
 * Import: a feed brought by stock means, as a git repository (a clone, bare or
 * not, on a stick) or a bundle, taken in after full verification.
 *
 * The source is fetched by stock git into a quarantine beside the feeds, so
 * that no object of it is read before git has packed and checked it; then
 * every update goes the way that one from a peer goes.
 */
#ifndef WEALD_STORE_FEED_IMPORT_H
#define WEALD_STORE_FEED_IMPORT_H

#include <stdbool.h>
#include <stdint.h>

#include "proto/err.h"
#include "proto/identity.h"
#include "store/home.h"

/* Called now and then on the caller's thread. */
typedef void import_progress_fn(void *ctx, uint64_t done, uint64_t total);

struct import_result {
	char name[HOME_FEED_NAME_BYTES]; /* the folder: slug or slug-hex */
	bool created;                    /* the feed was not here before */
	uint64_t seq_before;             /* 0 where created */
	uint64_t seq_after;
	uint8_t head[OBJECT_ID_BYTES];
	/* where an update was refused: nothing at all was taken in */
	uint64_t failed_seq; /* 0 where none */
	char failed_commit[2 * OBJECT_ID_BYTES + 1];
};

/*
 * Import @source, a path on this machine, into @home, whose lock the caller
 * holds. All or nothing: a source with one bad update leaves the home as it
 * was.
 *
 *   WEALD_NOTFOUND  no such file, or no branch main in it
 *   WEALD_INVALID   no git repository or bundle, or git refused it
 *   WEALD_DIVERGED  both hold updates that the other lacks
 *   and the codes of the rule that an update breaks
 *
 * A source that holds less than the feed here is WEALD_OK, and nothing new.
 * Where the feed here is narrow, contents may be absent that neither it nor
 * the source has; else that is WEALD_CONTENT_ABSENT.
 */
int feed_import(struct home *home, const char *source,
		import_progress_fn *progress, void *ctx,
		struct import_result *out, struct weald_msg *msg);

#endif
