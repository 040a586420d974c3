#include "proxy/shared/trusted_proxies.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/un.h>

#include "tests/support/unit.h"

static struct sockaddr_storage peer(const char *text)
{
	struct sockaddr_storage storage = {.ss_family = AF_UNIX};
	struct sockaddr_in *in = (struct sockaddr_in *)&storage;
	struct sockaddr_in6 *in6 = (struct sockaddr_in6 *)&storage;

	if (inet_pton(AF_INET, text, &in->sin_addr) == 1)
		storage.ss_family = AF_INET;
	else if (inet_pton(AF_INET6, text, &in6->sin6_addr) == 1)
		storage.ss_family = AF_INET6;
	return storage;
}

static bool has(const struct trusted_proxies *proxies, const char *text)
{
	struct sockaddr_storage storage = peer(text);
	return trusted_proxies_has(proxies, (const struct sockaddr *)&storage);
}

static void test_who_is_trusted(void **state)
{
	char *items[] = {"192.0.2.1", "10.0.0.0/8", "2001:db8::/32"};
	static const struct {
		const char *peer;
		bool trusted;
	} cases[] = {
	    {"192.0.2.1", true},        {"192.0.2.2", false},  {"10.200.3.4", true},   {"11.0.0.1", false},
	    {"::ffff:192.0.2.1", true}, {"2001:db8::5", true}, {"2001:db9::5", false}, {"unix", false},
	    {"::ffff:11.0.0.1", false},
	};
	struct trusted_proxies *proxies = NULL;

	(void)state;
	assert_ok(trusted_proxies_new(&(struct string_list){items, 3}, &proxies));
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		if (has(proxies, cases[i].peer) != cases[i].trusted)
			fail_msg("%s", cases[i].peer);
		assert_false(has(NULL, cases[i].peer));
	}
	trusted_proxies_free(proxies);
}

static void test_who_comes_through_a_unix_socket(void **state)
{
	char *items[] = {"unix"};
	struct trusted_proxies *proxies = NULL;

	(void)state;
	assert_ok(trusted_proxies_new(&(struct string_list){items, 1}, &proxies));
	assert_true(has(proxies, "unix"));
	assert_false(has(proxies, "127.0.0.1"));
	trusted_proxies_free(proxies);
}

static void test_nobody_and_nonsense(void **state)
{
	char *items[] = {"192.0.2.1", "proxy.example"};
	struct trusted_proxies *proxies = NULL;

	(void)state;
	assert_ok(trusted_proxies_new(&(struct string_list){0}, &proxies));
	assert_null(proxies);
	assert_kind(trusted_proxies_new(&(struct string_list){items, 2}, &proxies), ERROR_FORMAT);
	assert_null(proxies);
	trusted_proxies_free(NULL);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_who_is_trusted),
	    cmocka_unit_test(test_who_comes_through_a_unix_socket),
	    cmocka_unit_test(test_nobody_and_nonsense),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
