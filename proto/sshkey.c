#include "proto/sshkey.h"

#include <assert.h>
#include <openssl/crypto.h>
#include <string.h>

#include "proto/digest.h"
#include "proto/ed25519.h"
#include "proto/sshtext.h"

#define LABEL "OPENSSH PRIVATE KEY"
#define MAGIC "openssh-key-v1" /* followed by a NUL */
#define NONE  "none"

/* Without a cipher the private part is padded to this. */
#define BLOCK_BYTES 8u

/* The key as OpenSSH keeps it: the seed and the public key. */
#define PRIVATE_BYTES (SEED_BYTES + PUBKEY_BYTES)

/* Room for the private part and for the whole, about 400 and 500 bytes. */
#define BLOB_BYTES_MAX 1024u

/* For buffers with a secret: no copies left behind, neither here nor later. */
static int secret_init(struct buf *b, size_t max)
{
	buf_init(b, max);
	return buf_reserve(b, max);
}

static void secret_release(struct buf *b)
{
	if (b->data != NULL) {
		OPENSSL_cleanse(b->data, b->cap);
	}
	buf_release(b);
}

static int add_string(struct buf *b, const char *text)
{
	return buf_add_ssh_string(b, text, strlen(text));
}

static bool comment_is_valid(const char *comment)
{
	size_t len = strlen(comment);
	size_t i;

	for (i = 0; i < len; i++) {
		if ((unsigned char)comment[i] < ' ' || comment[i] == 0x7f) {
			return false;
		}
	}
	return len <= SSHKEY_COMMENT_BYTES_MAX;
}

int sshkey_add_blob(struct buf *b, const uint8_t key[PUBKEY_BYTES])
{
	size_t start = b->len;
	int r = add_string(b, SSHKEY_TYPE);

	if (r == WEALD_OK) {
		r = buf_add_ssh_string(b, key, PUBKEY_BYTES);
	}
	if (r != WEALD_OK) {
		b->len = start;
	}
	return r;
}

int sshkey_parse_blob(struct span blob, struct span *out_key, int code,
		      struct weald_msg *msg)
{
	struct reader r;
	struct span key = { NULL, 0 };
	int err;

	reader_init(&r, blob);
	err = sshtext_expect(&r, "key type", SSHKEY_TYPE, code, msg);
	if (err == WEALD_OK) {
		err = sshtext_take_exact(&r, "public key", PUBKEY_BYTES, &key,
					 code, msg);
	}
	if (err == WEALD_OK) {
		err = sshtext_end(&r, "public key", code, msg);
	}
	if (err == WEALD_OK) {
		*out_key = key;
	}
	return err;
}

/* The part that a cipher would encrypt. */
static int add_private_part(struct buf *b, const uint8_t *seed,
			    const uint8_t *key, uint32_t checkint,
			    const char *comment)
{
	uint8_t pad = 0;
	int r = buf_add_be32(b, checkint);

	if (r == WEALD_OK) {
		r = buf_add_be32(b, checkint);
	}
	if (r == WEALD_OK) {
		r = sshkey_add_blob(b, key);
	}
	if (r == WEALD_OK) {
		r = buf_add_be32(b, PRIVATE_BYTES);
	}
	if (r == WEALD_OK) {
		r = buf_add(b, seed, SEED_BYTES);
	}
	if (r == WEALD_OK) {
		r = buf_add(b, key, PUBKEY_BYTES);
	}
	if (r == WEALD_OK) {
		r = add_string(b, comment);
	}
	while (r == WEALD_OK && b->len % BLOCK_BYTES != 0) {
		r = buf_add_byte(b, ++pad);
	}
	return r;
}

static int add_file_blob(struct buf *b, const uint8_t *key,
			 struct span private_part)
{
	int r = buf_add(b, MAGIC, sizeof MAGIC);

	if (r == WEALD_OK) {
		r = add_string(b, NONE); /* cipher */
	}
	if (r == WEALD_OK) {
		r = add_string(b, NONE); /* key derivation */
	}
	if (r == WEALD_OK) {
		r = add_string(b, ""); /* its options */
	}
	if (r == WEALD_OK) {
		r = buf_add_be32(b, 1); /* number of keys */
	}
	if (r == WEALD_OK) {
		r = buf_add_be32(b, SSHKEY_BLOB_BYTES);
	}
	if (r == WEALD_OK) {
		r = sshkey_add_blob(b, key);
	}
	if (r == WEALD_OK) {
		r = buf_add_ssh_string(b, private_part.data, private_part.len);
	}
	return r;
}

int sshkey_encode_private(struct buf *b, const uint8_t seed[SEED_BYTES],
			  uint32_t checkint, const char *comment)
{
	uint8_t key[PUBKEY_BYTES];
	struct buf part;
	struct buf blob;
	int r;

	if (!comment_is_valid(comment)) {
		return WEALD_INVALID;
	}
	buf_init(&blob, 0);
	r = secret_init(&part, BLOB_BYTES_MAX);
	if (r == WEALD_OK) {
		r = secret_init(&blob, BLOB_BYTES_MAX);
	}
	if (r == WEALD_OK) {
		r = ed25519_public(seed, key);
	}
	if (r == WEALD_OK) {
		r = add_private_part(&part, seed, key, checkint, comment);
	}
	if (r == WEALD_OK) {
		r = add_file_blob(&blob, key, buf_span(&part));
	}
	if (r == WEALD_OK) {
		r = sshtext_write(b, LABEL, buf_span(&blob));
	}
	secret_release(&part);
	secret_release(&blob);
	return r;
}

/* Up to the number of keys. */
static int parse_head(struct reader *r, struct weald_msg *msg)
{
	struct span cipher;
	struct span nul;
	uint32_t keys;
	int err;

	if (reader_expect(r, MAGIC) != WEALD_OK ||
	    reader_take(r, 1, &nul) != WEALD_OK || nul.data[0] != 0) {
		msg_set(msg, "the base64 is not of an OpenSSH private key");
		return WEALD_KEYFILE;
	}
	err = sshtext_take(r, "cipher", &cipher, WEALD_KEYFILE, msg);
	if (err == WEALD_OK && !span_equal(cipher, span_of(NONE))) {
		msg_set(msg, "the key is encrypted with a passphrase: remove "
			     "it with ssh-keygen -p -N '' -f FILE");
		err = WEALD_KEYFILE;
	}
	if (err == WEALD_OK) {
		err = sshtext_expect(r, "key derivation", NONE, WEALD_KEYFILE,
				     msg);
	}
	if (err == WEALD_OK) {
		err = sshtext_expect(r, "key derivation's options", "",
				     WEALD_KEYFILE, msg);
	}
	if (err != WEALD_OK) {
		return err;
	}
	if (reader_be32(r, &keys) != WEALD_OK || keys != 1) {
		msg_set(msg, "not one key alone");
		return WEALD_KEYFILE;
	}
	return WEALD_OK;
}

static int check_padding(struct reader *r, struct weald_msg *msg)
{
	size_t left = reader_left(r);
	struct span pad;
	size_t i;

	if (left >= BLOCK_BYTES || r->len % BLOCK_BYTES != 0) {
		msg_set(msg, "the padding is not to %u bytes", BLOCK_BYTES);
		return WEALD_KEYFILE;
	}
	(void)reader_take(r, left, &pad);
	for (i = 0; i < left; i++) {
		if (pad.data[i] != i + 1) {
			msg_set(msg, "the padding is not 1, 2, 3 ...");
			return WEALD_KEYFILE;
		}
	}
	return WEALD_OK;
}

/* What add_private_part() writes; @out_private borrows. */
static int parse_private_part(struct span part, struct span *out_private,
			      struct weald_msg *msg)
{
	struct reader r;
	uint32_t check[2];
	struct span key = { NULL, 0 };
	struct span private_key = { NULL, 0 };
	struct span comment;
	int err;

	reader_init(&r, part);
	if (reader_be32(&r, &check[0]) != WEALD_OK ||
	    reader_be32(&r, &check[1]) != WEALD_OK || check[0] != check[1]) {
		msg_set(msg, "the two check numbers differ");
		return WEALD_KEYFILE;
	}
	err = sshtext_expect(&r, "key type", SSHKEY_TYPE, WEALD_KEYFILE, msg);
	if (err == WEALD_OK) {
		err = sshtext_take_exact(&r, "public key", PUBKEY_BYTES, &key,
					 WEALD_KEYFILE, msg);
	}
	if (err == WEALD_OK) {
		err = sshtext_take_exact(&r, "private key", PRIVATE_BYTES,
					 &private_key, WEALD_KEYFILE, msg);
	}
	if (err == WEALD_OK) {
		err = sshtext_take(&r, "comment", &comment, WEALD_KEYFILE, msg);
	}
	if (err == WEALD_OK) {
		err = check_padding(&r, msg);
	}
	if (err != WEALD_OK) {
		return err;
	}
	if (memcmp(private_key.data + SEED_BYTES, key.data, PUBKEY_BYTES) !=
	    0) {
		msg_set(msg, "the private key belongs to another public key");
		return WEALD_KEYFILE;
	}
	*out_private = private_key;
	return WEALD_OK;
}

/* What add_file_blob() writes; both results borrow from @blob. */
static int parse_file_blob(struct span blob, struct span *out_key,
			   struct span *out_private, struct weald_msg *msg)
{
	struct reader r;
	struct span s = { NULL, 0 };
	int err;

	reader_init(&r, blob);
	err = parse_head(&r, msg);
	if (err == WEALD_OK) {
		err = sshtext_take(&r, "public key", &s, WEALD_KEYFILE, msg);
	}
	if (err == WEALD_OK) {
		err = sshkey_parse_blob(s, out_key, WEALD_KEYFILE, msg);
	}
	if (err == WEALD_OK) {
		err = sshtext_take(&r, "private part", &s, WEALD_KEYFILE, msg);
	}
	if (err == WEALD_OK) {
		err = sshtext_end(&r, "private part", WEALD_KEYFILE, msg);
	}
	if (err == WEALD_OK) {
		err = parse_private_part(s, out_private, msg);
	}
	return err;
}

/* Does the seed in @private_key give both public keys that stand there? */
static int check_public(struct span key, struct span private_key,
			struct weald_msg *msg)
{
	uint8_t wanted[PUBKEY_BYTES];
	int r = ed25519_public(private_key.data, wanted);

	if (r != WEALD_OK) {
		return r;
	}
	if (memcmp(wanted, key.data, sizeof wanted) != 0 ||
	    memcmp(wanted, private_key.data + SEED_BYTES, sizeof wanted) != 0) {
		msg_set(msg, "the private key belongs to another public key");
		return WEALD_KEYFILE;
	}
	return WEALD_OK;
}

static int check_text_length(struct span text, struct weald_msg *msg)
{
	if (text.len > SSHKEY_TEXT_BYTES_MAX) {
		msg_set(msg, "%zu bytes are too long for a key", text.len);
		return WEALD_KEYFILE;
	}
	return WEALD_OK;
}

int sshkey_decode_private(struct span text, uint8_t out_seed[SEED_BYTES],
			  struct weald_msg *msg)
{
	struct span private_key = { NULL, 0 };
	struct span key = { NULL, 0 };
	struct buf blob;
	int r = check_text_length(text, msg);

	if (r != WEALD_OK) {
		return r;
	}
	buf_init(&blob, SSHKEY_TEXT_BYTES_MAX);
	r = sshtext_read(text, LABEL, &blob, WEALD_KEYFILE, msg);
	if (r == WEALD_OK) {
		r = parse_file_blob(buf_span(&blob), &key, &private_key, msg);
	}
	if (r == WEALD_OK) {
		r = check_public(key, private_key, msg);
	}
	if (r == WEALD_OK) {
		memcpy(out_seed, private_key.data, SEED_BYTES);
	}
	secret_release(&blob);
	return r;
}

int sshkey_public_line(struct buf *b, const uint8_t key[PUBKEY_BYTES],
		       const char *comment)
{
	size_t start = b->len;
	struct buf blob;
	int r;

	if (!comment_is_valid(comment)) {
		return WEALD_INVALID;
	}
	buf_init(&blob, SSHKEY_BLOB_BYTES);
	r = sshkey_add_blob(&blob, key);
	if (r == WEALD_OK) {
		r = buf_add_text(b, SSHKEY_TYPE " ");
	}
	if (r == WEALD_OK) {
		r = buf_add_base64(b, blob.data, blob.len);
	}
	if (r == WEALD_OK && comment[0] != '\0') {
		r = buf_add_byte(b, ' ');
	}
	if (r == WEALD_OK) {
		r = buf_add_text(b, comment);
	}
	if (r != WEALD_OK) {
		b->len = start;
	}
	buf_release(&blob);
	return r;
}

/* @text without an LF or CRLF at its end. */
static struct span without_line_end(struct span text)
{
	if (text.len > 0 && text.data[text.len - 1] == '\n') {
		text.len--;
		if (text.len > 0 && text.data[text.len - 1] == '\r') {
			text.len--;
		}
	}
	return text;
}

/* The base64 of a public line; WEALD_KEYFILE where the line is another. */
static int split_line(struct span text, struct span *out_digits,
		      struct weald_msg *msg)
{
	struct reader r;

	text = without_line_end(text);
	if (text.len > 0 && memchr(text.data, '\n', text.len) != NULL) {
		msg_set(msg, "not one line alone");
		return WEALD_KEYFILE;
	}
	reader_init(&r, text);
	if (reader_expect(&r, SSHKEY_TYPE " ") != WEALD_OK) {
		msg_set(msg, "the line does not begin with " SSHKEY_TYPE);
		return WEALD_KEYFILE;
	}
	if (reader_until(&r, ' ', out_digits) != WEALD_OK) {
		(void)reader_take(&r, reader_left(&r), out_digits);
	}
	return WEALD_OK;
}

int sshkey_parse_public_line(struct span text, uint8_t out_key[PUBKEY_BYTES],
			     struct weald_msg *msg)
{
	struct span digits = { NULL, 0 };
	struct span key = { NULL, 0 };
	struct buf blob;
	int r = check_text_length(text, msg);

	if (r == WEALD_OK) {
		r = split_line(text, &digits, msg);
	}
	if (r != WEALD_OK) {
		return r;
	}
	buf_init(&blob, SSHKEY_TEXT_BYTES_MAX);
	r = base64_decode(digits, &blob);
	if (r == WEALD_INVALID) {
		msg_set(msg, "the key is not base64");
		r = WEALD_KEYFILE;
	}
	if (r == WEALD_OK) {
		r = sshkey_parse_blob(buf_span(&blob), &key, WEALD_KEYFILE,
				      msg);
	}
	if (r == WEALD_OK) {
		r = ed25519_check_key(key.data, msg);
	}
	if (r == WEALD_OK) {
		memcpy(out_key, key.data, PUBKEY_BYTES);
	}
	buf_release(&blob);
	return r;
}

int sshkey_fingerprint(const uint8_t key[PUBKEY_BYTES],
		       char out_text[SSHKEY_FINGERPRINT_BYTES])
{
	uint8_t digest[SHA256_BYTES];
	struct buf blob;
	int r;

	buf_init(&blob, 2u * SSHKEY_BLOB_BYTES);
	r = sshkey_add_blob(&blob, key);
	if (r == WEALD_OK) {
		r = digest_sha256(buf_span(&blob), digest);
	}
	buf_clear(&blob);
	if (r == WEALD_OK) {
		r = buf_add_text(&blob, "SHA256:");
	}
	if (r == WEALD_OK) {
		r = buf_add_base64(&blob, digest, sizeof digest);
	}
	if (r == WEALD_OK) {
		/* ssh-keygen leaves out the one "=" at the end */
		assert(blob.len == SSHKEY_FINGERPRINT_BYTES);
		memcpy(out_text, blob.data, SSHKEY_FINGERPRINT_BYTES - 1);
		out_text[SSHKEY_FINGERPRINT_BYTES - 1] = '\0';
	}
	buf_release(&blob);
	return r;
}
