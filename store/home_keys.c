/*
 * The keys of a home: keys/feed, keys/feed.next and keys/node.
 */
#include "store/home.h"

#include <errno.h>
#include <openssl/crypto.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>

#include "proto/ed25519.h"
#include "proto/sshkey.h"
#include "store/fs.h"

#define KEY_COMMENT "weald"

static const char *key_file(enum home_key which)
{
	static const char *const files[] = {
		[HOME_KEY_FEED] = "keys/feed",
		[HOME_KEY_FEED_NEXT] = "keys/feed.next",
		[HOME_KEY_NODE] = "keys/node",
	};

	return files[which];
}

static void cleanse(struct buf *b)
{
	if (b->data != NULL) {
		OPENSSL_cleanse(b->data, b->cap);
	}
	buf_release(b);
}

int home_key_write(struct home *h, enum home_key which,
		   const uint8_t seed[SEED_BYTES], struct weald_msg *msg)
{
	uint32_t checkint;
	char *path = NULL;
	struct buf text;
	int r = home_join(h, key_file(which), &path);

	if (r != WEALD_OK) {
		return r;
	}
	buf_init(&text, SSHKEY_FILE_BYTES_MAX);
	if (getrandom(&checkint, sizeof checkint, 0) !=
	    (ssize_t)sizeof checkint) {
		r = fs_fail(errno, "no random bytes for", NULL, path, msg);
		goto out;
	}
	r = sshkey_encode_private(&text, seed, checkint, KEY_COMMENT);
	if (r == WEALD_OK) {
		r = fs_create_durable(path, buf_span(&text), 0600, msg);
	}
	if (r == WEALD_EXISTS) {
		msg_set(msg, "there is a key at \"%s\" already; it is kept",
			path);
	}
out:
	cleanse(&text);
	free(path);
	return r;
}

static int refuse_missing(enum home_key which, const char *path,
			  struct weald_msg *msg)
{
	if (which == HOME_KEY_FEED) {
		msg_set(msg,
			"the feed key \"%s\" is missing; restore it from a "
			"backup, or put a new key in its place with the root "
			"key: weald key rotate --root-key FILE",
			path);
	} else if (which == HOME_KEY_NODE) {
		msg_set(msg,
			"there is no node key at \"%s\"; weald run makes one",
			path);
	} else {
		msg_set(msg,
			"there is no next feed key at \"%s\": no rotation is "
			"under way; begin one with weald key request",
			path);
	}
	return WEALD_NOTFOUND;
}

/* There is a file that only its owner may read. */
static int check_key_file(enum home_key which, const char *path,
			  struct weald_msg *msg)
{
	struct stat st;

	if (lstat(path, &st) != 0) {
		if (errno == ENOENT || errno == ENOTDIR) {
			return refuse_missing(which, path, msg);
		}
		return fs_fail(errno, "cannot read", NULL, path, msg);
	}
	if (S_ISREG(st.st_mode) && (st.st_mode & 077) != 0) {
		msg_set(msg,
			"others may read the key \"%s\"; forbid it with: chmod "
			"600 \"%s\"",
			path, path);
		return WEALD_DENIED;
	}
	return WEALD_OK;
}

int home_key_read(const struct home *h, enum home_key which,
		  uint8_t out_seed[SEED_BYTES], struct weald_msg *msg)
{
	char *path = NULL;
	struct buf text;
	int r = home_join(h, key_file(which), &path);

	if (r != WEALD_OK) {
		return r;
	}
	buf_init(&text, 0);
	r = check_key_file(which, path, msg);
	if (r == WEALD_OK) {
		r = fs_read_at(AT_FDCWD, path, SSHKEY_TEXT_BYTES_MAX,
			       FS_NOFOLLOW, &text, msg);
	}
	if (r == WEALD_OK) {
		r = sshkey_decode_private(buf_span(&text), out_seed, msg);
		if (r == WEALD_KEYFILE) {
			msg_prefix(msg, "\"%s\"", path);
		}
	}
	cleanse(&text);
	free(path);
	return r;
}

int home_key_remove(struct home *h, enum home_key which, struct weald_msg *msg)
{
	char *path = NULL;
	char *keys = NULL;
	int r = home_join(h, key_file(which), &path);

	if (r == WEALD_OK) {
		r = home_join(h, "keys", &keys);
	}
	if (r == WEALD_OK) {
		r = fs_remove(path, msg);
	}
	if (r == WEALD_OK) {
		r = fs_sync_dir(keys, msg);
	}
	free(keys);
	free(path);
	return r;
}

int home_key_promote(struct home *h, struct weald_msg *msg)
{
	char *from = NULL;
	char *to = NULL;
	int r = home_join(h, key_file(HOME_KEY_FEED_NEXT), &from);

	if (r == WEALD_OK) {
		r = home_join(h, key_file(HOME_KEY_FEED), &to);
	}
	if (r == WEALD_OK) {
		r = check_key_file(HOME_KEY_FEED_NEXT, from, msg);
	}
	if (r == WEALD_OK) {
		r = fs_rename(from, to, msg);
	}
	free(to);
	free(from);
	return r;
}

static int make_node_key(struct home *h, uint8_t out_seed[SEED_BYTES],
			 struct weald_msg *msg)
{
	uint8_t seed[SEED_BYTES];
	int r;

	if (getrandom(seed, sizeof seed, 0) != (ssize_t)sizeof seed) {
		return fs_fail(errno, "no random bytes for", NULL,
			       key_file(HOME_KEY_NODE), msg);
	}
	r = home_key_write(h, HOME_KEY_NODE, seed, msg);
	if (r == WEALD_OK) {
		memcpy(out_seed, seed, SEED_BYTES);
	}
	OPENSSL_cleanse(seed, sizeof seed);
	return r;
}

int home_node_seed(struct home *h, uint8_t out_seed[SEED_BYTES],
		   struct weald_msg *msg)
{
	int r = home_key_read(h, HOME_KEY_NODE, out_seed, msg);

	if (r == WEALD_NOTFOUND) {
		msg_clear(msg);
		r = make_node_key(h, out_seed, msg);
	}
	return r;
}

/*
 * The signer of the key file @which where its public key is @key; *@out_signer
 * is NULL where it is another.
 */
static int try_key(const struct home *h, enum home_key which,
		   const uint8_t key[PUBKEY_BYTES],
		   struct ed25519_signer **out_signer, struct weald_msg *msg)
{
	struct ed25519_signer *signer = NULL;
	uint8_t seed[SEED_BYTES];
	int r = home_key_read(h, which, seed, msg);

	if (r == WEALD_OK) {
		r = ed25519_signer_new(seed, &signer);
		OPENSSL_cleanse(seed, sizeof seed);
	}
	if (r != WEALD_OK) {
		return r;
	}
	if (memcmp(ed25519_signer_key(signer), key, PUBKEY_BYTES) != 0) {
		ed25519_signer_free(signer);
		signer = NULL;
	}
	*out_signer = signer;
	return WEALD_OK;
}

static int refuse_key(const struct home *h, const uint8_t key[PUBKEY_BYTES],
		      struct weald_msg *msg)
{
	char fingerprint[SSHKEY_FINGERPRINT_BYTES];
	int r = sshkey_fingerprint(key, fingerprint);

	if (r != WEALD_OK) {
		return r;
	}
	msg_set(msg,
		"the key in \"%s/keys/feed\" is not the one that signs this "
		"feed (%s); restore it from a backup, or put a new key in its "
		"place with the root key: weald key rotate --root-key FILE",
		home_path(h), fingerprint);
	return WEALD_NOTFOUND;
}

int home_signer(struct home *h, const uint8_t key[PUBKEY_BYTES],
		struct ed25519_signer **out, struct weald_msg *msg)
{
	struct ed25519_signer *signer = NULL;
	struct weald_msg next_msg = { .text = "" };
	int first = try_key(h, HOME_KEY_FEED, key, &signer, msg);
	int r;

	if (first != WEALD_OK && first != WEALD_NOTFOUND) {
		return first;
	}
	if (signer != NULL) {
		*out = signer;
		return WEALD_OK;
	}
	r = try_key(h, HOME_KEY_FEED_NEXT, key, &signer, &next_msg);
	if (r == WEALD_OK && signer != NULL) {
		r = home_key_promote(h, msg);
		if (r != WEALD_OK) {
			ed25519_signer_free(signer);
			return r;
		}
		*out = signer;
		return WEALD_OK;
	}
	if (r != WEALD_OK && r != WEALD_NOTFOUND) {
		msg_set(msg, "%s", msg_text(&next_msg, r));
		return r;
	}
	/* a missing feed key has said so already */
	return first == WEALD_NOTFOUND ? first : refuse_key(h, key, msg);
}
