/* Relate: a link more, and not another byte. */
#include "store/record/relate.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "proto/limits.h"
#include "store/record/record.h"

#define REL  "acknowledges"
#define ID   "wessex/withdrawal/pop-up@2"
#define LINK "{rel: acknowledges, id: wessex/withdrawal/pop-up@2}"

#define HEAD "---\nkind: adoption # ours\ntitle: A title\n"
#define TAIL "stage: testing\n---\n\nlinks: not these\n"

/* @before becomes @after. */
static void check(const char *before, const char *after)
{
	struct weald_msg msg = { "" };
	struct buf out;

	buf_init(&out, CONTENT_BYTES_MAX);
	if (relate_add(span_of(before), REL, ID, &out, &msg) != WEALD_OK) {
		fail_msg("%s: %s", before, msg.text);
	}
	assert_string_equal(msg.text, "");
	assert_int_equal(buf_add_byte(&out, '\0'), WEALD_OK);
	assert_string_equal((const char *)out.data, after);
	/* and it is there now */
	out.len--;
	assert_int_equal(relate_add(buf_span(&out), REL, ID, &out, &msg),
			 WEALD_UNCHANGED);
	buf_release(&out);
}

static void refuse(const char *text, int code)
{
	struct weald_msg msg = { "" };
	struct buf out;

	buf_init(&out, CONTENT_BYTES_MAX);
	assert_int_equal(buf_add_text(&out, "x"), WEALD_OK);
	assert_int_equal(relate_add(span_of(text), REL, ID, &out, &msg), code);
	assert_int_equal(out.len, 1);
	assert_string_not_equal(msg.text, "");
	buf_release(&out);
}

static void relate_add__adds_the_field(void **state)
{
	(void)state;
	check(HEAD TAIL, HEAD "stage: testing\nlinks:\n  - " LINK
			      "\n---\n\nlinks: not these\n");
	check("---\r\nkind: adoption\r\n---\r\n\r\nText\r\n",
	      "---\r\nkind: adoption\r\nlinks:\r\n  - " LINK
	      "\r\n---\r\n\r\nText\r\n");
	check("---\nkind: adoption\n---",
	      "---\nkind: adoption\nlinks:\n  - " LINK "\n---");
}

static void relate_add__adds_to_a_block_list(void **state)
{
	(void)state;
	check(HEAD "links: # two\n  # the first\n  - rel: follows\n"
		   "    id: a1/lesson/b\n" TAIL,
	      HEAD "links: # two\n  # the first\n  - " LINK
		   "\n  - rel: follows\n    id: a1/lesson/b\n" TAIL);
	check(HEAD "links:\n- {rel: follows, id: a1/lesson/b}\n" TAIL, HEAD
	      "links:\n- " LINK "\n- {rel: follows, id: a1/lesson/b}\n" TAIL);
	check(HEAD "links:\n    -\n      rel: follows\n"
		   "      id: a1/lesson/b\n" TAIL,
	      HEAD "links:\n    - " LINK "\n    -\n      rel: follows\n"
		   "      id: a1/lesson/b\n" TAIL);
}

static void relate_add__adds_to_a_flow_list(void **state)
{
	(void)state;
	check(HEAD "links: []\n" TAIL, HEAD "links: [" LINK "]\n" TAIL);
	check(HEAD "links: [{rel: follows, id: a1/lesson/b}]  # one\n" TAIL,
	      HEAD "links: [" LINK
		   ", {rel: follows, id: a1/lesson/b}]  # one\n" TAIL);
	check(HEAD "\"links\" : # [here]\n  [\n"
		   "  {rel: follows, id: a1/lesson/b}\n  ]\n" TAIL,
	      HEAD "\"links\" : # [here]\n  [" LINK ", \n"
		   "  {rel: follows, id: a1/lesson/b}\n  ]\n" TAIL);
}

static void relate_add__fills_an_empty_field(void **state)
{
	(void)state;
	check(HEAD "links:\n" TAIL, HEAD "links:\n  - " LINK "\n" TAIL);
	check(HEAD "links: # none yet\n" TAIL,
	      HEAD "links: # none yet\n  - " LINK "\n" TAIL);
}

static void relate_add__keeps_the_same_relation_to_another(void **state)
{
	(void)state;
	check(HEAD "links: [{rel: acknowledges, id: wessex/withdrawal/pop-up@1"
		   "}]\n" TAIL,
	      HEAD "links: [" LINK
		   ", {rel: acknowledges, id: wessex/withdrawal/pop-up@1"
		   "}]\n" TAIL);
}

static void relate_add__finds_what_is_there(void **state)
{
	struct buf out;

	(void)state;
	buf_init(&out, CONTENT_BYTES_MAX);
	assert_int_equal(relate_add(span_of(HEAD
					    "links:\n  - id: \"" ID
					    "\"\n    rel: acknowledges\n" TAIL),
				    REL, ID, &out, NULL),
			 WEALD_UNCHANGED);
	assert_int_equal(out.len, 0);
	buf_release(&out);
}

static void relate_add__leaves_the_rest_to_a_person(void **state)
{
	(void)state;
	refuse("no fields", WEALD_INVALID);
	refuse(HEAD "links: none\n" TAIL, WEALD_INVALID);
	refuse(HEAD "links: \"\"\n" TAIL, WEALD_INVALID);
	refuse(HEAD "links: {rel: follows}\n" TAIL, WEALD_INVALID);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(relate_add__adds_the_field),
		cmocka_unit_test(relate_add__adds_to_a_block_list),
		cmocka_unit_test(relate_add__adds_to_a_flow_list),
		cmocka_unit_test(relate_add__fills_an_empty_field),
		cmocka_unit_test(
			relate_add__keeps_the_same_relation_to_another),
		cmocka_unit_test(relate_add__finds_what_is_there),
		cmocka_unit_test(relate_add__leaves_the_rest_to_a_person),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
