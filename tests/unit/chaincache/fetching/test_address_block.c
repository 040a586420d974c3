#include "chaincache/fetching/address_block.h"

#include <arpa/inet.h>
#include <string.h>

#include "tests/support/unit.h"

static struct address address(const char *text)
{
	uint8_t bytes[IPV6_BYTES];
	size_t len = strchr(text, ':') != NULL ? IPV6_BYTES : IPV4_BYTES;

	assert_int_equal(inet_pton(len == IPV6_BYTES ? AF_INET6 : AF_INET, text, bytes), 1);
	return address_of(bytes, len);
}

static void test_what_a_block_has(void **state)
{
	static const struct {
		const char *block, *address;
		bool has;
	} cases[] = {
	    {"192.0.2.1", "192.0.2.1", true},
	    {"192.0.2.1", "192.0.2.2", false},
	    {"192.0.2.1", "::ffff:192.0.2.1", true},
	    {"::ffff:192.0.2.1", "192.0.2.1", true},
	    {"10.0.0.0/8", "10.255.255.255", true},
	    {"10.0.0.0/8", "11.0.0.0", false},
	    {"0.0.0.0/0", "203.0.113.7", true},
	    {"0.0.0.0/0", "2001:db8::1", false},
	    {"2001:db8::/33", "2001:db8:7fff::1", true},
	    {"2001:db8::/33", "2001:db8:8000::1", false},
	    {"::1", "::1", true},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct address_block block;
		struct address asked = address(cases[i].address);
		assert_ok(address_block_parse(cases[i].block, &block));
		if (address_block_has(&block, &asked) != cases[i].has)
			fail_msg("%s %s", cases[i].block, cases[i].address);
	}
}

static void test_what_is_no_block(void **state)
{
	static const char *const wrong[] = {
	    "",    "a.example",      "10.0.0.0/", "10.0.0.0/33", "10.0.0.1/8",          "10.0.0.0/08x",
	    "a/8", "2001:db8::/129", "/8",        "10.0.0.0/-1", "::ffff:10.0.0.0/104", "10.0.0",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		struct address_block block;
		if (!failed(address_block_parse(wrong[i], &block)))
			fail_msg("%s", wrong[i]);
	}
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_what_a_block_has),
	    cmocka_unit_test(test_what_is_no_block),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
