#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/un.h>

#include "chaincache/fetching/fetch_policy.h"

static struct sockaddr_storage address(const char *text)
{
	struct sockaddr_storage storage = {0};
	struct sockaddr_in *ipv4 = (struct sockaddr_in *)&storage;
	struct sockaddr_in6 *ipv6 = (struct sockaddr_in6 *)&storage;

	if (inet_pton(AF_INET, text, &ipv4->sin_addr) == 1)
		storage.ss_family = AF_INET;
	else if (inet_pton(AF_INET6, text, &ipv6->sin6_addr) == 1)
		storage.ss_family = AF_INET6;
	else
		fail_msg("%s is no address", text);
	return storage;
}

static void test_not_ip(void **state)
{
	struct sockaddr_un path = {.sun_family = AF_UNIX, .sun_path = "/run/x"};
	struct fetch_policy *policy = fetch_policy_new();

	(void)state;
	assert_false(failed(fetch_policy_allow(policy, "any")));
	assert_false(fetch_policy_address(policy, "a.example", (struct sockaddr *)&path));
	fetch_policy_free(policy);
}

static struct fetch_policy *policy_of(const char *rules)
{
	char copy[256];
	char *rest = NULL;
	struct fetch_policy *policy = fetch_policy_new();

	snprintf(copy, sizeof(copy), "%s", rules);
	for (char *rule = strtok_r(copy, " ", &rest); rule != NULL; rule = strtok_r(NULL, " ", &rest)) {
		struct error error = fetch_policy_allow(policy, rule);
		if (failed(error))
			fail_msg("%s: %s", rule, error.step);
	}
	return policy;
}

static const struct {
	const char *rules;
	const char *host;
	const char *address;
	bool allowed;
} address_cases[] = {
    {"", "a.example", "8.8.8.8", true},
    {"", "a.example", "127.0.0.1", false},
    {"", "a.example", "10.0.0.1", false},
    {"public", "a.example", "8.8.8.8", true},
    {"public", "a.example", "::ffff:10.0.0.1", false},
    {"127.0.0.1", "a.example", "127.0.0.1", true},
    {"127.0.0.1", "a.example", "127.0.0.2", false},
    {"127.0.0.1", "a.example", "8.8.8.8", true}, /* a rule adds to the public addresses */
    {"127.0.0.1", "a.example", "10.0.0.1", false},
    {"pki.corp.example", "a.example", "2a00:1450::1", true},
    {"public 127.0.0.1", "a.example", "8.8.8.8", true},
    {"public 127.0.0.1", "a.example", "127.0.0.1", true},
    {"127.0.0.1", "a.example", "::ffff:127.0.0.1", true},
    {"::ffff:127.0.0.1", "a.example", "127.0.0.1", true},
    {"10.0.0.0/8", "a.example", "10.255.0.1", true},
    {"10.0.0.0/8", "a.example", "172.16.0.1", false},
    {"10.0.0.0/8", "a.example", "::ffff:10.0.0.1", true},
    {"10.0.0.0/8", "a.example", "64:ff9b::10.0.0.1", false},
    {"10.32.0.0/11", "a.example", "10.63.255.255", true},
    {"10.32.0.0/11", "a.example", "10.64.0.0", false},
    {"0.0.0.0/0", "a.example", "10.0.0.1", true},
    {"0.0.0.0/0", "a.example", "fd00::1", false},
    {"0.0.0.0/0", "a.example", "169.254.169.254", false},
    {"fd00::/8", "a.example", "fd00::1", true},
    {"fd00::/8", "a.example", "fc00::1", false},
    {"[::1]", "localhost", "::1", true},
    {"::1/128", "localhost", "::1", true},
    {"any", "a.example", "10.0.0.1", true},
    {"any", "a.example", "0.0.0.0", true},
    {"any", "a.example", "169.254.169.254", false},
    {"any", "a.example", "fe80::1", false},
    {"any", "a.example", "::ffff:169.254.169.254", false},
    {"any", "a.example", "64:ff9b::169.254.169.254", false},
    {"169.254.169.254", "a.example", "169.254.169.254", true},
    {"169.254.0.0/16", "a.example", "169.254.169.254", true},
    {"168.0.0.0/6", "a.example", "169.254.169.254", false},
    {"fe80::/10", "a.example", "fe80::1", true},
    {"pki.corp.example", "pki.corp.example", "10.0.0.1", true},
    {"pki.corp.example", "PKI.corp.example.", "10.0.0.1", true},
    {"pki.corp.example", "other.corp.example", "10.0.0.1", false},
    {"pki.corp.example", "pki.corp.example", "169.254.169.254", false},
    {"pki.corp.example", "a.pki.corp.example", "10.0.0.1", false},
    {"pki.corp.example", "not a name", "10.0.0.1", false},
    {"PUBLIC", "a.example", "8.8.8.8", true},
};

static void test_addresses(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(address_cases) / sizeof(address_cases[0]); i++) {
		struct fetch_policy *policy = policy_of(address_cases[i].rules);
		struct sockaddr_storage storage = address(address_cases[i].address);
		bool allowed = fetch_policy_address(policy, address_cases[i].host, (struct sockaddr *)&storage);
		fetch_policy_free(policy);
		if (allowed != address_cases[i].allowed)
			fail_msg("\"%s\", %s at %s", address_cases[i].rules, address_cases[i].host,
				 address_cases[i].address);
	}
}

static const struct {
	const char *rules;
	const char *host;
	bool allowed;
} host_cases[] = {
    {"", "aia.example", true},
    {"", "8.8.8.8", true},
    {"", "10.0.0.1", false},
    {"", "[::1]", false},
    {"", "[::ffff:10.0.0.1]", false},
    {"", "localhost", false},
    {"", "LOCALHOST.", false},
    {"", "a.localhost", false},
    {"", "notlocalhost", true},
    {"", "0x7f.1", false},
    {"", "2130706433", false},
    {"", "not a name", false},
    {"", "", false},
    {"localhost", "localhost", true},
    {"127.0.0.1", "localhost", true},
    {"127.0.0.1", "127.0.0.1", true},
    {"any", "10.0.0.1", true},
    {"any", "169.254.169.254", false},
};

static void test_hosts(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(host_cases) / sizeof(host_cases[0]); i++) {
		struct fetch_policy *policy = policy_of(host_cases[i].rules);
		bool allowed = fetch_policy_host(policy, host_cases[i].host);
		fetch_policy_free(policy);
		if (allowed != host_cases[i].allowed)
			fail_msg("\"%s\" and %s", host_cases[i].rules, host_cases[i].host);
	}
}

static void test_bad_rules(void **state)
{
	static const char *const rules[] = {
	    "",           "10.0.0.0/33",      "10.0.0.0/",           "10.0.0.0/-1",   "10.0.0.0/8x",
	    "10.0.0.1/8", "fd00::/129",       "::ffff:10.0.0.0/104", "a.example/8",   "/8",
	    "*.example",  "http://a.example", "a.example:80",        "10.0.0.0/1000", "127.1",
	    "a b",        "10.0.0.0/08888",
	};
	struct fetch_policy *policy = fetch_policy_new();
	struct sockaddr_storage loopback = address("10.0.0.1");

	(void)state;
	for (size_t i = 0; i < sizeof(rules) / sizeof(rules[0]); i++)
		if (fetch_policy_allow(policy, rules[i]).kind != ERROR_FORMAT)
			fail_msg("%s was taken for a rule", rules[i]);
	assert_false(fetch_policy_address(policy, "a.example", (struct sockaddr *)&loopback));
	fetch_policy_free(policy);
}

static void test_too_many_rules(void **state)
{
	struct fetch_policy *policy = fetch_policy_new();

	(void)state;
	for (int i = 0; i < FETCH_POLICY_MAX_RULES; i++)
		assert_false(failed(fetch_policy_allow(policy, "10.0.0.0/8")));
	assert_int_equal(fetch_policy_allow(policy, "10.0.0.0/8").kind, ERROR_LIMIT);
	fetch_policy_free(policy);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_not_ip),    cmocka_unit_test(test_addresses),      cmocka_unit_test(test_hosts),
	    cmocka_unit_test(test_bad_rules), cmocka_unit_test(test_too_many_rules),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
