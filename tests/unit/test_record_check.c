/*
 * Records with what lies around them: their files, their series, the records
 * that they name; and records of any bytes.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "store/record/record.h"
#include "tests/unit/recordset.h"
#include "tests/unit/sample.h"

#define TEXT_BYTES_MAX 65536u

void *__real_malloc(size_t size);
void *__real_calloc(size_t n, size_t size);
void *__real_realloc(void *old, size_t size);
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t n, size_t size);
void *__wrap_realloc(void *old, size_t size);

/* How many allocations still succeed; then one fails. */
static size_t left = SIZE_MAX;

static bool fails(void)
{
	if (left == SIZE_MAX) {
		return false;
	}
	if (left > 0) {
		left--;
		return false;
	}
	left = SIZE_MAX;
	return true;
}

void *__wrap_malloc(size_t size)
{
	return fails() ? NULL : __real_malloc(size);
}

void *__wrap_calloc(size_t n, size_t size)
{
	return fails() ? NULL : __real_calloc(n, size);
}

void *__wrap_realloc(void *old, size_t size)
{
	return fails() ? NULL : __real_realloc(old, size);
}

static struct sample_records examples;

static int load_examples(void **state)
{
	(void)state;
	sample_records_load("examples", &examples);
	return 0;
}

static int release_examples(void **state)
{
	(void)state;
	sample_records_release(&examples);
	return 0;
}

/* Every record of the set is there, as version 1 with the digest 00...0. */
static enum record_found find_in(void *ctx, const struct reference *ref)
{
	const struct sample_records *s = ctx;
	size_t i;

	for (i = 0; i < s->n; i++) {
		if (span_equal(ref->region, span_of(s->list[i].region)) &&
		    span_equal(ref->kind, span_of(s->list[i].kind)) &&
		    span_equal(ref->slug, span_of(s->list[i].slug))) {
			if (ref->version > 1) {
				return RECORD_VERSION_ABSENT;
			}
			return ref->digest[0] == 0 ? RECORD_FOUND
						   : RECORD_OTHER_TEXT;
		}
	}
	return RECORD_ABSENT;
}

static struct record_check check_of(const struct sample_record *r,
				    struct sample_records *all)
{
	return (struct record_check){
		.region = span_of(r->region),
		.kind = span_of(r->kind),
		.slug = span_of(r->slug),
		.files = r->files,
		.files_n = r->files_n,
		.find = all == NULL ? NULL : find_in,
		.find_ctx = all,
	};
}

static void assert_all_pass(struct sample_records *s)
{
	struct record_check check;
	struct problems p;
	struct record *r;
	size_t i;

	for (i = 0; i < s->n; i++) {
		p = (struct problems){ .list = NULL };
		check = check_of(&s->list[i], s);
		assert_int_equal(record_check(&check, &r, &p), WEALD_OK);
		if (p.n > 0) {
			problems_print(&p);
			fail_msg("%s", s->list[i].folder);
		}
		assert_string_equal(r->kind->name, s->list[i].kind);
		problems_release(&p);
		record_free(r);
	}
}

static void record_check__passes_every_example(void **state)
{
	(void)state;
	assert_int_equal(examples.n, 36);
	assert_all_pass(&examples);
}

static void record_check__passes_our_own_samples(void **state)
{
	struct sample_records records;

	(void)state;
	sample_records_load("records", &records);
	assert_true(records.n > 30);
	assert_all_pass(&records);
	sample_records_release(&records);
}

/* ---- one thing changed ---------------------------------------------------
 */

/* A sample with some of its files changed. */
struct changed {
	struct sample_record sample;
	struct record_check check;
	struct buf text;
	struct problems p;
	struct record *r;
};

static void change_begin(struct changed *c, const char *kind)
{
	memset(c, 0, sizeof *c);
	c->sample = *sample_of_kind(&examples, kind);
	c->check = check_of(&c->sample, &examples);
	c->check.files = c->sample.files;
	buf_init(&c->text, TEXT_BYTES_MAX);
}

static struct record_file *file_of(struct changed *c, const char *name)
{
	size_t i = 0;

	while (i < c->sample.files_n &&
	       !span_equal(c->sample.files[i].name, span_of(name))) {
		i++;
	}
	assert_true(i < c->sample.files_n);
	return &c->sample.files[i];
}

static size_t change_field(struct changed *c, const char *name,
			   const char *line)
{
	struct record_file *f = file_of(c, RECORD_FILE);
	size_t at;

	at = text_with_field(f->content, name, line, &c->text);
	f->content = buf_span(&c->text);
	return at;
}

/* What comes of it is one problem. */
static void change_end(struct changed *c, enum problem_level level,
		       const char *file, size_t line, const char *why)
{
	assert_int_equal(record_check(&c->check, &c->r, &c->p), WEALD_OK);
	if (c->p.n != 1 || c->p.list[0].level != level ||
	    c->p.list[0].line != line || strcmp(c->p.list[0].file, file) != 0 ||
	    strstr(c->p.list[0].text.text, why) == NULL) {
		problems_print(&c->p);
		fail_msg("expected %s:%zu: %s", file, line, why);
	}
	problems_release(&c->p);
	record_free(c->r);
	buf_release(&c->text);
}

static void record_check__looks_up_references(void **state)
{
	struct changed c;
	size_t at;

	(void)state;
	/* east-midlands/priority/sepsis-antibiotics-in-time */
	change_begin(&c, "priority");
	at = change_field(&c, "problem", "problem: east-midlands/problem/x");
	change_end(&c, PROBLEM_ERROR, RECORD_FILE, at,
		   "east-midlands/problem/x is not there; publish it first");
	change_begin(&c, "priority");
	at = change_field(&c, "problem", "problem: wessex/problem/x");
	change_end(&c, PROBLEM_WARNING, RECORD_FILE, at,
		   "it may not have arrived yet");
	change_begin(&c, "priority");
	at = change_field(&c, "problem",
			  "problem: uclpartners/problem/"
			  "sepsis-late-antibiotics@2");
	change_end(&c, PROBLEM_WARNING, RECORD_FILE, at,
		   "sepsis-late-antibiotics has no version 2 here; it may");
	change_begin(&c, "priority");
	at = change_field(&c, "links",
			  "links: [{rel: about, id: east-midlands/priority/"
			  "sepsis-antibiotics-in-time@9}]");
	change_end(&c, PROBLEM_ERROR, RECORD_FILE, at,
		   "has no version 9 here; write one that there is");
	change_begin(&c, "priority");
	at = change_field(&c, "problem",
			  "problem: uclpartners/problem/"
			  "sepsis-late-antibiotics@1:0123456789abcdef");
	change_end(&c, PROBLEM_WARNING, RECORD_FILE, at,
		   "version 1 of uclpartners/problem/sepsis-late-antibiotics "
		   "has another text");
	change_begin(&c, "priority");
	at = change_field(&c, "links",
			  "links: [{rel: about, id: east-midlands/priority/"
			  "sepsis-antibiotics-in-time@1:0123456789abcdef}]");
	change_end(&c, PROBLEM_ERROR, RECORD_FILE, at, "has another text");
	change_begin(&c, "priority");
	at = change_field(&c, "aim",
			  "aim: {measure: east-midlands/measure/x, from: 2, "
			  "to: 1, unit: a, by: 2026-12}");
	change_end(&c, PROBLEM_ERROR, RECORD_FILE, at, "is not there");
	change_begin(&c, "priority");
	at = change_field(&c, "links",
			  "links: [{rel: about, id: east-midlands/priority/"
			  "sepsis-antibiotics-in-time}]");
	change_end(&c, PROBLEM_ERROR, RECORD_FILE, at,
		   "is this record itself; name another one");
	/* without a way to look, nothing is said */
	change_begin(&c, "priority");
	(void)change_field(&c, "problem", "problem: east-midlands/problem/x");
	c.check.find = NULL;
	assert_int_equal(record_check(&c.check, &c.r, &c.p), WEALD_OK);
	assert_int_equal(c.p.n, 0);
	record_free(c.r);
	buf_release(&c.text);
}

static void record_check__wants_the_files_that_are_named(void **state)
{
	struct record_file *f;
	struct changed c;
	size_t at;

	(void)state;
	change_begin(&c, "evidence");
	at = change_field(&c, "series", "series: data.csv");
	f = file_of(&c, RECORD_DATA);
	f->name = span_of("numbers.csv");
	change_end(&c, PROBLEM_ERROR, RECORD_FILE, at,
		   "the file \"data.csv\" is not there");

	change_begin(&c, "priority");
	(void)change_field(&c, "baseline_series", "");
	change_end(&c, PROBLEM_WARNING, RECORD_DATA, 0,
		   "no field names this file, so nothing reads it; write "
		   "\"baseline_series: data.csv\"");

	change_begin(&c, "problem");
	assert_true(c.sample.files_n < RECORDSET_FILES_MAX);
	c.sample.files[c.sample.files_n] =
		(struct record_file){ .name = span_of(RECORD_DATA),
				      .content = span_of("x") };
	c.check.files_n++;
	change_end(&c, PROBLEM_WARNING, RECORD_DATA, 0,
		   "records of kind problem have no series");

	/* broken before the field that names it: it may well stand there */
	change_begin(&c, "evidence");
	at = change_field(&c, "title", "title: a: b");
	change_end(&c, PROBLEM_ERROR, RECORD_FILE, at,
		   "mapping values are not allowed");
}

static void record_check__reads_the_series(void **state)
{
	struct record_file *f;
	struct changed c;

	(void)state;
	change_begin(&c, "evidence");
	f = file_of(&c, RECORD_DATA);
	f->content = span_of("month,name,numerator,denominator\n");
	assert_int_equal(record_check(&c.check, &c.r, &c.p), WEALD_OK);
	assert_true(c.p.errors > 0);
	assert_string_equal(c.p.list[0].file, RECORD_DATA);
	assert_int_equal(c.p.list[0].line, 1);
	assert_non_null(c.r);
	problems_release(&c.p);
	record_free(c.r);
}

/* The series of an evidence record is @csv; what comes of it is one warning. */
static void assert_share_warned(const char *csv, size_t line, const char *why)
{
	struct changed c;

	change_begin(&c, "evidence");
	file_of(&c, RECORD_DATA)->content = span_of(csv);
	change_end(&c, PROBLEM_WARNING, RECORD_DATA, line, why);
}

static void record_check__asks_about_more_events_than_at_risk(void **state)
{
	struct changed c;

	(void)state;
	assert_share_warned("month,numerator,denominator\n"
			    "2023-01,180,59\n",
			    2, "is over the denominator, here; right for");
	assert_share_warned("month,numerator,denominator\n2023-01,18,59\n"
			    "2023-02,180,59\n2023-03,7,59\n",
			    3, "is over the denominator, here; right for");
	assert_share_warned("month,numerator,denominator\n2023-01,18,59\n"
			    "2023-02,180,59\n2023-03,70,59\n",
			    3, "here and in other rows; right for");
	assert_share_warned("month,numerator,denominator\n2023-01,180,59\n"
			    "2023-02,180,59\n",
			    2, "here and in all rows; right for");
	/* all of all, and counts */
	change_begin(&c, "evidence");
	file_of(&c, RECORD_DATA)->content =
		span_of("month,numerator,denominator\n2023-01,59,59\n"
			"2023-02,180,1\n2023-03,,59\n");
	assert_int_equal(record_check(&c.check, &c.r, &c.p), WEALD_OK);
	assert_int_equal(c.p.n, 0);
	record_free(c.r);
	problems_release(&c.p);
}

static void record_check__keeps_the_kind_of_the_folder(void **state)
{
	struct changed c;
	size_t at;

	(void)state;
	change_begin(&c, "problem");
	at = change_field(&c, "kind", "kind: problem");
	c.check.kind = span_of("lesson");
	change_end(&c, PROBLEM_ERROR, RECORD_FILE, at,
		   "is problem, but the record stands under lesson");
}

static void record_check__needs_a_record_that_can_be_read(void **state)
{
	struct record_file file = { span_of(RECORD_DATA), span_of("x") };
	struct record_check check = { .files = &file, .files_n = 1 };
	struct problems p = { .list = NULL };
	struct record *r;

	(void)state;
	assert_int_equal(record_check(&check, &r, &p), WEALD_INVALID);
	assert_null(r);
	assert_int_equal(p.errors, 1);
	assert_string_equal(p.list[0].text.text, "there is no record.md");
	problems_release(&p);
	file.name = span_of(RECORD_FILE);
	assert_int_equal(record_check(&check, &r, &p), WEALD_INVALID);
	assert_null(r);
	assert_int_equal(p.errors, 1);
	assert_int_equal(p.list[0].line, 1);
	problems_release(&p);
}

/* ---- references ----------------------------------------------------------
 */

static int note_ref(void *ctx, const char *rel, const struct reference *ref,
		    size_t line)
{
	struct buf *b = ctx;
	int r = buf_addf(b, "%zu %s ", line, rel);

	if (r == WEALD_OK) {
		r = reference_format(b, ref);
	}
	return r == WEALD_OK ? buf_add_byte(b, '\n') : r;
}

static int stop_at_second(void *ctx, const char *rel,
			  const struct reference *ref, size_t line)
{
	size_t *n = ctx;

	(void)rel;
	(void)ref;
	(void)line;
	*n += 1;
	return *n == 2 ? WEALD_EXISTS : WEALD_OK;
}

static void record_refs__tells_each_with_its_name_and_line(void **state)
{
	static const char text[] =
		"---\n"
		"kind: priority\n"
		"problem: problem/a\n"
		"aim: {measure: wessex/measure/b@2, from: no}\n"
		"links:\n"
		"  - {rel: follows, id: kent/priority/c}\n"
		"  - {rel: follows, id: nothing}\n"
		"  - {id: kent/priority/d}\n"
		"  - {rel: about, id: \"weald:"
		"0123456789abcdef0123456789abcdef"
		"0123456789abcdef0123456789abcdef/lesson/e\"}\n"
		"  - word\n"
		"---\n";
	static const char expected[] =
		"3 problem south-west/problem/a\n"
		"4 aim.measure wessex/measure/b@2\n"
		"6 follows kent/priority/c\n"
		"9 about weald:0123456789abcdef0123456789abcdef"
		"0123456789abcdef0123456789abcdef/lesson/e\n";
	struct problems p = { .list = NULL };
	struct record *r;
	struct buf b;
	size_t n = 0;

	(void)state;
	buf_init(&b, TEXT_BYTES_MAX);
	assert_int_equal(record_parse(span_of(text), &r, &p), WEALD_OK);
	assert_int_equal(record_refs(r, span_of("south-west"), note_ref, &b),
			 WEALD_OK);
	assert_int_equal(buf_add_byte(&b, '\0'), WEALD_OK);
	assert_string_equal((const char *)b.data, expected);
	assert_int_equal(record_refs(r, span_of("south-west"), stop_at_second,
				     &n),
			 WEALD_EXISTS);
	assert_int_equal(n, 2);
	buf_release(&b);
	problems_release(&p);
	record_free(r);
}

static void record_refs__tells_nothing_of_an_unknown_kind(void **state)
{
	struct problems p = { .list = NULL };
	struct record *r;
	size_t n = 0;

	(void)state;
	assert_int_equal(
		record_parse(span_of("---\nkind: recipe\nproblem: a/b/c\n"
				     "---\n"),
			     &r, &p),
		WEALD_OK);
	assert_int_equal(record_refs(r, span_of("south-west"), stop_at_second,
				     &n),
			 WEALD_OK);
	assert_int_equal(n, 0);
	problems_release(&p);
	record_free(r);
}

/* ---- any bytes -----------------------------------------------------------
 */

static void assert_bounded(const struct problems *p, size_t lines)
{
	size_t i;

	assert_true(p->n <= PROBLEMS_MAX);
	for (i = 0; i < p->n; i++) {
		assert_true(p->list[i].line <= lines);
		assert_true(p->list[i].text.text[0] != '\0');
	}
}

static void mutate(struct prng *g, struct buf *b)
{
	static const char bytes[] = ":[]{}\"'#-&*!|>%@`, \n\tz0";
	size_t n = 1 + prng_below(g, 4);
	size_t at;
	size_t len;

	for (; n > 0 && b->len > 2; n--) {
		at = prng_below(g, b->len);
		switch (prng_below(g, 4)) {
		case 0:
			b->data[at] = (uint8_t)prng_next(g);
			break;
		case 1:
			b->data[at] =
				(uint8_t)bytes[prng_below(g, sizeof bytes - 1)];
			break;
		case 2:
			len = prng_below(g, b->len - at);
			memmove(b->data + at, b->data + at + len,
				b->len - at - len);
			b->len -= len;
			break;
		default:
			len = prng_below(g, b->len - at);
			if (len < 200 && buf_reserve(b, len) == WEALD_OK) {
				memmove(b->data + at + len, b->data + at,
					b->len - at);
				b->len += len;
			}
			break;
		}
	}
}

static void record_check__stands_any_change_of_a_sample(void **state)
{
	struct sample_record *s;
	struct record_check check;
	struct record_file *f;
	struct problems p;
	struct record *r;
	struct prng g;
	struct buf b;
	size_t broken = 0;
	size_t i;
	size_t k;
	int err;

	(void)state;
	prng_begin(&g, "record_check");
	buf_init(&b, TEXT_BYTES_MAX);
	for (i = 0; i < 3000; i++) {
		s = &examples.list[prng_below(&g, examples.n)];
		check = check_of(s, &examples);
		p = (struct problems){ .list = NULL };
		f = &s->files[prng_below(&g, s->files_n)];
		buf_clear(&b);
		assert_int_equal(buf_add(&b, f->content.data, f->content.len),
				 WEALD_OK);
		mutate(&g, &b);
		for (k = 0; k < s->files_n; k++) {
			s->files[k].content =
				f == &s->files[k] ? buf_span(&b)
						  : buf_span(&s->contents[k]);
		}
		err = record_check(&check, &r, &p);
		assert_true(err == WEALD_OK || err == WEALD_INVALID);
		assert_true((err == WEALD_OK) == (r != NULL));
		assert_bounded(&p, b.len + 2000);
		broken += p.errors > 0;
		problems_release(&p);
		record_free(r);
		for (k = 0; k < s->files_n; k++) {
			s->files[k].content = buf_span(&s->contents[k]);
		}
	}
	assert_true(broken > 1000);
	buf_release(&b);
}

static void record_check__says_that_memory_ran_out(void **state)
{
	static const char *const kinds[] = { "evidence", "withdrawal" };
	struct sample_record *s;
	struct record_check check;
	struct problems p;
	struct record *r;
	size_t k;
	size_t n;
	int err;

	(void)state;
	for (k = 0; k < 2; k++) {
		for (n = 0;; n++) {
			assert_true(n < 10000);
			/* one problem, so that the list needs memory, too */
			s = &examples.list[0];
			check = check_of(sample_of_kind(&examples, kinds[k]),
					 NULL);
			check.kind = span_of(s->kind);
			p = (struct problems){ .list = NULL };
			left = n;
			err = record_check(&check, &r, &p);
			if (left != SIZE_MAX) {
				break;
			}
			assert_true(err == WEALD_NOMEM);
			assert_null(r);
			problems_release(&p);
		}
		left = SIZE_MAX;
		assert_int_equal(err, WEALD_OK);
		assert_true(n > 5);
		assert_int_equal(p.n, 1);
		problems_release(&p);
		record_free(r);
	}
}

/* ---- the list of problems ------------------------------------------------
 */

static void problems_sort__goes_by_file_and_line(void **state)
{
	static const struct {
		const char *file;
		size_t line;
	} added[] = {
		{ "record.md", 3 }, { "data.csv", 9 },  { "record.md", 1 },
		{ "record.md", 3 }, { "data.csv", 10 }, { "data.csv", 0 },
	};
	static const char *const order[] = { "5", "1", "4", "2", "0", "3" };
	struct problems p = { .list = NULL };
	size_t i;

	(void)state;
	for (i = 0; i < 6; i++) {
		problem_add(&p, i % 2 == 0 ? PROBLEM_ERROR : PROBLEM_WARNING,
			    added[i].file, added[i].line, NULL, "%zu", i);
	}
	problems_sort(&p);
	assert_int_equal(p.n, 6);
	assert_int_equal(p.errors, 3);
	assert_int_equal(p.warnings, 3);
	for (i = 0; i < 6; i++) {
		assert_string_equal(p.list[i].text.text, order[i]);
		assert_string_equal(p.list[i].field, "");
	}
	problems_release(&p);
	assert_null(p.list);
	assert_int_equal(p.errors, 0);
}

static void problem_add__escapes_cuts_and_counts(void **state)
{
	struct problems p = { .list = NULL };
	char name[300];
	size_t i;

	(void)state;
	memset(name, 'a', sizeof name - 1);
	name[sizeof name - 1] = '\0';
	problem_add(&p, PROBLEM_ERROR, NULL, 0, "a\x1b[31m", "say %s", "\x07");
	assert_string_equal(p.list[0].file, "");
	assert_string_equal(p.list[0].field, "a\\x1b[31m");
	assert_string_equal(p.list[0].text.text, "say \\x07");
	problem_add(&p, PROBLEM_ERROR, name, 1, name, "%s", name);
	assert_int_equal(strlen(p.list[1].file), PROBLEM_FILE_BYTES - 1);
	assert_int_equal(strlen(p.list[1].field), PROBLEM_FIELD_BYTES - 1);
	for (i = 2; i < 500; i++) {
		problem_add(&p, PROBLEM_WARNING, "f", i, "", "x");
	}
	assert_int_equal(p.n, PROBLEMS_MAX);
	assert_int_equal(p.errors, 2);
	assert_int_equal(p.warnings, 498);
	problems_release(&p);
}

/* What keeps a record back is not hidden by what does not. */
static void problem_add__keeps_errors_rather_than_warnings(void **state)
{
	struct problems p = { .list = NULL };
	size_t i;

	(void)state;
	for (i = 0; i < PROBLEMS_MAX + 50; i++) {
		problem_add(&p, PROBLEM_WARNING, "f", i, "", "x");
	}
	problem_add(&p, PROBLEM_ERROR, "f", 200, "", "first");
	problem_add(&p, PROBLEM_ERROR, "f", 201, "", "second");
	problem_add(&p, PROBLEM_WARNING, "f", 202, "", "x");
	assert_int_equal(p.n, PROBLEMS_MAX);
	assert_int_equal(p.errors, 2);
	assert_int_equal(p.warnings, PROBLEMS_MAX + 51);
	for (i = 0; i < PROBLEMS_MAX - 2; i++) {
		assert_int_equal(p.list[i].line, i);
		assert_int_equal(p.list[i].level, PROBLEM_WARNING);
	}
	assert_string_equal(p.list[PROBLEMS_MAX - 2].text.text, "first");
	assert_string_equal(p.list[PROBLEMS_MAX - 1].text.text, "second");
	/* all errors: the first ones stay */
	for (i = 0; i < PROBLEMS_MAX; i++) {
		problem_add(&p, PROBLEM_ERROR, "f", 300 + i, "", "x");
	}
	assert_string_equal(p.list[0].text.text, "first");
	assert_int_equal(p.list[PROBLEMS_MAX - 1].line, 300 + PROBLEMS_MAX - 3);
	assert_int_equal(p.errors, PROBLEMS_MAX + 2);
	problems_release(&p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(record_check__passes_every_example),
		cmocka_unit_test(record_check__passes_our_own_samples),
		cmocka_unit_test(record_check__looks_up_references),
		cmocka_unit_test(record_check__wants_the_files_that_are_named),
		cmocka_unit_test(record_check__reads_the_series),
		cmocka_unit_test(
			record_check__asks_about_more_events_than_at_risk),
		cmocka_unit_test(record_check__keeps_the_kind_of_the_folder),
		cmocka_unit_test(record_check__needs_a_record_that_can_be_read),
		cmocka_unit_test(
			record_refs__tells_each_with_its_name_and_line),
		cmocka_unit_test(record_refs__tells_nothing_of_an_unknown_kind),
		cmocka_unit_test(record_check__stands_any_change_of_a_sample),
		cmocka_unit_test(record_check__says_that_memory_ran_out),
		cmocka_unit_test(problems_sort__goes_by_file_and_line),
		cmocka_unit_test(problem_add__escapes_cuts_and_counts),
		cmocka_unit_test(
			problem_add__keeps_errors_rather_than_warnings),
	};

	return cmocka_run_group_tests(tests, load_examples, release_examples);
}
