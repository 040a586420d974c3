#include "tests/support/no_descriptors.h"

#include <unistd.h>

#include "tests/support/unit.h"

struct rlimit no_descriptors_begin(void)
{
	struct rlimit before;

	assert_int_equal(getrlimit(RLIMIT_NOFILE, &before), 0);
	int lowest_free = dup(STDERR_FILENO);
	assert_true(lowest_free >= 0);
	close(lowest_free);
	struct rlimit none_left = {.rlim_cur = (rlim_t)lowest_free, .rlim_max = before.rlim_max};
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &none_left), 0);
	return before;
}

void no_descriptors_end(const struct rlimit *before)
{
	assert_int_equal(setrlimit(RLIMIT_NOFILE, before), 0);
}
