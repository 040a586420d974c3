#include "proxy/io/shortage.h"
#include "tests/support/unit.h"

#include <errno.h>

static void test_which_errors_are_a_shortage(void **state)
{
	static const int shortages[] = {EMFILE, ENFILE, ENOBUFS, ENOMEM, ENOSPC};
	static const int faults[] = {ECONNABORTED, EPROTO, EAGAIN, EINTR, ECONNREFUSED, ETIMEDOUT};

	(void)state;
	for (size_t i = 0; i < sizeof(shortages) / sizeof(shortages[0]); i++)
		assert_true(shortage_is(shortages[i]));
	for (size_t i = 0; i < sizeof(faults) / sizeof(faults[0]); i++)
		assert_false(shortage_is(faults[i]));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_which_errors_are_a_shortage),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
