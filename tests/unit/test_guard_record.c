#include "store/record/guard.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include <glob.h>
#include <unistd.h>

#include "proto/limits.h"
#include "store/fs.h"
#include "tests/unit/guardkit.h"
#include "tests/unit/sample.h"

/* Tests run from the root of the repository. */
#ifndef TEST_DATA_DIR
#define TEST_DATA_DIR "tests/data"
#endif

/* Calls that are still to succeed; SIZE_MAX: all. */
static size_t allocations_left = SIZE_MAX;

void *__real_realloc(void *p, size_t size);
void *__wrap_realloc(void *p, size_t size);
void *__real_malloc(size_t size);
void *__wrap_malloc(size_t size);

static bool may_allocate(void)
{
	if (allocations_left == 0) {
		return false;
	}
	if (allocations_left != SIZE_MAX) {
		allocations_left--;
	}
	return true;
}

void *__wrap_realloc(void *p, size_t size)
{
	return may_allocate() ? __real_realloc(p, size) : NULL;
}

void *__wrap_malloc(size_t size)
{
	return may_allocate() ? __real_malloc(size) : NULL;
}

#define HEAD                                                        \
	"---\nkind: problem\ntitle: Late doses\ntopics: [sepsis]\n" \
	"settings: [acute-ward]\n"

/* What blocks stands where it can be told from anything else. */
static bool is_found(const struct guard_report *report, unsigned kinds,
		     const char *file, size_t line, size_t line_last)
{
	unsigned found = 0;
	size_t i;

	for (i = 0; i < report->n; i++) {
		if (strcmp(report->list[i].file, file) == 0 &&
		    report->list[i].line >= line &&
		    report->list[i].line <= line_last) {
			found |= guard_bit(report->list[i].kind);
		}
	}
	return (kinds & ~found) == 0;
}

static void assert_blocked_at(struct guard_report *report, unsigned kinds,
			      const char *file, size_t line, size_t line_last,
			      const char *text)
{
	if (report->verdict != GUARD_BLOCK ||
	    !is_found(report, kinds, file, line, line_last)) {
		guard_show(report, text);
	}
	assert_int_equal(report->verdict, GUARD_BLOCK);
	assert_true(is_found(report, kinds, file, line, line_last));
	guard_release(report);
}

static void check_record_body(const struct guard_vector *v)
{
	char text[GUARD_TEXT_BYTES];
	struct guard_report report;

	if (v->verdict == GUARD_BLOCK) {
		(void)snprintf(text, sizeof text, HEAD "---\n\nFine.\n\n%s\n",
			       v->text);
		guard_look_at_record(text, NULL, "late-doses", v->flags,
				     &report);
		assert_blocked_at(&report, v->kinds, "record.md", 10, 10, text);
	}
}

static void check_record_table(const struct guard_vector *v)
{
	char text[GUARD_TEXT_BYTES];
	struct guard_report report;

	if (v->verdict == GUARD_BLOCK) {
		(void)snprintf(text, sizeof text,
			       "month,numerator,denominator\n"
			       "2024-01-01,36,118\n%s,41,122\n",
			       v->text);
		guard_look_at_record(HEAD "---\n", text, "late-doses", v->flags,
				     &report);
		assert_blocked_at(&report, v->kinds, "data.csv", 3, 3, text);
	}
}

static void check_file_name(const struct guard_vector *v)
{
	struct record_file file = { span_of(v->text), span_of("") };
	struct guard_input in = {
		.files = &file,
		.files_n = 1,
		.flags = v->flags & GUARD_STRICT,
	};
	struct guard_report report = { .n = 0 };

	if (v->verdict == GUARD_BLOCK) {
		guard_record(&in, &report);
		assert_int_equal(report.list[0].line, 0);
		guard_check_report(&report, v->verdict, v->kinds, v->text);
	}
}

/* As a name that the format allows: small letters, "-" for all else. */
static void to_slug(const char *text, char *out)
{
	size_t n = 0;
	size_t i;
	char c;

	for (i = 0; text[i] != '\0'; i++) {
		c = text[i];
		if (c >= 'A' && c <= 'Z') {
			c = (char)(c - 'A' + 'a');
		}
		if ((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9')) {
			out[n] = c;
			n++;
		} else if (n > 0 && out[n - 1] != '-') {
			out[n] = '-';
			n++;
		}
	}
	out[n] = '\0';
}

static void check_slug(const struct guard_vector *v)
{
	struct guard_input in = { .flags = v->flags & GUARD_STRICT };
	struct guard_report report = { .n = 0 };
	char slug[GUARD_TEXT_BYTES];

	/* a name cannot hold the "@" of a mailbox, nor the "+" of a country */
	if (v->verdict == GUARD_BLOCK && strpbrk(v->text, "@+") == NULL) {
		to_slug(v->text, slug);
		in.slug = span_of(slug);
		guard_record(&in, &report);
		guard_check_report(&report, v->verdict, v->kinds, slug);
	}
}

/* Every character as a YAML escape: nothing of it can be seen. */
static void check_escaped(const struct guard_vector *v)
{
	struct span rest = span_of(v->text);
	char text[GUARD_TEXT_BYTES];
	struct guard_report report;
	size_t n;
	size_t i;

	if (v->verdict != GUARD_BLOCK) {
		return;
	}
	n = (size_t)snprintf(text, sizeof text, HEAD "scale: \"");
	for (i = 0; i < rest.len; i++) {
		if (rest.data[i] < 0x80) {
			n += (size_t)snprintf(text + n, sizeof text - n,
					      "\\x%02x", rest.data[i]);
		} else {
			text[n] = (char)rest.data[i];
			n++;
		}
	}
	(void)snprintf(text + n, sizeof text - n, "\"\nstatus: open\n---\n");
	guard_look_at_record(text, NULL, "late-doses", v->flags, &report);
	assert_blocked_at(&report, v->kinds, "record.md", 6, 6, text);
}

/* Split at each space in turn over the lines of a folded scalar. */
static void check_folded(const struct guard_vector *v)
{
	char text[GUARD_TEXT_BYTES];
	struct guard_report report;
	const char *at;

	for (at = strchr(v->text, ' '); v->verdict == GUARD_BLOCK && at != NULL;
	     at = strchr(at + 1, ' ')) {
		(void)snprintf(text, sizeof text,
			       HEAD "scale: >\n  we saw\n  %.*s\n  %s\n"
				    "status: open\n---\n",
			       (int)(at - v->text), v->text, at + 1);
		guard_look_at_record(text, NULL, "late-doses", v->flags,
				     &report);
		assert_blocked_at(&report, v->kinds, "record.md", 6, 9, text);
	}
}

/* A note and a summary are published too. */
static void check_note(const struct guard_vector *v)
{
	struct guard_input in = {
		.summary = span_of("Third version"),
		.note = span_of(v->text),
		.flags = v->flags & GUARD_STRICT,
	};
	struct guard_report report = { .n = 0 };

	if (v->verdict == GUARD_BLOCK) {
		guard_record(&in, &report);
		assert_blocked_at(&report, v->kinds, "note", 1, 1, v->text);
		in.summary = in.note;
		in.note = span_of("");
		guard_record(&in, &report);
		assert_blocked_at(&report, v->kinds, "summary", 1, 1, v->text);
	}
}

static void blocking_vectors__are_blocked_in_the_body(void **state)
{
	(void)state;
	guard_each_vector(check_record_body);
}

static void blocking_vectors__are_blocked_in_data_csv(void **state)
{
	(void)state;
	guard_each_vector(check_record_table);
}

static void blocking_vectors__are_blocked_in_a_file_name(void **state)
{
	(void)state;
	guard_each_vector(check_file_name);
}

static void blocking_vectors__are_blocked_in_a_slug(void **state)
{
	(void)state;
	guard_each_vector(check_slug);
}

static void blocking_vectors__are_blocked_in_yaml_escapes(void **state)
{
	(void)state;
	guard_each_vector(check_escaped);
}

static void blocking_vectors__are_blocked_across_folded_lines(void **state)
{
	(void)state;
	guard_each_vector(check_folded);
}

static void blocking_vectors__are_blocked_in_note_and_summary(void **state)
{
	(void)state;
	guard_each_vector(check_note);
}

static void prison_number__is_blocked_anywhere_in_a_record_on_custody(
	void **state)
{
	struct guard_report report;

	(void)state;
	guard_look_at_record(
		"---\nkind: problem\ntopics: [care-in-custody]\n---\n"
		"\nForm A1234AA\n",
		NULL, "x", 0, &report);
	guard_check_report(&report, GUARD_BLOCK, guard_bit(GUARD_PRISON_NUMBER),
			   "topic");
	guard_look_at_record("---\nkind: problem\nsettings: [custody]\n---\n"
			     "\nForm A1234AA\n",
			     NULL, "x", 0, &report);
	guard_check_report(&report, GUARD_BLOCK, guard_bit(GUARD_PRISON_NUMBER),
			   "setting");
	guard_look_at_record("---\nkind: problem\ntopics: [sepsis]\n---\n"
			     "\nForm A1234AA\n",
			     NULL, "x", 0, &report);
	guard_check_report(&report, GUARD_WARN, guard_bit(GUARD_PRISON_NUMBER),
			   "none");
}

static void landline__in_the_contact_field_of_a_record_passes(void **state)
{
	struct guard_report report;

	(void)state;
	guard_look_at_record(HEAD
			     "contact: {role: Lead 0113 496 0018, mailbox: "
			     "a@example.nhs.uk}\n---\n\nFine.\n",
			     NULL, "x", 0, &report);
	guard_check_report(&report, GUARD_PASS, 0, "one line");
	guard_look_at_record(HEAD "contact:\n  role: Lead 0113 496 0018\n"
				  "  mailbox: a@example.nhs.uk\n---\n\nFine.\n",
			     NULL, "x", 0, &report);
	guard_check_report(&report, GUARD_PASS, 0, "two lines");
	guard_look_at_record(HEAD "contact:\n  role: Lead\n"
				  "  mailbox: a@example.nhs.uk\n"
				  "scale: 0113 496 0018\n---\n\nFine.\n",
			     NULL, "x", 0, &report);
	assert_int_equal(report.n, 1);
	assert_int_equal(report.list[0].line, 9);
	guard_check_report(&report, GUARD_WARN, guard_bit(GUARD_LANDLINE),
			   "below it");
	guard_look_at_record(HEAD "contact:\n  role: Lead # rings from "
				  "0113 496 0018\n  # or 0113 496 0019\n"
				  "  mailbox: a@example.nhs.uk\n---\n",
			     NULL, "x", 0, &report);
	assert_int_equal(report.n, 2);
	guard_check_report(&report, GUARD_WARN, guard_bit(GUARD_LANDLINE),
			   "comments");
	guard_look_at_record(HEAD "contact:\n  role: Lead\n"
				  "  mailbox: a@example.nhs.uk\n"
				  "---\n\nCall 0113 496 0018.\n",
			     NULL, "x", 0, &report);
	guard_check_report(&report, GUARD_WARN, guard_bit(GUARD_LANDLINE),
			   "the body");
	guard_look_at_record(HEAD "contact:\n  role: Lead 07700 900123\n"
				  "  mailbox: a@example.nhs.uk\n---\n\nFine.\n",
			     NULL, "x", 0, &report);
	guard_check_report(&report, GUARD_BLOCK, guard_bit(GUARD_MOBILE),
			   "a mobile");
}

#define COLUMNS "month,numerator,denominator\n"

/* A record of @kind with @fields, and its figures. */
static void assert_series(const char *kind, const char *fields, const char *csv,
			  enum guard_verdict verdict, unsigned kinds)
{
	char text[GUARD_TEXT_BYTES];
	struct guard_report report;

	(void)snprintf(text, sizeof text, "---\nkind: %s\n%s---\n", kind,
		       fields);
	guard_look_at_record(text, csv, "x", 0, &report);
	guard_check_report(&report, verdict, kinds, text);
}

static void small_number__is_blocked_for_sensitive_topics(void **state)
{
	static const char *const topics[] = {
		"suicide-reduction",    "smoking-cessation-mental-health",
		"mental-health-safety", "care-in-custody",
		"maternity-neonatal",   "learning-disability-autism",
	};
	static const char csv[] = COLUMNS "2024-01,12,100\n2024-02,4,100\n";
	char fields[256];
	size_t i;

	(void)state;
	for (i = 0; i < sizeof topics / sizeof topics[0]; i++) {
		(void)snprintf(fields, sizeof fields, "topics: [sepsis, %s]\n",
			       topics[i]);
		assert_series("evidence", fields, csv, GUARD_BLOCK,
			      guard_bit(GUARD_SMALL_NUMBER));
	}
	assert_series("evidence", "topics: [sepsis]\n", csv, GUARD_WARN,
		      guard_bit(GUARD_SMALL_NUMBER));
}

static void small_number__is_one_to_four(void **state)
{
	static const char fields[] = "topics: [care-in-custody]\n";

	(void)state;
	assert_series("evidence", fields,
		      COLUMNS "2024-01,0,100\n2024-02,5,100\n2024-03,,\n",
		      GUARD_PASS, 0);
	assert_series("evidence", fields, COLUMNS "2024-01,1,100\n",
		      GUARD_BLOCK, guard_bit(GUARD_SMALL_NUMBER));
	assert_series("evidence", fields, COLUMNS "2024-01,4.9,100\n",
		      GUARD_BLOCK, guard_bit(GUARD_SMALL_NUMBER));
}

static void small_number__is_told_for_each_month_with_its_line(void **state)
{
	struct guard_report report;

	(void)state;
	guard_look_at_record("---\nkind: evidence\ntopics: [sepsis]\n---\n",
			     COLUMNS
			     "2024-01,1,100\n2024-02,7,100\n2024-03,2,90\n",
			     "x", 0, &report);
	assert_int_equal(report.n, 2);
	assert_string_equal(report.list[0].file, "data.csv");
	assert_int_equal(report.list[0].line, 2);
	assert_int_equal(report.list[1].line, 4);
	guard_release(&report);
}

static void small_number__passes_for_a_whole_region(void **state)
{
	static const char csv[] = COLUMNS "2024-01,3,100\n";

	(void)state;
	assert_series("evidence",
		      "topics: [care-in-custody]\nscope: {level: region}\n",
		      csv, GUARD_PASS, 0);
	assert_series("priority",
		      "topics: [care-in-custody]\nbaseline_series: data.csv\n",
		      csv, GUARD_PASS, 0);
	assert_series("evidence",
		      "topics: [care-in-custody]\nscope: {level: system}\n",
		      csv, GUARD_BLOCK, guard_bit(GUARD_SMALL_NUMBER));
	assert_series("adoption", "topics: [care-in-custody]\n", csv,
		      GUARD_BLOCK, guard_bit(GUARD_SMALL_NUMBER));
}

/* A ward's table beside a priority is not the region's baseline. */
static void small_number__of_another_table_of_a_priority_is_blocked(
	void **state)
{
	static const char text[] =
		"---\nkind: priority\ntopics: [care-in-custody]\n"
		"baseline_series: data.csv\n---\n";
	static const char csv[] = COLUMNS "2024-01-01,3,90\n";
	struct record_file files[] = {
		{ span_of("record.md"), span_of(text) },
		{ span_of("data.csv"), span_of(csv) },
		{ span_of("attachments/ward-4.csv"), span_of(csv) },
	};
	struct guard_input in = { .files = files, .files_n = 3 };
	struct problems problems = { .n = 0 };
	struct guard_report report = { .n = 0 };
	struct record *record = NULL;

	(void)state;
	assert_int_equal(record_parse(span_of(text), &record, &problems),
			 WEALD_OK);
	in.record = record;
	guard_record(&in, &report);
	assert_int_equal(report.n, 1);
	assert_string_equal(report.list[0].file, "attachments/ward-4.csv");
	guard_check_report(&report, GUARD_BLOCK, guard_bit(GUARD_SMALL_NUMBER),
			   csv);
	record_free(record);
	problems_release(&problems);
}

static void small_number__of_a_region_with_one_site_is_asked(void **state)
{
	static const char csv[] = COLUMNS "2024-01,3,100\n";

	(void)state;
	assert_series("evidence",
		      "topics: [care-in-custody]\n"
		      "scope: {sites: 1, level: region}\n",
		      csv, GUARD_WARN, guard_bit(GUARD_SMALL_NUMBER));
	assert_series("evidence",
		      "topics: [care-in-custody]\n"
		      "scope: {sites: 7, level: region}\n",
		      csv, GUARD_PASS, 0);
}

static void small_number__is_blocked_for_sensitive_settings(void **state)
{
	static const char *const settings[] = {
		"custody",
		"maternity",
		"mental-health-inpatient",
		"mental-health-community",
		"learning-disability-service",
	};
	static const char csv[] = COLUMNS "2024-01,3,100\n";
	char fields[256];
	size_t i;

	(void)state;
	for (i = 0; i < sizeof settings / sizeof settings[0]; i++) {
		assert_non_null(code_find(vocab_codes("settings"),
					  span_of(settings[i])));
		(void)snprintf(fields, sizeof fields,
			       "topics: [sepsis]\nsettings: [%s]\n",
			       settings[i]);
		assert_series("evidence", fields, csv, GUARD_BLOCK,
			      guard_bit(GUARD_SMALL_NUMBER));
	}
	assert_series("evidence", "topics: [sepsis]\nsettings: [care-home]\n",
		      csv, GUARD_WARN, guard_bit(GUARD_SMALL_NUMBER));
}

static void rare_event__dated_by_month_is_asked(void **state)
{
	static const char csv[] = COLUMNS "2024-01-01,30,1\n2024-02-01,41,1\n";

	(void)state;
	assert_series("evidence", "topics: [suicide-reduction]\n", csv,
		      GUARD_WARN, guard_bit(GUARD_RARE_EVENT));
	assert_series("evidence",
		      "topics: [suicide-reduction]\nscope: {level: region}\n",
		      csv, GUARD_PASS, 0);
	assert_series("evidence", "topics: [sepsis]\n", csv, GUARD_PASS, 0);
	assert_series("evidence", "topics: [suicide-reduction]\n",
		      COLUMNS "2024-01-01,30,1\n2024-02-01,41,9\n", GUARD_PASS,
		      0);
}

/* What guard_record() says of one file beside no record. */
static void assert_file(const char *name, const char *text, unsigned kinds,
			size_t line)
{
	struct record_file file = { span_of(name), span_of(text) };
	struct guard_input in = { .files = &file, .files_n = 1 };
	struct guard_report report = { .n = 0 };

	guard_record(&in, &report);
	assert_int_equal(report.n, kinds != 0);
	if (kinds != 0) {
		assert_int_equal(report.list[0].line, line);
	}
	guard_check_report(&report, kinds != 0 ? GUARD_WARN : GUARD_PASS, kinds,
			   name);
}

static void table__of_people_is_asked_about_whatever_its_name(void **state)
{
	static const char rows[] = "Example,A,4,died\nExample,B,5,home\n"
				   "Example,C,4,home\n";

	(void)state;
	assert_file("attachments/list.txt", rows, guard_bit(GUARD_TABLE), 1);
	assert_file("attachments/list", "Seen:\na;b;c\nd;e;f\ng;h;i\n",
		    guard_bit(GUARD_TABLE), 2);
	assert_file("attachments/list.tsv", "a\tb\tc\nd\te\tf\ng\th\ti",
		    guard_bit(GUARD_TABLE), 1);
	assert_file("attachments/list.json",
		    "[\n{\"surname\": \"Example\", \"ward\": 4}\n]\n",
		    guard_bit(GUARD_TABLE), 2);
	assert_file("record.md",
		    "Text\n\n| Initials | Ward | Died |\n|---|---|---|\n"
		    "| A.B. | 4 | yes |\n",
		    guard_bit(GUARD_TABLE), 3);
	assert_file("record.md", "| Ward | Outcome |\n|:--|--:|\n| 4 | x |\n",
		    guard_bit(GUARD_TABLE), 1);
}

static void table__of_anything_else_passes(void **state)
{
	(void)state;
	assert_file("attachments/figures.txt",
		    COLUMNS "2024-01,36,118\n2024-02,41,120\n2024-03,4,99\n", 0,
		    0);
	assert_file("attachments/notes.txt",
		    "We met in May, in June with all wards, and then, slowly,\n"
		    "the forms came back, the wards agreed on them, and, last,"
		    "\nthe board read it, asked us for more, and, then, went."
		    "\n",
		    0, 0);
	assert_file("attachments/two.txt", "a,b,c\nd,e,f\n", 0, 0);
	assert_file("record.md", "| Month | Doses |\n|---|---|\n| May | 12 |\n",
		    0, 0);
	assert_file("record.md", "a,b,c\nd,e,f\ng,h,i\n", 0, 0);
}

static void file__that_cannot_be_read_is_asked_about(void **state)
{
	static const char *const names[] = {
		"attachments/a.pdf",  "attachments/a.SVG",
		"attachments/a.rtf",  "attachments/a.eml",
		"attachments/a.msg",  "attachments/a.doc",
		"attachments/a.docx", "attachments/a.xls",
		"attachments/a.xlsx", "attachments/a.ppt",
		"attachments/a.pptx", "attachments/a.zip",
		"attachments/a.png",  "attachments/a.jpg",
	};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof names / sizeof names[0]; i++) {
		assert_file(names[i], "plain", guard_bit(GUARD_UNREADABLE), 1);
	}
	assert_file("attachments/a", "%PDF-1.4\n", guard_bit(GUARD_UNREADABLE),
		    1);
	assert_file("attachments/b", "{\\rtf1 a}", guard_bit(GUARD_UNREADABLE),
		    1);
	/* one that its scan tells is told once */
	assert_file("attachments/c.png", "\x89PNG\x1a",
		    guard_bit(GUARD_UNREADABLE), 1);
	assert_file("attachments/a.txt", "plain", 0, 0);
}

/* A file may be called as a part is. */
static void finding__says_of_what_part_it_is(void **state)
{
	struct record_file files[] = {
		{ span_of("note"), span_of("Mrs Example") },
		{ span_of("mrs-example.txt"), span_of("") },
	};
	struct guard_input in = {
		.files = files,
		.files_n = 2,
		.slug = span_of("mrs-example"),
		.summary = span_of("Mrs Example"),
		.note = span_of("Mrs Example"),
	};
	static const enum guard_part parts[] = {
		GUARD_PART_FILE, GUARD_PART_FILE, GUARD_PART_SLUG,
		GUARD_PART_SUMMARY, GUARD_PART_NOTE
	};
	static const char *const called[] = { "note", "mrs-example.txt", "slug",
					      "summary", "note" };
	struct guard_report report = { .n = 0 };
	size_t i;

	(void)state;
	guard_record(&in, &report);
	assert_int_equal(report.n, 5);
	for (i = 0; i < 5; i++) {
		assert_int_equal(report.list[i].part, parts[i]);
		assert_string_equal(report.list[i].file, called[i]);
	}
	guard_release(&report);
}

/* What is not scanned again was found where it is written, whatever the way. */
static void value__is_found_in_every_way_of_writing(void **state)
{
	static const char *const ways[] = {
		"Mrs Example told us",   "\"Mrs Example told us\"",
		"'Mrs Example told us'", "\"Mrs\\x20Example told us\"",
		"Mrs\n  Example",        ">\n  Mrs\n  Example",
		"\"Mr\\x73 Example\"",   "[Mrs Example, a]",
		"x # Mrs Example",
	};
	char text[GUARD_TEXT_BYTES];
	struct guard_report report;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof ways / sizeof ways[0]; i++) {
		(void)snprintf(text, sizeof text,
			       HEAD "scale: %s\nstatus: open\n---\n", ways[i]);
		guard_look_at_record(text, NULL, "x", 0, &report);
		assert_int_equal(report.n, 1);
		guard_check_report(&report, GUARD_WARN,
				   guard_bit(GUARD_PERSON_NAME), text);
	}
}

static void rare_event__is_blocked_for_sensitive_topics(void **state)
{
	static const char csv[] = COLUMNS "2024-01-17,40,1\n2024-03-09,52,1\n";

	(void)state;
	assert_series("evidence", "topics: [suicide-reduction]\n", csv,
		      GUARD_BLOCK, guard_bit(GUARD_RARE_EVENT));
	assert_series("evidence",
		      "topics: [suicide-reduction]\nscope: {level: region}\n",
		      csv, GUARD_WARN, guard_bit(GUARD_RARE_EVENT));
	assert_series("evidence", "topics: [sepsis]\n", csv, GUARD_WARN,
		      guard_bit(GUARD_RARE_EVENT));
	assert_series("evidence", "topics: [sepsis]\nscope: {level: region}\n",
		      csv, GUARD_PASS, 0);
	/* two in one month are events too */
	assert_series("evidence", "topics: [suicide-reduction]\n",
		      COLUMNS "2024-01,40,1\n2024-01,7,1\n", GUARD_BLOCK,
		      guard_bit(GUARD_RARE_EVENT));
}

static void table__of_other_columns_is_refused(void **state)
{
	struct record_file file = { span_of("attachments/list.csv"),
				    span_of("ward,item\nA,trolley\n") };
	struct guard_input in = { .files = &file, .files_n = 1 };
	struct guard_report report = { .n = 0 };

	(void)state;
	assert_series("evidence", "topics: [sepsis]\n",
		      "month,age,sex\n2024-01,34,f\n", GUARD_BLOCK,
		      guard_bit(GUARD_TABLE));
	guard_record(&in, &report);
	guard_check_report(&report, GUARD_WARN, guard_bit(GUARD_TABLE),
			   "attachment");
}

static void read_into(struct buf *b, const char *path, const char *name)
{
	char full[512];

	(void)snprintf(full, sizeof full, TEST_DATA_DIR "/examples/%s/%s", path,
		       name);
	buf_init(b, CONTENT_BYTES_MAX);
	assert_int_equal(fs_read_file(full, CONTENT_BYTES_MAX, b, NULL),
			 WEALD_OK);
}

static void look_at_sample(const char *path, bool has_csv,
			   struct guard_report *out)
{
	struct record_file files[2];
	struct guard_input in = { .files = files, .slug = span_of("x") };
	struct problems problems = { .n = 0 };
	struct record *record = NULL;
	struct buf text;
	struct buf csv;

	read_into(&text, path, "record.md");
	files[0] =
		(struct record_file){ span_of("record.md"), buf_span(&text) };
	in.files_n = 1;
	buf_init(&csv, 0);
	if (has_csv) {
		read_into(&csv, path, "data.csv");
		files[1] = (struct record_file){ span_of("data.csv"),
						 buf_span(&csv) };
		in.files_n = 2;
	}
	assert_int_equal(record_parse(buf_span(&text), &record, &problems),
			 WEALD_OK);
	in.record = record;
	*out = (struct guard_report){ .n = 0 };
	guard_record(&in, out);
	record_free(record);
	problems_release(&problems);
	buf_release(&csv);
	buf_release(&text);
}

/* All 36; one of them has a month with four events, and is asked about it. */
static void samples__pass_but_for_one_small_number(void **state)
{
	static const char asked[] =
		"oxford-thames-valley/evidence/laparotomy-risk-score-poster";
	struct guard_report report;
	glob_t found;
	char full[512];
	const char *path;
	size_t i;

	(void)state;
	assert_int_equal(glob(TEST_DATA_DIR "/examples/*/*/*", GLOB_ONLYDIR,
			      NULL, &found),
			 0);
	assert_int_equal(found.gl_pathc, 36);
	for (i = 0; i < found.gl_pathc; i++) {
		path = found.gl_pathv[i] + strlen(TEST_DATA_DIR "/examples/");
		(void)snprintf(full, sizeof full, "%s/data.csv",
			       found.gl_pathv[i]);
		look_at_sample(path, access(full, F_OK) == 0, &report);
		if (strcmp(path, asked) == 0) {
			assert_int_equal(report.n, 1);
			guard_check_report(&report, GUARD_WARN,
					   guard_bit(GUARD_SMALL_NUMBER), path);
		} else {
			guard_check_report(&report, GUARD_PASS, 0, path);
		}
	}
	globfree(&found);
}

static void finding__is_told_once(void **state)
{
	struct guard_report report;

	(void)state;
	/* as it is written and as it reads */
	guard_look_at_record(HEAD
			     "scale: Mrs Example\ncontact: {role: Mrs Example, "
			     "mailbox: jane.example@example.nhs.uk}\n---\n",
			     NULL, "x", 0, &report);
	assert_int_equal(report.n, 3);
	guard_release(&report);
	/* one line, twice */
	report = guard_look("Mrs Example and Mrs Example\nMrs Example", "x", 0);
	assert_int_equal(report.n, 2);
	guard_release(&report);
}

static void record__that_cannot_be_read_is_scanned_all_the_same(void **state)
{
	struct record_file file = { span_of("record.md"),
				    span_of("no fields\nMRN 1234567\n") };
	struct guard_input in = { .files = &file, .files_n = 1 };
	struct guard_report report = { .n = 0 };

	(void)state;
	guard_record(&in, &report);
	guard_check_report(&report, GUARD_BLOCK,
			   guard_bit(GUARD_HOSPITAL_NUMBER), "");
}

static void file_name__is_read_in_words(void **state)
{
	struct record_file file = {
		span_of("attachments/mrs-example_34-year-old.pdf"), span_of("")
	};
	struct guard_input in = { .files = &file, .files_n = 1 };
	struct guard_report report = { .n = 0 };

	(void)state;
	guard_record(&in, &report);
	assert_int_equal(report.list[0].line, 0);
	guard_check_report(&report, GUARD_WARN,
			   guard_bit(GUARD_PERSON_NAME) |
				   guard_bit(GUARD_EXACT_AGE) |
				   guard_bit(GUARD_UNREADABLE),
			   "name");
}

/* Where memory lacks nothing is let through, and nothing is lost. */
static void lack_of_memory__blocks(void **state)
{
	static const char text[] =
		"---\nkind: evidence\ntopics: [sepsis]\ntitle: Mrs Example\n"
		"---\n\nFine.\n";
	struct record_file files[] = {
		{ span_of("record.md"), span_of(text) },
		{ span_of("data.csv"),
		  span_of("month,numerator,denominator\n2024-01,3,9\n") },
	};
	struct guard_input in = { .files = files, .files_n = 2 };
	struct problems problems = { .n = 0 };
	struct guard_report report = { .n = 0 };
	struct record *record = NULL;
	size_t calls;

	(void)state;
	assert_int_equal(record_parse(span_of(text), &record, &problems),
			 WEALD_OK);
	in.record = record;
	for (calls = 0;; calls++) {
		assert_true(calls < 200);
		allocations_left = calls;
		guard_record(&in, &report);
		allocations_left = SIZE_MAX;
		if (!report.no_memory) {
			break;
		}
		assert_int_equal(report.verdict, GUARD_BLOCK);
		assert_false(guard_is_covered(&report, span_of("")));
		guard_release(&report);
	}
	assert_true(calls > 5);
	guard_check_report(&report, GUARD_WARN,
			   guard_bit(GUARD_PERSON_NAME) |
				   guard_bit(GUARD_SMALL_NUMBER),
			   text);
	record_free(record);
	problems_release(&problems);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(blocking_vectors__are_blocked_in_the_body),
		cmocka_unit_test(blocking_vectors__are_blocked_in_data_csv),
		cmocka_unit_test(blocking_vectors__are_blocked_in_a_file_name),
		cmocka_unit_test(blocking_vectors__are_blocked_in_a_slug),
		cmocka_unit_test(blocking_vectors__are_blocked_in_yaml_escapes),
		cmocka_unit_test(
			blocking_vectors__are_blocked_across_folded_lines),
		cmocka_unit_test(
			blocking_vectors__are_blocked_in_note_and_summary),
		cmocka_unit_test(
			prison_number__is_blocked_anywhere_in_a_record_on_custody),
		cmocka_unit_test(
			landline__in_the_contact_field_of_a_record_passes),
		cmocka_unit_test(small_number__is_blocked_for_sensitive_topics),
		cmocka_unit_test(small_number__is_one_to_four),
		cmocka_unit_test(
			small_number__is_told_for_each_month_with_its_line),
		cmocka_unit_test(small_number__passes_for_a_whole_region),
		cmocka_unit_test(
			small_number__of_another_table_of_a_priority_is_blocked),
		cmocka_unit_test(
			small_number__of_a_region_with_one_site_is_asked),
		cmocka_unit_test(
			small_number__is_blocked_for_sensitive_settings),
		cmocka_unit_test(rare_event__dated_by_month_is_asked),
		cmocka_unit_test(
			table__of_people_is_asked_about_whatever_its_name),
		cmocka_unit_test(table__of_anything_else_passes),
		cmocka_unit_test(file__that_cannot_be_read_is_asked_about),
		cmocka_unit_test(finding__says_of_what_part_it_is),
		cmocka_unit_test(value__is_found_in_every_way_of_writing),
		cmocka_unit_test(rare_event__is_blocked_for_sensitive_topics),
		cmocka_unit_test(table__of_other_columns_is_refused),
		cmocka_unit_test(samples__pass_but_for_one_small_number),
		cmocka_unit_test(finding__is_told_once),
		cmocka_unit_test(
			record__that_cannot_be_read_is_scanned_all_the_same),
		cmocka_unit_test(file_name__is_read_in_words),
		cmocka_unit_test(lack_of_memory__blocks),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
