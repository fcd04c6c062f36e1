/* Judging a version: the guard's input, put together in one place. */
#include "store/record/judge.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#define FRONT "---\nkind: lesson\ntitle: A title\n"
#define TEXT                                                   \
	FRONT "topics: [sepsis]\nsettings: [custody]\n---\n\n" \
	      "Some text.\n"

struct judging {
	struct record_file files[2];
	struct judged v;
	struct guard_report report;
};

static void begin(struct judging *j, const char *record_md, const char *notes)
{
	memset(j, 0, sizeof *j);
	j->files[0].name = span_of("notes.txt");
	j->files[0].content = span_of(notes);
	j->files[1].name = span_of("record.md");
	j->files[1].content = span_of(record_md);
	j->v.path = span_of("lesson/2026-11/a");
	j->v.files = j->files;
	j->v.files_n = 2;
}

static void judge_version__reads_the_record_itself(void **state)
{
	struct judging j;

	(void)state;
	begin(&j, TEXT, "See a1234aa.");
	assert_int_equal(judge_version(&j.v, &j.report), WEALD_OK);
	/* only the settings of record.md tell what that number is */
	assert_int_equal(j.report.n, 1);
	assert_int_equal(j.report.list[0].kind, GUARD_PRISON_NUMBER);
	guard_release(&j.report);
	begin(&j, FRONT "---\n\nText.\n", "See a1234aa.");
	assert_int_equal(judge_version(&j.v, &j.report), WEALD_OK);
	assert_int_equal(j.report.n, 0);
	guard_release(&j.report);
}

static void judge_version__scans_what_it_cannot_read(void **state)
{
	struct judging j;

	(void)state;
	begin(&j, "No front matter, 07700 900123", "");
	assert_int_equal(judge_version(&j.v, &j.report), WEALD_OK);
	assert_int_equal(j.report.verdict, GUARD_BLOCK);
	guard_release(&j.report);
}

static void judge_version__takes_the_slug_of_the_path(void **state)
{
	struct judging j;
	size_t n;

	(void)state;
	begin(&j, TEXT, "");
	j.v.path = span_of("lesson/2026-11/call-07700-900123");
	assert_int_equal(judge_version(&j.v, &j.report), WEALD_OK);
	assert_int_equal(j.report.verdict, GUARD_BLOCK);
	n = j.report.n;
	guard_release(&j.report);
	/* before it has a path it has a slug */
	begin(&j, TEXT, "");
	j.v.path = span_of("call-07700-900123");
	assert_int_equal(judge_version(&j.v, &j.report), WEALD_OK);
	assert_int_equal(j.report.n, n);
	guard_release(&j.report);
}

static void judge_refuse__names_what_nobody_confirmed(void **state)
{
	static const char note[] = "Privacy-Checked: person-name; role: Lead; "
				   "reason: why";
	static const char other[] = "Privacy-Checked: landline; role: Lead; "
				    "reason: why";
	struct weald_msg msg = { "" };
	struct judging j;

	(void)state;
	begin(&j, TEXT, "Mrs Smith rang.\n\nCall 0117 496 0123.\n");
	assert_int_equal(judge_version(&j.v, &j.report), WEALD_OK);
	assert_int_equal(j.report.verdict, GUARD_WARN);
	assert_int_equal(judge_refuse(&j.report, span_of(other), &msg),
			 WEALD_PRIVACY);
	assert_non_null(strstr(msg.text, "notes.txt:1: privacy: person-name"));
	assert_int_equal(judge_refuse(&j.report, span_of(note), &msg),
			 WEALD_PRIVACY);
	assert_non_null(strstr(msg.text, "notes.txt:3: privacy: landline"));
	guard_release(&j.report);
	begin(&j, TEXT, "Mrs Smith rang.\n\nCall 07700 900123.\n");
	assert_int_equal(judge_version(&j.v, &j.report), WEALD_OK);
	assert_int_equal(judge_refuse(&j.report, span_of(note), &msg),
			 WEALD_PRIVACY);
	assert_non_null(strstr(msg.text, "notes.txt:3: privacy: mobile"));
	guard_release(&j.report);
}

static void judge_new__finds_what_was_not_there(void **state)
{
	struct guard_report before;
	const struct guard_finding *f;
	struct judging j;

	(void)state;
	begin(&j, TEXT, "Mrs Smith rang.\n");
	assert_int_equal(judge_version(&j.v, &j.report), WEALD_OK);
	before = j.report;
	assert_null(judge_new(&before, &before));
	/* further down it is the same */
	begin(&j, TEXT, "Above.\n\nMrs Smith rang.\n");
	assert_int_equal(judge_version(&j.v, &j.report), WEALD_OK);
	assert_null(judge_new(&j.report, &before));
	guard_release(&j.report);
	/* twice, or of somebody else, it is not */
	begin(&j, TEXT, "Mrs Smith rang.\n\nMrs Smith wrote.\n");
	assert_int_equal(judge_version(&j.v, &j.report), WEALD_OK);
	f = judge_new(&j.report, &before);
	assert_non_null(f);
	assert_int_equal(f->line, 3);
	guard_release(&j.report);
	begin(&j, TEXT, "Mrs Smith rang 07700 900123.\n");
	assert_int_equal(judge_version(&j.v, &j.report), WEALD_OK);
	f = judge_new(&j.report, &before);
	assert_non_null(f);
	assert_int_equal(f->kind, GUARD_MOBILE);
	guard_release(&j.report);
	guard_release(&before);
}

static void judge_why__names_each_kind_that_blocks_once(void **state)
{
	char why[JUDGE_WHY_BYTES];
	struct judging j;

	(void)state;
	begin(&j, TEXT,
	      "Mrs Smith rang 07700 900123.\n\nOr 07700 900124, "
	      "somebody@example.com.\n");
	assert_int_equal(judge_version(&j.v, &j.report), WEALD_OK);
	judge_why(&j.report, why);
	/* a name is only warned of */
	assert_string_equal(why, "mobile,email");
	/* one that was too long to keep any finding blocks all the same */
	guard_release(&j.report);
	j.report.verdict = GUARD_BLOCK;
	judge_why(&j.report, why);
	assert_string_equal(why, "unreadable");
	j.report.verdict = GUARD_WARN;
	judge_why(&j.report, why);
	assert_string_equal(why, "");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(judge_version__reads_the_record_itself),
		cmocka_unit_test(judge_version__scans_what_it_cannot_read),
		cmocka_unit_test(judge_version__takes_the_slug_of_the_path),
		cmocka_unit_test(judge_why__names_each_kind_that_blocks_once),
		cmocka_unit_test(judge_refuse__names_what_nobody_confirmed),
		cmocka_unit_test(judge_new__finds_what_was_not_there),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
