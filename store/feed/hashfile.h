/*
 * A file that is written through a buffer and ends in the SHA-1 of what stands
 * before: the form of git's packs and pack indexes. Plain SHA-1: a checksum
 * against bit rot, not an object id.
 */
#ifndef WEALD_STORE_FEED_HASHFILE_H
#define WEALD_STORE_FEED_HASHFILE_H

#include <openssl/evp.h>
#include <stddef.h>
#include <stdint.h>

#include "proto/bytes.h"
#include "proto/err.h"

#define HASHFILE_SUM_BYTES 20u

struct hashfile {
	int fd;          /* borrowed */
	const char *dir; /* both keeps, for messages */
	const char *name;
	EVP_MD_CTX *md;
	struct buf buf;
	uint64_t total; /* bytes so far: the offset of what comes next */
};

/*
 * Begin at the start of the empty file @fd. It stays the caller's; @dir and
 * @name must live as long as @f. WEALD_NOMEM, WEALD_CRYPTO.
 */
int hashfile_init(struct hashfile *f, int fd, const char *dir,
		  const char *name);
/* Zeroed memory may be released too. */
void hashfile_release(struct hashfile *f);
/* Append; codes of fs_write_all(). */
int hashfile_add(struct hashfile *f, const void *data, size_t len,
		 struct weald_msg *msg);
/* Append the SHA-1 and write everything out; not synced. Once, at the end. */
int hashfile_finish(struct hashfile *f, uint8_t out_sum[HASHFILE_SUM_BYTES],
		    struct weald_msg *msg);

/* The same checksum over bytes at hand. WEALD_NOMEM, WEALD_CRYPTO. */
int hashfile_sum(struct span bytes, uint8_t out_sum[HASHFILE_SUM_BYTES]);

#endif
