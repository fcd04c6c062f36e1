#include "proto/versions.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "tests/unit/sample.h"

static struct weald_msg msg;
static struct versions table;

static int begin(void **state)
{
	(void)state;
	msg.text[0] = '\0';
	table = (struct versions){ .count = 0 };
	return 0;
}

static int end(void **state)
{
	(void)state;
	versions_release(&table);
	return 0;
}

/* What versions.h reads of an update. */
static struct update about(const char *record, uint64_t version)
{
	return (struct update){ .record = span_of(record), .version = version };
}

static int check(const char *record, uint64_t version)
{
	struct update u = about(record, version);

	return versions_check(&table, &u, &msg);
}

static void apply(const char *record, uint64_t version)
{
	struct update u = about(record, version);

	assert_int_equal(versions_check(&table, &u, &msg), WEALD_OK);
	assert_int_equal(versions_apply(&table, &u), WEALD_OK);
}

static void versions_check__counts_from_one(void **state)
{
	(void)state;
	check_refused(check("a/2026-01/b", 2), WEALD_VERSION_OTHER, &msg,
		      "version");
	apply("a/2026-01/b", 1);
	check_refused(check("a/2026-01/b", 1), WEALD_VERSION_OTHER, &msg,
		      "version");
	check_refused(check("a/2026-01/b", 3), WEALD_VERSION_OTHER, &msg,
		      "the next is 2");
	check_refused(check("a/2026-01/b", 0), WEALD_VERSION_OTHER, &msg,
		      "version");
	apply("a/2026-01/b", 2);
	apply("a/2026-01/b", 3);
	assert_int_equal(table.count, 1);
}

static void versions_check__kind_and_slug_are_unique(void **state)
{
	(void)state;
	apply("a/2026-01/b", 1);
	check_refused(check("a/2026-02/b", 1), WEALD_RECORD_TAKEN, &msg,
		      "record: a/2026-02/b is taken, it stands under 2026-01");
	check_refused(check("a/2026-02/b", 2), WEALD_RECORD_TAKEN, &msg,
		      "record");
	check_refused(check("a/0999-12/b", 2), WEALD_RECORD_TAKEN, &msg,
		      "2026-01");
	apply("a/2026-02/c", 1);
	apply("b/2026-02/b", 1);
	/* not the same name: kind and slug are kept apart */
	apply("a-b/2026-01/c", 1);
	apply("a/2026-01/b-c", 1);
	assert_int_equal(table.count, 5);
}

static void versions_check__leaves_the_feed_itself_alone(void **state)
{
	struct update u = { .version = 0 };

	(void)state;
	assert_int_equal(versions_check(&table, &u, &msg), WEALD_OK);
	assert_int_equal(versions_apply(&table, &u), WEALD_OK);
	assert_int_equal(table.count, 0);
	assert_null(table.slots);
}

static void versions_check__refuses_what_is_no_record(void **state)
{
	(void)state;
	check_refused(check("a/2026-13/b", 1), WEALD_RECORD, &msg, "record");
}

static void versions_get__tells_the_version(void **state)
{
	uint64_t version = 99;

	(void)state;
	assert_int_equal(versions_get(&table, span_of("a/2026-01/b"), &version,
				      &msg),
			 WEALD_OK);
	assert_int_equal(version, 0);
	apply("a/2026-01/b", 1);
	apply("a/2026-01/b", 2);
	assert_int_equal(versions_get(&table, span_of("a/2026-01/b"), &version,
				      &msg),
			 WEALD_OK);
	assert_int_equal(version, 2);
	version = 99;
	check_refused(versions_get(&table, span_of("a/2026-03/b"), &version,
				   &msg),
		      WEALD_RECORD_TAKEN, &msg, "record");
	check_refused(versions_get(&table, span_of("a"), &version, &msg),
		      WEALD_RECORD, &msg, "record");
	assert_int_equal(version, 99);
}

static void check_month(const char *kind, const char *slug, const char *wanted)
{
	char month[8] = "?";

	if (wanted == NULL) {
		assert_int_equal(versions_month(&table, span_of(kind),
						span_of(slug), month),
				 WEALD_NOTFOUND);
		assert_string_equal(month, "?");
		return;
	}
	assert_int_equal(versions_month(&table, span_of(kind), span_of(slug),
					month),
			 WEALD_OK);
	assert_string_equal(month, wanted);
}

static void versions_month__finds_a_name(void **state)
{
	(void)state;
	check_month("a", "b", NULL);
	apply("a/2026-11/b", 1);
	apply("a/0000-01/c", 1);
	apply("a/9999-12/d", 1);
	apply("a/0305-07/e", 1);
	check_month("a", "b", "2026-11");
	check_month("a", "c", "0000-01");
	check_month("a", "d", "9999-12");
	check_month("a", "e", "0305-07");
	check_month("a", "f", NULL);
	check_month("b", "a", NULL);
	check_month("A", "b", NULL);
	check_month("", "b", NULL);
	check_month("a/b", "c", NULL);
	check_month("a",
		    "a23456789012345678901234567890123456789012345678901234567"
		    "89012",
		    NULL);
}

static void versions_restore__puts_entries_back(void **state)
{
	struct versions other = { .count = 0 };
	uint64_t version;
	char record[32];
	size_t i;

	(void)state;
	for (i = 0; i < 500; i++) {
		snprintf(record, sizeof record, "a/2026-11/r%zu", i);
		apply(record, 1);
	}
	apply("a/2026-11/r7", 2);
	for (i = 0; i < table.slots_n; i++) {
		if (table.slots[i].version == 0) {
			continue;
		}
		assert_int_equal(versions_restore(&other, &table.slots[i]),
				 WEALD_OK);
		assert_int_equal(versions_restore(&other, &table.slots[i]),
				 WEALD_EXISTS);
	}
	assert_int_equal(other.count, 500);
	for (i = 0; i < 500; i++) {
		snprintf(record, sizeof record, "a/2026-11/r%zu", i);
		assert_int_equal(versions_get(&other, span_of(record), &version,
					      &msg),
				 WEALD_OK);
		assert_int_equal(version, i == 7 ? 2 : 1);
	}
	versions_release(&other);
	assert_null(other.slots);
}

/* A list that is searched from end to end says the same. */
struct plain {
	char kind;
	unsigned slug;
	unsigned month;
	uint64_t version;
};

static int plain_check(const struct plain *list, size_t n,
		       const struct plain *want)
{
	size_t i;

	for (i = 0; i < n; i++) {
		if (list[i].kind != want->kind || list[i].slug != want->slug) {
			continue;
		}
		if (list[i].month != want->month) {
			return WEALD_RECORD_TAKEN;
		}
		return want->version == list[i].version + 1
			       ? WEALD_OK
			       : WEALD_VERSION_OTHER;
	}
	return want->version == 1 ? WEALD_OK : WEALD_VERSION_OTHER;
}

static void plain_apply(struct plain *list, size_t *n, const struct plain *add)
{
	size_t i;

	for (i = 0; i < *n; i++) {
		if (list[i].kind == add->kind && list[i].slug == add->slug) {
			list[i].version = add->version;
			return;
		}
	}
	list[(*n)++] = *add;
}

static void versions__agree_with_a_plain_list(void **state)
{
	static struct plain list[4000];
	size_t accepted = 0;
	struct plain want;
	struct update u;
	struct prng p;
	char record[32];
	size_t n = 0;
	int wanted;
	int i;

	(void)state;
	prng_begin(&p, __func__);
	for (i = 0; i < 20000; i++) {
		want.kind = "abc"[prng_below(&p, 3)];
		want.slug = (unsigned)prng_below(&p, 1000);
		want.month = 1 + (want.slug + (prng_below(&p, 50) == 0)) % 12;
		want.version = 1 + prng_below(&p, 4);
		snprintf(record, sizeof record, "%c/2026-%02u/s%u", want.kind,
			 want.month, want.slug);
		u = about(record, want.version);
		wanted = plain_check(list, n, &want);
		assert_int_equal(versions_check(&table, &u, &msg), wanted);
		if (wanted == WEALD_OK) {
			assert_int_equal(versions_apply(&table, &u), WEALD_OK);
			plain_apply(list, &n, &want);
			accepted++;
		}
		assert_int_equal(table.count, n);
	}
	assert_true(accepted > 3000);
	assert_true(2 * table.count <= table.slots_n);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, begin, end)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(versions_check__counts_from_one),
		TEST(versions_check__kind_and_slug_are_unique),
		TEST(versions_check__leaves_the_feed_itself_alone),
		TEST(versions_check__refuses_what_is_no_record),
		TEST(versions_get__tells_the_version),
		TEST(versions_month__finds_a_name),
		TEST(versions_restore__puts_entries_back),
		TEST(versions__agree_with_a_plain_list),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
