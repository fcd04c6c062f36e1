/*
 * What stands in a folder of packs: each pack with its companions.
 */
#ifndef WEALD_STORE_FEED_PACKLIST_H
#define WEALD_STORE_FEED_PACKLIST_H

#include <stddef.h>
#include <stdint.h>
#include <time.h>

#include "proto/err.h"
#include "store/feed/pack.h"

/* Files beside each other: pack-<hex>.pack, .idx, ... */
enum pack_file {
	PACK_FILE_PACK = 1 << 0,
	PACK_FILE_IDX = 1 << 1,
	PACK_FILE_KEEP = 1 << 2,
	PACK_FILE_PROMISOR = 1 << 3,
	PACK_FILE_BITMAP = 1 << 4,
	PACK_FILE_REV = 1 << 5,
	PACK_FILE_MTIMES = 1 << 6
};

#define PACK_ENDING_BYTES 10u /* ".promisor", NUL */
#define PACK_PATH_BYTES   (PACK_NAME_BYTES + PACK_ENDING_BYTES)

struct packlist_item {
	char name[PACK_NAME_BYTES]; /* without ending */
	unsigned files;             /* enum pack_file */
	/* of the .pack, where there is one */
	uint64_t size;
	struct timespec mtime;
};

struct packlist {
	struct packlist_item *items; /* sorted by name */
	size_t count;
	char (*temps)[256]; /* names of tmp_* files */
	size_t temps_count;
};

/*
 * List the folder @dir_fd; @dir is its path, for messages. Names that git
 * would not have given to a pack are not listed. gives what @out holds.
 */
int packlist_read(int dir_fd, const char *dir, struct packlist *out,
		  struct weald_msg *msg);
/* Zeroed memory may be released too. */
void packlist_release(struct packlist *l);

/* The file of @name: one of enum pack_file. */
void packlist_path(const char *name, enum pack_file file,
		   char out[PACK_PATH_BYTES]);

/* Remove a file in @dir_fd; that it is not there is no failure. */
int packlist_remove(int dir_fd, const char *dir, const char *name,
		    struct weald_msg *msg);

#endif
