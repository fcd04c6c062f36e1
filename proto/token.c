#include "proto/token.h"

#include <openssl/crypto.h>
#include <string.h>

#include "proto/digest.h"
#include "proto/mp.h"

#define FIELDS         6u
#define CHECKSUM_BYTES 4u

static void buf_cleanse(struct buf *b)
{
	if (b->data != NULL) {
		OPENSSL_cleanse(b->data, b->cap);
	}
	buf_release(b);
}

void token_release(struct token *t)
{
	buf_cleanse(&t->bytes);
	OPENSSL_cleanse(t, sizeof *t);
	*t = (struct token){ .expires = 0 };
}

int token_check_time(const struct token *t, uint64_t now, struct weald_msg *msg)
{
	uint64_t ago;

	if (now < t->expires) {
		return WEALD_OK;
	}
	ago = now - t->expires;
	if (ago < 60) {
		msg_set(msg, "the token expired just now: ask for another");
	} else if (ago < 2 * 86400) {
		msg_set(msg,
			"the token expired %llu minute%s ago: ask for another",
			(unsigned long long)(ago / 60), ago < 120 ? "" : "s");
	} else {
		msg_set(msg, "the token expired %llu days ago: ask for another",
			(unsigned long long)(ago / 86400));
	}
	return WEALD_EXPIRED;
}

static int check(const struct token *t, struct weald_msg *msg)
{
	struct address a;
	size_t i;

	if (t->expires < TIME_MIN || t->expires > TIME_MAX) {
		msg_set(msg, "token: the time is out of range");
		return WEALD_INVALID;
	}
	if (t->addresses_n < 1 || t->addresses_n > TOKEN_ADDRESSES_MAX) {
		msg_set(msg, "token: %zu addresses, allowed is 1 to %u",
			t->addresses_n, TOKEN_ADDRESSES_MAX);
		return WEALD_INVALID;
	}
	for (i = 0; i < t->addresses_n; i++) {
		int r = address_parse(t->addresses[i], &a, msg);

		if (r != WEALD_OK) {
			msg_prefix(msg, "token");
			return r;
		}
	}
	return WEALD_OK;
}

static int encode_bytes(const struct token *t, struct buf *out)
{
	uint8_t digest[SHA256_BYTES];
	struct mp_writer w;
	size_t i;
	int r;

	/* at once, so that no copy is left behind */
	r = buf_reserve(out, TOKEN_BYTES_MAX + CHECKSUM_BYTES);
	if (r != WEALD_OK) {
		return r;
	}
	mp_writer_begin(&w, out);
	mp_put_array(&w, FIELDS);
	mp_put_uint(&w, TOKEN_FORMAT);
	mp_put_bin(&w, t->feed, sizeof t->feed);
	mp_put_bin(&w, t->node, sizeof t->node);
	mp_put_uint(&w, t->expires);
	mp_put_bin(&w, t->secret, sizeof t->secret);
	mp_put_array(&w, t->addresses_n);
	for (i = 0; i < t->addresses_n; i++) {
		mp_put_str(&w, t->addresses[i]);
	}
	r = mp_writer_end(&w);
	if (r == WEALD_OK) {
		r = digest_sha256(buf_span(out), digest);
	}
	if (r == WEALD_OK) {
		r = buf_add(out, digest, CHECKSUM_BYTES);
	}
	return r;
}

/* From base64 with padding to base64url without, in place. */
static void to_url(struct buf *b, size_t start)
{
	size_t i;

	while (b->len > start && b->data[b->len - 1] == '=') {
		b->len--;
	}
	for (i = start; i < b->len; i++) {
		if (b->data[i] == '+') {
			b->data[i] = '-';
		} else if (b->data[i] == '/') {
			b->data[i] = '_';
		}
	}
}

int token_encode(const struct token *t, struct buf *out)
{
	size_t start = out->len;
	struct buf bytes;
	int r;

	buf_init(&bytes, TOKEN_BYTES_MAX + CHECKSUM_BYTES);
	r = check(t, NULL);
	if (r == WEALD_OK) {
		r = encode_bytes(t, &bytes);
	}
	if (r == WEALD_OK) {
		r = buf_add_text(out, TOKEN_PREFIX);
	}
	if (r == WEALD_OK) {
		r = buf_add_base64(out, bytes.data, bytes.len);
	}
	if (r == WEALD_OK) {
		to_url(out, start + strlen(TOKEN_PREFIX));
	} else {
		out->len = start;
	}
	buf_cleanse(&bytes);
	return r;
}

/* From base64url without padding to base64 with, appended to @out. */
static int from_url(struct span text, struct buf *out)
{
	size_t i;
	int r = WEALD_OK;

	for (i = 0; r == WEALD_OK && i < text.len; i++) {
		uint8_t c = text.data[i];

		if (c == '+' || c == '/' || c == '=') {
			r = WEALD_INVALID;
		} else if (c == '-') {
			r = buf_add_byte(out, '+');
		} else if (c == '_') {
			r = buf_add_byte(out, '/');
		} else {
			r = buf_add_byte(out, c);
		}
	}
	while (r == WEALD_OK && out->len % 4 != 0) {
		r = buf_add_byte(out, '=');
	}
	return r;
}

/* Decode the text behind the prefix, and take the checksum off again. */
static int decode_bytes(struct span text, struct buf *out)
{
	uint8_t digest[SHA256_BYTES];
	struct buf padded;
	struct span bytes;
	int r;

	buf_init(&padded, TOKEN_TEXT_MAX);
	r = buf_reserve(&padded, TOKEN_TEXT_MAX);
	if (r == WEALD_OK) {
		r = from_url(text, &padded);
	}
	if (r == WEALD_OK) {
		r = buf_reserve(out, TOKEN_BYTES_MAX + CHECKSUM_BYTES);
	}
	if (r == WEALD_OK) {
		r = base64_decode(buf_span(&padded), out);
	}
	buf_cleanse(&padded);
	if (r != WEALD_OK) {
		return r == WEALD_TOOBIG ? WEALD_INVALID : r;
	}
	if (out->len < CHECKSUM_BYTES) {
		return WEALD_INVALID;
	}
	bytes = (struct span){ out->data, out->len - CHECKSUM_BYTES };
	r = digest_sha256(bytes, digest);
	if (r != WEALD_OK) {
		return r;
	}
	if (memcmp(digest, out->data + bytes.len, CHECKSUM_BYTES) != 0) {
		return WEALD_INVALID;
	}
	out->len = bytes.len;
	return WEALD_OK;
}

static int decode_fields(const msgpack_object *root, struct token *out,
			 struct weald_msg *msg)
{
	const msgpack_object *f;
	const msgpack_object *addresses;
	uint64_t format;
	size_t i;

	if (root->type != MSGPACK_OBJECT_ARRAY || root->via.array.size == 0 ||
	    !mp_get_uint(&root->via.array.ptr[0], &format)) {
		msg_set(msg, "token: does not begin with [format");
		return WEALD_INVALID;
	}
	if (format != TOKEN_FORMAT) {
		msg_set(msg, "token: made by a later version of weald");
		return WEALD_FORMAT;
	}
	if (!mp_get_array(root, FIELDS, &f) ||
	    !mp_get_bytes(&f[1], out->feed, sizeof out->feed) ||
	    !mp_get_bytes(&f[2], out->node, sizeof out->node) ||
	    !mp_get_uint(&f[3], &out->expires) ||
	    !mp_get_bytes(&f[4], out->secret, sizeof out->secret) ||
	    f[5].type != MSGPACK_OBJECT_ARRAY ||
	    f[5].via.array.size > TOKEN_ADDRESSES_MAX) {
		msg_set(msg, "token: not [1, feed, node, expires, secret, "
			     "addresses]");
		return WEALD_INVALID;
	}
	addresses = f[5].via.array.ptr;
	out->addresses_n = f[5].via.array.size;
	for (i = 0; i < out->addresses_n; i++) {
		if (!mp_get_str(&addresses[i], &out->addresses[i])) {
			msg_set(msg, "token: an address is not text");
			return WEALD_INVALID;
		}
	}
	return check(out, msg);
}

/* Take the array in @out's bytes apart. */
static int decode_array(struct token *out, struct weald_msg *msg)
{
	/* wide, so that a later format is told from rubbish */
	static const struct mp_limits limits = { .depth = MP_DEPTH_MAX,
						 .elements = TOKEN_BYTES_MAX };
	struct mp_doc doc;
	int r;

	r = mp_open(&doc, buf_span(&out->bytes), &limits, msg);
	if (r == WEALD_NOMEM) {
		return r;
	}
	if (r != WEALD_OK) {
		msg_prefix(msg, "token");
		return WEALD_INVALID;
	}
	r = decode_fields(mp_root(&doc), out, msg);
	mp_close(&doc);
	return r;
}

int token_decode(struct span text, struct token *out, struct weald_msg *msg)
{
	struct token t = { .expires = 0 };
	struct reader in;
	int r;

	reader_init(&in, text);
	if (reader_expect(&in, TOKEN_PREFIX) != WEALD_OK) {
		msg_set(msg, "not a token: it does not begin with \"%s\"",
			TOKEN_PREFIX);
		return WEALD_INVALID;
	}
	buf_init(&t.bytes, TOKEN_BYTES_MAX + CHECKSUM_BYTES);
	r = decode_bytes((struct span){ text.data + in.pos, text.len - in.pos },
			 &t.bytes);
	if (r == WEALD_OK) {
		r = decode_array(&t, msg);
	} else if (r == WEALD_INVALID) {
		msg_set(msg, "the token was cut short or mistyped: copy the "
			     "whole of it");
	} else {
		msg_set(msg, "%s", err_text(r));
	}
	if (r != WEALD_OK) {
		token_release(&t);
		return r;
	}
	*out = t;
	OPENSSL_cleanse(&t, sizeof t);
	return WEALD_OK;
}
