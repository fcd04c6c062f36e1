#include "store/inbox.h"

#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "proto/bytes.h"
#include "store/fs.h"
#include "store/record/reference.h"

/* A name, a space, twenty digits, a line feed. */
#define LINE_BYTES      (HOME_FEED_NAME_BYTES + 22u)
#define MARKS_BYTES_MAX ((size_t)HOME_FEEDS_MAX * LINE_BYTES)

void read_marks_release(struct read_marks *m)
{
	free(m->list);
	*m = (struct read_marks){ 0 };
}

/* Where @region stands, or belongs. */
static size_t find(const struct read_marks *m, const char *region,
		   bool *out_found)
{
	size_t low = 0;
	size_t high = m->n;
	size_t middle;
	int order;

	*out_found = false;
	while (low < high) {
		middle = low + (high - low) / 2;
		order = strcmp(m->list[middle].region, region);
		if (order == 0) {
			*out_found = true;
			return middle;
		}
		if (order < 0) {
			low = middle + 1;
		} else {
			high = middle;
		}
	}
	return low;
}

uint64_t read_marks_get(const struct read_marks *m, const char *region)
{
	bool found;
	size_t at = find(m, region, &found);

	return found ? m->list[at].seq : 0;
}

int read_marks_set(struct read_marks *m, const char *region, uint64_t seq)
{
	struct read_mark *grown;
	bool found;
	size_t at;

	if (!reference_is_region(span_of(region)) ||
	    strlen(region) >= sizeof m->list->region) {
		return WEALD_INVALID;
	}
	at = find(m, region, &found);
	if (found) {
		m->list[at].seq = seq;
		return WEALD_OK;
	}
	if (m->n >= HOME_FEEDS_MAX) {
		return WEALD_TOOBIG;
	}
	grown = realloc(m->list, (m->n + 1) * sizeof *grown);
	if (grown == NULL) {
		return WEALD_NOMEM;
	}
	m->list = grown;
	memmove(&grown[at + 1], &grown[at], (m->n - at) * sizeof *grown);
	memset(&grown[at], 0, sizeof grown[at]);
	memcpy(grown[at].region, region, strlen(region));
	grown[at].seq = seq;
	m->n++;
	return WEALD_OK;
}

/* One line; WEALD_CORRUPT where it is not one of ours. */
static int take_line(struct read_marks *m, struct span line)
{
	char region[HOME_FEED_NAME_BYTES];
	struct span digits;
	const uint8_t *space;
	uint64_t seq;
	size_t n;
	int r;

	space = line.len == 0 ? NULL : memchr(line.data, ' ', line.len);
	n = space == NULL ? 0 : (size_t)(space - line.data);
	if (space == NULL || n >= sizeof region ||
	    memchr(line.data, '\0', n) != NULL) {
		return WEALD_CORRUPT;
	}
	memcpy(region, line.data, n);
	region[n] = '\0';
	digits = (struct span){ space + 1, line.len - n - 1 };
	if (parse_u64(digits, 0, INT64_MAX, &seq) != WEALD_OK) {
		return WEALD_CORRUPT;
	}
	r = read_marks_set(m, region, seq);
	return r == WEALD_INVALID || r == WEALD_TOOBIG ? WEALD_CORRUPT : r;
}

static int take_lines(struct read_marks *m, struct span text,
		      struct weald_msg *msg)
{
	struct span line;
	const uint8_t *lf;
	size_t number = 0;
	int r = WEALD_OK;

	while (r == WEALD_OK && text.len > 0) {
		number++;
		lf = memchr(text.data, '\n', text.len);
		line = text;
		line.len = lf == NULL ? text.len : (size_t)(lf - text.data);
		/* a line that was cut is none: its number may be half */
		r = lf == NULL ? WEALD_CORRUPT : take_line(m, line);
		if (lf != NULL) {
			text.data = lf + 1;
			text.len -= line.len + 1;
		}
	}
	if (r == WEALD_CORRUPT) {
		msg_set(msg, "%s:%zu: not a region and the number of an update",
			READ_MARKS_FILE, number);
	}
	return r;
}

int read_marks_load(const struct home *h, struct read_marks *out,
		    struct weald_msg *msg)
{
	struct read_marks m = { 0 };
	struct buf text = { 0 };
	char *path = NULL;
	int r;

	*out = m;
	r = home_join(h, READ_MARKS_FILE, &path);
	if (r != WEALD_OK) {
		return r;
	}
	r = fs_read_file(path, MARKS_BYTES_MAX, &text, msg);
	free(path);
	if (r == WEALD_NOTFOUND) {
		msg_clear(msg);
		return WEALD_OK;
	}
	if (r == WEALD_TOOBIG || r == WEALD_INVALID) {
		r = WEALD_CORRUPT;
	} else if (r == WEALD_OK) {
		r = take_lines(&m, buf_span(&text), msg);
	}
	buf_release(&text);
	if (r != WEALD_OK) {
		read_marks_release(&m);
		return r;
	}
	*out = m;
	return WEALD_OK;
}

int read_marks_save(const struct home *h, const struct read_marks *m,
		    struct weald_msg *msg)
{
	struct buf text;
	char *path = NULL;
	size_t i;
	int r = home_join(h, READ_MARKS_FILE, &path);

	buf_init(&text, MARKS_BYTES_MAX);
	for (i = 0; r == WEALD_OK && i < m->n; i++) {
		r = buf_addf(&text, "%s %" PRIu64 "\n", m->list[i].region,
			     m->list[i].seq);
	}
	if (r == WEALD_OK) {
		r = fs_write_durable(path, buf_span(&text), 0600, msg);
	}
	buf_release(&text);
	free(path);
	return r;
}
