#include "daemon/cli/out.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>
#include <wchar.h>

#include "proto/text.h"
#include "store/fs.h"

#define SCREEN_MIN  40u
#define AHEAD_MAX_S 86400u

bool out_is_terminal(void)
{
	return isatty(STDOUT_FILENO) == 1;
}

size_t out_screen(void)
{
	struct winsize size;

	if (!out_is_terminal() ||
	    ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) != 0 || size.ws_col == 0) {
		return 0;
	}
	return size.ws_col < SCREEN_MIN ? SCREEN_MIN : size.ws_col;
}

int out_flush(struct cli *c)
{
	int e;

	if (c->closed || (fflush(stdout) == 0 && !ferror(stdout))) {
		return WEALD_OK;
	}
	e = errno;
	if (e == EPIPE) {
		c->closed = true;
		return WEALD_OK;
	}
	msg_set(&c->msg, "cannot write to standard output: %s", strerror(e));
	return cli_fail(c, CLI_ABOUT_ASKED, err_from_errno(e));
}

int out_escape(struct span raw, char **out)
{
	size_t size = 4 * raw.len + 1; /* \xNN for each byte, NUL */
	char *text = malloc(size);

	if (text == NULL) {
		return WEALD_NOMEM;
	}
	text_escape((const char *)raw.data, raw.len, text, size);
	*out = text;
	return WEALD_OK;
}

int out_put(struct span raw)
{
	char *text;
	int r = out_escape(raw, &text);

	if (r == WEALD_OK) {
		fputs(text, stdout);
		free(text);
	}
	return r;
}

/* One line without its line feed; tabs are kept. */
static int put_line(struct span line, const char *indent)
{
	struct span piece;
	const uint8_t *tab;
	int r = WEALD_OK;

	if (line.len > 0) {
		fputs(indent, stdout);
	}
	while (r == WEALD_OK && line.len > 0) {
		tab = memchr(line.data, '\t', line.len);
		piece = line;
		piece.len = tab == NULL ? line.len : (size_t)(tab - line.data);
		r = out_put(piece);
		if (tab != NULL) {
			putchar('\t');
			piece.len++;
		}
		line.data += piece.len;
		line.len -= piece.len;
	}
	putchar('\n');
	return r;
}

int out_lines(struct span text, const char *indent)
{
	struct span line;
	const uint8_t *lf;
	int r = WEALD_OK;

	while (r == WEALD_OK && text.len > 0) {
		lf = memchr(text.data, '\n', text.len);
		line = text;
		line.len = lf == NULL ? text.len : (size_t)(lf - text.data);
		r = put_line(line, indent);
		if (lf != NULL) {
			line.len++;
		}
		text.data += line.len;
		text.len -= line.len;
	}
	return r;
}

static size_t rune_width(uint32_t rune)
{
	int n = wcwidth((wchar_t)rune);

	return n < 0 ? 1 : (size_t)n;
}

/*
 * How many bytes of @s fit into @max columns; the columns they take are in
 * @out_width.
 */
static size_t fit(struct span s, size_t max, size_t *out_width)
{
	size_t width = 0;
	size_t at = 0;
	uint32_t rune;
	size_t n;
	size_t w;

	while (at < s.len) {
		n = text_rune((struct span){ s.data + at, s.len - at }, &rune);
		w = 1;
		if (n == 0) {
			n = 1;
		} else {
			w = rune_width(rune);
		}
		if (w > max - width) {
			break;
		}
		width += w;
		at += n;
	}
	*out_width = width;
	return at;
}

size_t out_width(const char *text)
{
	size_t width;

	fit(span_of(text), SIZE_MAX, &width);
	return width;
}

void out_cut(const char *text, size_t max)
{
	struct span s = span_of(text);
	size_t width;
	size_t n;

	if (fit(s, max, &width) == s.len) {
		fputs(text, stdout);
		return;
	}
	n = max == 0 ? 0 : fit(s, max - 1, &width);
	printf("%.*s%s", (int)n, text, max == 0 ? "" : "\xe2\x80\xa6");
}

/* False, and a question mark in @out, where there is no such time. */
static bool split_time(uint64_t seconds, struct tm *out_tm,
		       char out[OUT_TIME_BYTES])
{
	time_t t = (time_t)seconds;

	snprintf(out, OUT_TIME_BYTES, "?");
	return seconds <= TIME_MAX && gmtime_r(&t, out_tm) != NULL;
}

void out_time(uint64_t seconds, char out[OUT_TIME_BYTES])
{
	struct tm tm;

	if (split_time(seconds, &tm, out)) {
		strftime(out, OUT_TIME_BYTES, "%Y-%m-%d %H:%M", &tm);
	}
}

void out_time_iso(uint64_t seconds, char out[OUT_TIME_BYTES])
{
	struct tm tm;

	if (split_time(seconds, &tm, out)) {
		strftime(out, OUT_TIME_BYTES, "%Y-%m-%dT%H:%M:%SZ", &tm);
	}
}

bool out_time_is_ahead(uint64_t seconds)
{
	uint64_t now = cli_now();

	return seconds > now && seconds - now > AHEAD_MAX_S;
}
