#include "daemon/cli/chart_notes.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "daemon/cli/lookup.h"
#include "store/index/query.h"
#include "store/record/reference.h"

/* Takes @text, which may be NULL where it could not be made. */
static int add(struct chart_notes *n, int32_t month, char *text)
{
	if (text == NULL) {
		return WEALD_NOMEM;
	}
	if (n->n == PICTURE_NOTES_MAX) {
		free(text);
		return WEALD_OK;
	}
	n->list[n->n].month = month;
	n->list[n->n].text = text;
	n->texts[n->n] = text;
	n->n++;
	return WEALD_OK;
}

__attribute__((format(printf, 1, 2))) static char *words(const char *fmt, ...)
{
	char *text = NULL;
	va_list args;

	va_start(args, fmt);
	if (vasprintf(&text, fmt, args) < 0) {
		text = NULL;
	}
	va_end(args);
	return text;
}

/* ---- further changes of limits -------------------------------------------
 */

static const char *part(const struct value *map, const char *key)
{
	size_t i;

	for (i = 0; map->type == VALUE_MAP && i < map->n; i++) {
		if (map->items[i].key != NULL && map->items[i].valid &&
		    strcmp(map->items[i].key, key) == 0) {
			return map->items[i].text;
		}
	}
	return "";
}

/* "2025-03-01"; false where it is no date. */
static bool month_of(const char *date, int32_t *out)
{
	int64_t days;

	if (!date_parse(date, &days)) {
		return false;
	}
	*out = (int32_t)((strtol(date, NULL, 10) - 1970) * 12 +
			 strtol(date + 5, NULL, 10) - 1);
	return true;
}

static int add_rebases(const struct record *record, struct chart_notes *n)
{
	const struct value *list = record_get(record, "rebase");
	const char *reason;
	int32_t month;
	size_t i;
	int r = WEALD_OK;

	if (list == NULL || list->type != VALUE_LIST) {
		return WEALD_OK;
	}
	for (i = 0; r == WEALD_OK && i < list->n; i++) {
		if (month_of(part(&list->items[i], "date"), &month)) {
			reason = part(&list->items[i], "reason");
			r = add(n, month,
				words("new limits%s%s",
				      reason[0] == '\0' ? "" : ": ", reason));
		}
	}
	return r;
}

/* ---- the intervention ----------------------------------------------------
 */

static bool month_of_time(uint64_t seconds, int32_t *out)
{
	const time_t when = (time_t)seconds;
	struct tm tm;

	if (seconds > INT64_MAX / 2 || gmtime_r(&when, &tm) == NULL) {
		return false;
	}
	*out = (tm.tm_year - 70) * 12 + tm.tm_mon;
	return true;
}

/* Its versions after the first, which were published in these months. */
static int add_versions(struct index *x, const char *ref,
			const struct chart *chart, struct chart_notes *n,
			struct weald_msg *msg)
{
	struct version_rows rows = { .list = NULL };
	int32_t month;
	size_t i;
	int r = query_versions(x, ref, &rows, msg);

	for (i = rows.n; r == WEALD_OK && i-- > 0;) {
		const struct version_row *row = &rows.list[i];

		if (row->version < 2 || row->state != INDEX_SHOWN ||
		    !month_of_time(row->time, &month) ||
		    month < chart->points[0].month ||
		    month > chart->points[chart->n - 1].month) {
			continue;
		}
		r = add(n, month,
			words("version %" PRIu64 " of the intervention",
			      row->version));
	}
	version_rows_release(&rows);
	return r;
}

/* "it began: TITLE", where the intervention has come here. */
static int add_start(const struct study *s, const char *title,
		     struct chart_notes *n)
{
	return s->has_start ? add(n, s->start_month,
				  words("it began%s%s",
					title[0] == '\0' ? "" : ": ", title))
			    : WEALD_OK;
}

static int add_intervention(struct cli *c, struct home *home, const char *ref,
			    const struct study *s, struct chart_notes *n)
{
	struct index *x = NULL;
	struct hit hit = { .ref = NULL };
	int found;
	int r = lookup_open(c, home, &x);

	if (r != WEALD_OK) {
		return r;
	}
	found = query_record(x, ref, &hit, &c->msg);
	if (found == WEALD_NOTFOUND) {
		msg_clear(&c->msg);
		r = add_start(s, "", n);
	} else if (found == WEALD_OK) {
		r = add_start(s, hit.title, n);
		if (r == WEALD_OK && s->rebased.n > 0) {
			r = lookup_fail(c, add_versions(x, ref, &s->rebased, n,
							&c->msg));
		}
	} else {
		r = lookup_fail(c, found);
	}
	hit_release(&hit);
	index_close(x);
	return r;
}

int chart_notes_make(struct cli *c, struct home *home,
		     const struct evidence_source *s, struct chart_notes *out)
{
	const struct record *record = s->shown.record;
	const char *text = record == NULL || home == NULL
				   ? ""
				   : record_text(record, "intervention");
	char *ref = NULL;
	uint64_t version;
	int r = WEALD_OK;

	if (record != NULL) {
		r = add_rebases(record, out);
	}
	if (r == WEALD_OK && text[0] != '\0' &&
	    lookup_ref(c, home, text, &ref, &version) == WEALD_OK) {
		r = add_intervention(c, home, ref, &s->study, out);
	} else if (r == WEALD_OK) {
		msg_clear(&c->msg);
		r = add_start(&s->study, "", out);
	}
	free(ref);
	return r;
}

void chart_notes_release(struct chart_notes *n)
{
	size_t i;

	for (i = 0; i < n->n; i++) {
		free(n->texts[i]);
	}
	n->n = 0;
}
