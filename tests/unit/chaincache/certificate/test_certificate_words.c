#include "chaincache/certificate/certificate_words.h"

#include <stdlib.h>
#include <string.h>

#include "tests/support/pki.h"
#include "tests/support/unit.h"

static void test_a_certificate_without_a_name_is_named_so(void **state)
{
	const struct certificate *named = PKI(.cn = "a"), *nameless = PKI(.dns = PKI_STRINGS("a"));
	(void)state;

	assert_string_equal(certificate_words_subject(named).text, "CN=a");
	assert_string_equal(certificate_words_issuer(named).text, "CN=a");
	assert_string_equal(certificate_words_subject(nameless).text, "(no subject)");
	assert_string_equal(certificate_words_issuer(nameless).text, "(no name)");
}

static void test_a_date_is_a_day(void **state)
{
	char date[CERTIFICATE_WORDS_DATE_CHARS];
	(void)state;

	assert_string_equal(certificate_words_date(0, date), "1970-01-01");
	assert_string_equal(certificate_words_date(PKI_NOW - 1, date), "2025-12-31");
	assert_string_equal(certificate_words_date(-1, date), "1969-12-31");
	assert_string_equal(certificate_words_date(INT64_C(253402300799), date), "9999-12-31");
	assert_string_equal(certificate_words_date(INT64_MAX, date), "an unknown day");
}

static void test_a_name_becomes_part_of_a_file_name(void **state)
{
	static const struct {
		const char *cn, *slug;
	} cases[] = {
	    {"Corp Root CA 2", "corp-root-ca-2"},
	    {"  --Odd__ name!! ", "odd-name"},
	    {"\xc3\x84\xc3\x96", "private-root"},
	    {"...", "private-root"},
	    {"*.example.com", "example-com"},
	    {"../../etc/passwd", "etc-passwd"},
	    {"abcdefghijklmnopqrstuvwxyz0123456789abcdefghijklm", "abcdefghijklmnopqrstuvwxyz0123456789abc"},
	};
	char slug[CERTIFICATE_WORDS_SLUG_CHARS];
	(void)state;

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++)
		assert_string_equal(certificate_words_slug(PKI(.cn = cases[i].cn), slug), cases[i].slug);
	assert_string_equal(certificate_words_slug(PKI(.dns = PKI_STRINGS("a")), slug), "private-root");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_a_certificate_without_a_name_is_named_so),
	    cmocka_unit_test(test_a_date_is_a_day),
	    cmocka_unit_test(test_a_name_becomes_part_of_a_file_name),
	};

	return cmocka_run_group_tests(tests, NULL, pki_teardown);
}
