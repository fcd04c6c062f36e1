#include "proto/text.h"

#include <assert.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "proto/limits.h"

size_t text_rune(struct span s, uint32_t *out)
{
	static const uint32_t least[5] = { 0, 0, 0x80, 0x800, 0x10000 };
	uint32_t rune;
	size_t n;
	size_t i;

	if (s.len == 0) {
		return 0;
	}
	if (s.data[0] < 0x80) {
		*out = s.data[0];
		return 1;
	}
	if ((s.data[0] & 0xe0) == 0xc0) {
		n = 2;
		rune = s.data[0] & 0x1fu;
	} else if ((s.data[0] & 0xf0) == 0xe0) {
		n = 3;
		rune = s.data[0] & 0x0fu;
	} else if ((s.data[0] & 0xf8) == 0xf0) {
		n = 4;
		rune = s.data[0] & 0x07u;
	} else {
		return 0;
	}
	if (s.len < n) {
		return 0;
	}
	for (i = 1; i < n; i++) {
		if ((s.data[i] & 0xc0) != 0x80) {
			return 0;
		}
		rune = rune << 6 | (s.data[i] & 0x3fu);
	}
	if (rune < least[n] || rune > 0x10ffff ||
	    (rune >= 0xd800 && rune <= 0xdfff)) {
		return 0;
	}
	*out = rune;
	return n;
}

bool text_is_utf8(struct span s)
{
	const uint64_t beyond_ascii = UINT64_C(0x8080808080808080);
	uint64_t eight;
	uint32_t rune;
	size_t n;

	while (s.len > 0) {
		if (s.len >= sizeof eight) {
			memcpy(&eight, s.data, sizeof eight);
			if ((eight & beyond_ascii) == 0) {
				s.data += sizeof eight;
				s.len -= sizeof eight;
				continue;
			}
		}
		n = text_rune(s, &rune);
		if (n == 0) {
			return false;
		}
		s.data += n;
		s.len -= n;
	}
	return true;
}

/* docs/PROTOCOL.md, "Text": what never stands in a line. */
static bool rune_is_banned(uint32_t rune)
{
	return rune < 0x20 || (rune >= 0x7f && rune <= 0x9f) ||
	       rune == 0x2028 || rune == 0x2029 || rune == 0xfeff ||
	       rune == 0x061c || rune == 0x200e || rune == 0x200f ||
	       (rune >= 0x202a && rune <= 0x202e) ||
	       (rune >= 0x2066 && rune <= 0x2069);
}

static int line_check(struct span s, const char *field, int code,
		      struct weald_msg *msg)
{
	uint32_t rune;
	size_t at = 0;
	size_t n;

	if (s.len > 0 && (s.data[0] == ' ' || s.data[s.len - 1] == ' ')) {
		msg_set(msg, "%s begins or ends with a space", field);
		return code;
	}
	while (at < s.len) {
		n = text_rune((struct span){ s.data + at, s.len - at }, &rune);
		if (n == 0) {
			msg_set(msg, "%s is not UTF-8 at byte %zu", field, at);
			return code;
		}
		if (rune_is_banned(rune)) {
			msg_set(msg,
				"%s holds the character U+%04X at byte %zu",
				field, (unsigned)rune, at);
			return code;
		}
		at += n;
	}
	return WEALD_OK;
}

int text_check_line(struct span s, size_t min, size_t max, const char *field,
		    int code, struct weald_msg *msg)
{
	if (s.len < min || s.len > max) {
		msg_set(msg, "%s has %zu bytes, allowed are %zu to %zu", field,
			s.len, min, max);
		return code;
	}
	return line_check(s, field, code, msg);
}

int text_check_note(struct span s, struct weald_msg *msg)
{
	const uint8_t *lf;
	size_t n;
	int r;

	if (s.len > NOTE_BYTES_MAX) {
		msg_set(msg, "note has %zu bytes, allowed are 0 to %u", s.len,
			NOTE_BYTES_MAX);
		return WEALD_NOTE;
	}
	if (s.len > 0 && (s.data[0] == '\n' || s.data[s.len - 1] == '\n')) {
		msg_set(msg, "note begins or ends with a line feed");
		return WEALD_NOTE;
	}
	while (s.len > 0) {
		lf = memchr(s.data, '\n', s.len);
		n = lf == NULL ? s.len : (size_t)(lf - s.data);
		r = line_check((struct span){ s.data, n }, "note", WEALD_NOTE,
			       msg);
		if (r != WEALD_OK) {
			return r;
		}
		if (lf != NULL) {
			n++;
		}
		s.data += n;
		s.len -= n;
	}
	return WEALD_OK;
}

static bool is_lower(uint8_t c)
{
	return c >= 'a' && c <= 'z';
}

static bool is_digit(uint8_t c)
{
	return c >= '0' && c <= '9';
}

static bool is_code(struct span s, size_t min, size_t max, bool digits)
{
	size_t i;

	if (s.len < min || s.len > max) {
		return false;
	}
	for (i = 0; i < s.len; i++) {
		if (!is_lower(s.data[i]) && s.data[i] != '-' &&
		    !(digits && is_digit(s.data[i]))) {
			return false;
		}
	}
	return true;
}

bool text_is_slug(struct span s)
{
	return is_code(s, SLUG_BYTES_MIN, SLUG_BYTES_MAX, true) &&
	       s.data[0] != '-' && s.data[s.len - 1] != '-';
}

bool text_is_topic(struct span s)
{
	return is_code(s, 1, TOPIC_BYTES_MAX, true);
}

bool text_is_action(struct span s)
{
	return is_code(s, 1, ACTION_BYTES_MAX, false);
}

void text_escape(const char *raw, size_t len, char *out, size_t size)
{
	struct span s = { (const uint8_t *)raw, len };
	char piece[8];
	uint32_t rune;
	size_t at = 0;
	size_t n;
	size_t put;

	assert(size >= 1);
	while (s.len > 0) {
		n = text_rune(s, &rune);
		if (n > 0 && !rune_is_banned(rune)) {
			memcpy(piece, s.data, n);
			put = n;
		} else {
			n = 1;
			put = (size_t)snprintf(piece, sizeof piece, "\\x%02x",
					       s.data[0]);
		}
		if (put >= size - at) {
			break;
		}
		memcpy(out + at, piece, put);
		at += put;
		s.data += n;
		s.len -= n;
	}
	out[at] = '\0';
}

/*
 * The characters of @s into @out; a byte that is no UTF-8 counts as one, above
 * all that Unicode has. SIZE_MAX where there are too many.
 */
static size_t runes_read(struct span s, uint32_t out[TEXT_DISTANCE_RUNES_MAX])
{
	size_t count = 0;
	size_t n;

	while (s.len > 0) {
		if (count == TEXT_DISTANCE_RUNES_MAX) {
			return SIZE_MAX;
		}
		n = text_rune(s, &out[count]);
		if (n == 0) {
			out[count] = 0x110000u + s.data[0];
			n = 1;
		}
		count++;
		s.data += n;
		s.len -= n;
	}
	return count;
}

static size_t smaller(size_t a, size_t b)
{
	return a < b ? a : b;
}

size_t text_distance(struct span a, struct span b)
{
	/* this row of the table, the one above, and the one above that */
	size_t rows[3][TEXT_DISTANCE_RUNES_MAX + 1];
	uint32_t a_runes[TEXT_DISTANCE_RUNES_MAX];
	uint32_t b_runes[TEXT_DISTANCE_RUNES_MAX];
	size_t a_n = runes_read(a, a_runes);
	size_t b_n = runes_read(b, b_runes);
	size_t *row = rows[0];
	size_t *above;
	size_t *twice;
	size_t i;
	size_t k;

	if (a_n == SIZE_MAX || b_n == SIZE_MAX) {
		return SIZE_MAX;
	}
	for (k = 0; k <= b_n; k++) {
		row[k] = k;
	}
	for (i = 1; i <= a_n; i++) {
		twice = rows[(i + 1) % 3];
		above = rows[(i + 2) % 3];
		row = rows[i % 3];
		row[0] = i;
		for (k = 1; k <= b_n; k++) {
			row[k] = smaller(above[k - 1] + (a_runes[i - 1] !=
							 b_runes[k - 1]),
					 smaller(row[k - 1], above[k]) + 1);
			if (i > 1 && k > 1 &&
			    a_runes[i - 1] == b_runes[k - 2] &&
			    a_runes[i - 2] == b_runes[k - 1]) {
				row[k] = smaller(row[k], twice[k - 2] + 1);
			}
		}
	}
	return row[b_n];
}
