#include "proxy/shared/network_set.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

#include "tests/support/unit.h"

static uint64_t network(const char *text)
{
	struct sockaddr_in in = {.sin_family = AF_INET};
	struct sockaddr_in6 in6 = {.sin6_family = AF_INET6};

	if (inet_pton(AF_INET, text, &in.sin_addr) == 1)
		return network_of_address((struct sockaddr *)&in);
	assert_int_equal(inet_pton(AF_INET6, text, &in6.sin6_addr), 1);
	return network_of_address((struct sockaddr *)&in6);
}

static void test_what_one_network_is(void **state)
{
	static const struct {
		const char *a;
		const char *b;
		bool same;
	} cases[] = {
	    {"192.0.2.1", "192.0.2.255", true},
	    {"192.0.2.1", "192.0.3.1", false},
	    {"192.0.2.1", "::ffff:192.0.2.9", true},
	    {"192.0.2.1", "::192.0.2.1", false},
	    {"2001:db8:1::1", "2001:db8:1:ffff:ffff:ffff:ffff:ffff", true},
	    {"2001:db8:1::1", "2001:db8:2::1", false},
	    {"0.0.0.0", "::", false},
	    {"1.2.3.4", "102:3::", false},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		assert_int_not_equal(network(cases[i].a), NETWORK_UNKNOWN);
		if ((network(cases[i].a) == network(cases[i].b)) != cases[i].same)
			fail_msg("%s and %s", cases[i].a, cases[i].b);
	}
	struct sockaddr other = {.sa_family = AF_UNIX};
	assert_int_equal(network_of_address(&other), NETWORK_UNKNOWN);
}

static void test_a_network_is_printed_with_its_length(void **state)
{
	static const struct {
		const char *address;
		const char *network;
	} cases[] = {
	    {"192.0.2.77", "192.0.2.0/24"},
	    {"0.0.0.1", "0.0.0.0/24"},
	    {"255.255.255.255", "255.255.255.0/24"},
	    {"::ffff:192.0.2.9", "192.0.2.0/24"},
	    {"2001:db8:1:2::3", "2001:db8:1::/48"},
	    {"::1", "::/48"},
	    {"ffff:ffff:ffff:ffff::", "ffff:ffff:ffff::/48"},
	};
	char out[NETWORK_TEXT_MAX];

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		assert_string_equal(network_print(network(cases[i].address), out), cases[i].network);
	assert_string_equal(network_print(NETWORK_UNKNOWN, out), "");
}

static void test_each_is_counted_once_and_the_count_is_exact(void **state)
{
	struct network_set set = {0};

	(void)state;
	network_set_add(&set, NETWORK_UNKNOWN);
	assert_int_equal(set.count, 0);
	for (uint64_t i = 1; i <= NETWORK_SET_MAX; i++) {
		network_set_add(&set, i << 20);
		network_set_add(&set, i << 20);
		assert_int_equal(set.count, i);
	}
	assert_false(set.full);
}

static void test_above_the_maximum_it_says_so_and_grows_no_more(void **state)
{
	struct network_set set = {0};

	(void)state;
	for (uint64_t i = 1; i <= 100000; i++)
		network_set_add(&set, i * UINT64_C(0x9e3779b97f4a7c15));
	assert_int_equal(set.count, NETWORK_SET_MAX);
	assert_true(set.full);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_what_one_network_is),
	    cmocka_unit_test(test_a_network_is_printed_with_its_length),
	    cmocka_unit_test(test_each_is_counted_once_and_the_count_is_exact),
	    cmocka_unit_test(test_above_the_maximum_it_says_so_and_grows_no_more),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
