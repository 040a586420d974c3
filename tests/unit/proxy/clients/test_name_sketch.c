#include "proxy/clients/name_sketch.h"

#include <stdio.h>
#include <string.h>

#include "tests/support/unit.h"

enum { MILLION = 1000000 };

static const struct name_count *find(const struct name_sketch *sketch, const char *name)
{
	for (size_t i = 0; i < sketch->num_items; i++) {
		if (strcmp(sketch->items[i].name, name) == 0)
			return &sketch->items[i];
	}
	return NULL;
}

static void test_exact_while_there_is_room(void **state)
{
	struct name_sketch sketch = {0};
	struct name_count top[2];
	char name[32];

	(void)state;
	for (unsigned round = 0; round < 3; round++) {
		for (unsigned i = 0; i < NAME_SKETCH_MAX; i++) {
			snprintf(name, sizeof(name), "n%u.example", i);
			(void)name_sketch_add(&sketch, name, i + 1, 0);
		}
	}
	for (unsigned i = 0; i < NAME_SKETCH_MAX; i++) {
		snprintf(name, sizeof(name), "n%u.example", i);
		const struct name_count *count = find(&sketch, name);
		assert_non_null(count);
		assert_int_equal(count->count, 3 * (i + 1));
		assert_int_equal(count->error, 0);
	}
	assert_int_equal(name_sketch_top(&sketch, top, 2), 2);
	assert_string_equal(top[0].name, "n63.example");
	assert_string_equal(top[1].name, "n62.example");
	name_sketch_cleanup(&sketch);
}

/* The bounds that the header states, for every name that is there. */
static void test_a_million_random_names(void **state)
{
	struct name_sketch sketch = {0};
	uint64_t sum = 0;
	char name[32];

	(void)state;
	for (unsigned i = 0; i < MILLION; i++) {
		snprintf(name, sizeof(name), "x%u.example", i);
		(void)name_sketch_add(&sketch, name, 1, 0);
	}
	assert_int_equal(sketch.num_items, NAME_SKETCH_MAX);
	assert_int_equal(sketch.total, MILLION);
	for (size_t i = 0; i < sketch.num_items; i++) {
		const struct name_count *item = &sketch.items[i];
		sum += item->count;
		assert_int_equal(item->count - item->error, 1); /* each was asked for once */
		assert_in_range(item->error, 0, MILLION / NAME_SKETCH_MAX);
	}
	assert_int_equal(sum, MILLION);
	name_sketch_cleanup(&sketch);
}

/* Two in a hundred are the same name, which comes late; more than one in NAME_SKETCH_MAX cannot be missed. */
static void test_a_heavy_hitter_in_noise(void **state)
{
	struct name_sketch sketch = {0};
	struct name_count top;
	uint64_t asked = 0;
	char name[32];

	(void)state;
	for (unsigned i = 0; i < MILLION; i++) {
		bool heavy = i >= 1000 && i % 50 == 0;
		snprintf(name, sizeof(name), "x%u.example", i);
		(void)name_sketch_add(&sketch, heavy ? "autodiscover.contoso.com" : name, 1, 0);
		asked += heavy;
	}
	assert_int_equal(name_sketch_top(&sketch, &top, 1), 1);
	assert_string_equal(top.name, "autodiscover.contoso.com");
	assert_in_range(asked, top.count - top.error, top.count);
	assert_in_range(top.count - asked, 0, MILLION / NAME_SKETCH_MAX);
	name_sketch_cleanup(&sketch);
}

static void test_errors_that_come_in_are_kept(void **state)
{
	struct name_sketch sketch = {0};

	(void)state;
	(void)name_sketch_add(&sketch, "a.example", 10, 4);
	const struct name_count *count = name_sketch_add(&sketch, "a.example", 5, 1);
	assert_int_equal(count->count, 15);
	assert_int_equal(count->error, 5);
	name_sketch_cleanup(&sketch);
}

static void test_long_names_are_cut_and_found_again(void **state)
{
	struct name_sketch sketch = {0};
	char name[1000];

	(void)state;
	memset(name, 'a', sizeof(name) - 1);
	name[sizeof(name) - 1] = '\0';
	(void)name_sketch_add(&sketch, name, 1, 0);
	(void)name_sketch_add(&sketch, name, 1, 0);
	assert_int_equal(sketch.num_items, 1);
	assert_int_equal(sketch.items[0].count, 2);
	assert_int_equal(strlen(sketch.items[0].name), HOST_NAME_MAX_CHARS);
	assert_int_equal(name_sketch_top(&sketch, NULL, 0), 0);
	name_sketch_cleanup(&sketch);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_exact_while_there_is_room),
	    cmocka_unit_test(test_a_million_random_names),
	    cmocka_unit_test(test_a_heavy_hitter_in_noise),
	    cmocka_unit_test(test_errors_that_come_in_are_kept),
	    cmocka_unit_test(test_long_names_are_cut_and_found_again),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
