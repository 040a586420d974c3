#include "tests/support/unit.h"

#include "chaincache/files/pkcs12_parts.h"
#include "tests/support/unit_data.h"

struct parts_case {
	const char *file;
	bool has_mac, has_encrypted;
};

static void test_says_what_is_protected(void **state)
{
	static const struct parts_case cases[] = {
	    {"modern.p12", true, true},
	    {"legacy.p12", true, true},
	    {"no-key.p12", true, true},
	    {"no-mac.p12", false, true},
	};
	struct pkcs12_parts parts;
	struct buffer content;
	(void)state;

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		unit_data_read(UNIT_DATA, cases[i].file, &content);
		assert_ok(pkcs12_parts_read(buffer_bytes(&content), &parts));
		assert_int_equal(parts.has_mac, cases[i].has_mac);
		assert_int_equal(parts.has_encrypted, cases[i].has_encrypted);
		pkcs12_parts_cleanup(&parts);
		buffer_cleanup(&content);
	}
}

static void test_tells_a_broken_one(void **state)
{
	struct pkcs12_parts parts;
	struct buffer content;
	(void)state;

	unit_data_read(UNIT_DATA, "no-mac.p12", &content);
	for (size_t len = 0; len < content.len; len++)
		assert_step(pkcs12_parts_read(bytes_of(content.data, len), &parts), ERROR_FORMAT, "does not parse");
	buffer_cleanup(&content);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_says_what_is_protected),
	    cmocka_unit_test(test_tells_a_broken_one),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
