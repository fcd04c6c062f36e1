#include <string.h>

#include "proto/text.h"
#include "store/evidence/sheet_private.h"

#define UTF8_BYTES_MAX 4u

/* ---- from bytes to UTF-8 -------------------------------------------------
 */

static bool begins(struct span s, const char *with, size_t n)
{
	return s.len >= n && memcmp(s.data, with, n) == 0;
}

/* Files that people take for a CSV; what to do instead. */
static const char *not_text(struct span s)
{
	if (begins(s, "PK\3\4", 4) || begins(s, "\xd0\xcf\x11\xe0", 4)) {
		return "it is a workbook, not text: open it in the "
		       "spreadsheet and save it as \"CSV UTF-8\"";
	}
	if (begins(s, "%PDF", 4)) {
		return "it is a PDF, not text: save the table as \"CSV "
		       "UTF-8\" from the spreadsheet";
	}
	return NULL;
}

/* @text is UTF-8 already; CR and CRLF become LF. */
static int add_rune(struct buf *out, uint32_t rune, uint32_t *last)
{
	uint8_t piece[UTF8_BYTES_MAX];
	size_t n = 0;

	if (rune == '\n' && *last == '\r') {
		*last = rune;
		return WEALD_OK;
	}
	*last = rune;
	if (rune == '\r') {
		rune = '\n';
	}
	if (rune < 0x80) {
		piece[n++] = (uint8_t)rune;
	} else if (rune < 0x800) {
		piece[n++] = (uint8_t)(0xc0 | rune >> 6);
		piece[n++] = (uint8_t)(0x80 | (rune & 0x3f));
	} else if (rune < 0x10000) {
		piece[n++] = (uint8_t)(0xe0 | rune >> 12);
		piece[n++] = (uint8_t)(0x80 | (rune >> 6 & 0x3f));
		piece[n++] = (uint8_t)(0x80 | (rune & 0x3f));
	} else {
		piece[n++] = (uint8_t)(0xf0 | rune >> 18);
		piece[n++] = (uint8_t)(0x80 | (rune >> 12 & 0x3f));
		piece[n++] = (uint8_t)(0x80 | (rune >> 6 & 0x3f));
		piece[n++] = (uint8_t)(0x80 | (rune & 0x3f));
	}
	return buf_add(out, piece, n);
}

static uint32_t unit_at(struct span s, size_t at, bool big)
{
	return big ? (uint32_t)s.data[at] << 8 | s.data[at + 1]
		   : (uint32_t)s.data[at + 1] << 8 | s.data[at];
}

static int decode_utf16(struct span s, bool big, struct buf *out)
{
	uint32_t last = 0;
	uint32_t rune;
	uint32_t low;
	size_t at;
	int r = WEALD_OK;

	if (s.len % 2 != 0) {
		return WEALD_INVALID;
	}
	for (at = 0; r == WEALD_OK && at < s.len; at += 2) {
		rune = unit_at(s, at, big);
		if (rune >= 0xd800 && rune < 0xdc00 && at + 4 <= s.len) {
			low = unit_at(s, at + 2, big);
			if (low < 0xdc00 || low > 0xdfff) {
				return WEALD_INVALID;
			}
			rune = 0x10000 + ((rune - 0xd800) << 10) +
			       (low - 0xdc00);
			at += 2;
		} else if (rune == 0 || (rune >= 0xd800 && rune <= 0xdfff)) {
			return WEALD_INVALID;
		}
		r = add_rune(out, rune, &last);
	}
	return r;
}

/* UTF-8, or one byte a character: of those beyond ASCII none matters here. */
static int decode_bytes(struct span s, bool utf8, struct buf *out)
{
	uint32_t last = 0;
	uint32_t rune = 0;
	size_t n = 1;
	int r = WEALD_OK;

	while (r == WEALD_OK && s.len > 0) {
		rune = s.data[0];
		n = utf8 ? text_rune(s, &rune) : 1;
		if (n == 0 || rune == 0) {
			return WEALD_INVALID;
		}
		r = add_rune(out, rune, &last);
		s.data += n;
		s.len -= n;
	}
	return r;
}

int sheet_decode(struct span bytes, struct buf *out,
		 enum sheet_encoding *out_encoding, const char **out_why)
{
	struct span rest = bytes;
	int r;

	*out_why = not_text(bytes);
	if (*out_why != NULL) {
		return WEALD_INVALID;
	}
	if (begins(bytes, "\xff\xfe", 2) || begins(bytes, "\xfe\xff", 2)) {
		*out_encoding = SHEET_UTF16;
		rest.data += 2;
		rest.len -= 2;
		r = decode_utf16(rest, bytes.data[0] == 0xfe, out);
	} else {
		if (begins(bytes, "\xef\xbb\xbf", 3)) {
			rest.data += 3;
			rest.len -= 3;
		}
		*out_encoding = text_is_utf8(rest) ? SHEET_UTF8 : SHEET_WINDOWS;
		r = decode_bytes(rest, *out_encoding == SHEET_UTF8, out);
	}
	if (r == WEALD_INVALID || r == WEALD_TOOBIG) {
		*out_why = "it is not text: save it as \"CSV UTF-8\" from the "
			   "spreadsheet";
		return WEALD_INVALID;
	}
	return r;
}

/* ---- rows of cells -------------------------------------------------------
 */

struct span sheet_trim(struct span s)
{
	while (s.len > 0) {
		if (s.data[0] == ' ' || s.data[0] == '\t' ||
		    s.data[0] == '\n') {
			s.data++;
			s.len--;
		} else if (begins(s, "\xc2\xa0", 2)) {
			s.data += 2;
			s.len -= 2;
		} else {
			break;
		}
	}
	while (s.len > 0) {
		if (s.data[s.len - 1] == ' ' || s.data[s.len - 1] == '\t' ||
		    s.data[s.len - 1] == '\n') {
			s.len--;
		} else if (s.len >= 2 && s.data[s.len - 2] == 0xc2 &&
			   s.data[s.len - 1] == 0xa0) {
			s.len -= 2;
		} else {
			break;
		}
	}
	return s;
}

static uint8_t lower(uint8_t c)
{
	return c >= 'A' && c <= 'Z' ? (uint8_t)(c - 'A' + 'a') : c;
}

bool sheet_same(struct span a, const char *b)
{
	size_t i;

	if (a.len != strlen(b)) {
		return false;
	}
	for (i = 0; i < a.len; i++) {
		if (lower(a.data[i]) != lower((uint8_t)b[i])) {
			return false;
		}
	}
	return true;
}

/* Of one row, outside of quotes. */
static size_t count(const struct sheet_text *t, char c)
{
	bool quoted = false;
	size_t n = 0;
	size_t i;

	for (i = t->at; i < t->len && (quoted || t->text[i] != '\n'); i++) {
		if (t->text[i] == '"') {
			quoted = !quoted;
		} else if (!quoted && t->text[i] == (uint8_t)c) {
			n++;
		}
	}
	return n;
}

char sheet_separator(const struct sheet_text *t)
{
	static const char candidates[] = { '\t', ';', ',' };
	size_t most = 0;
	char found = 0;
	size_t n;
	size_t i;

	for (i = 0; i < sizeof candidates; i++) {
		n = count(t, candidates[i]);
		if (n > most) {
			most = n;
			found = candidates[i];
		}
	}
	return found;
}

/*
 * A quoted cell from its first quote on: what is between the quotes, in place,
 * two quotes for one. False where it does not end.
 */
static bool take_quoted(struct sheet_text *t, struct span *out)
{
	uint8_t *to = &t->text[t->at];
	size_t i = t->at + 1;

	*out = (struct span){ to, 0 };
	for (; i < t->len; i++) {
		if (t->text[i] == '"') {
			if (i + 1 == t->len || t->text[i + 1] != '"') {
				t->at = i + 1;
				return true;
			}
			i++;
		}
		if (t->text[i] == '\n') {
			t->line++;
		}
		to[out->len++] = t->text[i];
	}
	t->at = t->len;
	return false;
}

static void take_plain(struct sheet_text *t, struct span *out)
{
	size_t from = t->at;

	while (t->at < t->len && t->text[t->at] != '\n' &&
	       t->text[t->at] != (uint8_t)t->separator) {
		t->at++;
	}
	*out = (struct span){ &t->text[from], t->at - from };
}

/* One cell and what parts it from the next; false where the row ends. */
static bool take_cell(struct sheet_text *t, struct sheet_cells *row,
		      struct span *out)
{
	struct span rest = { NULL, 0 };

	while (t->at < t->len && t->text[t->at] == ' ') {
		t->at++;
	}
	if (t->at < t->len && t->text[t->at] == '"') {
		row->open = !take_quoted(t, out) || row->open;
		take_plain(t, &rest); /* behind the quote: only blanks */
		row->open = row->open || sheet_trim(rest).len > 0;
	} else {
		take_plain(t, out);
	}
	*out = sheet_trim(*out);
	if (t->at == t->len) {
		return false;
	}
	t->at++;
	return t->text[t->at - 1] != '\n';
}

/* Any row, also an empty one. */
static void take_row(struct sheet_text *t, struct sheet_cells *out)
{
	struct span cell = { NULL, 0 };
	bool more;

	*out = (struct sheet_cells){ .line = t->line };
	do {
		more = take_cell(t, out, &cell);
		if (out->n < SHEET_COLUMNS_MAX) {
			out->cell[out->n++] = cell;
		} else {
			out->too_many = out->too_many || cell.len > 0;
		}
	} while (more);
	t->line++;
}

static bool is_empty(const struct sheet_cells *row)
{
	size_t i;

	for (i = 0; i < row->n; i++) {
		if (row->cell[i].len > 0) {
			return false;
		}
	}
	return !row->open && !row->too_many;
}

bool sheet_next(struct sheet_text *t, struct sheet_cells *out)
{
	while (t->at < t->len) {
		take_row(t, out);
		if (!is_empty(out)) {
			return true;
		}
	}
	return false;
}
