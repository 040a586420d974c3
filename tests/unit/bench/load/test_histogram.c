#include "bench/load/histogram.h"
#include "tests/support/unit.h"

#include <stdlib.h>
#include <string.h>

static struct histogram *new_histogram(void)
{
	struct histogram *histogram = calloc(1, sizeof(*histogram));
	assert_non_null(histogram);
	return histogram;
}

static void test_an_empty_histogram_has_no_quantile(void **state)
{
	struct histogram *histogram = new_histogram();
	(void)state;
	assert_true(histogram_quantile_ns(histogram, 0.5) == 0);
	assert_true(histogram_mean_ns(histogram) < 0.5);
	free(histogram);
}

/* Looks at each value on its own: its quantile is never below it, and above by the stated share at most. */
static void test_a_quantile_is_never_too_low_and_little_too_high(void **state)
{
	(void)state;
	for (uint64_t value = 1; value < HISTOGRAM_MAX_NS / 2; value = value * 3 / 2 + 1) {
		for (int beside = -1; beside <= 1; beside++) {
			struct histogram *histogram = new_histogram();
			uint64_t ns = beside < 0 ? value - 1 : value + (uint64_t)beside;
			histogram_add(histogram, ns);
			histogram_add(histogram, HISTOGRAM_MAX_NS); /* so that the largest value does not cut it */
			uint64_t told = histogram_quantile_ns(histogram, 0.5);
			assert_in_range(told, ns, ns + ns / HISTOGRAM_STEPS);
			free(histogram);
		}
	}
}

static void test_quantiles_of_a_row(void **state)
{
	static const struct {
		double quantile;
		uint64_t ns;
	} rows[] = {{0, 1}, {0.001, 1}, {0.1, 10}, {0.5, 50}, {0.9, 90}, {0.99, 99}, {0.999, 100}, {1, 100}};
	struct histogram *histogram = new_histogram();
	(void)state;
	for (uint64_t ns = 100; ns >= 1; ns--)
		histogram_add(histogram, ns);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		assert_int_equal(histogram_quantile_ns(histogram, rows[i].quantile), rows[i].ns);
	assert_int_equal(histogram->min_ns, 1);
	assert_int_equal(histogram->max_ns, 100);
	assert_true(histogram_mean_ns(histogram) > 50.49 && histogram_mean_ns(histogram) < 50.51);
	free(histogram);
}

static void test_what_is_too_long_counts_as_the_longest(void **state)
{
	struct histogram *histogram = new_histogram();
	(void)state;
	histogram_add(histogram, UINT64_MAX);
	histogram_add(histogram, HISTOGRAM_MAX_NS + 1);
	assert_true(histogram_quantile_ns(histogram, 0) == HISTOGRAM_MAX_NS);
	assert_true(histogram->max_ns == HISTOGRAM_MAX_NS);
	assert_int_equal(histogram->count, 2);
	free(histogram);
}

static void test_merged_is_as_counted_together(void **state)
{
	struct histogram *one = new_histogram(), *other = new_histogram(), *both = new_histogram();
	(void)state;
	histogram_merge(one, other); /* of nothing: nothing */
	assert_int_equal(one->count, 0);
	for (uint64_t i = 1; i <= 1000; i++) {
		histogram_add(i % 3 == 0 ? one : other, i * i * 1000);
		histogram_add(both, i * i * 1000);
	}
	histogram_merge(one, other);
	assert_memory_equal(one, both, sizeof(*both));
	free(one);
	free(other);
	free(both);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_an_empty_histogram_has_no_quantile),
	    cmocka_unit_test(test_a_quantile_is_never_too_low_and_little_too_high),
	    cmocka_unit_test(test_quantiles_of_a_row),
	    cmocka_unit_test(test_what_is_too_long_counts_as_the_longest),
	    cmocka_unit_test(test_merged_is_as_counted_together),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
