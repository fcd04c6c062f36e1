/*
 * Small numbers and rare events in a series, and tables that are no series.
 *
 * A count of one to four for a place smaller than a region may name somebody;
 * for sensitive topics it does, together with what a coroner publishes. Zero
 * names nobody.
 */
#include <stdio.h>
#include <string.h>

#include "proto/text.h"
#include "store/record/guard_private.h"
#include "store/record/series.h"
#include "store/record/vocab.h"

#define SMALL_BELOW 5.0

struct setting {
	const char *file;
	bool is_sensitive;
	bool is_region; /* the figures are the whole region's */
	struct guard_report *report;
};

static bool is_sensitive(const struct record *record)
{
	const struct value *topics = record_get(record, "topics");
	const struct topic *topic;
	size_t i;

	for (i = 0; topics != NULL && i < topics->n; i++) {
		topic = vocab_topic(span_of(topics->items[i].text));
		if (topic != NULL && topic->sensitive) {
			return true;
		}
	}
	return false;
}

/* Where nothing is said it may be one ward; a priority is the region's own. */
static bool is_region(const struct record *record)
{
	if (strcmp(record_text(record, "scope.level"), "region") == 0) {
		return true;
	}
	return record->kind != NULL &&
	       strcmp(record->kind->name, "priority") == 0;
}

static void add(const struct setting *set, enum guard_kind kind,
		enum guard_verdict verdict, size_t line, const char *seen)
{
	struct guard_finding f = {
		.verdict = verdict,
		.kind = kind,
		.line = line,
	};

	text_escape(set->file, strlen(set->file), f.file, sizeof f.file);
	(void)snprintf(f.seen, sizeof f.seen, "%s", seen);
	guard_report_add(set->report, &f, 0);
}

static void scan_rows(const struct setting *set, const struct series *s)
{
	const struct series_row *row;
	size_t i;

	for (i = 0; i < s->n; i++) {
		row = &s->rows[i];
		if (!row->missing && row->numerator > 0 &&
		    row->numerator < SMALL_BELOW) {
			add(set, GUARD_SMALL_NUMBER,
			    set->is_sensitive ? GUARD_BLOCK : GUARD_WARN,
			    row->line, "a numerator from 1 to 4");
		}
	}
}

/* One row an event: each of them is somebody's. */
static void scan_events(const struct setting *set, const struct series *s)
{
	if (s->n > 0 && (set->is_sensitive || !set->is_region)) {
		add(set, GUARD_RARE_EVENT,
		    set->is_sensitive && !set->is_region ? GUARD_BLOCK
							 : GUARD_WARN,
		    s->rows[0].line, "one row an event");
	}
}

static bool is_attachment(const char *file)
{
	static const char folder[] = "attachments/";

	return strncmp(file, folder, sizeof folder - 1) == 0;
}

void guard_scan_series(const struct record *record, const char *file,
		       struct span csv, struct guard_report *out)
{
	struct setting set = { .file = file, .report = out };
	struct problems problems = { .n = 0 };
	struct series s;
	int r;

	if (record != NULL) {
		set.is_sensitive = is_sensitive(record);
		set.is_region = is_region(record);
	}
	r = series_parse(csv, file, record, &s, &problems);
	if (r == WEALD_OK && s.by_event) {
		scan_events(&set, &s);
	} else if (r == WEALD_OK && !set.is_region) {
		scan_rows(&set, &s);
	} else if (r == WEALD_INVALID) {
		add(&set, GUARD_TABLE,
		    is_attachment(file) ? GUARD_WARN : GUARD_BLOCK, 1,
		    "columns that no series has");
	} else if (r == WEALD_NOMEM) {
		out->no_memory = true;
		out->verdict = GUARD_BLOCK;
	}
	series_release(&s);
	problems_release(&problems);
}
