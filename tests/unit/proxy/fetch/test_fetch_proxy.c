#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "proxy/fetch/fetch_proxy.h"

static const struct {
	const char *no_proxy;
	const char *host;
	bool applies;
} cases[] = {
    {NULL, "aia.example", true},
    {"", "aia.example", true},
    {"*", "aia.example", false},
    {"*", "192.0.2.1", false},
    {"aia.example", "aia.example", false},
    {"aia.example", "AIA.example.", false},
    {"aia.example", "a.aia.example", false},
    {".aia.example", "a.aia.example", false},
    {".aia.example", "aia.example", false},
    {"aia.example", "notaia.example", true},
    {"a.aia.example", "aia.example", true},
    {"other.example, aia.example", "aia.example", false},
    {"other.example aia.example", "aia.example", false},
    {",,  ,aia.example,", "aia.example", false},
    {"192.0.2.1", "192.0.2.1", false},
    {"192.0.2.1", "192.0.2.2", true},
    {"192.0.2.0/24", "192.0.2.200", false},
    {"192.0.2.0/24", "192.0.3.1", true},
    {"192.0.2.0/33", "192.0.2.0", true},
    {"192.0.2.0/24", "aia.example", true},
    {"2001:db8::/32", "[2001:db8::1]", false},
    {"::1", "[::1]", false},
    {"::/0", "192.0.2.1", true},
    {"0.0.0.0/0", "192.0.2.1", false},
    {"2.1", "192.0.2.1", true},
    {"aia.example", "not a name", true},
};

static void test_no_proxy_exempts_hosts(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct fetch_proxy proxy;
		assert_false(failed(fetch_proxy_init(&proxy, "http://proxy.example:3128", cases[i].no_proxy)));
		bool applies = fetch_proxy_applies(&proxy, cases[i].host);
		fetch_proxy_cleanup(&proxy);
		if (applies != cases[i].applies)
			fail_msg("\"%s\" and %s", cases[i].no_proxy != NULL ? cases[i].no_proxy : "", cases[i].host);
	}
}

static void test_no_proxy_at_all(void **state)
{
	struct fetch_proxy proxy;

	(void)state;
	assert_false(failed(fetch_proxy_init(&proxy, NULL, NULL)));
	assert_false(fetch_proxy_applies(&proxy, "aia.example"));
	fetch_proxy_cleanup(&proxy);
	assert_false(failed(fetch_proxy_init(&proxy, "", "*")));
	assert_false(fetch_proxy_applies(&proxy, "aia.example"));
	fetch_proxy_cleanup(&proxy);
}

static void test_a_proxy_is_an_http_url(void **state)
{
	static const char *const good[] = {"http://proxy.example:3128", "http://proxy.example:3128/",
					   "proxy.example:3128",        "HTTP://proxy.example",
					   "http://[::1]:3128",         "192.0.2.1:8080"};
	static const char *const bad[] = {"https://proxy.example",
					  "socks5://proxy.example",
					  "http://proxy.example/path",
					  "http://",
					  "http://proxy.example:99999",
					  "http://a b",
					  "proxy\nexample"};
	static char too_long[FETCH_PROXY_MAX_CHARS + 2];
	struct fetch_proxy proxy;

	(void)state;
	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		if (failed(fetch_proxy_init(&proxy, good[i], NULL)))
			fail_msg("%s was refused", good[i]);
		fetch_proxy_cleanup(&proxy);
	}
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		if (fetch_proxy_init(&proxy, bad[i], NULL).kind != ERROR_FORMAT)
			fail_msg("%s was taken", bad[i]);
	memset(too_long, 'a', sizeof(too_long) - 1);
	assert_int_equal(fetch_proxy_init(&proxy, too_long, NULL).kind, ERROR_FORMAT);
}

static void test_the_environment_names_the_proxy(void **state)
{
	static const char *const names[] = {"http_proxy", "HTTP_PROXY", "all_proxy",
					    "ALL_PROXY",  "no_proxy",   "NO_PROXY"};

	(void)state;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		unsetenv(names[i]);
	assert_null(fetch_proxy_environment_url());
	assert_null(fetch_proxy_environment_no_proxy());
	setenv("HTTP_PROXY", "http://set-by-a-cgi-client", 1);
	assert_null(fetch_proxy_environment_url());
	setenv("ALL_PROXY", "http://all", 1);
	assert_string_equal(fetch_proxy_environment_url(), "http://all");
	setenv("http_proxy", "http://one", 1);
	setenv("NO_PROXY", "a.example", 1);
	assert_string_equal(fetch_proxy_environment_url(), "http://one");
	assert_string_equal(fetch_proxy_environment_no_proxy(), "a.example");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_no_proxy_exempts_hosts),
	    cmocka_unit_test(test_no_proxy_at_all),
	    cmocka_unit_test(test_a_proxy_is_an_http_url),
	    cmocka_unit_test(test_the_environment_names_the_proxy),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
