#include "bench/limit/slices.h"
#include "tests/support/unit.h"

#include <stdlib.h>

static void test_quantiles_are_figures_that_occurred(void **state)
{
	static const struct {
		double figures[5];
		size_t count;
		double p10, median, p90;
	} rows[] = {
	    {{0}, 0, 0, 0, 0},
	    {{7}, 1, 7, 7, 7},
	    {{9, 1}, 2, 1, 9, 9},
	    {{3, 1, 2}, 3, 1, 2, 3},
	    {{5, 4, 3, 2, 1}, 5, 1, 3, 5},
	};
	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct slices *slices = calloc(1, sizeof(*slices));
		assert_non_null(slices);
		for (size_t j = 0; j < rows[i].count; j++)
			slices_add(slices, rows[i].figures[j]);
		assert_int_equal(slices_quantile(slices, 0.1), rows[i].p10);
		assert_int_equal(slices_median(slices), rows[i].median);
		assert_int_equal(slices_quantile(slices, 0.9), rows[i].p90);
		free(slices);
	}
}

static void test_they_have_a_maximum(void **state)
{
	struct slices *slices = calloc(1, sizeof(*slices));
	(void)state;
	assert_non_null(slices);
	for (int i = 0; i < SLICES_MAX + 10; i++)
		slices_add(slices, i);
	assert_int_equal(slices->count, SLICES_MAX);
	assert_int_equal(slices_quantile(slices, 1), SLICES_MAX - 1);
	free(slices);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_quantiles_are_figures_that_occurred),
	    cmocka_unit_test(test_they_have_a_maximum),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
