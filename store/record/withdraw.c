#include "store/record/withdraw.h"

#include <stdbool.h>
#include <string.h>

#include "proto/limits.h"
#include "proto/text.h"
#include "store/record/front.h"

#define MARK "> Withdrawn:"

/* The length of the first line of @s with its LF. */
static size_t line_len(struct span s)
{
	const uint8_t *lf = s.len == 0 ? NULL : memchr(s.data, '\n', s.len);

	return lf == NULL ? s.len : (size_t)(lf - s.data) + 1;
}

static struct span after(struct span s, size_t len)
{
	return (struct span){ s.data + len, s.len - len };
}

/* Is there a first line, with nothing in it that can be seen? */
static bool has_blank_line(struct span s)
{
	size_t n = line_len(s);
	size_t i;

	for (i = 0; i < n; i++) {
		if (strchr(" \t\r\n", s.data[i]) == NULL || s.data[i] == '\0') {
			return false;
		}
	}
	return n > 0;
}

static bool has_mark(struct span s)
{
	const size_t n = sizeof MARK - 1;

	return s.len >= n && memcmp(s.data, MARK, n) == 0;
}

static int check_reason(struct span reason, struct weald_msg *msg)
{
	if (reason.len > 0 && memchr(reason.data, '\n', reason.len) != NULL) {
		msg_set(msg, "the reason must be one line");
		return WEALD_INVALID;
	}
	return text_check_line(reason, 1, NOTE_BYTES_MAX, "the reason",
			       WEALD_INVALID, msg);
}

/* The end of lines in a file that begins with a line "---". */
static const char *line_end_of(struct span file)
{
	size_t n = line_len(file);

	return n >= 2 && file.data[n - 2] == '\r' ? "\r\n" : "\n";
}

/* head, mark, an empty line, rest */
static int join(struct span head, struct span reason, struct span rest,
		const char *end, struct buf *out)
{
	const uint8_t last = head.data[head.len - 1];
	int r = buf_add(out, head.data, head.len);

	if (r == WEALD_OK && last != '\n') {
		/* a CR that ends the file is half a line's end */
		r = buf_add_text(out, last == '\r' ? "\n" : end);
	}
	if (r == WEALD_OK) {
		r = buf_add_text(out, MARK " ");
	}
	if (r == WEALD_OK) {
		r = buf_add(out, reason.data, reason.len);
	}
	if (r == WEALD_OK) {
		r = buf_add_text(out, end);
	}
	if (r == WEALD_OK && rest.len > 0) {
		r = buf_add_text(out, end);
	}
	if (r == WEALD_OK) {
		r = buf_add(out, rest.data, rest.len);
	}
	return r;
}

int withdraw_mark(struct span record_md, struct span reason, struct buf *out,
		  struct weald_msg *msg)
{
	const size_t start = out->len;
	struct span rest;
	struct span head;
	size_t body = 0;
	int r = check_reason(reason, msg);

	if (r == WEALD_OK) {
		r = front_find_body(record_md, "record.md", &body, msg);
	}
	if (r != WEALD_OK) {
		return r;
	}
	rest = after(record_md, body);
	while (has_blank_line(rest)) {
		rest = after(rest, line_len(rest));
	}
	head = (struct span){ record_md.data, record_md.len - rest.len };
	if (has_mark(rest)) {
		rest = after(rest, line_len(rest));
		if (has_blank_line(rest)) {
			rest = after(rest, line_len(rest));
		}
	}
	r = join(head, reason, rest, line_end_of(record_md), out);
	if (r == WEALD_TOOBIG) {
		msg_set(msg,
			"record.md with the reason in it is over the limit of "
			"%zu bytes; give a shorter reason",
			out->max);
	}
	if (r != WEALD_OK) {
		out->len = start;
	}
	return r;
}
