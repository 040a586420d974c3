#include "proxy/http/http_policy.h"

#include <string.h>

#include "tests/support/unit.h"

static void test_a_policy_has_copies_of_all(void **state)
{
	char name[] = "X-Site", value[] = "mail", gone[] = "Cookie", host[] = "owa.corp";
	struct http_named_value set[] = {{bytes_of_string(name), bytes_of_string(value)}};
	struct bytes removed[] = {bytes_of_string(gone)};
	struct http_policy settings = {
	    .max_head_bytes = 1024,
	    .upgrade = true,
	    .forwarded = HTTP_FORWARDED_BOTH,
	    .backend_host = bytes_of_string(host),
	    .set = set,
	    .num_set = 1,
	    .remove = removed,
	    .num_remove = 1,
	};
	struct http_policy *policy = NULL;

	(void)state;
	assert_ok(http_policy_new(&settings, &policy));
	memset(name, '!', sizeof(name) - 1);
	memset(value, '!', sizeof(value) - 1);
	memset(gone, '!', sizeof(gone) - 1);
	memset(host, '!', sizeof(host) - 1);
	memset(set, 0, sizeof(set));
	memset(removed, 0, sizeof(removed));
	assert_int_equal(policy->max_head_bytes, 1024);
	assert_true(policy->upgrade);
	assert_int_equal(policy->forwarded, HTTP_FORWARDED_BOTH);
	assert_true(bytes_equal(policy->backend_host, bytes_of_string("owa.corp")));
	assert_string_equal(buffer_text(&policy->lines), "X-Site: mail\r\n");
	assert_true(bytes_equal(policy->remove[0], bytes_of_string("Cookie")));
	http_policy_free(policy);
	http_policy_free(NULL);
}

static void test_names_that_are_the_sites(void **state)
{
	static const struct {
		const char *name;
		bool owned;
	} cases[] = {
	    {"X-Site", true}, {"x-site", true}, {"X_SITE", true},   {"Cookie", true}, {"X-Sitf", false},
	    {"X-Sit", false}, {"", false},      {"Cookies", false}, {"C", false},     {"X-Site-", false},
	};
	const struct http_named_value set[] = {{bytes_of_string("X-Site"), bytes_of_string("mail")}};
	const struct bytes removed[] = {bytes_of_string("cookie")};
	const struct http_policy settings = {.set = set, .num_set = 1, .remove = removed, .num_remove = 1};
	const struct http_policy nothing = {0};
	struct http_policy *policy = NULL;

	(void)state;
	assert_ok(http_policy_new(&settings, &policy));
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		if (http_policy_owns(policy, bytes_of_string(cases[i].name)) != cases[i].owned)
			fail_msg("%s", cases[i].name);
		assert_false(http_policy_owns(&nothing, bytes_of_string(cases[i].name)));
	}
	http_policy_free(policy);
}

static void test_a_policy_that_sets_too_much(void **state)
{
	static char value[HTTP_MAX_POLICY_BYTES];
	struct http_named_value set[] = {{bytes_of_string("A"), bytes_of(value, sizeof(value))}};
	struct http_policy settings = {.set = set, .num_set = 1};
	struct http_policy *policy = NULL;

	(void)state;
	memset(value, 'a', sizeof(value));
	assert_kind(http_policy_new(&settings, &policy), ERROR_LIMIT);
	assert_null(policy);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_a_policy_has_copies_of_all),
	    cmocka_unit_test(test_names_that_are_the_sites),
	    cmocka_unit_test(test_a_policy_that_sets_too_much),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
