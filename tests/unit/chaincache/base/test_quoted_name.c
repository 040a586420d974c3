#include "chaincache/base/quoted_name.h"

#include <string.h>

#include "tests/support/unit.h"

static const struct {
	const char *name, *quoted;
} cases[] = {
    {"CN=a.example", "CN=a.example"},
    {"/etc/ssl/a.pem", "/etc/ssl/a.pem"},
    {"C:\\certs\\a.pem", "C:\\certs\\a.pem"},
    {"CN=Corp Root 1,O=Corp", "\"CN=Corp Root 1,O=Corp\""},
    {"it's.pem", "\"it's.pem\""},
    {"a\"b.pem", "\"a\\\"b.pem\""},
    {"CN=Big \\\"Corp\\\"", "\"CN=Big \\\"Corp\\\"\""}, /* as RFC 4514 escapes it */
    {"", "\"\""},
    {"a\nchainmend: b", "\"a\\x0achainmend: b\""},
    {"\xe2\x80\xae"
     "x",
     "\\xe2\\x80\\xaex"},
};

static void test_a_table_of_names(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++)
		assert_string_equal(quoted_name(cases[i].name).text, cases[i].quoted);
}

static void test_a_long_name_is_cut(void **state)
{
	char name[3 * QUOTED_NAME_CHARS];
	(void)state;

	memset(name, 'a', sizeof(name));
	name[sizeof(name) - 1] = '\0';
	struct quoted_name quoted = quoted_name(name);
	assert_string_equal(quoted.text + strlen(quoted.text) - 4, "a...");
	name[1] = ' ';
	quoted = quoted_name(name);
	assert_string_equal(quoted.text + strlen(quoted.text) - 5, "a...\"");
	memset(name, '"', sizeof(name) - 1);
	quoted = quoted_name(name);
	assert_string_equal(quoted.text + strlen(quoted.text) - 6, "\\\"...\"");
	/* Two bytes a character, at both parities: none is cut in half. */
	for (size_t lead = 0; lead < 2; lead++) {
		for (size_t i = lead; i + 2 < sizeof(name); i += 2)
			memcpy(name + i, "\xc3\xbc", 2);
		name[0] = lead > 0 ? 'a' : name[0];
		name[lead + 2 * QUOTED_NAME_CHARS] = '\0';
		quoted = quoted_name(name);
		assert_string_equal(quoted.text + strlen(quoted.text) - 5, "\xc3\xbc...");
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_a_table_of_names),
	    cmocka_unit_test(test_a_long_name_is_cut),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
