/*
 * The file of the index: no state of it does harm, and no end of a process.
 */
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "tests/unit/deskkit.h"
#include "tests/unit/sample.h"

/* ---- the file ------------------------------------------------------------ */

static int read_only(struct desk *d, struct index **out)
{
	return index_open(d->home, INDEX_READ, out, NULL, &d->k->msg);
}

static void index_open__says_that_there_is_none(void **state)
{
	struct desk *d = *state;
	struct index *x = NULL;

	check_refused(read_only(d, &x), WEALD_NOTFOUND, &d->k->msg, "reindex");
	assert_null(x);
	assert_true(desk_open(d));
	assert_false(desk_open(d));
	feed_ok(d->k, read_only(d, &x));
	index_close(x);
	index_close(NULL);
}

#define PYTHON_DOES(sql)                                     \
	"/usr/bin/python3 -c 'import sqlite3, sys; "         \
	"c = sqlite3.connect(sys.argv[1]); c.execute(\"" sql \
	"\"); c.commit()' \"$1\""

/* Shell that damages "$1", the index of a home. */
static const char *const damages[] = {
	": >\"$1\"",
	"truncate -s 50 \"$1\"",
	"truncate -s 5000 \"$1\"",
	"truncate -s 12288 \"$1\"",
	"truncate -s -4096 \"$1\"",
	"head -c 300000 /dev/zero >\"$1\"",
	"yes rubbish | head -c 300000 >\"$1\"",
	"yes rubbish | dd of=\"$1\" bs=1 seek=100 count=3996 conv=notrunc",
	"yes rubbish | dd of=\"$1\" bs=4096 seek=1 conv=notrunc count=999",
	/* another database; one of ours without a table; a newer one */
	"rm \"$1\"; " PYTHON_DOES("CREATE TABLE t (a)"),
	PYTHON_DOES("DROP TABLE fact"),
};

static void damage(struct desk *d, const char *shell)
{
	assert_int_equal(scratch_run("set -- '%s/index.sqlite'; { %s; } "
				     "2>/dev/null",
				     d->home, shell),
			 0);
}

static void index_open__makes_a_damaged_one_anew(void **state)
{
	struct desk *d = *state;
	struct index *x = NULL;
	uint8_t whole[SHA256_BYTES];
	uint8_t healed[SHA256_BYTES];
	size_t i;
	int r;

	desk_found_three(d);
	(void)desk_open(d);
	desk_fill_all(d);
	desk_digest(d, whole);
	for (i = 0; i < sizeof damages / sizeof damages[0]; i++) {
		index_close(d->x);
		d->x = NULL;
		damage(d, damages[i]);
		r = read_only(d, &x);
		if (r != WEALD_CORRUPT) {
			print_message("%s\n", damages[i]);
		}
		check_refused(r, WEALD_CORRUPT, &d->k->msg, "reindex");
		assert_null(x);
		assert_true(desk_open(d));
		desk_fill_all(d);
		desk_digest(d, healed);
		assert_memory_equal(whole, healed, sizeof whole);
		assert_false(desk_open(d));
	}
}

static void index_open__makes_one_of_another_version_anew(void **state)
{
	static const int versions[] = { 0, INDEX_SCHEMA_VERSION - 1,
					INDEX_SCHEMA_VERSION + 1, 1000 };
	struct desk *d = *state;
	struct index *x = NULL;
	char shell[256];
	size_t i;

	desk_found_three(d);
	for (i = 0; i < sizeof versions / sizeof versions[0]; i++) {
		(void)desk_open(d);
		desk_fill_all(d);
		index_close(d->x);
		d->x = NULL;
		(void)snprintf(shell, sizeof shell,
			       "/usr/bin/python3 -c 'import sqlite3, sys; "
			       "c = sqlite3.connect(sys.argv[1]); "
			       "c.execute(\"PRAGMA user_version = %d\"); "
			       "c.commit()' \"$1\"",
			       versions[i]);
		damage(d, shell);
		check_refused(read_only(d, &x), WEALD_NEWER, &d->k->msg,
			      "reindex");
		assert_true(desk_open(d));
	}
}

static void index_open__passes_over_a_strange_wal(void **state)
{
	struct desk *d = *state;

	desk_found_three(d);
	(void)desk_open(d);
	desk_fill_all(d);
	index_close(d->x);
	d->x = NULL;
	damage(d, "yes rubbish | head -c 99999 >\"$1-wal\"");
	assert_false(desk_open(d));
	desk_assert_pure(d);
	/* without its file it is of nothing */
	index_close(d->x);
	d->x = NULL;
	damage(d, "cp \"$1\" \"$1-wal\"; cp \"$1\" \"$1-shm\"; rm \"$1\"");
	assert_true(desk_open(d));
	desk_fill_all(d);
	desk_assert_pure(d);
}

static void index_is_complete__is_as_whoever_fills_it_says(void **state)
{
	struct desk *d = *state;
	struct index *x = NULL;
	bool complete = true;

	desk_found_three(d);
	(void)desk_open(d);
	feed_ok(d->k, index_is_complete(d->x, &complete, &d->k->msg));
	assert_false(complete);
	desk_fill_all(d);
	feed_ok(d->k, index_set_complete(d->x, &d->k->msg));
	feed_ok(d->k, index_set_complete(d->x, &d->k->msg));
	assert_false(desk_open(d));
	desk_publish(d, 0, FIX, FIX_TEXT "Later.\n");
	feed_ok(d->k, index_is_complete(d->x, &complete, &d->k->msg));
	assert_true(complete);
	feed_ok(d->k, read_only(d, &x));
	complete = false;
	feed_ok(d->k, index_is_complete(x, &complete, &d->k->msg));
	assert_true(complete);
	index_close(x);
	/* one that is made anew is not, and holds the same all the same */
	desk_fill_all(d);
	desk_assert_pure(d);
	feed_ok(d->k, index_is_complete(d->x, &complete, &d->k->msg));
	assert_false(complete);
}

static void index_open__heals_what_is_found_in_use(void **state)
{
	struct desk *d = *state;
	struct index *x = NULL;
	int64_t n = 0;
	int r;

	desk_found_three(d);
	(void)desk_open(d);
	desk_fill_all(d);
	index_close(d->x);
	d->x = NULL;
	/* a page that no probe of an end of a table meets */
	damage(d, "p=$(/usr/bin/python3 -c 'import sqlite3, sys; "
		  "c = sqlite3.connect(sys.argv[1]); print(c.execute("
		  "\"SELECT rootpage FROM sqlite_schema "
		  "WHERE name = \\\"tag_record\\\"\").fetchone()[0])' \"$1\"); "
		  "yes rubbish | dd of=\"$1\" bs=4096 seek=$((p - 1)) count=1 "
		  "conv=notrunc iflag=fullblock");
	feed_ok(d->k, read_only(d, &x));
	r = index_number(x, "SELECT code FROM tag WHERE record = 1", 0, &n,
			 &d->k->msg, "");
	check_refused(r, WEALD_CORRUPT, &d->k->msg, "reindex");
	assert_true(index_is_damaged(x));
	index_close(x);
	assert_true(desk_open(d));
	desk_fill_all(d);
	assert_false(desk_open(d));
	desk_assert_pure(d);
}

static void index_open__reads_while_another_writes(void **state)
{
	struct desk *d = *state;
	struct index *x = NULL;
	int64_t before = 0;
	int64_t within = 0;
	int64_t after = 0;
	const char *count = "SELECT count(*) FROM record";

	desk_found_three(d);
	(void)desk_open(d);
	desk_fill(d, 0, 0);
	feed_ok(d->k, read_only(d, &x));
	feed_ok(d->k, index_begin(x, &d->k->msg));
	feed_ok(d->k, index_number(x, count, 0, &before, &d->k->msg, ""));
	desk_fill(d, 1, 0);
	feed_ok(d->k, index_number(x, count, 0, &within, &d->k->msg, ""));
	index_end(x);
	feed_ok(d->k, index_number(x, count, 0, &after, &d->k->msg, ""));
	assert_int_equal(before, 5);
	assert_int_equal(within, 5);
	assert_int_equal(after, 10);
	/* a reader writes nothing */
	assert_true(index_run(x, "DELETE FROM record", NULL, "") != WEALD_OK);
	/* and goes on where the index is made anew beside it */
	index_close(d->x);
	d->x = NULL;
	feed_ok(d->k, index_remove(d->home, &d->k->msg));
	assert_true(desk_open(d));
	desk_fill_all(d);
	index_close(x);
	feed_ok(d->k, read_only(d, &x));
	feed_ok(d->k, index_number(x, count, 0, &after, &d->k->msg, ""));
	assert_int_equal(after, 15);
	index_close(x);
	desk_assert_pure(d);
}

/* Fill in processes that are killed after a batch, the file still open. */
static void index_fill__survives_a_kill(void **state)
{
	struct desk *d = *state;
	struct index *x = NULL;
	struct index_feed f;
	pid_t child;
	unsigned n;
	int status = 0;

	desk_found_three(d);
	for (n = 0; n < 12; n++) {
		child = fork();
		assert_true(child >= 0);
		if (child == 0) {
			f = desk_named(d, n % 3);
			(void)index_open(d->home, INDEX_WRITE, &x, NULL, NULL);
			(void)index_fill(x, &f, 1 + n % 4, NULL, NULL);
			/* neither closed nor carried over into the file */
			(void)kill(getpid(), SIGKILL);
			_exit(1);
		}
		assert_int_equal(waitpid(child, &status, 0), child);
		assert_true(WIFSIGNALED(status));
	}
	assert_false(desk_open(d));
	assert_true(desk_number(d, "SELECT sum(seq) FROM feed") > 12);
	desk_fill_all(d);
	desk_assert_pure(d);
}

static void index_fill__leaves_all_as_it_was_on_a_full_disk(void **state)
{
	struct desk *d = *state;
	struct index_feed f;
	uint8_t before[SHA256_BYTES];
	uint8_t after[SHA256_BYTES];
	int r;

	desk_found_three(d);
	(void)desk_open(d);
	desk_fill(d, 0, 0);
	desk_digest(d, before);
	assert_int_equal(desk_number(d, "PRAGMA max_page_count = 1") > 1, 1);
	f = desk_named(d, 1);
	r = WEALD_OK;
	while (r == WEALD_OK) {
		/* what is free is used up first */
		desk_publish(d, 1, FIX,
			     FIX_TEXT "More words to fill a page.\n");
		desk_digest(d, before);
		r = index_fill(d->x, &f, 0, NULL, &d->k->msg);
		if (r == WEALD_OK) {
			desk_publish(d, 1, FIX, FIX_TEXT);
		}
	}
	check_refused(r, WEALD_NOSPACE, &d->k->msg, "free some space");
	desk_digest(d, after);
	assert_memory_equal(before, after, sizeof after);
	assert_false(index_is_damaged(d->x));
	assert_false(desk_open(d));
	desk_fill_all(d);
	desk_assert_pure(d);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define T(name) cmocka_unit_test_setup_teardown(name, desk_setup, desk_teardown)
		T(index_fill__survives_a_kill),
		T(index_fill__leaves_all_as_it_was_on_a_full_disk),
		T(index_open__says_that_there_is_none),
		T(index_open__makes_a_damaged_one_anew),
		T(index_open__makes_one_of_another_version_anew),
		T(index_open__passes_over_a_strange_wal),
		T(index_is_complete__is_as_whoever_fills_it_says),
		T(index_open__heals_what_is_found_in_use),
		T(index_open__reads_while_another_writes),
#undef T
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
