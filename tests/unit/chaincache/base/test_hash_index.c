#include "tests/support/unit.h"

#include "chaincache/base/hash_index.h"

static void add(struct hash_index *index, uint32_t hash)
{
	assert_ok(hash_index_reserve(index));
	hash_index_add(index, hash);
}

static void test_an_empty_index_finds_nothing(void **state)
{
	struct hash_index index = {0};
	(void)state;

	assert_int_equal(hash_index_first(&index, 0), HASH_INDEX_END);
	hash_index_cleanup(&index);
}

static void test_walks_equal_hashes_in_the_order_of_adding(void **state)
{
	struct hash_index index = {0};
	(void)state;

	/* 5 and 21 share a bucket of 16: they must not be mixed up. */
	add(&index, 5);
	add(&index, 21);
	add(&index, 5);
	add(&index, 7);
	add(&index, 5);
	assert_int_equal(hash_index_first(&index, 5), 0);
	assert_int_equal(hash_index_next(&index, 0), 2);
	assert_int_equal(hash_index_next(&index, 2), 4);
	assert_int_equal(hash_index_next(&index, 4), HASH_INDEX_END);
	assert_int_equal(hash_index_first(&index, 21), 1);
	assert_int_equal(hash_index_next(&index, 1), HASH_INDEX_END);
	assert_int_equal(hash_index_first(&index, 37), HASH_INDEX_END);
	hash_index_cleanup(&index);
}

static void test_keeps_the_order_when_it_grows(void **state)
{
	struct hash_index index = {0};
	uint32_t position;
	uint32_t found = 0;
	(void)state;

	for (uint32_t i = 0; i < 10000; i++)
		add(&index, i % 100 * 0x01000193U);
	position = hash_index_first(&index, 42 * 0x01000193U);
	for (; position != HASH_INDEX_END; position = hash_index_next(&index, position))
		assert_int_equal(position, 42 + 100 * found++);
	assert_int_equal(found, 100);
	assert_int_equal(index.capacity, 16384);
	hash_index_cleanup(&index);
}

static void test_texts_one_behind_the_other(void **state)
{
	(void)state;
	uint32_t ab = hash_index_text(HASH_INDEX_NO_TEXT, "ab");
	uint32_t a = hash_index_text(HASH_INDEX_NO_TEXT, "a");

	assert_int_not_equal(ab, a);
	assert_int_not_equal(hash_index_text(ab, "c"), hash_index_text(a, "bc"));
	assert_int_not_equal(hash_index_text(a, ""), a);
	assert_int_equal(hash_index_text(a, "bc"), hash_index_text(hash_index_text(HASH_INDEX_NO_TEXT, "a"), "bc"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_an_empty_index_finds_nothing),
	    cmocka_unit_test(test_walks_equal_hashes_in_the_order_of_adding),
	    cmocka_unit_test(test_keeps_the_order_when_it_grows),
	    cmocka_unit_test(test_texts_one_behind_the_other),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
