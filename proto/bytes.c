#include "proto/bytes.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "proto/err.h"

struct span span_of(const char *text)
{
	return (struct span){ (const uint8_t *)text, strlen(text) };
}

bool span_equal(struct span a, struct span b)
{
	return a.len == b.len &&
	       (a.len == 0 || memcmp(a.data, b.data, a.len) == 0);
}

int span_compare(struct span a, struct span b)
{
	size_t n = a.len < b.len ? a.len : b.len;
	int c = n == 0 ? 0 : memcmp(a.data, b.data, n);

	if (c != 0) {
		return c;
	}
	return (a.len > b.len) - (a.len < b.len);
}

void buf_init(struct buf *b, size_t max)
{
	*b = (struct buf){ .max = max };
}

void buf_release(struct buf *b)
{
	free(b->data);
	buf_init(b, b->max);
}

void buf_clear(struct buf *b)
{
	b->len = 0;
}

struct span buf_span(const struct buf *b)
{
	return (struct span){ b->data, b->len };
}

/* Make the block hold @need bytes: at most one more than the maximum. */
static int buf_grow(struct buf *b, size_t need)
{
	uint8_t *data;
	size_t cap;

	if (need <= b->cap) {
		return WEALD_OK;
	}
	cap = b->cap > b->max / 2 ? b->max : b->cap * 2;
	cap = cap < 64 ? 64 : cap;
	cap = cap < need ? need : cap;
	data = realloc(b->data, cap);
	if (data == NULL) {
		return WEALD_NOMEM;
	}
	b->data = data;
	b->cap = cap;
	return WEALD_OK;
}

int buf_reserve(struct buf *b, size_t len)
{
	assert(b->len <= b->max);
	if (len > b->max - b->len) {
		return WEALD_TOOBIG;
	}
	return buf_grow(b, b->len + len);
}

int buf_add(struct buf *b, const void *data, size_t len)
{
	int r = buf_reserve(b, len);

	if (r != WEALD_OK) {
		return r;
	}
	if (len > 0) {
		memcpy(b->data + b->len, data, len);
		b->len += len;
	}
	return WEALD_OK;
}

int buf_add_text(struct buf *b, const char *text)
{
	return buf_add(b, text, strlen(text));
}

int buf_add_byte(struct buf *b, uint8_t byte)
{
	return buf_add(b, &byte, 1);
}

int buf_addf(struct buf *b, const char *fmt, ...)
{
	va_list ap;
	int n;
	int r;

	va_start(ap, fmt);
	n = vsnprintf(NULL, 0, fmt, ap);
	va_end(ap);
	if (n < 0) {
		return WEALD_INVALID;
	}
	if ((size_t)n > b->max - b->len) {
		return WEALD_TOOBIG;
	}
	/* vsnprintf writes a NUL that is no byte of ours */
	r = buf_grow(b, b->len + (size_t)n + 1);
	if (r != WEALD_OK) {
		return r;
	}
	va_start(ap, fmt);
	(void)vsnprintf((char *)b->data + b->len, (size_t)n + 1, fmt, ap);
	va_end(ap);
	b->len += (size_t)n;
	return WEALD_OK;
}

int buf_add_be32(struct buf *b, uint32_t v)
{
	uint8_t be[4] = { (uint8_t)(v >> 24), (uint8_t)(v >> 16),
			  (uint8_t)(v >> 8), (uint8_t)v };

	return buf_add(b, be, sizeof be);
}

int buf_add_ssh_string(struct buf *b, const void *data, size_t len)
{
	int r;

	if (len > UINT32_MAX) {
		return WEALD_TOOBIG;
	}
	r = buf_reserve(b, len + 4);
	if (r != WEALD_OK) {
		return r;
	}
	r = buf_add_be32(b, (uint32_t)len);
	assert(r == WEALD_OK);
	r = buf_add(b, data, len);
	assert(r == WEALD_OK);
	return r;
}

static const char hex_digits[] = "0123456789abcdef";

int buf_add_hex(struct buf *b, const void *data, size_t len)
{
	const uint8_t *in = data;
	size_t i;
	int r;

	if (len > SIZE_MAX / 2) {
		return WEALD_TOOBIG;
	}
	r = buf_reserve(b, 2 * len);
	if (r != WEALD_OK) {
		return r;
	}
	for (i = 0; i < len; i++) {
		b->data[b->len++] = (uint8_t)hex_digits[in[i] >> 4];
		b->data[b->len++] = (uint8_t)hex_digits[in[i] & 15];
	}
	return WEALD_OK;
}

static const char base64_digits[] =
	"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

int buf_add_base64(struct buf *b, const void *data, size_t len)
{
	const uint8_t *in = data;
	uint32_t v;
	uint8_t *out;
	size_t i;
	int r;

	if (len > SIZE_MAX / 4) {
		return WEALD_TOOBIG;
	}
	r = buf_reserve(b, (len + 2) / 3 * 4);
	if (r != WEALD_OK || len == 0) {
		return r;
	}
	out = b->data + b->len;
	for (i = 0; i + 2 < len; i += 3) {
		v = (uint32_t)in[i] << 16 | (uint32_t)in[i + 1] << 8 |
		    in[i + 2];
		*out++ = (uint8_t)base64_digits[v >> 18];
		*out++ = (uint8_t)base64_digits[v >> 12 & 63];
		*out++ = (uint8_t)base64_digits[v >> 6 & 63];
		*out++ = (uint8_t)base64_digits[v & 63];
	}
	if (i < len) {
		v = (uint32_t)in[i] << 16;
		if (i + 1 < len) {
			v |= (uint32_t)in[i + 1] << 8;
		}
		*out++ = (uint8_t)base64_digits[v >> 18];
		*out++ = (uint8_t)base64_digits[v >> 12 & 63];
		*out++ = i + 1 < len ? (uint8_t)base64_digits[v >> 6 & 63]
				     : (uint8_t)'=';
		*out++ = '=';
	}
	b->len = (size_t)(out - b->data);
	return WEALD_OK;
}

void reader_init(struct reader *r, struct span s)
{
	*r = (struct reader){ .data = s.data, .len = s.len };
}

size_t reader_left(const struct reader *r)
{
	assert(r->pos <= r->len);
	return r->len - r->pos;
}

int reader_take(struct reader *r, size_t len, struct span *out)
{
	if (len > reader_left(r)) {
		return WEALD_INCOMPLETE;
	}
	*out = (struct span){ len == 0 ? NULL : r->data + r->pos, len };
	r->pos += len;
	return WEALD_OK;
}

int reader_be32(struct reader *r, uint32_t *out)
{
	struct span s;
	int err = reader_take(r, 4, &s);

	if (err != WEALD_OK) {
		return err;
	}
	*out = (uint32_t)s.data[0] << 24 | (uint32_t)s.data[1] << 16 |
	       (uint32_t)s.data[2] << 8 | s.data[3];
	return WEALD_OK;
}

int reader_ssh_string(struct reader *r, struct span *out)
{
	struct reader at = *r;
	uint32_t len;
	int err = reader_be32(&at, &len);

	if (err == WEALD_OK) {
		err = reader_take(&at, len, out);
	}
	if (err == WEALD_OK) {
		*r = at;
	}
	return err;
}

int reader_expect(struct reader *r, const char *text)
{
	size_t len = strlen(text);

	if (len > reader_left(r)) {
		return WEALD_INCOMPLETE;
	}
	if (len > 0 && memcmp(r->data + r->pos, text, len) != 0) {
		return WEALD_MALFORMED;
	}
	r->pos += len;
	return WEALD_OK;
}

int reader_until(struct reader *r, uint8_t stop, struct span *out)
{
	const uint8_t *start;
	const uint8_t *end;

	if (reader_left(r) == 0) {
		return WEALD_INCOMPLETE;
	}
	start = r->data + r->pos;
	end = memchr(start, stop, reader_left(r));
	if (end == NULL) {
		return WEALD_INCOMPLETE;
	}
	*out = (struct span){ start, (size_t)(end - start) };
	r->pos += out->len + 1;
	return WEALD_OK;
}

void hex_encode(const void *data, size_t len, char *out)
{
	const uint8_t *in = data;
	size_t i;

	for (i = 0; i < len; i++) {
		*out++ = hex_digits[in[i] >> 4];
		*out++ = hex_digits[in[i] & 15];
	}
	*out = '\0';
}

static int hex_value(uint8_t c)
{
	if (c >= '0' && c <= '9') {
		return c - '0';
	}
	if (c >= 'a' && c <= 'f') {
		return c - 'a' + 10;
	}
	if (c >= 'A' && c <= 'F') {
		return c - 'A' + 10;
	}
	return -1;
}

int hex_decode(struct span text, uint8_t *out, size_t len)
{
	size_t i;

	if (len > SIZE_MAX / 2 || text.len != 2 * len) {
		return WEALD_INVALID;
	}
	for (i = 0; i < text.len; i++) {
		if (hex_value(text.data[i]) < 0) {
			return WEALD_INVALID;
		}
	}
	for (i = 0; i < len; i++) {
		out[i] = (uint8_t)((unsigned)hex_value(text.data[2 * i]) << 4 |
				   (unsigned)hex_value(text.data[2 * i + 1]));
	}
	return WEALD_OK;
}

/* The value of a digit of base64; 64 where it is none. */
static uint32_t base64_value(uint8_t c)
{
	if (c >= 'A' && c <= 'Z') {
		return (uint32_t)(c - 'A');
	}
	if (c >= 'a' && c <= 'z') {
		return (uint32_t)(c - 'a' + 26);
	}
	if (c >= '0' && c <= '9') {
		return (uint32_t)(c - '0' + 52);
	}
	if (c == '+') {
		return 62;
	}
	return c == '/' ? 63 : 64;
}

int base64_decode(struct span text, struct buf *out)
{
	size_t start = out->len;
	size_t pad = 0;
	uint32_t v;
	size_t i;
	size_t j;
	int r;

	if (text.len % 4 != 0) {
		return WEALD_INVALID;
	}
	if (text.len > 0 && text.data[text.len - 1] == '=') {
		pad = text.data[text.len - 2] == '=' ? 2 : 1;
	}
	r = buf_reserve(out, text.len / 4 * 3 - pad);
	if (r != WEALD_OK) {
		return r;
	}
	for (i = 0; i < text.len; i += 4) {
		size_t digits = i + 4 == text.len ? 4 - pad : 4;

		v = 0;
		for (j = 0; j < 4; j++) {
			uint32_t d =
				j < digits ? base64_value(text.data[i + j]) : 0;

			if (d == 64) {
				goto invalid;
			}
			v = v << 6 | d;
		}
		if ((digits < 4 && (v & 0xff) != 0) ||
		    (digits == 2 && (v & 0xff00) != 0)) {
			goto invalid;
		}
		out->data[out->len++] = (uint8_t)(v >> 16);
		if (digits > 2) {
			out->data[out->len++] = (uint8_t)(v >> 8);
		}
		if (digits > 3) {
			out->data[out->len++] = (uint8_t)v;
		}
	}
	return WEALD_OK;
invalid:
	out->len = start;
	return WEALD_INVALID;
}

int parse_u64(struct span text, uint64_t min, uint64_t max, uint64_t *out)
{
	uint64_t v = 0;
	uint64_t digit;
	size_t i;

	if (text.len == 0 || (text.len > 1 && text.data[0] == '0')) {
		return WEALD_INVALID;
	}
	for (i = 0; i < text.len; i++) {
		if (text.data[i] < '0' || text.data[i] > '9') {
			return WEALD_INVALID;
		}
		digit = (uint64_t)(text.data[i] - '0');
		if (v > (UINT64_MAX - digit) / 10) {
			return WEALD_INVALID;
		}
		v = v * 10 + digit;
	}
	if (v < min || v > max) {
		return WEALD_INVALID;
	}
	*out = v;
	return WEALD_OK;
}
