#include "daemon/cli/prose.h"

#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/cli/out.h"

#define WIDTH_MAX   96u
#define WIDTH_LEAST 20u /* columns that are worth the wrapping */

size_t prose_width(void)
{
	size_t screen = out_screen();

	return screen > WIDTH_MAX ? WIDTH_MAX : screen;
}

static bool is_blank(char c)
{
	return c == ' ' || c == '\t';
}

/*
 * Print the words of @text that fit into @max columns, at least one; what is
 * left over, without the blanks before it.
 */
static char *put_words(char *text, size_t max)
{
	char *end = text + strspn(text, " \t"); /* an indent is kept */
	char *next;
	char kept;

	end += strcspn(end, " \t");
	while (*end != '\0') {
		next = end + strspn(end, " \t");
		next += strcspn(next, " \t");
		kept = *next;
		*next = '\0';
		if (out_width(text) > max) {
			*next = kept;
			break;
		}
		*next = kept;
		end = next;
	}
	printf("%.*s\n", (int)(end - text), text);
	while (is_blank(*end)) {
		end++;
	}
	return end;
}

/* One line of escaped text; tabs are in it as they are. */
static void put_line(size_t width, size_t indent, char *text)
{
	if (width < indent + WIDTH_LEAST) {
		puts(text);
		return;
	}
	do {
		text = put_words(text, width - indent);
		if (*text != '\0') {
			printf("%*s", (int)indent, "");
		}
	} while (*text != '\0');
}

/* An escaped copy of a line in which tabs stay; the caller frees it. */
static int escape_line(struct span line, char **out)
{
	char *text = NULL;
	char *from;
	char *to;
	int r = out_escape(line, &text);

	if (r != WEALD_OK) {
		return r;
	}
	from = to = text;
	while (*from != '\0') {
		if (strncmp(from, "\\x09", 4) == 0) {
			*to++ = '\t';
			from += 4;
		} else {
			*to++ = *from++;
		}
	}
	*to = '\0';
	*out = text;
	return WEALD_OK;
}

int prose_put(size_t width, const char *head, size_t indent, struct span text)
{
	bool first = true;
	const uint8_t *lf;
	struct span line;
	char *safe = NULL;
	int r;

	fputs(head, stdout);
	do {
		lf = text.len == 0 ? NULL : memchr(text.data, '\n', text.len);
		line = text;
		line.len = lf == NULL ? text.len : (size_t)(lf - text.data);
		r = escape_line(line, &safe);
		if (r != WEALD_OK) {
			return r;
		}
		if (!first && safe[0] != '\0') {
			printf("%*s", (int)indent, "");
		}
		put_line(width, indent, safe);
		free(safe);
		first = false;
		line.len += lf != NULL;
		text.data = line.len == 0 ? text.data : text.data + line.len;
		text.len -= line.len;
	} while (text.len > 0);
	return WEALD_OK;
}

int prose_add(struct buf *out, const char *text)
{
	char *safe = NULL;
	int r = out_escape(span_of(text), &safe);

	if (r == WEALD_OK) {
		r = buf_add_text(out, safe);
	}
	free(safe);
	return r;
}

int prose_done(size_t width, const char *head, size_t indent, struct buf *line)
{
	int r = buf_add_byte(line, 0);

	if (r == WEALD_OK) {
		fputs(head, stdout);
		put_line(width, indent, (char *)line->data);
	}
	buf_clear(line);
	return r;
}

int prose_say(size_t width, const char *head, size_t indent, const char *fmt,
	      ...)
{
	char *text = NULL;
	va_list args;
	int n;

	va_start(args, fmt);
	n = vasprintf(&text, fmt, args);
	va_end(args);
	if (n < 0) {
		return WEALD_NOMEM;
	}
	fputs(head, stdout);
	put_line(width, indent, text);
	free(text);
	return WEALD_OK;
}
