/*
 * Overrides of the guard's warnings, as they stand in an update's note.
 */
#include "store/record/guard.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "proto/limits.h"
#include "tests/unit/guardkit.h"
#include "tests/unit/sample.h"

static void assert_override(const char *note, bool there, unsigned kinds)
{
	unsigned read = 0;

	assert_int_equal(guard_override_read(span_of(note), &read), there);
	if (there) {
		assert_int_equal(read, kinds);
	}
}

static void override__is_the_last_line_of_the_note(void **state)
{
	struct guard_report report =
		guard_look("Mrs Example, 020 7946 0018", "record.md", 0);
	struct buf note;

	(void)state;
	buf_init(&note, NOTE_BYTES_MAX);
	assert_int_equal(guard_override_format(&report, "Safety lead",
					       "invented; no person", &note,
					       NULL),
			 WEALD_OK);
	assert_int_equal(buf_add_byte(&note, 0), WEALD_OK);
	assert_string_equal((char *)note.data,
			    "Privacy-Checked: landline, person-name; role: "
			    "Safety lead; reason: invented; no person");
	assert_override((char *)note.data, true,
			guard_bit(GUARD_LANDLINE) |
				guard_bit(GUARD_PERSON_NAME));
	buf_clear(&note);
	assert_int_equal(buf_add_text(&note, "Third version."), WEALD_OK);
	assert_int_equal(guard_override_format(&report, "Lead", "none", &note,
					       NULL),
			 WEALD_OK);
	assert_true(guard_is_covered(&report, buf_span(&note)));
	assert_int_equal(memcmp(note.data, "Third version.\n\nPrivacy-", 24),
			 0);
	buf_release(&note);
	guard_release(&report);
}

static void override__takes_role_and_reason_of_a_line(void **state)
{
	struct guard_report report = guard_look("Mrs Example", "record.md", 0);
	struct weald_msg msg = { .text = "" };
	struct buf note;
	char longer[302];

	(void)state;
	memset(longer, 'a', sizeof longer - 1);
	longer[301] = '\0';
	buf_init(&note, NOTE_BYTES_MAX);
	check_refused(guard_override_format(&report, "", "b", &note, &msg),
		      WEALD_INVALID, &msg, "role");
	check_refused(guard_override_format(&report, "a", "", &note, &msg),
		      WEALD_INVALID, &msg, "reason");
	check_refused(guard_override_format(&report, "a\nb", "c", &note, &msg),
		      WEALD_INVALID, &msg, "role");
	check_refused(guard_override_format(&report, "a; b", "c", &note, &msg),
		      WEALD_INVALID, &msg, "semicolon");
	check_refused(guard_override_format(&report, longer + 200, "c", &note,
					    &msg),
		      WEALD_INVALID, &msg, "role");
	check_refused(guard_override_format(&report, "a", longer, &note, &msg),
		      WEALD_INVALID, &msg, "reason");
	assert_int_equal(guard_override_format(&report, longer + 201,
					       longer + 1, &note, &msg),
			 WEALD_OK);
	note.max = note.len + 20;
	check_refused(guard_override_format(&report, "a", "c", &note, &msg),
		      WEALD_TOOBIG, &msg, "note");
	buf_release(&note);
	guard_release(&report);
}

static void override__is_not_read_from_anything_else(void **state)
{
	(void)state;
	assert_override("", false, 0);
	assert_override("Privacy-Checked: mobile", false, 0);
	assert_override("Privacy-Checked: postcode; role: ; reason: a", false,
			0);
	assert_override("Privacy-Checked: postcode; role: a; reason: ", false,
			0);
	assert_override("Privacy-Checked: postcode; role: a; reason: b\n\nMore",
			false, 0);
	assert_override("A\nPrivacy-Checked: postcode, later; role: a; "
			"reason: b",
			true, guard_bit(GUARD_POSTCODE));
}

static void override__covers_warnings_it_names_and_no_block(void **state)
{
	static const char both[] = "Privacy-Checked: person-name, postcode; "
				   "role: a; reason: b";
	struct guard_report report = guard_look("Mrs Example, LS1 4AP", "x", 0);

	(void)state;
	assert_true(guard_is_covered(&report, span_of(both)));
	assert_false(
		guard_is_covered(&report, span_of("Privacy-Checked: postcode; "
						  "role: a; reason: b")));
	assert_false(guard_is_covered(&report, span_of("")));
	report.no_memory = true;
	assert_false(guard_is_covered(&report, span_of(both)));
	guard_release(&report);
	assert_true(guard_is_covered(&report, span_of("")));
	report = guard_look("she lives at LS1 4AP", "x", 0);
	assert_int_equal(report.verdict, GUARD_BLOCK);
	assert_false(guard_is_covered(&report, span_of(both)));
	guard_release(&report);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(override__is_the_last_line_of_the_note),
		cmocka_unit_test(override__takes_role_and_reason_of_a_line),
		cmocka_unit_test(override__is_not_read_from_anything_else),
		cmocka_unit_test(
			override__covers_warnings_it_names_and_no_block),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
