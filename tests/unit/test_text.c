#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "proto/err.h"
#include "proto/limits.h"
#include "proto/text.h"

#define COUNT(array) (sizeof(array) / sizeof(array)[0])

/* The UTF-8 of @rune, written without the code under test. */
static struct span rune_bytes(uint32_t rune, uint8_t out[4])
{
	size_t n = rune < 0x80 ? 1 : rune < 0x800 ? 2 : rune < 0x10000 ? 3 : 4;
	static const uint8_t lead[] = { 0, 0, 0xc0, 0xe0, 0xf0 };
	size_t i;

	for (i = n - 1; i > 0; i--) {
		out[i] = (uint8_t)(0x80 | (rune & 0x3f));
		rune >>= 6;
	}
	out[0] = (uint8_t)(lead[n] | rune);
	return (struct span){ out, n };
}

static int check_line(struct span s)
{
	return text_check_line(s, 0, 1000, "summary", WEALD_SUMMARY, NULL);
}

/* ---- UTF-8 ---- */

static void text_rune__reads_every_code_point(void **state)
{
	uint8_t bytes[4];
	uint32_t rune;
	uint32_t got;

	(void)state;
	for (rune = 0; rune <= 0x10ffff; rune++) {
		struct span s = rune_bytes(rune, bytes);

		if (rune >= 0xd800 && rune <= 0xdfff) {
			assert_int_equal(text_rune(s, &got), 0);
			continue;
		}
		got = 0xffffffff;
		if (text_rune(s, &got) != s.len || got != rune) {
			fail_msg("U+%04X", (unsigned)rune);
		}
	}
}

static void text_rune__reads_only_the_first(void **state)
{
	uint32_t rune = 0;

	(void)state;
	assert_int_equal(text_rune(span_of("a\xff"), &rune), 1);
	assert_int_equal(rune, 'a');
	assert_int_equal(text_rune(span_of("\xc3\xa9z"), &rune), 2);
	assert_int_equal(rune, 0xe9);
}

static const char *const not_utf8[] = {
	/* continuation bytes alone, lead bytes that do not exist */
	"\x80",
	"\xbf",
	"\xf8\x88\x80\x80\x80",
	"\xfc\x84\x80\x80\x80\x80",
	"\xfe",
	"\xff",
	/* cut short at each place */
	"\xc2",
	"\xdf",
	"\xe0",
	"\xe0\xa0",
	"\xef\xbf",
	"\xf0",
	"\xf0\x90",
	"\xf0\x90\x80",
	"\xf4\x8f\xbf",
	/* a continuation byte that is none, at each place */
	"\xc2\x41",
	"\xc2\xc2",
	"\xe0\x41\x80",
	"\xe0\xa0\x41",
	"\xe1\x80\xc0",
	"\xf0\x41\x80\x80",
	"\xf0\x90\x41\x80",
	"\xf0\x90\x80\x41",
	"\xf0\x90\x80\xff",
	/* longer than need be */
	"\xc0\x80",
	"\xc0\xaf",
	"\xc1\xbf",
	"\xe0\x80\x80",
	"\xe0\x80\xaf",
	"\xe0\x9f\xbf",
	"\xf0\x80\x80\x80",
	"\xf0\x80\x80\xaf",
	"\xf0\x8f\xbf\xbf",
	/* surrogates, alone and as a pair */
	"\xed\xa0\x80",
	"\xed\xaf\xbf",
	"\xed\xb0\x80",
	"\xed\xbf\xbf",
	"\xed\xa0\xbd\xed\xb8\x80",
	/* over U+10FFFF */
	"\xf4\x90\x80\x80",
	"\xf5\x80\x80\x80",
	"\xf7\xbf\xbf\xbf",
};

static void text_rune__refuses_what_is_no_utf8(void **state)
{
	const struct span none = { NULL, 0 };
	uint32_t rune = 42;
	size_t i;

	(void)state;
	for (i = 0; i < COUNT(not_utf8); i++) {
		if (text_rune(span_of(not_utf8[i]), &rune) != 0) {
			fail_msg("case %zu is taken", i);
		}
	}
	assert_int_equal(text_rune(none, &rune), 0);
	assert_int_equal(rune, 42);
}

static void text_rune__reads_nothing_past_the_end(void **state)
{
	static const uint8_t cut[] = { 0xe2, 0x82, 0xac };
	uint32_t rune;

	(void)state;
	assert_int_equal(text_rune((struct span){ cut, 1 }, &rune), 0);
	assert_int_equal(text_rune((struct span){ cut, 2 }, &rune), 0);
	assert_int_equal(text_rune((struct span){ cut, 3 }, &rune), 3);
	assert_int_equal(rune, 0x20ac);
}

static void text_is_utf8__judges_the_whole(void **state)
{
	const struct span none = { NULL, 0 };
	char text[16];
	size_t i;

	(void)state;
	assert_true(text_is_utf8(none));
	assert_true(text_is_utf8(span_of("a\xc3\xa9\xe2\x82\xac"
					 "\xf0\x9f\x9a\x91\n\x7f")));
	assert_true(text_is_utf8((struct span){ (const uint8_t *)"a\0b", 3 }));
	for (i = 0; i < COUNT(not_utf8); i++) {
		(void)snprintf(text, sizeof text, "ab%s", not_utf8[i]);
		assert_false(text_is_utf8(span_of(text)));
	}
}

/* ---- lines ---- */

/* design: U+0000-001F, 007F-009F and these */
static const struct {
	uint32_t first;
	uint32_t last;
} banned[] = {
	{ 0x0000, 0x001f }, { 0x007f, 0x009f }, { 0x061c, 0x061c },
	{ 0x200e, 0x200f }, { 0x2028, 0x2029 }, { 0x202a, 0x202e },
	{ 0x2066, 0x2069 }, { 0xfeff, 0xfeff },
};

static bool is_banned(uint32_t rune)
{
	size_t i;

	for (i = 0; i < COUNT(banned); i++) {
		if (rune >= banned[i].first && rune <= banned[i].last) {
			return true;
		}
	}
	return false;
}

static void text_check_line__refuses_exactly_the_banned(void **state)
{
	uint8_t line[6];
	uint32_t rune;

	(void)state;
	for (rune = 0; rune <= 0x10ffff; rune++) {
		struct span s;
		int want;

		if (rune >= 0xd800 && rune <= 0xdfff) {
			continue;
		}
		s = rune_bytes(rune, line + 1);
		line[0] = 'a';
		line[1 + s.len] = 'z';
		want = is_banned(rune) ? WEALD_SUMMARY : WEALD_OK;
		if (check_line((struct span){ line, s.len + 2 }) != want) {
			fail_msg("U+%04X", (unsigned)rune);
		}
	}
}

static void text_check_line__refuses_banned_at_both_ends(void **state)
{
	uint8_t bytes[4];
	size_t i;

	(void)state;
	for (i = 0; i < COUNT(banned); i++) {
		assert_int_equal(check_line(rune_bytes(banned[i].first, bytes)),
				 WEALD_SUMMARY);
		assert_int_equal(check_line(rune_bytes(banned[i].last, bytes)),
				 WEALD_SUMMARY);
	}
	assert_int_equal(check_line(span_of("a\n")), WEALD_SUMMARY);
	assert_int_equal(check_line(span_of("\xe2\x80\xae"
					    "a")),
			 WEALD_SUMMARY);
}

static void text_check_line__refuses_what_is_no_utf8(void **state)
{
	char text[16];
	size_t i;

	(void)state;
	for (i = 0; i < COUNT(not_utf8); i++) {
		(void)snprintf(text, sizeof text, "a%sz", not_utf8[i]);
		assert_int_equal(check_line(span_of(text)), WEALD_SUMMARY);
	}
}

static void text_check_line__refuses_a_space_at_either_end(void **state)
{
	(void)state;
	assert_int_equal(check_line(span_of("a b")), WEALD_OK);
	assert_int_equal(check_line(span_of(" a")), WEALD_SUMMARY);
	assert_int_equal(check_line(span_of("a ")), WEALD_SUMMARY);
	assert_int_equal(check_line(span_of(" ")), WEALD_SUMMARY);
	/* another white space than U+0020 is a character like any other */
	assert_int_equal(check_line(span_of("\xc2\xa0"
					    "a")),
			 WEALD_OK);
}

static void text_check_line__counts_bytes(void **state)
{
	const struct span none = { NULL, 0 };

	(void)state;
	assert_int_equal(text_check_line(none, 0, 3, "f", WEALD_NOTE, NULL),
			 WEALD_OK);
	assert_int_equal(text_check_line(none, 1, 3, "f", WEALD_NOTE, NULL),
			 WEALD_NOTE);
	assert_int_equal(text_check_line(span_of("abc"), 1, 3, "f", WEALD_NOTE,
					 NULL),
			 WEALD_OK);
	assert_int_equal(text_check_line(span_of("abcd"), 1, 3, "f", WEALD_NOTE,
					 NULL),
			 WEALD_NOTE);
	assert_int_equal(text_check_line(span_of("\xc3\xa9\xc3\xa9"), 1, 3, "f",
					 WEALD_NOTE, NULL),
			 WEALD_NOTE);
}

static void text_check_line__says_where(void **state)
{
	struct weald_msg msg = { "" };

	(void)state;
	assert_int_equal(text_check_line(span_of("ab\xff"), 1, 9, "summary",
					 WEALD_SUMMARY, &msg),
			 WEALD_SUMMARY);
	assert_string_equal(msg.text, "summary is not UTF-8 at byte 2");
	assert_int_equal(text_check_line(span_of("a\xe2\x80\xae"), 1, 9,
					 "summary", WEALD_SUMMARY, &msg),
			 WEALD_SUMMARY);
	assert_string_equal(msg.text,
			    "summary holds the character U+202E at byte 1");
	assert_int_equal(text_check_line(span_of(""), 1, 9, "summary",
					 WEALD_SUMMARY, &msg),
			 WEALD_SUMMARY);
	assert_string_equal(msg.text,
			    "summary has 0 bytes, allowed are 1 to 9");
}

/* ---- notes ---- */

static void text_check_note__takes_lines_and_empty_lines(void **state)
{
	const struct span none = { NULL, 0 };

	(void)state;
	assert_int_equal(text_check_note(none, NULL), WEALD_OK);
	assert_int_equal(text_check_note(span_of("one"), NULL), WEALD_OK);
	assert_int_equal(text_check_note(span_of("one\ntwo"), NULL), WEALD_OK);
	assert_int_equal(text_check_note(span_of("one\n\n\ntwo"), NULL),
			 WEALD_OK);
}

static void text_check_note__refuses_other_forms(void **state)
{
	static const char *const bad[] = {
		"\n",
		"\none",
		"one\n",
		"one\n\n",
		"one\r\ntwo",
		" one",
		"one ",
		"one \ntwo",
		"one\n two",
		"one\ntwo ",
		"a\tb",
		"a\x7f",
		"a\n \nb",
		"a\xe2\x80\xa8"
		"b",
		"\xff",
		"a\n\xff",
		"a\n\xef\xbb\xbf"
		"b",
		"\v",
		"a\fb",
	};
	size_t i;

	(void)state;
	for (i = 0; i < COUNT(bad); i++) {
		if (text_check_note(span_of(bad[i]), NULL) != WEALD_NOTE) {
			fail_msg("case %zu is taken", i);
		}
	}
	assert_int_equal(text_check_note((struct span){ (const uint8_t *)"a\0b",
							3 },
					 NULL),
			 WEALD_NOTE);
}

static void text_check_note__counts_bytes(void **state)
{
	uint8_t note[NOTE_BYTES_MAX + 1];

	(void)state;
	memset(note, 'a', sizeof note);
	assert_int_equal(text_check_note((struct span){ note, NOTE_BYTES_MAX },
					 NULL),
			 WEALD_OK);
	assert_int_equal(text_check_note((struct span){ note,
							NOTE_BYTES_MAX + 1 },
					 NULL),
			 WEALD_NOTE);
}

/* ---- codes ---- */

/* Which of the 256 bytes @is takes between two letters. */
static void assert_alphabet(bool (*is)(struct span), const char *allowed)
{
	uint8_t text[3] = { 'a', 0, 'z' };
	unsigned c;

	for (c = 0; c < 256; c++) {
		bool want = c != 0 && strchr(allowed, (int)c) != NULL;

		text[1] = (uint8_t)c;
		if (is((struct span){ text, sizeof text }) != want) {
			fail_msg("byte %02x", c);
		}
	}
}

#define LETTERS "abcdefghijklmnopqrstuvwxyz"
#define DIGITS  "0123456789"

static bool is_of_length(bool (*is)(struct span), size_t len)
{
	uint8_t text[64];

	memset(text, 'a', sizeof text);
	assert_true(len <= sizeof text);
	return is((struct span){ len == 0 ? NULL : text, len });
}

static void text_is_slug__takes_its_alphabet_and_lengths(void **state)
{
	(void)state;
	assert_alphabet(text_is_slug, LETTERS DIGITS "-");
	assert_false(is_of_length(text_is_slug, 0));
	assert_false(is_of_length(text_is_slug, 1));
	assert_true(is_of_length(text_is_slug, 2));
	assert_true(is_of_length(text_is_slug, 40));
	assert_false(is_of_length(text_is_slug, 41));
	assert_true(text_is_slug(span_of("0-9")));
	assert_true(text_is_slug(span_of("a--b")));
	assert_false(text_is_slug(span_of("-a")));
	assert_false(text_is_slug(span_of("a-")));
	assert_false(text_is_slug(span_of("--")));
}

static void text_is_topic__takes_its_alphabet_and_lengths(void **state)
{
	(void)state;
	assert_alphabet(text_is_topic, LETTERS DIGITS "-");
	assert_false(is_of_length(text_is_topic, 0));
	assert_true(is_of_length(text_is_topic, 1));
	assert_true(is_of_length(text_is_topic, 40));
	assert_false(is_of_length(text_is_topic, 41));
	assert_true(text_is_topic(span_of("-")));
}

static void text_is_action__takes_its_alphabet_and_lengths(void **state)
{
	(void)state;
	assert_alphabet(text_is_action, LETTERS "-");
	assert_false(is_of_length(text_is_action, 0));
	assert_true(is_of_length(text_is_action, 1));
	assert_true(is_of_length(text_is_action, 20));
	assert_false(is_of_length(text_is_action, 21));
}

/* ---- escapes ---- */

static void assert_escaped(struct span raw, const char *want)
{
	char out[128];

	text_escape((const char *)raw.data, raw.len, out, sizeof out);
	assert_string_equal(out, want);
}

static void text_escape__leaves_text_as_it_is(void **state)
{
	const struct span none = { NULL, 0 };
	static const char text[] = "a b\\x0a \xc3\xa9 \xe2\x82\xac "
				   "\xf0\x9f\x9a\x91 <&\"'>";

	(void)state;
	assert_escaped(none, "");
	assert_escaped(span_of(text), text);
}

static void text_escape__escapes_every_other_byte(void **state)
{
	(void)state;
	assert_escaped((struct span){ (const uint8_t *)"a\0b", 3 }, "a\\x00b");
	assert_escaped(span_of("\n\r\t\x1b[2J\x7f"),
		       "\\x0a\\x0d\\x09\\x1b[2J\\x7f");
	assert_escaped(span_of("\x80\xff\xc3"), "\\x80\\xff\\xc3");
	assert_escaped(span_of("\xc3("), "\\xc3(");
	assert_escaped(span_of("\xc2\x85"), "\\xc2\\x85");
	assert_escaped(span_of("\xe2\x80\xae"
			       "a"),
		       "\\xe2\\x80\\xaea");
	assert_escaped(span_of("\xef\xbb\xbf"), "\\xef\\xbb\\xbf");
	assert_escaped(span_of("\xed\xa0\x80"), "\\xed\\xa0\\x80");
}

static void text_escape__cuts_at_whole_characters(void **state)
{
	static const struct {
		const char *raw;
		size_t size;
		const char *want;
	} cases[] = {
		{ "abc", 4, "abc" },
		{ "abc", 3, "ab" },
		{ "abc", 1, "" },
		{ "", 1, "" },
		{ "a\xe2\x82\xac", 5, "a\xe2\x82\xac" },
		{ "a\xe2\x82\xac", 4, "a" },
		{ "a\xe2\x82\xac", 2, "a" },
		{ "a\n", 6, "a\\x0a" },
		{ "a\n", 5, "a" },
		/* nothing after the cut, even where it would fit */
		{ "a\nb", 3, "a" },
	};
	char out[9];
	size_t i;

	(void)state;
	for (i = 0; i < COUNT(cases); i++) {
		memset(out, '!', sizeof out);
		text_escape(cases[i].raw, strlen(cases[i].raw), out,
			    cases[i].size);
		assert_string_equal(out, cases[i].want);
		assert_int_equal(out[cases[i].size], '!');
	}
}

static void text_escape__changes_nothing_the_second_time(void **state)
{
	char raw[256];
	char once[1200];
	char twice[1200];
	size_t i;

	(void)state;
	for (i = 0; i < sizeof raw; i++) {
		raw[i] = (char)(uint8_t)i;
	}
	text_escape(raw, sizeof raw, once, sizeof once);
	text_escape(once, strlen(once), twice, sizeof twice);
	assert_string_equal(once, twice);
	/* 95 printable, 161 as four */
	assert_int_equal(strlen(once), 95 + 161 * 4);
}

/* ---- distance ---- */

static size_t distance(const char *a, const char *b)
{
	return text_distance(span_of(a), span_of(b));
}

static void text_distance__counts_slips_of_the_finger(void **state)
{
	static const struct {
		const char *a;
		const char *b;
		size_t want;
	} cases[] = {
		{ "", "", 0 },
		{ "", "abc", 3 },
		{ "sepsis", "sepsis", 0 },
		{ "sepsis", "sepsi", 1 },
		{ "sepsis", "seepsis", 1 },
		{ "sepsis", "sepsas", 1 },
		/* neighbours swapped are one slip, at both ends too */
		{ "sepsis", "espsis", 1 },
		{ "sepsis", "sepssi", 1 },
		{ "ab", "ba", 1 },
		{ "laparotomy", "laprotomie", 3 },
		{ "kitten", "sitting", 3 },
		/* and nothing between the two that were swapped */
		{ "ca", "abc", 3 },
		/* characters, not bytes */
		{ "caf\xc3\xa9", "cafe", 1 },
		{ "\xe2\x82\xac", "\xf0\x9f\x9a\x91", 1 },
		/* a byte that is no UTF-8 is like no character */
		{ "a\xff", "a\xff", 0 },
		{ "a\xff", "a\xfe", 1 },
		{ "a\xff", "a\xc3\xbf", 1 },
	};
	size_t i;

	(void)state;
	for (i = 0; i < COUNT(cases); i++) {
		assert_int_equal(distance(cases[i].a, cases[i].b),
				 cases[i].want);
		assert_int_equal(distance(cases[i].b, cases[i].a),
				 cases[i].want);
	}
}

static void text_distance__is_bounded(void **state)
{
	char word[2 * TEXT_DISTANCE_RUNES_MAX + 3];
	size_t i;

	(void)state;
	for (i = 0; i < TEXT_DISTANCE_RUNES_MAX; i++) {
		memcpy(word + 2 * i, "\xc3\xa9", 3);
	}
	assert_int_equal(distance(word, word), 0);
	assert_int_equal(distance(word, ""), TEXT_DISTANCE_RUNES_MAX);
	memcpy(word + 2 * i, "\xc3\xa9", 3);
	assert_true(distance(word, "") == SIZE_MAX);
	assert_true(distance("", word) == SIZE_MAX);
	assert_true(distance(word, word) == SIZE_MAX);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(text_rune__reads_every_code_point),
		cmocka_unit_test(text_rune__reads_only_the_first),
		cmocka_unit_test(text_rune__refuses_what_is_no_utf8),
		cmocka_unit_test(text_rune__reads_nothing_past_the_end),
		cmocka_unit_test(text_is_utf8__judges_the_whole),
		cmocka_unit_test(text_check_line__refuses_exactly_the_banned),
		cmocka_unit_test(text_check_line__refuses_banned_at_both_ends),
		cmocka_unit_test(text_check_line__refuses_what_is_no_utf8),
		cmocka_unit_test(
			text_check_line__refuses_a_space_at_either_end),
		cmocka_unit_test(text_check_line__counts_bytes),
		cmocka_unit_test(text_check_line__says_where),
		cmocka_unit_test(text_check_note__takes_lines_and_empty_lines),
		cmocka_unit_test(text_check_note__refuses_other_forms),
		cmocka_unit_test(text_check_note__counts_bytes),
		cmocka_unit_test(text_is_slug__takes_its_alphabet_and_lengths),
		cmocka_unit_test(text_is_topic__takes_its_alphabet_and_lengths),
		cmocka_unit_test(
			text_is_action__takes_its_alphabet_and_lengths),
		cmocka_unit_test(text_escape__leaves_text_as_it_is),
		cmocka_unit_test(text_escape__escapes_every_other_byte),
		cmocka_unit_test(text_escape__cuts_at_whole_characters),
		cmocka_unit_test(text_escape__changes_nothing_the_second_time),
		cmocka_unit_test(text_distance__counts_slips_of_the_finger),
		cmocka_unit_test(text_distance__is_bounded),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
