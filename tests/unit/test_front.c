#include "store/record/front.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "store/fs.h"

/* Tests run from the root of the repository. */
#ifndef TEST_DATA_DIR
#define TEST_DATA_DIR "tests/data"
#endif

static int parse(const char *text, struct front *out, struct weald_msg *msg)
{
	memset(msg, 0, sizeof *msg);
	return front_parse(span_of(text), "record.md", out, msg);
}

/* @text is refused with exactly @why, and nothing is written. */
static void assert_refused(const char *text, const char *why)
{
	struct weald_msg msg;
	struct front f;
	struct front before;

	memset(&f, 0x5a, sizeof f);
	before = f;
	assert_int_equal(parse(text, &f, &msg), WEALD_INVALID);
	assert_string_equal(msg.text, why);
	assert_memory_equal(&f, &before, sizeof f);
	assert_int_equal(front_parse(span_of(text), "record.md", &f, NULL),
			 WEALD_INVALID);
}

/* The same with @yaml as lines 2, 3 ... of the file. */
static void assert_yaml_refused(const char *yaml, const char *why)
{
	char text[4096];

	(void)snprintf(text, sizeof text, "---\n%s\n---\n", yaml);
	assert_refused(text, why);
}

static void assert_yaml_ok(const char *yaml)
{
	struct weald_msg msg;
	struct front f;
	char text[4096];

	(void)snprintf(text, sizeof text,
		       "---\nkind: measure\ntitle: T\n%s\n---\n", yaml);
	assert_int_equal(parse(text, &f, &msg), WEALD_OK);
}

static void front_parse__reads_kind_title_and_topics(void **state)
{
	static const char text[] = "---\n"
				   "topics: [sepsis, deterioration]\n"
				   "kind: intervention\n"
				   "title: \"Sepsis: a trolley\" # why not\n"
				   "---\n"
				   "\n"
				   "Body\n";
	struct weald_msg msg;
	struct front f;

	(void)state;
	assert_int_equal(parse(text, &f, &msg), WEALD_OK);
	assert_string_equal(f.kind, "intervention");
	assert_string_equal(f.title, "Sepsis: a trolley");
	assert_int_equal(f.topics_n, 2);
	assert_string_equal(f.topics[0], "deterioration");
	assert_string_equal(f.topics[1], "sepsis");
	assert_string_equal(text + f.body, "\nBody\n");
}

static void front_parse__takes_lines_of_windows(void **state)
{
	static const char text[] = "---\r\n"
				   "kind: lesson\r\n"
				   "title: Two\r\n"
				   "  lines\r\n"
				   "topics:\r\n"
				   "  - b\r\n"
				   "  - a\r\n"
				   "--- \r\n"
				   "Body\r\n";
	struct weald_msg msg;
	struct front f;

	(void)state;
	assert_int_equal(parse(text, &f, &msg), WEALD_OK);
	assert_string_equal(f.kind, "lesson");
	assert_string_equal(f.title, "Two lines");
	assert_int_equal(f.topics_n, 2);
	assert_string_equal(f.topics[0], "a");
	assert_string_equal(text + f.body, "Body\r\n");
}

static void front_parse__needs_no_topics_and_no_body(void **state)
{
	static const char text[] = "---\nkind: lesson\ntitle: T\n---";
	struct weald_msg msg;
	struct front f;

	(void)state;
	assert_int_equal(parse(text, &f, &msg), WEALD_OK);
	assert_int_equal(f.topics_n, 0);
	assert_int_equal(f.body, sizeof text - 1);
	assert_int_equal(parse("---\nkind: lesson\ntitle: T\ntopics: []\n---\n",
			       &f, &msg),
			 WEALD_OK);
	assert_int_equal(f.topics_n, 0);
}

static void front_parse__takes_every_scalar_for_text(void **state)
{
	struct weald_msg msg;
	struct front f;

	(void)state;
	assert_int_equal(parse("---\nkind: no\ntitle: 12:30\n"
			       "topics: [on, 1e3, null]\n---\n",
			       &f, &msg),
			 WEALD_OK);
	assert_string_equal(f.kind, "no");
	assert_string_equal(f.title, "12:30");
	assert_string_equal(f.topics[0], "1e3");
	assert_string_equal(f.topics[1], "null");
	assert_string_equal(f.topics[2], "on");
}

static void front_parse__reads_the_samples(void **state)
{
	static const struct {
		const char *path;
		const char *kind;
		const char *title;
		size_t topics_n;
	} samples[] = {
		{ TEST_DATA_DIR "/records/problem.md", "problem",
		  "Antibiotics start too late after sepsis is recognised", 1 },
		{ TEST_DATA_DIR "/records/intervention.md", "intervention",
		  "Sepsis trolley with a nurse-led first dose", 1 },
		{ TEST_DATA_DIR "/records/withdrawal.md", "withdrawal",
		  "Stop using the high-risk prescribing pop-up in its 2025 "
		  "form",
		  2 },
	};
	struct weald_msg msg;
	struct front f;
	struct buf b;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof samples / sizeof samples[0]; i++) {
		buf_init(&b, 0);
		assert_int_equal(fs_read_file(samples[i].path,
					      CONTENT_BYTES_MAX, &b, &msg),
				 WEALD_OK);
		assert_int_equal(front_parse(buf_span(&b), "record.md", &f,
					     &msg),
				 WEALD_OK);
		assert_string_equal(f.kind, samples[i].kind);
		assert_string_equal(f.title, samples[i].title);
		assert_int_equal(f.topics_n, samples[i].topics_n);
		assert_memory_equal(b.data + f.body, "\n> EXAMPLE.", 11);
		buf_release(&b);
	}
}

static void front_parse__refuses_what_is_not_between_fences(void **state)
{
	static const char head[] =
		"record.md:1: must begin with a line \"---\", then the "
		"fields, then another \"---\"";
	static const char tail[] = "record.md:1: the fields that begin here "
				   "have no closing line \"---\"";

	(void)state;
	assert_refused("", head);
	assert_refused("\n---\nkind: a\n---\n", head);
	assert_refused("----\nkind: a\n---\n", head);
	assert_refused("--- a\nkind: a\n---\n", head);
	assert_refused("---\rkind: a\r---\r", head);
	assert_refused("---", tail);
	assert_refused("---\nkind: a\ntitle: T\n", tail);
	assert_refused("---\nkind: a\ntitle: T\n ---\n", tail);
	assert_refused("---\nkind: a\ntitle: T\n----\n", tail);
}

static void front_parse__refuses_other_encodings(void **state)
{
	(void)state;
	assert_refused("\xef\xbb\xbf---\nkind: a\ntitle: T\n---\n",
		       "record.md:1: begins with a byte-order mark; save the "
		       "file as UTF-8 without BOM");
	assert_refused("\xff\xfe-",
		       "record.md:1: not UTF-8; save the file as UTF-8");
	assert_refused("---\nkind: a\ntitle: caf\xe9\n---\n",
		       "record.md:3: not UTF-8; save the file as UTF-8");
	assert_refused("---\nkind: a\ntitle: T\n---\n\ncaf\xe9\n",
		       "record.md:6: not UTF-8; save the file as UTF-8");
}

static void front_parse__refuses_control_and_invisible_characters(void **state)
{
	(void)state;
	assert_yaml_refused("kind: a\ntitle: a\rb",
			    "record.md:3: the character U+000D may not stand "
			    "here; remove it");
	assert_yaml_refused("kind: a\n# \xe2\x80\xae hidden",
			    "record.md:3: the character U+202E may not stand "
			    "here; remove it");
	assert_yaml_refused("a: \xe2\x80\xa8\nkind: a",
			    "record.md:2: the character U+2028 may not stand "
			    "here; remove it");
	assert_yaml_refused("a: \xef\xbf\xbf",
			    "record.md:2: the character U+FFFF may not stand "
			    "here; remove it");
	assert_yaml_refused("kind: a\ntitle: \"a\\tb\"",
			    "record.md:3: title holds the character U+0009 at "
			    "byte 1");
}

static void front_parse__refuses_what_restricted_yaml_leaves_out(void **state)
{
	(void)state;
	assert_yaml_refused("kind: a\ntitle: T\na: &x 1\nb: *x",
			    "record.md:4: anchors (&) are not allowed; put a "
			    "text that begins with & in quotes");
	assert_yaml_refused("a: [1, *x]",
			    "record.md:2: aliases (*) are not allowed; put a "
			    "text that begins with * in quotes");
	assert_yaml_refused("a:\n  b: !!str 1",
			    "record.md:3: tags (!) are not allowed; put a text "
			    "that begins with ! in quotes");
	assert_yaml_refused("\xc3\xa9: 1\nb: ! 1",
			    "record.md:3: tags (!) are not allowed; put a text "
			    "that begins with ! in quotes");
	assert_yaml_refused("a: ! [1]",
			    "record.md:2: tags (!) are not allowed; put a text "
			    "that begins with ! in quotes");
	assert_yaml_refused("%YAML 1.1\n--- \na: 1",
			    "record.md:3: did not find expected <document "
			    "start>");
	assert_yaml_refused("kind: a\n--- b\nc: 1",
			    "record.md:3: one document only: no directive (%) "
			    "and no second \"---\"");
	assert_yaml_refused("kind: a\ntitle: T\n...",
			    "record.md:4: a line \"...\" is not allowed");
	assert_yaml_refused("{a: 1}: 2",
			    "record.md:2: the name of a field must be a text");
	assert_yaml_refused("\"\": 2", "record.md:2: a field without a name");
}

static void front_parse__refuses_a_field_given_twice(void **state)
{
	(void)state;
	assert_yaml_refused("kind: a\ntitle: T\nkind: b",
			    "record.md:4: field \"kind\" is given twice");
	assert_yaml_refused("a: {b: 1, c: 2, \"b\": 3}",
			    "record.md:2: field \"b\" is given twice");
	assert_yaml_refused("a:\n  b: 1\n  b: 2\n",
			    "record.md:4: field \"b\" is given twice");
	/* the same name elsewhere is another field */
	assert_yaml_ok("a: {kind: 1, title: 2}\nb: [{c: 1}, {c: 2}]\nc: 1");
}

static void front_parse__explains_what_is_not_yaml(void **state)
{
	(void)state;
	assert_yaml_refused("kind: a\ntitle: Sepsis: a trolley",
			    "record.md:3: mapping values are not allowed in "
			    "this context; put a text that holds \": \" in "
			    "quotes");
	assert_yaml_refused("kind: a\ntitle",
			    "record.md:4: could not find expected ':' while "
			    "scanning a simple key that begins in line 3; a "
			    "field is written \"name: value\"");
	assert_yaml_refused("kind: a\n\ttitle: T",
			    "record.md:3: found a tab character that violates "
			    "indentation while scanning a plain scalar that "
			    "begins in line 2; indent with spaces, not tabs");
	assert_yaml_refused("kind: a\nother:\n\t- b",
			    "record.md:4: found character that cannot start "
			    "any token; indent with spaces, not tabs");
	assert_yaml_refused("kind: a\ntitle: @T",
			    "record.md:3: found character that cannot start "
			    "any token; put the text in quotes");
	assert_yaml_refused("other: [a, b\nkind: a",
			    "record.md:3: did not find expected ',' or ']' "
			    "while parsing a flow sequence that begins in line "
			    "2; check that the list ends in \"]\"");
	assert_yaml_refused("kind: a\ntitle: \"T\nb: 1",
			    "record.md:5: found unexpected end of stream while "
			    "scanning a quoted scalar that begins in line 3; a "
			    "quote is opened and not closed");
	assert_yaml_refused("- kind: a",
			    "record.md:2: must be fields, one \"name: value\" "
			    "a line");
	assert_yaml_refused("kind",
			    "record.md:2: must be fields, one \"name: value\" "
			    "a line");
}

static void front_parse__says_what_is_missing(void **state)
{
	static const char kind[] = "kind is missing; add a line such as "
				   "\"kind: intervention\" above this one";
	char why[256];

	(void)state;
	(void)snprintf(why, sizeof why, "record.md:2: %s", kind);
	assert_refused("---\n---\n", why);
	(void)snprintf(why, sizeof why, "record.md:4: %s", kind);
	assert_refused("---\n# no more\n\n---\n", why);
	(void)snprintf(why, sizeof why, "record.md:3: %s", kind);
	assert_yaml_refused("title: T", why);
	assert_yaml_refused("kind: a",
			    "record.md:3: title is missing; add a line such as "
			    "\"title: Sepsis trolley on every ward\" above "
			    "this one");
}

static void front_parse__refuses_a_wrong_kind(void **state)
{
	(void)state;
	assert_yaml_refused("kind:\ntitle: T", "record.md:2: kind is empty");
	assert_yaml_refused("title: T\nkind: [a]",
			    "record.md:3: kind must be a text, not a list or "
			    "fields");
	assert_yaml_refused("kind: Measure",
			    "record.md:2: kind \"Measure\" must be a word of "
			    "a-z, 0-9 and \"-\", such as intervention");
	assert_yaml_refused("kind: ../x",
			    "record.md:2: kind \"../x\" must be a word of a-z, "
			    "0-9 and \"-\", such as intervention");
	assert_yaml_refused(
		"kind: a123456789012345678901234567890123456789012345678901234"
		"567890",
		"record.md:2: kind \"a1234567890123456789012345678901234567890"
		"12345678901234567890\" must be a word of a-z, 0-9 and \"-\", "
		"such as intervention");
}

static void front_parse__refuses_a_wrong_title(void **state)
{
	char yaml[512] = "kind: a\ntitle: ";
	struct weald_msg msg;
	struct front f;
	char text[600];
	size_t n = strlen(yaml);

	(void)state;
	assert_yaml_refused("kind: a\ntitle: \"\"",
			    "record.md:3: title is empty");
	assert_yaml_refused("kind: a\ntitle: {a: 1}",
			    "record.md:3: title must be a text, not a list or "
			    "fields");
	assert_yaml_refused("kind: a\ntitle: |\n  T",
			    "record.md:3: title must be one line");
	assert_yaml_refused("kind: a\ntitle: ' T'",
			    "record.md:3: title begins or ends with a space");
	memset(yaml + n, 'x', FRONT_TITLE_BYTES_MAX + 1);
	assert_yaml_refused(yaml, "record.md:3: title has 401 bytes, allowed "
				  "are 1 to 400");
	yaml[n + FRONT_TITLE_BYTES_MAX] = '\0';
	(void)snprintf(text, sizeof text, "---\n%s\n---\n", yaml);
	assert_int_equal(parse(text, &f, &msg), WEALD_OK);
	assert_int_equal(strlen(f.title), FRONT_TITLE_BYTES_MAX);
}

static void front_parse__refuses_wrong_topics(void **state)
{
	(void)state;
	assert_yaml_refused("topics: sepsis",
			    "record.md:2: topics must be a list, such as "
			    "topics: [sepsis]");
	assert_yaml_refused("topics:\nkind: a",
			    "record.md:2: topics must be a list, such as "
			    "topics: [sepsis]");
	assert_yaml_refused("topics:\n  - a\n  - b\n  - a",
			    "record.md:5: topic \"a\" is given twice");
	assert_yaml_refused("topics: [a, Sepsis]",
			    "record.md:2: topic \"Sepsis\" must be a code of "
			    "a-z, 0-9 and \"-\", such as sepsis");
	assert_yaml_refused("topics: [[a]]",
			    "record.md:2: topic \"\" must be a code of a-z, "
			    "0-9 and \"-\", such as sepsis");
	assert_yaml_refused("topics: [a, b, c, d, e, f, g, h, i]",
			    "record.md:2: topic \"i\" is one too many: at most "
			    "8 are allowed");
	assert_yaml_ok("topics: [h, g, f, e, d, c, b, a]");
}

static void front_parse__bounds_depth_fields_and_events(void **state)
{
	const size_t max = 300000;
	char *text = malloc(max);
	struct weald_msg msg;
	struct front f;
	size_t n;
	size_t i;

	(void)state;
	assert_non_null(text);
	assert_yaml_ok("a: [[[[[[[1]]]]]]]");
	assert_yaml_refused("kind: a\nb: [[[[[[[[1]]]]]]]]",
			    "record.md:3: lists and fields are nested too "
			    "deeply");
	n = (size_t)snprintf(text, max, "---\n");
	for (i = 0; i <= 256; i++) {
		n += (size_t)snprintf(text + n, max - n, "f%zu: 1\n", i);
	}
	(void)snprintf(text + n, max - n, "---\n");
	assert_refused(text, "record.md:258: too many fields");
	n = (size_t)snprintf(text, max, "---\na: [\n");
	for (i = 0; i < 100000; i++) {
		text[n++] = '1';
		text[n++] = ',';
	}
	(void)snprintf(text + n, max - n, "]\n---\n");
	assert_refused(text, "record.md:3: too many values");
	memset(text, '[', max - 1);
	memcpy(text, "---\na: ", 7);
	memcpy(text + max - 6, "\n---\n", 6);
	assert_int_equal(parse(text, &f, &msg), WEALD_INVALID);
	free(text);
}

static void front_parse__refuses_over_the_size_limit(void **state)
{
	static const char head[] = "---\nkind: a\ntitle: T\n---\n";
	char *text = calloc(1, CONTENT_BYTES_MAX + 1);
	struct weald_msg msg;
	struct front f;

	(void)state;
	assert_non_null(text);
	memset(text, ' ', CONTENT_BYTES_MAX + 1);
	memcpy(text, head, sizeof head - 1);
	assert_int_equal(front_parse((struct span){ (uint8_t *)text,
						    CONTENT_BYTES_MAX },
				     "record.md", &f, &msg),
			 WEALD_OK);
	assert_int_equal(front_parse((struct span){ (uint8_t *)text,
						    CONTENT_BYTES_MAX + 1 },
				     "record.md", &f, &msg),
			 WEALD_TOOBIG);
	assert_string_equal(msg.text, "record.md: longer than the limit of "
				      "1048576 bytes");
	free(text);
}

static void front_find_body__needs_no_valid_fields(void **state)
{
	static const char text[] = "---\n[: *\n---\nBody\n";
	struct weald_msg msg;
	size_t body;

	(void)state;
	assert_int_equal(front_find_body(span_of(text), "record.md", &body,
					 &msg),
			 WEALD_OK);
	assert_string_equal(text + body, "Body\n");
	assert_int_equal(front_find_body(span_of("Body\n"), "record.md", &body,
					 &msg),
			 WEALD_INVALID);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(front_parse__reads_kind_title_and_topics),
		cmocka_unit_test(front_parse__takes_lines_of_windows),
		cmocka_unit_test(front_parse__needs_no_topics_and_no_body),
		cmocka_unit_test(front_parse__takes_every_scalar_for_text),
		cmocka_unit_test(front_parse__reads_the_samples),
		cmocka_unit_test(
			front_parse__refuses_what_is_not_between_fences),
		cmocka_unit_test(front_parse__refuses_other_encodings),
		cmocka_unit_test(
			front_parse__refuses_control_and_invisible_characters),
		cmocka_unit_test(
			front_parse__refuses_what_restricted_yaml_leaves_out),
		cmocka_unit_test(front_parse__refuses_a_field_given_twice),
		cmocka_unit_test(front_parse__explains_what_is_not_yaml),
		cmocka_unit_test(front_parse__says_what_is_missing),
		cmocka_unit_test(front_parse__refuses_a_wrong_kind),
		cmocka_unit_test(front_parse__refuses_a_wrong_title),
		cmocka_unit_test(front_parse__refuses_wrong_topics),
		cmocka_unit_test(front_parse__bounds_depth_fields_and_events),
		cmocka_unit_test(front_parse__refuses_over_the_size_limit),
		cmocka_unit_test(front_find_body__needs_no_valid_fields),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
