#include "store/feed/idmap.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

/* Ids that differ in their last bytes only, or in their first. */
static void make_id(uint32_t n, bool at_the_end, uint8_t id[OBJECT_ID_BYTES])
{
	memset(id, 7, OBJECT_ID_BYTES);
	memcpy(id + (at_the_end ? OBJECT_ID_BYTES - sizeof n : 0), &n,
	       sizeof n);
}

static void check_keeps(uint32_t count, bool at_the_end)
{
	uint8_t id[OBJECT_ID_BYTES];
	struct idmap m;
	uint32_t found;
	uint32_t i;
	bool added;

	assert_int_equal(idmap_init(&m), WEALD_OK);
	make_id(0, at_the_end, id);
	assert_false(idmap_get(&m, id, &found));
	for (i = 0; i < count; i++) {
		make_id(i, at_the_end, id);
		assert_int_equal(idmap_put(&m, id, i, &added), WEALD_OK);
		assert_true(added);
		assert_int_equal(idmap_put(&m, id, i + 1, &added), WEALD_OK);
		assert_false(added);
	}
	assert_int_equal(m.used, count);
	for (i = 0; i < count; i++) {
		make_id(i, at_the_end, id);
		assert_true(idmap_get(&m, id, &found));
		assert_int_equal(found, i);
	}
	make_id(count, at_the_end, id);
	assert_false(idmap_get(&m, id, &found));
	idmap_clear(&m);
	make_id(0, at_the_end, id);
	assert_false(idmap_get(&m, id, &found));
	assert_int_equal(idmap_put(&m, id, 5, NULL), WEALD_OK);
	assert_true(idmap_get(&m, id, &found));
	assert_int_equal(found, 5);
	idmap_release(&m);
	assert_false(idmap_get(&m, id, &found));
}

static void idmap__keeps_the_first_number_of_each_id(void **state)
{
	(void)state;
	check_keeps(10000, false);
}

static void idmap__holds_ids_with_equal_beginnings(void **state)
{
	(void)state;
	check_keeps(300, true);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(idmap__keeps_the_first_number_of_each_id),
		cmocka_unit_test(idmap__holds_ids_with_equal_beginnings),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
