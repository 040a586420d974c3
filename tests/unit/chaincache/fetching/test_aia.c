#include "tests/support/unit.h"

#include <string.h>

#include "chaincache/fetching/aia.h"
#include "tests/support/pki.h"

struct url_case {
	const char *url;
	enum aia_url_verdict verdict;
};

static const struct url_case url_cases[] = {
    {"http://a.example/ca.cer", AIA_URL_USABLE},
    {"HTTP://A.EXAMPLE/ca.cer", AIA_URL_USABLE},
    {"http://a.example", AIA_URL_USABLE},
    {"http://a.example:8080/x?y=z#f", AIA_URL_USABLE},
    {"http://a.example:/x", AIA_URL_USABLE},
    {"http://[2001:db8::1]/x", AIA_URL_USABLE},
    {"http://[2001:db8::1]:80/x", AIA_URL_USABLE},
    {"http://192.0.2.1/x", AIA_URL_USABLE},
    {"http://a.example/x@y", AIA_URL_USABLE},
    {"ldap:///CN=x,CN=AIA?cACertificate?base", AIA_URL_OTHER_SCHEME},
    {"https://a.example/x", AIA_URL_OTHER_SCHEME},
    {"file:///etc/passwd", AIA_URL_OTHER_SCHEME},
    {"ftp://a.example/x", AIA_URL_OTHER_SCHEME},
    {"gopher://a.example/x", AIA_URL_OTHER_SCHEME},
    {"httpx://a.example/x", AIA_URL_OTHER_SCHEME},
    {"", AIA_URL_MALFORMED},
    {"a.example/ca.cer", AIA_URL_MALFORMED},
    {"://a.example/", AIA_URL_MALFORMED},
    {"1http://a.example/", AIA_URL_MALFORMED},
    {"http:", AIA_URL_MALFORMED},
    {"http:a.example/x", AIA_URL_MALFORMED},
    {"http:/a.example/x", AIA_URL_MALFORMED},
    {"http://", AIA_URL_MALFORMED},
    {"http:///x", AIA_URL_MALFORMED},
    {"http://:80/x", AIA_URL_MALFORMED},
    {"http://?x", AIA_URL_MALFORMED},
    {"http://user@a.example/", AIA_URL_MALFORMED},
    {"http://user:pass@a.example/", AIA_URL_MALFORMED},
    {"http://a.example\\@b.example/", AIA_URL_MALFORMED},
    {"http://a.example:0/", AIA_URL_MALFORMED},
    {"http://a.example:65536/", AIA_URL_MALFORMED},
    {"http://a.example:99999999999999999999/", AIA_URL_MALFORMED},
    {"http://a.example:8o/", AIA_URL_MALFORMED},
    {"http://a.example:80:80/", AIA_URL_MALFORMED},
    {"http://[]/x", AIA_URL_MALFORMED},
    {"http://[::1/x", AIA_URL_MALFORMED},
    {"http://[::1]x/", AIA_URL_MALFORMED},
    {"http://a b/", AIA_URL_MALFORMED},
    {"http://a.example/\r\nX: y", AIA_URL_MALFORMED},
    {"http://a.example/\x7f", AIA_URL_MALFORMED},
    {"http://b\xc3\xbc.example/", AIA_URL_MALFORMED},
};

static void test_judges_a_url_by_its_form(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(url_cases) / sizeof(url_cases[0]); i++) {
		if (aia_url_judge(url_cases[i].url) != url_cases[i].verdict)
			print_error("of \"%s\"\n", url_cases[i].url);
		assert_int_equal(aia_url_judge(url_cases[i].url), url_cases[i].verdict);
	}
}

static void test_a_url_has_a_maximum_length(void **state)
{
	char url[AIA_MAX_URL_CHARS + 2] = "http://a.example/";
	(void)state;

	memset(url + strlen(url), 'x', sizeof(url) - strlen(url) - 1);
	url[AIA_MAX_URL_CHARS] = '\0';
	assert_int_equal(aia_url_judge(url), AIA_URL_USABLE);
	url[AIA_MAX_URL_CHARS] = 'x';
	url[AIA_MAX_URL_CHARS + 1] = '\0';
	assert_int_equal(aia_url_judge(url), AIA_URL_MALFORMED);
}

static void test_only_the_first_usable_ones_are_asked(void **state)
{
	const struct certificate *leaf =
	    PKI(.cn = "urls", .ca_issuers = PKI_STRINGS("ldap://x/", "http://1/", "http://2/", "http://3/", "http://",
							"http://4/", "http://5/", "http://6/", "https://7/"));
	static const enum aia_url_verdict expected[] = {
	    AIA_URL_OTHER_SCHEME, AIA_URL_USABLE, AIA_URL_USABLE,     AIA_URL_USABLE,       AIA_URL_MALFORMED,
	    AIA_URL_USABLE,       AIA_URL_USABLE, AIA_URL_OVER_LIMIT, AIA_URL_OTHER_SCHEME,
	};
	(void)state;

	assert_int_equal(leaf->num_ca_issuer_urls, sizeof(expected) / sizeof(expected[0]));
	for (size_t i = 0; i < leaf->num_ca_issuer_urls; i++)
		assert_int_equal(aia_verdict(leaf, i), expected[i]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_judges_a_url_by_its_form),
	    cmocka_unit_test(test_a_url_has_a_maximum_length),
	    cmocka_unit_test(test_only_the_first_usable_ones_are_asked),
	};

	return cmocka_run_group_tests(tests, NULL, pki_teardown);
}
