/*
 * The formats csv and datapackage: a row a record and, in the second, a row a
 * month of their series too. datapackage.json is a Frictionless Data Package,
 * version 1.
 */
#include "daemon/cli/extract_private.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/cli/json.h"
#include "daemon/cli/out.h"
#include "store/record/record.h"
#include "store/record/series.h"

/* What Excel needs to read UTF-8 as such, and nothing else needs. */
#define BYTE_ORDER_MARK "\xef\xbb\xbf"

#define JSON_BYTES_MAX (4u * 1024u * 1024u)

struct column {
	const char *name;
	const char *type; /* of Frictionless Table Schema */
	const char *text;
};

static const struct column record_columns[] = {
	{ "ref", "string", "region/kind/slug, what people call the record" },
	{ "region", "string", "Region that wrote it" },
	{ "kind", "string", "Kind of record" },
	{ "title", "string", "Title, as its author wrote it" },
	{ "topics", "string", "Topic codes, with ; between them" },
	{ "settings", "string", "Setting codes, with ; between them" },
	{ "version", "integer", "Version of the record that this row shows" },
	{ "time", "datetime", "When that was written, as its author says" },
	{ "status", "string", "Status or, of an adoption, its stage" },
	{ "maturity", "string",
	  "Of interventions, derived from all linked records" },
	{ "tried", "integer",
	  "Of interventions: regions with an adoption or a result" },
	{ "improved", "integer", "Of these, regions where it improved" },
	{ "withdrawn", "boolean",
	  "Withdrawn by its author or by a withdrawal record" },
	{ "withdrawn_by", "string", "That record, or empty" },
	{ "example", "boolean", "An invented record, for tests" },
};
#define RECORD_COLUMNS_N (sizeof record_columns / sizeof *record_columns)

static const struct column series_columns[] = {
	{ "ref", "string", "Record that the series belongs to" },
	{ "version", "integer", "Its version" },
	{ "month", "date",
	  "First day of the month or, of time between events, the event's" },
	{ "numerator", "number", "Empty for a month without a figure" },
	{ "denominator", "number", "Those at risk, days, or 1" },
	{ "phase", "string", "Before, in or after the transition" },
};
#define SERIES_COLUMNS_N (sizeof series_columns / sizeof *series_columns)

struct table_extract {
	struct extract *x;
	struct csv records;
	struct csv series; /* no file: not asked for */
	struct buf text;   /* record.md, then data.csv */
	struct buf data;
	json_t *sources; /* NULL: not asked for */
};

static void put_headings(struct csv *s, const struct column *columns, size_t n)
{
	size_t i;

	for (i = 0; i < n; i++) {
		csv_text(s, columns[i].name);
	}
	csv_end(s);
}

/* The codes of a list, with ; between them. */
static void put_codes(struct csv *s, const struct record *rec,
		      const char *field)
{
	const struct value *list = rec == NULL ? NULL : record_get(rec, field);
	struct buf codes;
	size_t i;

	buf_init(&codes, CONTENT_BYTES_MAX);
	for (i = 0; list != NULL && i < list->n; i++) {
		if (buf_addf(&codes, "%s%s", i == 0 ? "" : ";",
			     list->items[i].text) != WEALD_OK) {
			break;
		}
	}
	if (buf_add_byte(&codes, '\0') == WEALD_OK) {
		csv_text(s, (const char *)codes.data);
	}
	buf_release(&codes);
}

static void put_record(struct csv *s, const struct hit *hit,
		       const struct record *rec)
{
	bool intervention = strcmp(hit->kind, "intervention") == 0;
	const char *status = rec == NULL ? "" : record_text(rec, "status");

	if (rec != NULL && *status == '\0') {
		status = record_text(rec, "stage");
	}
	csv_text(s, hit->ref);
	csv_text(s, hit->region);
	csv_text(s, hit->kind);
	csv_text(s, hit->title);
	put_codes(s, rec, "topics");
	put_codes(s, rec, "settings");
	csv_uint(s, hit->version);
	csv_time(s, hit->time);
	csv_text(s, status);
	csv_text(s, hit->maturity == NULL ? "" : hit->maturity);
	if (intervention) {
		csv_uint(s, hit->tried);
		csv_uint(s, hit->improved);
	} else {
		csv_text(s, "");
		csv_text(s, "");
	}
	csv_bool(s, hit->withdrawn);
	csv_text(s, hit->withdrawn_by == NULL ? "" : hit->withdrawn_by);
	csv_bool(s, hit->example);
	csv_end(s);
}

/* 1970-01 and @months. */
static void put_month(struct csv *s, const struct series_row *row)
{
	char text[40];
	int year = 1970 + row->month / 12;
	int month = row->month % 12;

	if (month < 0) {
		month += 12;
		year--;
	}
	(void)snprintf(text, sizeof text, "%04d-%02d-%02d", year, month + 1,
		       row->day > 0 ? (int)row->day : 1);
	csv_text(s, text);
}

static void put_row(struct csv *s, const struct hit *hit,
		    const struct series_row *row)
{
	static const char *const phases[] = { "before", "transition", "after" };

	csv_text(s, hit->ref);
	csv_uint(s, hit->version);
	put_month(s, row);
	if (row->missing) {
		csv_text(s, "");
	} else {
		csv_number(s, row->numerator);
	}
	csv_number(s, row->denominator);
	csv_text(s, phases[row->phase]);
	csv_end(s);
}

/* Rows that cannot be read were refused where they were written. */
static int put_series(struct table_extract *t, const struct extract_record *rec,
		      const struct record *parsed)
{
	struct problems problems = { 0 };
	struct series series = { 0 };
	bool there;
	size_t i;
	int r;

	r = extract_file(t->x, rec, RECORD_DATA, &t->data, &there);
	if (r != WEALD_OK || !there) {
		return r;
	}
	r = series_parse(buf_span(&t->data), RECORD_DATA, parsed, &series,
			 &problems);
	for (i = 0; r == WEALD_OK && i < series.n; i++) {
		put_row(&t->series, rec->hit, &series.rows[i]);
		t->x->rows++;
	}
	series_release(&series);
	problems_release(&problems);
	return r == WEALD_NOMEM ? r : WEALD_OK;
}

static int add_source(struct table_extract *t, const char *region)
{
	const struct identity *id = feed_identity(t->x->feed);
	char hex[2 * SHA256_BYTES + 1];
	char title[sizeof hex + HOME_FEED_NAME_BYTES + 8];
	json_t *o = json_object();

	hex_encode(id->feed, sizeof id->feed, hex);
	(void)snprintf(title, sizeof title, "%s, feed %s", region, hex);
	if (json_object_set_new(o, "title", json_string(title)) != 0) {
		json_decref(o);
		return WEALD_NOMEM;
	}
	return json_array_append_new(t->sources, o) == 0 ? WEALD_OK
							 : WEALD_NOMEM;
}

static int add_record_cb(void *ctx, const struct extract_record *rec)
{
	struct table_extract *t = ctx;
	struct problems problems = { 0 };
	struct record *parsed = NULL;
	bool there;
	int r;

	r = extract_file(t->x, rec, RECORD_FILE, &t->text, &there);
	if (r == WEALD_OK && there) {
		r = record_parse(buf_span(&t->text), &parsed, &problems);
		r = r == WEALD_NOMEM ? r : WEALD_OK;
	}
	if (r == WEALD_OK && t->sources != NULL && rec->first) {
		r = add_source(t, rec->hit->region);
	}
	if (r == WEALD_OK) {
		put_record(&t->records, rec->hit, parsed);
	}
	if (r == WEALD_OK && t->series.file != NULL) {
		r = put_series(t, rec, parsed);
	}
	record_free(parsed);
	problems_release(&problems);
	return r;
}

static int fill(struct table_extract *t)
{
	int r;

	buf_init(&t->text, CONTENT_BYTES_MAX);
	buf_init(&t->data, CONTENT_BYTES_MAX);
	put_headings(&t->records, record_columns, RECORD_COLUMNS_N);
	if (t->series.file != NULL) {
		put_headings(&t->series, series_columns, SERIES_COLUMNS_N);
	}
	r = extract_each(t->x, add_record_cb, t);
	buf_release(&t->text);
	buf_release(&t->data);
	return r;
}

int extract_csv(struct extract *x, FILE *out)
{
	struct table_extract t = { .x = x, .records = { .file = out } };

	fputs(BYTE_ORDER_MARK, out);
	x->files = 1;
	return fill(&t);
}

/* ---- datapackage.json ----------------------------------------------------
 */

static json_t *schema_fields(const struct column *columns, size_t n)
{
	json_t *list = json_array();
	json_t *field;
	size_t i;

	for (i = 0; i < n; i++) {
		field = json_pack("{s:s, s:s, s:s}", "name", columns[i].name,
				  "type", columns[i].type, "description",
				  columns[i].text);
		if (strcmp(columns[i].name, "phase") == 0) {
			(void)json_object_set_new(field, "constraints",
						  json_pack("{s:[s,s,s]}",
							    "enum", "before",
							    "transition",
							    "after"));
		}
		if (json_array_append_new(list, field) != 0) {
			json_decref(list);
			return NULL;
		}
	}
	return list;
}

/* Takes @schema, which may be NULL. */
static json_t *resource(const char *name, const char *path, const char *title,
			json_t *schema)
{
	return json_pack("{s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:o}", "name",
			 name, "path", path, "title", title, "profile",
			 "tabular-data-resource", "format", "csv", "mediatype",
			 "text/csv", "encoding", "utf-8", "schema", schema);
}

static json_t *records_resource(void)
{
	return resource("records", "records.csv", "A row a record",
			json_pack("{s:o, s:s, s:[s]}", "fields",
				  schema_fields(record_columns,
						RECORD_COLUMNS_N),
				  "primaryKey", "ref", "missingValues", ""));
}

static json_t *series_resource(void)
{
	return resource(
		"series", "series.csv", "A row a month of the records' series",
		json_pack("{s:o, s:[{s:s, s:{s:s, s:s}}], s:[s]}", "fields",
			  schema_fields(series_columns, SERIES_COLUMNS_N),
			  "foreignKeys", "fields", "ref", "reference",
			  "resource", "records", "fields", "ref",
			  "missingValues", ""));
}

/* "created" is the newest version's time: the same data, the same bytes. */
static int describe(struct table_extract *t, struct buf *out)
{
	const struct extract *x = t->x;
	char words[EXTRACT_WORDS_BYTES];
	char newest[OUT_TIME_BYTES];
	json_t *o;
	char *text;
	int r;

	extract_words(x, words);
	out_time_iso(x->newest, newest);
	o = json_pack(
		"{s:s, s:s, s:s, s:s+, s:s, s:[{s:s, s:s, s:s}], s:O, s:[o,o]}",
		"profile", "tabular-data-package", "name", "weald-extract",
		"title", "Records of patient-safety regions", "description",
		"Extracted with weald extract. Texts that a spreadsheet would "
		"take for a formula begin with an apostrophe. Selection: ",
		words, "created", newest, "licenses", "name", EXTRACT_LICENCE,
		"title", EXTRACT_LICENCE_NAME, "path", EXTRACT_LICENCE_URL,
		"sources", t->sources, "resources", records_resource(),
		series_resource());
	text = o == NULL ? NULL : json_dumps(o, JSON_INDENT(2));
	r = text == NULL ? WEALD_NOMEM : buf_addf(out, "%s\n", text);
	free(text);
	json_decref(o);
	return r;
}

/* The three files, into an archive. Takes the sheets' files. */
static int pack(struct table_extract *t, FILE *out)
{
	struct extract *x = t->x;
	struct archive *a = NULL;
	struct buf json;
	FILE *records = t->records.file;
	FILE *series = t->series.file;
	int r;

	buf_init(&json, JSON_BYTES_MAX);
	r = archive_open(x, out, &a);
	if (r == WEALD_OK) {
		r = describe(t, &json);
	}
	if (r == WEALD_OK) {
		r = archive_add_text(a, "datapackage.json", &json, x->newest);
	}
	if (r == WEALD_OK) {
		t->records.file = NULL; /* transferred */
		r = archive_add_file(a, "records.csv", records, x->newest);
	}
	if (r == WEALD_OK) {
		t->series.file = NULL; /* transferred */
		r = archive_add_file(a, "series.csv", series, x->newest);
	}
	if (r == WEALD_OK) {
		x->files = 3;
		r = archive_finish(a);
	}
	archive_free(a);
	buf_release(&json);
	return r;
}

int extract_datapackage(struct extract *x, FILE *out)
{
	struct table_extract t = { .x = x };
	int r;

	t.sources = json_array();
	r = t.sources == NULL ? WEALD_NOMEM : WEALD_OK;
	if (r == WEALD_OK) {
		r = target_scratch(x->c, x->dir, &t.records.file);
	}
	if (r == WEALD_OK) {
		r = target_scratch(x->c, x->dir, &t.series.file);
	}
	if (r == WEALD_OK) {
		r = fill(&t);
	}
	if (r == WEALD_OK) {
		r = pack(&t, out);
	}
	if (t.records.file != NULL) {
		(void)fclose(t.records.file);
	}
	if (t.series.file != NULL) {
		(void)fclose(t.series.file);
	}
	json_decref(t.sources);
	return r;
}
