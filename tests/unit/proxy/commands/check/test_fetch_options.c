#include "proxy/commands/check/fetch_options.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "proxy/io/loop.h"
#include "tests/support/unit.h"

static void test_values_are_taken_or_told(void **state)
{
	struct fetch_options options = {0};

	(void)state;
	assert_null(fetch_options_take_allow(&options, "10.0.0.0/8"));
	assert_null(fetch_options_take_allow(&options, "ca.example"));
	assert_non_null(fetch_options_take_allow(&options, "10.0.0.0/40"));
	assert_int_equal(options.allow.count, 2);
	assert_string_equal(options.allow.items[1], "ca.example");
	assert_null(fetch_options_take_proxy(&options, "http://proxy.example:3128"));
	assert_string_equal(options.proxy, "http://proxy.example:3128");
	assert_non_null(fetch_options_take_proxy(&options, "ftp://proxy.example"));
	fetch_options_cleanup(&options);
	assert_int_equal(options.allow.count, 0);
}

/* Whether a fetcher comes of it: of the environment's proxy, where none is given. */
static enum error_kind make(const struct fetch_options *options, const char *environment_proxy)
{
	struct fetcher *fetcher = NULL;
	struct loop *loop;

	assert_ok(loop_new(&loop));
	assert_int_equal(setenv("http_proxy", environment_proxy, 1), 0);
	struct error error = fetch_options_make_fetcher(options, loop, &fetcher);
	assert_int_equal(fetcher != NULL, !failed(error));
	if (fetcher != NULL)
		fetcher_close(fetcher, NULL, NULL);
	assert_true(loop_free(loop));
	return error.kind;
}

static void test_a_proxy_that_is_given_counts_before_the_environment(void **state)
{
	struct fetch_options options = {0};

	(void)state;
	assert_int_equal(make(&options, ""), ERROR_NONE);
	assert_int_equal(make(&options, "http://proxy.example:3128"), ERROR_NONE);
	assert_int_equal(make(&options, "ftp://proxy.example"), ERROR_FORMAT);
	options.proxy = "other.example:3128";
	assert_int_equal(make(&options, "ftp://proxy.example"), ERROR_NONE);
}

static void test_a_rule_that_is_none_makes_no_fetcher(void **state)
{
	struct fetch_options options = {0};

	(void)state;
	assert_true(string_list_append(&options.allow, "any"));
	assert_int_equal(make(&options, ""), ERROR_NONE);
	assert_true(string_list_append(&options.allow, "10.0.0.0/40"));
	assert_int_equal(make(&options, ""), ERROR_FORMAT);
	fetch_options_cleanup(&options);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_values_are_taken_or_told),
	    cmocka_unit_test(test_a_proxy_that_is_given_counts_before_the_environment),
	    cmocka_unit_test(test_a_rule_that_is_none_makes_no_fetcher),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
