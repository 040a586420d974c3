#include "proxy/fetch/fetch_settings.h"

#include <stdio.h>
#include <string.h>

#include <arpa/inet.h>

#include "tests/support/unit.h"

static bool allows(const struct fetcher_options *options, const char *host)
{
	struct sockaddr_in address = {.sin_family = AF_INET};

	assert_int_equal(inet_pton(AF_INET, host, &address.sin_addr), 1);
	return fetch_policy_address(options->take_policy, host, (const struct sockaddr *)&address);
}

static void test_nothing_said_allows_public_addresses_alone(void **state)
{
	const struct fetch_settings settings = {0};
	struct fetcher_options options;
	const char *rule = "?";

	(void)state;
	assert_ok(fetch_settings_fill(&settings, &options, &rule));
	assert_null(rule);
	assert_true(allows(&options, "8.8.8.8"));
	assert_false(allows(&options, "127.0.0.1"));
	assert_null(options.proxy);
	assert_null(options.no_proxy);
	assert_null(options.user_agent);
	assert_int_equal(options.timeout_ms, 0);
	assert_int_equal(options.connect_timeout_ms, 0);
	assert_int_equal(options.first_pause_ms, 0);
	fetch_policy_free(options.take_policy);
}

static void test_every_rule_counts_and_the_proxy_is_passed_on(void **state)
{
	char loopback[] = "127.0.0.0/8";
	char private[] = "10.1.2.3";
	char *allow[] = {loopback, private};
	const struct fetch_settings settings = {
	    .allow = allow, .num_allow = 2, .proxy = "proxy.example:3128", .no_proxy = "ca.example"};
	struct fetcher_options options;
	const char *rule = "?";

	(void)state;
	assert_ok(fetch_settings_fill(&settings, &options, &rule));
	assert_null(rule);
	assert_true(allows(&options, "127.0.0.1"));
	assert_true(allows(&options, "10.1.2.3"));
	assert_false(allows(&options, "10.1.2.4"));
	assert_string_equal(options.proxy, "proxy.example:3128");
	assert_string_equal(options.no_proxy, "ca.example");
	fetch_policy_free(options.take_policy);
}

static void test_a_rule_that_is_none_is_named(void **state)
{
	char good[] = "any";
	char bad[] = "10.0.0.0/99";
	char *allow[] = {good, bad};
	const struct fetch_settings settings = {.allow = allow, .num_allow = 2};
	struct fetcher_options options;
	const char *rule = NULL;

	(void)state;
	assert_kind(fetch_settings_fill(&settings, &options, &rule), ERROR_FORMAT);
	assert_ptr_equal(rule, bad);
	assert_null(options.take_policy);
}

static void test_one_rule_too_many_is_named(void **state)
{
	char *allow[FETCH_POLICY_MAX_RULES + 1];
	char any[] = "any";
	struct fetch_settings settings = {.allow = allow, .num_allow = FETCH_POLICY_MAX_RULES};
	struct fetcher_options options;
	const char *rule = NULL;

	(void)state;
	for (size_t i = 0; i <= FETCH_POLICY_MAX_RULES; i++)
		allow[i] = any;
	assert_ok(fetch_settings_fill(&settings, &options, &rule));
	fetch_policy_free(options.take_policy);
	settings.num_allow++;
	assert_kind(fetch_settings_fill(&settings, &options, &rule), ERROR_LIMIT);
	assert_ptr_equal(rule, any);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_nothing_said_allows_public_addresses_alone),
	    cmocka_unit_test(test_every_rule_counts_and_the_proxy_is_passed_on),
	    cmocka_unit_test(test_a_rule_that_is_none_is_named),
	    cmocka_unit_test(test_one_rule_too_many_is_named),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
