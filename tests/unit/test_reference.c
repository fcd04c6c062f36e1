#include "store/record/reference.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#define OWN "south-west"

/* @text means what @formatted spells out. */
static void assert_means(const char *text, const char *formatted)
{
	struct weald_msg msg;
	struct reference ref;
	struct buf b;

	buf_init(&b, REFERENCE_BYTES_MAX);
	assert_int_equal(reference_parse(span_of(text), span_of(OWN), &ref,
					 &msg),
			 WEALD_OK);
	assert_int_equal(reference_format(&b, &ref), WEALD_OK);
	assert_int_equal(b.len, strlen(formatted));
	assert_memory_equal(b.data, formatted, b.len);
	buf_release(&b);
}

static void assert_refused(const char *text, const char *why)
{
	struct reference ref = { .version = 99 };
	struct weald_msg msg = { .text = "" };

	assert_int_equal(reference_parse(span_of(text), span_of(OWN), &ref,
					 &msg),
			 WEALD_INVALID);
	assert_int_equal(ref.version, 99);
	if (strstr(msg.text, why) == NULL) {
		fail_msg("\"%s\" does not say \"%s\"", msg.text, why);
	}
}

static void reference_parse__gives_the_parts(void **state)
{
	struct weald_msg msg;
	struct reference ref;

	(void)state;
	assert_int_equal(reference_parse(span_of("kent/evidence/a-b@12"),
					 span_of(OWN), &ref, &msg),
			 WEALD_OK);
	assert_true(span_equal(ref.region, span_of("kent")));
	assert_true(span_equal(ref.kind, span_of("evidence")));
	assert_true(span_equal(ref.slug, span_of("a-b")));
	assert_int_equal(ref.version, 12);
}

static void reference_parse__takes_all_forms(void **state)
{
	(void)state;
	assert_means("kent/evidence/a", "kent/evidence/a");
	assert_means("kent/evidence/a@1", "kent/evidence/a@1");
	assert_means("evidence/a", OWN "/evidence/a");
	assert_means("evidence/a@3", OWN "/evidence/a@3");
	assert_means("kent/evidence/a@9007199254740992",
		     "kent/evidence/a@9007199254740992");
	assert_means("a23456789012345678901234567890123456789z-0123456789ab/"
		     "lesson/x",
		     "a23456789012345678901234567890123456789z-0123456789ab/"
		     "lesson/x");
}

#define FEED_ID_LARGE                      \
	"weald:"                           \
	"0123456789ABCDEF0123456789abcdef" \
	"0123456789abcdef0123456789abcdef" \
	"/lesson/x"

#define FEED_ID                            \
	"0123456789abcdef0123456789abcdef" \
	"0123456789abcdef0123456789abcdef"

static void reference_parse__takes_the_form_for_machines(void **state)
{
	struct reference ref;

	(void)state;
	assert_means("weald:" FEED_ID "/lesson/x",
		     "weald:" FEED_ID "/lesson/x");
	assert_means("weald:" FEED_ID "/lesson/x@7",
		     "weald:" FEED_ID "/lesson/x@7");
	assert_int_equal(reference_parse(span_of("weald:" FEED_ID "/lesson/x"),
					 span_of(OWN), &ref, NULL),
			 WEALD_OK);
	assert_true(ref.is_feed);
	assert_true(span_equal(ref.region, span_of(FEED_ID)));
	assert_int_equal(reference_parse(span_of("kent/lesson/x"), span_of(OWN),
					 &ref, NULL),
			 WEALD_OK);
	assert_false(ref.is_feed);
}

static void reference_parse__takes_a_digest_behind_the_version(void **state)
{
	static const uint8_t digest[] = { 0x01, 0x23, 0x45, 0x67,
					  0x89, 0xab, 0xcd, 0xef };
	struct reference ref;

	(void)state;
	assert_means("kent/lesson/x@3:0123456789abcdef",
		     "kent/lesson/x@3:0123456789abcdef");
	assert_means("lesson/x@3:0123456789abcdef",
		     OWN "/lesson/x@3:0123456789abcdef");
	assert_means("weald:" FEED_ID "/lesson/x@3:0123456789abcdef",
		     "weald:" FEED_ID "/lesson/x@3:0123456789abcdef");
	assert_int_equal(
		reference_parse(span_of("kent/lesson/x@3:0123456789abcdef"),
				span_of(OWN), &ref, NULL),
		WEALD_OK);
	assert_int_equal(ref.version, 3);
	assert_true(ref.has_digest);
	assert_memory_equal(ref.digest, digest, sizeof digest);
	assert_int_equal(reference_parse(span_of("kent/lesson/x@3"),
					 span_of(OWN), &ref, NULL),
			 WEALD_OK);
	assert_false(ref.has_digest);
}

static void reference_pin__ties_it_to_one_text(void **state)
{
	const struct span text = span_of("abc");
	struct reference ref;
	struct buf b;

	(void)state;
	assert_int_equal(reference_parse(span_of("kent/lesson/x@3"),
					 span_of(OWN), &ref, NULL),
			 WEALD_OK);
	assert_true(reference_pins(&ref, text));
	assert_int_equal(reference_pin(&ref, text), WEALD_OK);
	buf_init(&b, REFERENCE_BYTES_MAX);
	assert_int_equal(reference_format(&b, &ref), WEALD_OK);
	/* FIPS 180-2, B.1 */
	assert_true(span_equal(buf_span(&b),
			       span_of("kent/lesson/x@3:ba7816bf8f01cfea")));
	buf_release(&b);
	assert_true(reference_pins(&ref, text));
	assert_false(reference_pins(&ref, span_of("abd")));
	assert_false(reference_pins(&ref, span_of("")));
}

static void reference_format__holds_the_longest(void **state)
{
	char text[REFERENCE_BYTES_MAX + 1];
	struct reference ref;
	char name[NAME_BYTES_MAX + 1];
	struct buf b;
	int n;

	(void)state;
	memset(name, 'a', NAME_BYTES_MAX);
	name[NAME_BYTES_MAX] = '\0';
	n = snprintf(text, sizeof text,
		     "weald:" FEED_ID "/%s/%s@9007199254740992:"
		     "0123456789abcdef",
		     name, name);
	assert_true(n > 0 && (size_t)n == REFERENCE_BYTES_MAX);
	assert_int_equal(reference_parse(span_of(text), span_of(OWN), &ref,
					 NULL),
			 WEALD_OK);
	buf_init(&b, REFERENCE_BYTES_MAX);
	assert_int_equal(reference_format(&b, &ref), WEALD_OK);
	assert_int_equal(b.len, REFERENCE_BYTES_MAX);
	buf_release(&b);
}

static void reference_parse__refuses_other_forms(void **state)
{
	static const char *const texts[] = {
		"",
		"a",
		"/",
		"/a",
		"a/",
		"//",
		"kent//a",
		"kent/a/",
		"/kent/a/b",
		"a/b/c/d",
		"kent/a/b/",
		"Kent/a/b",
		"kent/A/b",
		"kent/a/b c",
		"kent/a/../b",
		"-kent/a/b",
		"k/a/b",
		"kent/-a/b",
		"kent/a/b\n",
		"../a",
		"a23456789012345678901234567890123456789z-0123456789aB/a/b",
		"weald:",
		"weald:lesson/x",
		"weald:kent/lesson/x",
		"weald:" FEED_ID,
		"weald:" FEED_ID "/x",
		"weald:" FEED_ID "0/lesson/x",
		"Weald:" FEED_ID "/lesson/x",
		FEED_ID "/lesson/x",
		FEED_ID_LARGE,
	};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof texts / sizeof texts[0]; i++) {
		assert_refused(texts[i], "does not name a record; write "
					 "region/kind/slug or, for a record of "
					 "this region, kind/slug");
	}
}

static void reference_parse__refuses_a_wrong_version(void **state)
{
	static const char *const texts[] = {
		"kent/a/b@",
		"kent/a/b@0",
		"kent/a/b@01",
		"kent/a/b@-1",
		"kent/a/b@x",
		"kent/a/b@1x",
		"kent/a/b@1@2",
		"kent@2/a/b",
		"kent/a/b@ 1",
		"@",
		"a/b@latest",
		"kent/a/b@9007199254740993",
		"a/b@1:",
		"a/b@1:0123456789abcde",
		"a/b@1:0123456789abcdef0",
		"a/b@1:0123456789ABCDEF",
		"a/b@:0123456789abcdef",
		"a/b@0:0123456789abcdef",
		"a/b@1:0123456789abcdeg",
		"a/b@1:0123456789abcdef:",
	};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof texts / sizeof texts[0]; i++) {
		assert_refused(texts[i], "behind the @ stands the version, a "
					 "number from 1");
	}
}

static void reference_parse__needs_a_region_where_none_is_the_own(void **state)
{
	struct span none = { NULL, 0 };
	struct reference ref;

	(void)state;
	assert_int_equal(reference_parse(span_of("a/b"), none, &ref, NULL),
			 WEALD_INVALID);
	assert_int_equal(reference_parse(span_of("kent/a/b"), none, &ref, NULL),
			 WEALD_OK);
}

static void reference_is_region__takes_slug_and_digits(void **state)
{
	(void)state;
	assert_true(reference_is_region(span_of("kent")));
	assert_true(reference_is_region(span_of("kent-0123456789ab")));
	assert_true(reference_is_region(span_of(
		"a23456789012345678901234567890123456789z-0123456789ab")));
	assert_false(reference_is_region(span_of(
		"a23456789012345678901234567890123456789z-0123456789a")));
	assert_false(reference_is_region(span_of(
		"a23456789012345678901234567890123456789z-0123456789ag")));
	assert_false(reference_is_region(span_of(
		"a23456789012345678901234567890123456789zz-0123456789ab")));
	assert_false(reference_is_region(span_of(
		"a23456789012345678901234567890123456789z_0123456789ab")));
	assert_false(reference_is_region(span_of("")));
	assert_false(reference_is_region(span_of("..")));
}

static void reference_format__leaves_a_full_buffer_as_it_was(void **state)
{
	struct reference ref = { .version = 1 };
	struct buf b;

	(void)state;
	ref.region = span_of("kent");
	ref.kind = span_of("lesson");
	ref.slug = span_of("x");
	buf_init(&b, 16);
	assert_int_equal(buf_add_text(&b, "ab"), WEALD_OK);
	assert_int_equal(reference_format(&b, &ref), WEALD_TOOBIG);
	assert_int_equal(b.len, 2);
	b.max = 17;
	assert_int_equal(reference_format(&b, &ref), WEALD_OK);
	assert_memory_equal(b.data, "abkent/lesson/x@1", 17);
	buf_release(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reference_parse__gives_the_parts),
		cmocka_unit_test(reference_parse__takes_all_forms),
		cmocka_unit_test(reference_parse__takes_the_form_for_machines),
		cmocka_unit_test(
			reference_parse__takes_a_digest_behind_the_version),
		cmocka_unit_test(reference_pin__ties_it_to_one_text),
		cmocka_unit_test(reference_format__holds_the_longest),
		cmocka_unit_test(reference_parse__refuses_other_forms),
		cmocka_unit_test(reference_parse__refuses_a_wrong_version),
		cmocka_unit_test(
			reference_parse__needs_a_region_where_none_is_the_own),
		cmocka_unit_test(reference_is_region__takes_slug_and_digits),
		cmocka_unit_test(
			reference_format__leaves_a_full_buffer_as_it_was),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
