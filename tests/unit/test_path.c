#include "proto/path.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#include "proto/limits.h"
#include "tests/unit/sample.h"

/* @len letters; for names at their limits. */
static const char *letters(size_t len)
{
	static char text[300];

	assert_true(len < sizeof text);
	memset(text, 'a', len);
	text[len] = '\0';
	return text;
}

static void path_is_name__accepts_names(void **state)
{
	static const char *const good[] = { "a",   "0",   "intervention",
					    "a-b", "a--", "2026-sepsis",
					    "con", "lock" };
	size_t i;

	(void)state;
	for (i = 0; i < sizeof good / sizeof good[0]; i++) {
		assert_true(path_is_name(span_of(good[i])));
	}
	assert_true(path_is_name(span_of(letters(60))));
	assert_true(
		path_is_name(span_of("abcdefghijklmnopqrstuvwxyz-0123456789")));
}

static void path_is_name__refuses_everything_else(void **state)
{
	static const char *const bad[] = { "",     "-a",  "A",   "aB",
					   "a.b",  "a_b", "a b", "a/b",
					   "..",   ".",   "a\n", "\xc3\xa9",
					   "a\x7f" };
	size_t i;

	(void)state;
	for (i = 0; i < sizeof bad / sizeof bad[0]; i++) {
		assert_false(path_is_name(span_of(bad[i])));
	}
	assert_false(path_is_name(span_of(letters(61))));
	assert_false(path_is_name((struct span){ (const uint8_t *)"a\0b", 3 }));
	assert_false(path_is_name((struct span){ NULL, 0 }));
}

static void path_is_file_name__accepts_names(void **state)
{
	static const char *const good[] = {
		"record.md", "data.csv",  "a",           "0",
		"a..b",      "a-",        "a_",          "a.b.c",
		"lock",      "a.locks",   "a.lock.md",   "block",
		"lock.md",   "a-lock",    "con-1",       "console",
		"com",       "com10",     "coma",        "com-1.txt",
		"lpt",       "lpt10.txt", "nul-",        "nula.txt",
		"a.con",     "x.nul.txt", "attachments", "auxiliary",
		"prnt.md"
	};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof good / sizeof good[0]; i++) {
		if (!path_is_file_name(span_of(good[i]))) {
			fail_msg("%s is a file's name", good[i]);
		}
	}
	assert_true(path_is_file_name(span_of(letters(100))));
}

static void path_is_file_name__refuses_everything_else(void **state)
{
	static const char *const bad[] = {
		"",   ".",         "..",  ".git",     "-a",    "_a",
		"a.", "a..",       "a/b", "a\\b",     "a:b",   "a b",
		"A",  "README.md", "a~1", "\xc3\xa9", "a\x01", "a*"
	};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof bad / sizeof bad[0]; i++) {
		if (path_is_file_name(span_of(bad[i]))) {
			fail_msg("%s is no file's name", bad[i]);
		}
	}
	assert_false(path_is_file_name(span_of(letters(101))));
	assert_false(path_is_file_name((struct span){ NULL, 0 }));
	assert_false(
		path_is_file_name((struct span){ (const uint8_t *)"a\0", 2 }));
}

static void path_is_file_name__refuses_locks_of_git(void **state)
{
	(void)state;
	assert_false(path_is_file_name(span_of("a.lock")));
	assert_false(path_is_file_name(span_of("a.md.lock")));
	assert_false(path_is_file_name(span_of("lock.lock")));
	assert_false(path_is_file_name(span_of(".lock")));
}

static void path_is_file_name__refuses_devices_of_windows(void **state)
{
	static const char *const stems[] = { "con", "prn", "aux", "nul" };
	static const char *const endings[] = { "", ".md", ".tar.gz", ".a-b" };
	char name[32];
	size_t i;
	size_t j;

	(void)state;
	for (j = 0; j < sizeof endings / sizeof endings[0]; j++) {
		for (i = 0; i < sizeof stems / sizeof stems[0]; i++) {
			snprintf(name, sizeof name, "%s%s", stems[i],
				 endings[j]);
			assert_false(path_is_file_name(span_of(name)));
		}
		for (i = 0; i <= 9; i++) {
			snprintf(name, sizeof name, "com%zu%s", i, endings[j]);
			assert_false(path_is_file_name(span_of(name)));
			snprintf(name, sizeof name, "lpt%zu%s", i, endings[j]);
			assert_false(path_is_file_name(span_of(name)));
		}
	}
}

static void path_parse_record__gives_the_parts(void **state)
{
	struct record_path p;
	struct weald_msg msg = { "" };

	(void)state;
	assert_int_equal(path_parse_record(span_of("evidence/2026-11/sepsis-1"),
					   &p, &msg),
			 WEALD_OK);
	assert_true(span_equal(p.kind, span_of("evidence")));
	assert_true(span_equal(p.month, span_of("2026-11")));
	assert_true(span_equal(p.slug, span_of("sepsis-1")));
}

static void path_parse_record__bounds_kind_and_slug_at_60(void **state)
{
	static const struct {
		size_t kind;
		size_t slug;
		int code;
	} rows[] = { { 60, 60, WEALD_OK },     { 61, 60, WEALD_RECORD },
		     { 60, 61, WEALD_RECORD }, { 1, 1, WEALD_OK },
		     { 0, 1, WEALD_RECORD },   { 1, 0, WEALD_RECORD } };
	struct record_path p;
	char text[200];
	size_t i;

	(void)state;
	for (i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		snprintf(text, sizeof text, "%.*s/2026-11/%.*s",
			 (int)rows[i].kind, letters(100), (int)rows[i].slug,
			 letters(100));
		assert_int_equal(path_parse_record(span_of(text), &p, NULL),
				 rows[i].code);
	}
}

static void path_parse_record__checks_the_month(void **state)
{
	static const char *const good[] = { "0000-01", "1970-01", "2026-09",
					    "2026-10", "2026-11", "2026-12",
					    "9999-12" };
	static const char *const bad[] = {
		"2026-00", "2026-13", "2026-1",  "2026-20", "2026-011", "2026",
		"202a-01", "2026_01", "2026-a1", "2026-1a", "02026-1",  "",
		"-026-01", "2026-91", "2026-0:", "2026-1:"
	};
	struct record_path p;
	char text[64];
	size_t i;

	(void)state;
	for (i = 0; i < sizeof good / sizeof good[0]; i++) {
		snprintf(text, sizeof text, "a/%s/b", good[i]);
		assert_int_equal(path_parse_record(span_of(text), &p, NULL),
				 WEALD_OK);
	}
	for (i = 0; i < sizeof bad / sizeof bad[0]; i++) {
		snprintf(text, sizeof text, "a/%s/b", bad[i]);
		if (path_parse_record(span_of(text), &p, NULL) !=
		    WEALD_RECORD) {
			fail_msg("%s is no month", bad[i]);
		}
	}
}

static void path_parse_record__refuses_everything_else(void **state)
{
	static const char *const bad[] = { "",
					   "/",
					   "//",
					   "a",
					   "a/2026-01",
					   "a/2026-01/",
					   "/2026-01/b",
					   "a//b",
					   "a/2026-01/b/",
					   "a/2026-01/b/c",
					   "/a/2026-01/b",
					   "A/2026-01/b",
					   "a/2026-01/B",
					   "../2026-01/b",
					   "a/2026-01/..",
					   "a/2026-01/-b",
					   "a/2026-01/b c",
					   "a/2026-01/b.c",
					   "a\\2026-01\\b" };
	struct weald_msg msg = { "" };
	struct record_path p;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof bad / sizeof bad[0]; i++) {
		check_refused(path_parse_record(span_of(bad[i]), &p, &msg),
			      WEALD_RECORD, &msg, "record");
	}
	check_refused(path_parse_record((struct span){ NULL, 0 }, &p, &msg),
		      WEALD_RECORD, &msg, "record");
}

static void path_parse_record__escapes_what_it_repeats(void **state)
{
	struct weald_msg msg = { "" };
	struct record_path p;

	(void)state;
	check_refused(path_parse_record(span_of("a\x1b[2J\n"), &p, &msg),
		      WEALD_RECORD, &msg, "a\\x1b[2J\\x0a");
}

#define RECORD "evidence/2026-11/falls"

static void path_check_file__accepts_files_of_the_record(void **state)
{
	static const char *const good[] = { RECORD "/record.md",
					    RECORD "/data.csv",
					    RECORD "/attachments/photo.jpg",
					    RECORD "/attachments",
					    RECORD "/attachments-1.md",
					    RECORD "/attachments/attachments" };
	size_t i;

	(void)state;
	for (i = 0; i < sizeof good / sizeof good[0]; i++) {
		assert_int_equal(path_check_file(span_of(good[i]),
						 span_of(RECORD), NULL),
				 WEALD_OK);
	}
}

static void path_check_file__refuses_everything_else(void **state)
{
	static const char *const bad[] = { "",
					   "region.yaml",
					   ".gitattributes",
					   RECORD,
					   RECORD "/",
					   RECORD "//record.md",
					   RECORD "/attachments/",
					   RECORD "/attachments//a",
					   RECORD "/attachments/a/b",
					   RECORD "/other/a",
					   RECORD "/attachments/.git",
					   RECORD "/../../x",
					   RECORD "/..",
					   RECORD "/.GIT",
					   RECORD "/nul.md",
					   RECORD "/attachments/nul.md",
					   RECORD "/a.lock",
					   RECORD "-1/record.md",
					   "/" RECORD "/record.md",
					   "evidence/2026-12/falls/record.md",
					   "evidence/2026-11/fallz/record.md",
					   "../x" };
	struct weald_msg msg = { "" };
	size_t i;

	(void)state;
	for (i = 0; i < sizeof bad / sizeof bad[0]; i++) {
		check_refused(path_check_file(span_of(bad[i]), span_of(RECORD),
					      &msg),
			      WEALD_PATH, &msg, "path");
	}
}

static void path_check_file__bounds_file_names_at_100(void **state)
{
	char path[400];

	(void)state;
	snprintf(path, sizeof path, RECORD "/%s", letters(100));
	assert_int_equal(path_check_file(span_of(path), span_of(RECORD), NULL),
			 WEALD_OK);
	snprintf(path, sizeof path, RECORD "/%s", letters(101));
	assert_int_equal(path_check_file(span_of(path), span_of(RECORD), NULL),
			 WEALD_PATH);
	snprintf(path, sizeof path, RECORD "/attachments/%s", letters(100));
	assert_int_equal(path_check_file(span_of(path), span_of(RECORD), NULL),
			 WEALD_OK);
	snprintf(path, sizeof path, RECORD "/attachments/%s", letters(101));
	assert_int_equal(path_check_file(span_of(path), span_of(RECORD), NULL),
			 WEALD_PATH);
}

static void path_check_file__knows_the_two_files_of_the_root(void **state)
{
	static const char *const bad[] = { "",
					   "region.yml",
					   "Region.yaml",
					   "region.yaml/",
					   ".gitattribute",
					   "record.md",
					   ".git",
					   ".gitmodules",
					   "./region.yaml",
					   RECORD "/record.md" };
	struct weald_msg msg = { "" };
	size_t i;

	(void)state;
	assert_int_equal(path_check_file(span_of("region.yaml"), span_of(""),
					 &msg),
			 WEALD_OK);
	assert_int_equal(path_check_file(span_of(".gitattributes"), span_of(""),
					 &msg),
			 WEALD_OK);
	for (i = 0; i < sizeof bad / sizeof bad[0]; i++) {
		check_refused(path_check_file(span_of(bad[i]), span_of(""),
					      &msg),
			      WEALD_PATH, &msg, "root");
	}
}

/*
 * The rules said again, another way: cut at the slashes and looked at letter
 * by letter. Both must agree on anything near a path.
 */
static bool plain_is_file(const char *name, size_t max)
{
	size_t n = strlen(name);
	size_t stem = strcspn(name, ".");

	if (n == 0 || n > max || strchr("._-", name[0]) != NULL ||
	    strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789._-") != n ||
	    name[n - 1] == '.' ||
	    (n >= 5 && strcmp(name + n - 5, ".lock") == 0)) {
		return false;
	}
	if (stem == 3) {
		return strncmp(name, "con", 3) != 0 &&
		       strncmp(name, "prn", 3) != 0 &&
		       strncmp(name, "aux", 3) != 0 &&
		       strncmp(name, "nul", 3) != 0;
	}
	return !(
		stem == 4 && name[3] >= '0' && name[3] <= '9' &&
		(strncmp(name, "com", 3) == 0 || strncmp(name, "lpt", 3) == 0));
}

static void path_is_file_name__agrees_with_a_plain_reading(void **state)
{
	static const char *const parts[] = { "a",    "con", "com", "1",   ".",
					     "lock", "-",   "_",   "nul", "lpt",
					     "0",    "/",   "A",   " " };
	struct prng p;
	char name[128] = "";
	size_t accepted = 0;
	size_t n;
	int i;

	(void)state;
	prng_begin(&p, __func__);
	for (i = 0; i < 20000; i++) {
		name[0] = '\0';
		for (n = prng_below(&p, 6); n > 0; n--) {
			strcat(name,
			       parts[prng_below(&p, sizeof parts /
							    sizeof parts[0])]);
		}
		if (path_is_file_name(span_of(name)) !=
		    plain_is_file(name, 100)) {
			fail_msg("\"%s\"", name);
		}
		accepted += path_is_file_name(span_of(name));
	}
	assert_in_range(accepted, 2000, 18000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(path_is_name__accepts_names),
		cmocka_unit_test(path_is_name__refuses_everything_else),
		cmocka_unit_test(path_is_file_name__accepts_names),
		cmocka_unit_test(path_is_file_name__refuses_everything_else),
		cmocka_unit_test(path_is_file_name__refuses_locks_of_git),
		cmocka_unit_test(path_is_file_name__refuses_devices_of_windows),
		cmocka_unit_test(
			path_is_file_name__agrees_with_a_plain_reading),
		cmocka_unit_test(path_parse_record__gives_the_parts),
		cmocka_unit_test(path_parse_record__bounds_kind_and_slug_at_60),
		cmocka_unit_test(path_parse_record__checks_the_month),
		cmocka_unit_test(path_parse_record__refuses_everything_else),
		cmocka_unit_test(path_parse_record__escapes_what_it_repeats),
		cmocka_unit_test(path_check_file__accepts_files_of_the_record),
		cmocka_unit_test(path_check_file__refuses_everything_else),
		cmocka_unit_test(path_check_file__bounds_file_names_at_100),
		cmocka_unit_test(
			path_check_file__knows_the_two_files_of_the_root),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
