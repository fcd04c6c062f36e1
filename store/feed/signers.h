/*
 * The allowed_signers file: which key signed when, for stock git.
 *
 * A convenience, so that `git log --show-signature` needs no flags. Validity
 * goes by position in the chain, not by these windows: each is padded by a day
 * at both ends, and the first key has no beginning, the last no end.
 */
#ifndef WEALD_STORE_FEED_SIGNERS_H
#define WEALD_STORE_FEED_SIGNERS_H

#include <stddef.h>
#include <stdint.h>

#include "proto/bytes.h"
#include "proto/err.h"
#include "proto/identity.h"

struct signer_window {
	uint8_t key[PUBKEY_BYTES];
	uint64_t first; /* the earliest and latest time of its updates, seconds
			 */
	uint64_t last;
};

/* In the order in which the keys came; all zero is empty. */
struct signers {
	struct signer_window *windows;
	size_t count;
};

void signers_release(struct signers *s);
/* An update of @time was signed by @key. WEALD_NOMEM. */
int signers_note(struct signers *s, const uint8_t key[PUBKEY_BYTES],
		 uint64_t time);
/* Append the file's text. WEALD_NOMEM, WEALD_TOOBIG. */
int signers_text(const struct signers *s, const struct identity *id,
		 struct buf *out);

#endif
