#include "proto/sshtext.h"

#include <openssl/crypto.h>
#include <stdint.h>
#include <string.h>

#include "proto/text.h"

#define LINE_DIGITS 70u

/* Enough of a foreign string for a person to see what it is. */
#define SHOWN_BYTES 65u

/* Break the @len bytes at @text into lines; there is room for the breaks. */
static size_t wrap(uint8_t *text, size_t len)
{
	size_t lines = (len + LINE_DIGITS - 1) / LINE_DIGITS;
	size_t i;

	for (i = lines; i-- > 0;) {
		size_t last =
			i == lines - 1 ? len - i * LINE_DIGITS : LINE_DIGITS;

		memmove(text + i * (LINE_DIGITS + 1), text + i * LINE_DIGITS,
			last);
		text[i * (LINE_DIGITS + 1) + last] = '\n';
	}
	return len + lines;
}

int sshtext_write(struct buf *b, const char *label, struct span blob)
{
	size_t digits = (blob.len + 2) / 3 * 4;
	size_t room = digits + digits / LINE_DIGITS + 1;
	size_t start = b->len;
	size_t at;
	int r;

	/* and both marks, and the NUL that buf_addf() writes */
	r = buf_reserve(b, room + 2 * strlen(label) + 33);
	if (r == WEALD_OK) {
		r = buf_addf(b, "-----BEGIN %s-----\n", label);
	}
	at = b->len;
	if (r == WEALD_OK) {
		r = buf_add_base64(b, blob.data, blob.len);
	}
	if (r == WEALD_OK) {
		b->len = at + wrap(b->data + at, b->len - at);
		r = buf_addf(b, "-----END %s-----\n", label);
	}
	if (r != WEALD_OK) {
		b->len = start;
	}
	return r;
}

/* The next line without its LF or CRLF; false at the end of the text. */
static bool next_line(struct reader *r, struct span *out)
{
	if (reader_until(r, '\n', out) != WEALD_OK &&
	    (reader_left(r) == 0 ||
	     reader_take(r, reader_left(r), out) != WEALD_OK)) {
		return false;
	}
	if (out->len > 0 && out->data[out->len - 1] == '\r') {
		out->len--;
	}
	return true;
}

/* Is @line "-----@word @label-----"? */
static bool is_mark(struct span line, const char *word, const char *label)
{
	struct reader r;

	reader_init(&r, line);
	return reader_expect(&r, "-----") == WEALD_OK &&
	       reader_expect(&r, word) == WEALD_OK &&
	       reader_expect(&r, " ") == WEALD_OK &&
	       reader_expect(&r, label) == WEALD_OK &&
	       reader_expect(&r, "-----") == WEALD_OK && reader_left(&r) == 0;
}

/* Join the lines between the marks in @digits. */
static int read_digits(struct span text, const char *label, struct buf *digits,
		       int code, struct weald_msg *msg)
{
	struct span line;
	struct reader r;

	reader_init(&r, text);
	if (!next_line(&r, &line) || !is_mark(line, "BEGIN", label)) {
		msg_set(msg, "the first line is not -----BEGIN %s-----", label);
		return code;
	}
	while (next_line(&r, &line)) {
		int err;

		if (is_mark(line, "END", label)) {
			if (reader_left(&r) > 0) {
				msg_set(msg, "text after the END line");
				return code;
			}
			return WEALD_OK;
		}
		err = buf_add(digits, line.data, line.len);
		if (err != WEALD_OK) {
			return err;
		}
	}
	msg_set(msg, "the line -----END %s----- is missing", label);
	return code;
}

int sshtext_read(struct span text, const char *label, struct buf *out, int code,
		 struct weald_msg *msg)
{
	struct buf digits;
	int r;

	buf_init(&digits, text.len);
	/* at once, so that growing leaves no copies behind */
	r = buf_reserve(&digits, text.len);
	if (r == WEALD_OK) {
		r = read_digits(text, label, &digits, code, msg);
	}
	if (r == WEALD_OK) {
		r = base64_decode(buf_span(&digits), out);
		if (r == WEALD_INVALID) {
			msg_set(msg, "the text between the BEGIN and the END "
				     "line is not base64");
			r = code;
		}
	}
	OPENSSL_cleanse(digits.data, digits.cap);
	buf_release(&digits);
	return r;
}

int sshtext_take(struct reader *r, const char *name, struct span *out, int code,
		 struct weald_msg *msg)
{
	if (reader_ssh_string(r, out) != WEALD_OK) {
		msg_set(msg, "cut short in the %s", name);
		return code;
	}
	return WEALD_OK;
}

int sshtext_expect(struct reader *r, const char *name, const char *wanted,
		   int code, struct weald_msg *msg)
{
	struct span s = { NULL, 0 };
	int err = sshtext_take(r, name, &s, code, msg);

	if (err != WEALD_OK) {
		return err;
	}
	if (!span_equal(s, span_of(wanted))) {
		char shown[SHOWN_BYTES];

		text_escape((const char *)s.data, s.len, shown, sizeof shown);
		msg_set(msg, "the %s is '%s', wanted '%s'", name, shown,
			wanted);
		return code;
	}
	return WEALD_OK;
}

int sshtext_take_exact(struct reader *r, const char *name, size_t len,
		       struct span *out, int code, struct weald_msg *msg)
{
	struct span s = { NULL, 0 };
	int err = sshtext_take(r, name, &s, code, msg);

	if (err != WEALD_OK) {
		return err;
	}
	if (s.len != len) {
		msg_set(msg, "the %s has %zu bytes, wanted %zu", name, s.len,
			len);
		return code;
	}
	*out = s;
	return WEALD_OK;
}

int sshtext_end(const struct reader *r, const char *name, int code,
		struct weald_msg *msg)
{
	if (reader_left(r) > 0) {
		msg_set(msg, "%zu bytes after the %s", reader_left(r), name);
		return code;
	}
	return WEALD_OK;
}
