#include "store/record/withdraw.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "proto/limits.h"

#define HEAD "---\nkind: a\ntitle: T\n---\n"

static void assert_marked(const char *before, const char *reason,
			  const char *after)
{
	struct weald_msg msg;
	struct buf b;

	buf_init(&b, CONTENT_BYTES_MAX);
	assert_int_equal(withdraw_mark(span_of(before), span_of(reason), &b,
				       &msg),
			 WEALD_OK);
	assert_int_equal(buf_add_byte(&b, 0), WEALD_OK);
	assert_string_equal((const char *)b.data, after);
	buf_release(&b);
}

static void assert_refused(const char *before, const char *reason,
			   const char *why)
{
	struct weald_msg msg;
	struct buf b;

	buf_init(&b, CONTENT_BYTES_MAX);
	assert_int_equal(withdraw_mark(span_of(before), span_of(reason), &b,
				       &msg),
			 WEALD_INVALID);
	assert_int_equal(b.len, 0);
	assert_string_equal(msg.text, why);
	buf_release(&b);
}

static void withdraw_mark__goes_before_the_body(void **state)
{
	(void)state;
	assert_marked(HEAD "\n \nBody\n\nMore\n", "it harms",
		      HEAD "\n \n> Withdrawn: it harms\n\nBody\n\nMore\n");
	assert_marked(HEAD "Body", "it harms",
		      HEAD "> Withdrawn: it harms\n\nBody");
	/* white space that begins a line of text is the line's */
	assert_marked(HEAD "\n    code\n", "x",
		      HEAD "\n> Withdrawn: x\n\n    code\n");
}

static void withdraw_mark__needs_no_body(void **state)
{
	(void)state;
	assert_marked(HEAD, "x", HEAD "> Withdrawn: x\n");
	assert_marked(HEAD "\n", "x", HEAD "\n> Withdrawn: x\n");
	/* cut within the end of its last line */
	assert_marked("---\r\nkind: a\r\ntitle: T\r\n---\r", "x",
		      "---\r\nkind: a\r\ntitle: T\r\n---\r\n"
		      "> Withdrawn: x\r\n");
	assert_marked("---\n---", "x", "---\n---\n> Withdrawn: x\n");
	assert_marked("---\n---\n ", "x", "---\n---\n \n> Withdrawn: x\n");
}

static void withdraw_mark__keeps_the_line_ends(void **state)
{
	(void)state;
	assert_marked("---\r\nkind: a\r\n---\r\n\r\nBody\r\n", "x",
		      "---\r\nkind: a\r\n---\r\n\r\n> Withdrawn: x\r\n\r\n"
		      "Body\r\n");
	assert_marked("---\r\n---", "x", "---\r\n---\r\n> Withdrawn: x\r\n");
}

static void withdraw_mark__takes_the_place_of_an_older_one(void **state)
{
	(void)state;
	assert_marked(HEAD "\n> Withdrawn: old\n\nBody\n", "new",
		      HEAD "\n> Withdrawn: new\n\nBody\n");
	assert_marked(HEAD "> Withdrawn: old\nBody\n", "new",
		      HEAD "> Withdrawn: new\n\nBody\n");
	assert_marked(HEAD "> Withdrawn: old", "new",
		      HEAD "> Withdrawn: new\n");
	assert_marked(HEAD "> Withdrawn: old\n\n\nBody\n", "new",
		      HEAD "> Withdrawn: new\n\n\nBody\n");
	/* only at the very beginning */
	assert_marked(HEAD "Body\n> Withdrawn: old\n", "new",
		      HEAD "> Withdrawn: new\n\nBody\n> Withdrawn: old\n");
}

static void withdraw_mark__is_stable(void **state)
{
	(void)state;
	assert_marked(HEAD "\n> Withdrawn: x\n\nBody\n", "x",
		      HEAD "\n> Withdrawn: x\n\nBody\n");
	assert_marked(HEAD "> Withdrawn: x\n", "x", HEAD "> Withdrawn: x\n");
}

static void withdraw_mark__appends(void **state)
{
	struct buf b;

	(void)state;
	buf_init(&b, 100);
	assert_int_equal(buf_add_text(&b, "ab"), WEALD_OK);
	assert_int_equal(withdraw_mark(span_of("---\n---\n"), span_of("x"), &b,
				       NULL),
			 WEALD_OK);
	assert_int_equal(b.len, 2 + 8 + 15);
	assert_memory_equal(b.data, "ab---\n---\n> Withdrawn: x\n", b.len);
	buf_release(&b);
}

static void withdraw_mark__refuses_a_reason_of_other_form(void **state)
{
	char reason[NOTE_BYTES_MAX + 2] = "";

	(void)state;
	assert_refused(HEAD, "",
		       "the reason has 0 bytes, allowed are 1 to "
		       "2000");
	assert_refused(HEAD, "a\nb", "the reason must be one line");
	assert_refused(HEAD, "a\rb",
		       "the reason holds the character U+000D at byte 1");
	assert_refused(HEAD, " a", "the reason begins or ends with a space");
	assert_refused(HEAD, "\xff", "the reason is not UTF-8 at byte 0");
	memset(reason, 'x', NOTE_BYTES_MAX + 1);
	assert_refused(HEAD, reason,
		       "the reason has 2001 bytes, allowed are 1 to 2000");
}

static void withdraw_mark__refuses_a_file_without_front_matter(void **state)
{
	(void)state;
	assert_refused("Body\n", "x",
		       "record.md:1: must begin with a line \"---\", then the "
		       "fields, then another \"---\"");
}

static void withdraw_mark__refuses_over_the_maximum(void **state)
{
	struct weald_msg msg;
	struct buf b;

	(void)state;
	buf_init(&b, 8 + 14);
	assert_int_equal(withdraw_mark(span_of("---\n---\n"), span_of("x"), &b,
				       &msg),
			 WEALD_TOOBIG);
	assert_int_equal(b.len, 0);
	assert_string_equal(msg.text,
			    "record.md with the reason in it is over the limit "
			    "of 22 bytes; give a shorter reason");
	buf_release(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(withdraw_mark__goes_before_the_body),
		cmocka_unit_test(withdraw_mark__needs_no_body),
		cmocka_unit_test(withdraw_mark__keeps_the_line_ends),
		cmocka_unit_test(
			withdraw_mark__takes_the_place_of_an_older_one),
		cmocka_unit_test(withdraw_mark__is_stable),
		cmocka_unit_test(withdraw_mark__appends),
		cmocka_unit_test(withdraw_mark__refuses_a_reason_of_other_form),
		cmocka_unit_test(
			withdraw_mark__refuses_a_file_without_front_matter),
		cmocka_unit_test(withdraw_mark__refuses_over_the_maximum),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
