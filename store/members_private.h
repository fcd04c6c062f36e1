/*
 * Between the parts of store/members: finding and making entries in place.
 */
#ifndef WEALD_STORE_MEMBERS_PRIVATE_H
#define WEALD_STORE_MEMBERS_PRIVATE_H

#include "store/members.h"

/*
 * The entry under this key, made with nothing else in it where there is none;
 * borrowed until @m changes. WEALD_TOOBIG with @msg, or WEALD_NOMEM.
 */
int members_need_follow(struct members *m, const uint8_t feed[SHA256_BYTES],
			struct member_follow **out, struct weald_msg *msg);
int members_need_block(struct members *m, const uint8_t feed[SHA256_BYTES],
		       struct member_block **out, struct weald_msg *msg);
int members_need_unfollow(struct members *m, const uint8_t feed[SHA256_BYTES],
			  struct member_block **out, struct weald_msg *msg);
int members_need_peer(struct members *m, const uint8_t key[PUBKEY_BYTES],
		      struct member_peer **out, struct weald_msg *msg);
int members_need_invite(struct members *m,
			const uint8_t id[MEMBERS_INVITE_BYTES],
			struct member_invite **out, struct weald_msg *msg);

/*
 * Add a text to a sorted list, unless it is there. WEALD_TOOBIG where the list
 * has @max, WEALD_NOMEM.
 */
int members_add_text(char ***list, size_t *n, size_t max, struct span text);
int members_add_introducer(struct member_follow *f,
			   const uint8_t feed[SHA256_BYTES]);
/* Addresses stay in the order in which they are tried. */
int members_add_address(struct member_peer *p, struct span address);

#endif
