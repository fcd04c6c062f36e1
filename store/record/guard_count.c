/*
 * Small numbers and rare events in a series, and tables that are no series.
 *
 * A count of one to four for a place smaller than a region may name somebody;
 * for sensitive topics it does, together with what a coroner publishes. Zero
 * names nobody.
 */
#include <string.h>

#include "store/record/guard_private.h"
#include "store/record/series.h"
#include "store/record/vocab.h"

#define SMALL_BELOW 5.0

/* Whose figures are they? */
enum level {
	LEVEL_BELOW, /* or nothing is said: it may be one ward */
	LEVEL_DOUBT, /* the region's, it says, and has one site */
	LEVEL_REGION
};

struct setting {
	const char *file;
	bool is_sensitive;
	enum level level;
	struct guard_report *report;
};

/* The only home of "sensitive": a topic of the vocabulary, or a setting. */
static bool is_sensitive(const struct record *record)
{
	static const char *const settings[] = { "custody", "maternity",
						"mental-health-inpatient",
						"mental-health-community",
						"learning-disability-service" };
	const struct value *list = record_get(record, "topics");
	const struct topic *topic;
	size_t i;
	size_t k;

	for (i = 0; list != NULL && i < list->n; i++) {
		topic = vocab_topic(span_of(list->items[i].text));
		if (topic != NULL && topic->sensitive) {
			return true;
		}
	}
	list = record_get(record, "settings");
	for (i = 0; list != NULL && i < list->n; i++) {
		for (k = 0; k < sizeof settings / sizeof settings[0]; k++) {
			if (strcmp(list->items[i].text, settings[k]) == 0) {
				return true;
			}
		}
	}
	return false;
}

static bool is_one_site(const struct record *record)
{
	const char *sites = record_text(record, "scope.sites");

	return strcmp(sites, "1") == 0 || strcmp(sites, "0") == 0;
}

/* Of a priority the baseline is the region's own, other tables need not be. */
static enum level level_of(const struct record *record, const char *file)
{
	if (strcmp(record_text(record, "scope.level"), "region") == 0) {
		return is_one_site(record) ? LEVEL_DOUBT : LEVEL_REGION;
	}
	if (record->kind != NULL &&
	    strcmp(record->kind->name, "priority") == 0 &&
	    strcmp(record_text(record, "baseline_series"), file) == 0) {
		return LEVEL_REGION;
	}
	return LEVEL_BELOW;
}

static void add(const struct setting *set, enum guard_kind kind,
		enum guard_verdict verdict, size_t line, const char *seen)
{
	guard_add_seen(set->report, kind, verdict, set->file, line, seen);
}

/* What is too small is refused, or asked about where it may be the region's. */
static enum guard_verdict verdict_of(const struct setting *set)
{
	return set->is_sensitive && set->level == LEVEL_BELOW ? GUARD_BLOCK
							      : GUARD_WARN;
}

static void scan_rows(const struct setting *set, const struct series *s)
{
	const struct series_row *row;
	size_t i;

	for (i = 0; i < s->n; i++) {
		row = &s->rows[i];
		if (!row->missing && row->numerator > 0 &&
		    row->numerator < SMALL_BELOW) {
			add(set, GUARD_SMALL_NUMBER, verdict_of(set), row->line,
			    "a numerator from 1 to 4");
		}
	}
}

/* One row an event: each of them is somebody's. */
static void scan_events(const struct setting *set, const struct series *s)
{
	if (s->n > 0 && (set->is_sensitive || set->level != LEVEL_REGION)) {
		add(set, GUARD_RARE_EVENT, verdict_of(set), s->rows[0].line,
		    "one row an event");
	}
}

/*
 * The measure's shape stands elsewhere: where every denominator is 1 the
 * numerators may be counts, or days between events that were dated by month.
 */
static void scan_intervals(const struct setting *set, const struct series *s)
{
	size_t i;

	for (i = 0; i < s->n; i++) {
		if (!s->rows[i].missing && s->rows[i].denominator != 1.0) {
			return;
		}
	}
	if (s->n > 0 && set->is_sensitive && set->level != LEVEL_REGION) {
		add(set, GUARD_RARE_EVENT, GUARD_WARN, s->rows[0].line,
		    "every denominator is 1");
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
		set.level = level_of(record, file);
	}
	r = series_parse(csv, file, record, &s, &problems);
	if (r == WEALD_OK && s.by_event) {
		scan_events(&set, &s);
	} else if (r == WEALD_OK && set.level != LEVEL_REGION) {
		scan_rows(&set, &s);
		scan_intervals(&set, &s);
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
