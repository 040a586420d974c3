#include <string.h>

#include "proxy/commands/check/check_target.h"
#include "tests/support/unit.h"

static void test_what_people_type_for_a_server(void **state)
{
	static const struct {
		const char *text, *host;
		uint16_t port;
	} cases[] = {
	    {"mail.example.com", "mail.example.com", 443},
	    {"mail.example.com:8443", "mail.example.com", 8443},
	    {"mail.example.com:https", "mail.example.com", 443},
	    {"mail.example.com:SMTP", "mail.example.com", 25},
	    {"mail.example.com:submission", "mail.example.com", 587},
	    {"[2001:db8::1]:ldaps", "2001:db8::1", 636},
	    {"192.0.2.1", "192.0.2.1", 443},
	    {"192.0.2.1:65535", "192.0.2.1", 65535},
	    {"2001:db8::1", "2001:db8::1", 443},
	    {"[2001:db8::1]", "2001:db8::1", 443},
	    {"[2001:db8::1]:1", "2001:db8::1", 1},
	    {"https://mail.example.com/owa/?x#y", "mail.example.com", 443},
	    {"HTTPS://mail.example.com:444", "mail.example.com", 444},
	    {"https://[::1]:444/", "::1", 444},
	    {"b\xc3\xbc"
	     "cher.example",
	     "b\xc3\xbc"
	     "cher.example",
	     443},
	};
	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct check_target target;
		const char *wrong = check_target_parse(cases[i].text, &target);
		if (wrong != NULL)
			fail_msg("%s: %s", cases[i].text, wrong);
		assert_string_equal(target.host, cases[i].host);
		assert_int_equal(target.port, cases[i].port);
	}
}

static void test_the_name_is_the_one_that_is_compared(void **state)
{
	struct check_target target;
	(void)state;
	assert_null(check_target_parse("Mail.Example.COM.:443", &target));
	assert_string_equal(target.name.text, "mail.example.com");
	assert_null(check_target_parse("[2001:DB8:0::1]", &target));
	assert_true(target.name.is_ip);
	assert_string_equal(target.name.text, "2001:db8::1");
}

static void test_a_port_that_was_not_typed_is_known(void **state)
{
	static const struct {
		const char *text;
		bool has_port;
	} cases[] = {{"a.example", false}, {"a.example:443", true}, {"::1", false},
		     {"[::1]", false},     {"[::1]:25", true},      {"https://a.example/", false}};
	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct check_target target;
		assert_null(check_target_parse(cases[i].text, &target));
		assert_int_equal(target.has_port, cases[i].has_port);
	}
}

static void test_what_is_no_server(void **state)
{
	static const char *const texts[] = {
	    "",           ":443",       "host:",     "host:0",     "host:65536",   "host:port",   "host:44x",
	    "host:-1",    "host:+1",    "host: 443", "[",          "[]",           "[::1",        "[::1]x",
	    "[::1]x:443", "[host]:443", "a b",       "https://",   "https:///owa", "http://host", "-",
	    "a..b",       "host/path",  "host:443/", "[::1]:443:", "::1]:443",
	};
	static char longest[10000];
	struct check_target target;
	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		if (check_target_parse(texts[i], &target) == NULL)
			fail_msg("%s -> %s %u", texts[i], target.host, target.port);
	}
	memset(longest, 'a', sizeof(longest) - 1);
	assert_non_null(check_target_parse(longest, &target));
	longest[CHECK_TARGET_MAX_CHARS] = '\0';
	assert_non_null(check_target_parse(longest, &target));
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_what_people_type_for_a_server),
	    cmocka_unit_test(test_the_name_is_the_one_that_is_compared),
	    cmocka_unit_test(test_a_port_that_was_not_typed_is_known),
	    cmocka_unit_test(test_what_is_no_server),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
