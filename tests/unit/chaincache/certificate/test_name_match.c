#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "chaincache/certificate/name_match.h"
#include "tests/support/pki.h"

static struct host_name parsed(const char *text)
{
	struct host_name name;
	struct error error = host_name_parse(text, &name);

	if (failed(error))
		fail_msg("%s: %s", text, error.step);
	return name;
}

static struct name_match matched(const struct certificate *leaf, const char *text)
{
	struct host_name name = parsed(text);
	struct name_match match;

	name_match(leaf, &name, &match);
	return match;
}

/* Each pattern alone in a certificate, so that BoringSSL is asked as well. */
static const struct {
	const char *pattern;
	const char *name;
	bool covers;
} patterns[] = {
    {"contoso.com", "contoso.com", true},
    {"CONTOSO.com", "contoso.COM", true},
    {"contoso.com.", "contoso.com", false},
    {"contoso.com.", "contoso.com.", false},
    {"contoso.com", "contoso.com.", true},
    {"contoso.com", "www.contoso.com", false},
    {"www.contoso.com", "contoso.com", false},
    {"contoso.com", "notcontoso.com", false},
    {"*.contoso.com", "www.contoso.com", true},
    {"*.CONTOSO.com", "www.contoso.com", true},
    {"*.contoso.com", "xn--mnchen-3ya.contoso.com", true},
    {"*.contoso.com", "a.b.contoso.com", false},
    {"*.contoso.com", "contoso.com", false},
    {"*.contoso.com", "www.contoso.com.evil.com", false},
    {"*.contoso.com", "wwwcontoso.com", false},
    {"*.contoso.com.", "www.contoso.com", false},
    {"*.com", "contoso.com", false},
    {"*.localhost", "a.localhost", false},
    {"*", "localhost", false},
    {"*.", "localhost", false},
    {"w*.contoso.com", "www.contoso.com", false},
    {"*w.contoso.com", "www.contoso.com", false},
    {"w*w.contoso.com", "www.contoso.com", false},
    {"**.contoso.com", "www.contoso.com", false},
    {"*.*.contoso.com", "a.b.contoso.com", false},
    {"www.*.com", "www.contoso.com", false},
    {"xn--*.contoso.com", "xn--mnchen-3ya.contoso.com", false},
    {"*.contoso.com", "my_host.contoso.com", false},
    {"my_host.contoso.com", "my_host.contoso.com", true},
    {" contoso.com", "contoso.com", false},
    {".contoso.com", "www.contoso.com", false},
    {"https://contoso.com", "contoso.com", false},
    {"192.0.2.1", "192.0.2.1", false},
    {"*.0.2.1", "192.0.2.1", false},
    {"*.2.0.192.in-addr.arpa", "1.2.0.192.in-addr.arpa", true},
};

static void test_patterns(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(patterns) / sizeof(patterns[0]); i++) {
		struct host_name name = parsed(patterns[i].name);
		const struct certificate *leaf = PKI(.cn = "leaf", .dns = PKI_STRINGS(patterns[i].pattern));
		struct name_match match = matched(leaf, patterns[i].name);

		if (name_match_pattern(bytes_of_string(patterns[i].pattern), &name) != patterns[i].covers)
			fail_msg("%s and %s", patterns[i].pattern, patterns[i].name);
		if ((match.verdict == NAME_COVERED) != patterns[i].covers)
			fail_msg("BoringSSL on %s and %s", patterns[i].pattern, patterns[i].name);
		assert_string_equal(match.matched_by, patterns[i].covers ? patterns[i].pattern : "");
		assert_true(match.why[0] != '\0');
	}
}

static void test_nul_in_pattern(void **state)
{
	static const char pattern[] = "contoso.com\0.evil.com";
	struct host_name name = parsed("contoso.com");

	(void)state;
	assert_false(name_match_pattern(bytes_of(pattern, sizeof(pattern) - 1), &name));
	assert_false(name_match_pattern(bytes_of("contoso.com\0", 12), &name));
	assert_false(name_match_pattern(bytes_of("*.\0com", 6), &name));
	assert_false(name_match_pattern(bytes_of(NULL, 0), &name));
}

static void test_addresses(void **state)
{
	const struct certificate *leaf =
	    PKI(.cn = "leaf", .dns = PKI_STRINGS("192.0.2.9"), .ip = PKI_STRINGS("192.0.2.1", "2001:db8::1"));

	(void)state;
	assert_int_equal(matched(leaf, "192.0.2.1").verdict, NAME_COVERED);
	assert_string_equal(matched(leaf, "192.0.2.1").matched_by, "192.0.2.1");
	assert_int_equal(matched(leaf, "[2001:DB8::0:1]").verdict, NAME_COVERED);
	assert_string_equal(matched(leaf, "2001:db8::1").why, "covered by 2001:db8::1");
	assert_int_equal(matched(leaf, "::ffff:192.0.2.1").verdict, NAME_NOT_COVERED);
	assert_int_equal(matched(leaf, "192.0.2.2").verdict, NAME_NOT_COVERED);
	struct name_match text = matched(leaf, "192.0.2.9");
	assert_int_equal(text.verdict, NAME_NOT_COVERED);
	assert_non_null(strstr(text.why, "192.0.2.9 stands there as a DNS name"));
}

static void test_covered_text(void **state)
{
	const struct certificate *leaf = PKI(.cn = "leaf", .dns = PKI_STRINGS("contoso.com", "*.contoso.com"));

	(void)state;
	assert_string_equal(matched(leaf, "www.contoso.com").why, "covered by *.contoso.com");
	assert_string_equal(matched(leaf, "contoso.com").why, "covered by contoso.com");
}

static const struct {
	const char *pattern;
	const char *name;
	const char *why; /* the start of it */
} near_misses[] = {
    {"*.mail.contoso.com", "autodiscover.contoso.com",
     "*.mail.contoso.com covers names below its own domain alone, and autodiscover.contoso.com lies beside that"},
    {"*.mail.contoso.com", "a.b.contoso.com", "*.mail.contoso.com covers names below its own domain alone, and a.b."},
    {"*.contoso.com", "fabrikam.com", "the certificate is for *.contoso.com"}, /* a top-level domain is no likeness */
    {"*.mail.contoso.com", "mail.fabrikam.com", "the certificate is for *.mail.contoso.com"},
    {"*.contoso.com", "a.b.contoso.com", "*.contoso.com covers one label only, and a.b.contoso.com has two"},
    {"*.contoso.com", "a.b.c.contoso.com", "*.contoso.com covers one label only, and a.b.c.contoso.com has three"},
    {"*.contoso.com", "1.2.3.4.5.6.7.8.9.contoso.com",
     "*.contoso.com covers one label only, and 1.2.3.4.5.6.7.8.9.contoso.com has 9"},
    {"*.contoso.com", "contoso.com", "*.contoso.com covers one label only, and contoso.com has none"},
    {"*.com", "contoso.com", "*.com covers nothing: a wildcard must not stand directly above a single label"},
    {"w*.contoso.com", "www.contoso.com", "w*.contoso.com covers nothing: a wildcard must be the whole"},
    {"*.*.contoso.com", "a.b.contoso.com", "*.*.contoso.com covers nothing: a wildcard must be the whole"},
    {"*.contoso.com", "my_host.contoso.com", "*.contoso.com covers no name with an underscore"},
    {"*.contoso.com.", "www.contoso.com", "*.contoso.com. ends in a dot"},
    {"www.contoso.com.", "www.contoso.com", "www.contoso.com. ends in a dot"},
    {"*.0.2.1", "192.0.2.1", "*.0.2.1 is a wildcard, and a wildcard never covers an IP address"},
    {"contoso.com", "www.contoso.com", "contoso.com covers itself alone, and not www.contoso.com"},
    {"www.contoso.com", "contoso.com", "www.contoso.com does not cover contoso.com"},
    {"https://contoso.com", "contoso.com", "https://contoso.com is no DNS name"},
    {"fabrikam.com", "contoso.com", "the certificate is for fabrikam.com"},
};

static void test_near_misses(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(near_misses) / sizeof(near_misses[0]); i++) {
		const struct certificate *leaf = PKI(.cn = "leaf", .dns = PKI_STRINGS(near_misses[i].pattern));
		struct name_match match = matched(leaf, near_misses[i].name);
		assert_int_equal(match.verdict, NAME_NOT_COVERED);
		if (strncmp(match.why, near_misses[i].why, strlen(near_misses[i].why)) != 0)
			fail_msg("%s and %s: %s", near_misses[i].pattern, near_misses[i].name, match.why);
	}
}

static void test_names_are_listed(void **state)
{
	const struct certificate *few = PKI(.cn = "leaf", .dns = PKI_STRINGS("a.example", "b.example"));
	const struct certificate *many =
	    PKI(.cn = "leaf", .dns = PKI_STRINGS("a.example", "b.example", "c.example", "d.example", "e.example",
						 "f.example", "g.example"));

	(void)state;
	assert_string_equal(matched(few, "contoso.com").why, "the certificate is for a.example and b.example");
	assert_string_equal(matched(many, "contoso.com").why,
			    "the certificate is for a.example, b.example, c.example, d.example, e.example and 2 more");
	assert_string_equal(matched(PKI(.cn = "leaf", .empty_san = true), "contoso.com").why,
			    "the certificate holds no DNS name and no IP address");
}

static void test_common_name(void **state)
{
	const struct certificate *cn_only = PKI(.cn = "www.contoso.com");
	const struct certificate *cn_wildcard = PKI(.cn = "*.contoso.com", .dns = PKI_STRINGS("other.example"));
	const struct certificate *cn_address = PKI(.cn = "192.0.2.1");

	(void)state;
	struct name_match match = matched(cn_only, "www.contoso.com");
	assert_int_equal(match.verdict, NAME_ONLY_IN_CN);
	assert_string_equal(match.why, "www.contoso.com stands in the Common Name alone, which clients no longer read");
	assert_string_equal(match.matched_by, "");
	assert_int_equal(matched(cn_only, "contoso.com").verdict, NAME_NOT_COVERED);
	assert_int_equal(matched(cn_wildcard, "www.contoso.com").verdict, NAME_ONLY_IN_CN);
	assert_int_equal(matched(cn_wildcard, "other.example").verdict, NAME_COVERED);
	assert_int_equal(matched(cn_address, "192.0.2.1").verdict, NAME_ONLY_IN_CN);
	assert_int_equal(matched(PKI(.cn = NULL, .empty_san = true), "contoso.com").verdict, NAME_NOT_COVERED);
}

/* A subjectAltName of the given GeneralNames, as raw DER. */
#define RAW_SAN(...)                                                                                                   \
	.extensions = (const struct pki_extension[])                                                                   \
	{                                                                                                              \
		{.oid = "2.5.29.17", .content = __VA_ARGS__},                                                          \
		{                                                                                                      \
			0                                                                                              \
		}                                                                                                      \
	}

static void test_raw_names(void **state)
{
	static const char nul[] = "\x30\x16\x82\x14"
				  "contoso.com\0.evil.xx";
	static const char utf8[] = "\x30\x0d\x82\x0bm\xc3\xbcnchen.de";
	static const char uri[] = "\x30\x15\x86\x13https://contoso.com";
	static const char escape[] = "\x30\x0f\x82\x0d"
				     "a\x1b[31mb.c.com";
	static const char short_ip[] = "\x30\x05\x87\x03\x01\x02\x03";
	struct name_match match;

	(void)state;
	match = matched(PKI(.cn = "leaf", RAW_SAN(bytes_of(nul, sizeof(nul) - 1))), "contoso.com");
	assert_int_equal(match.verdict, NAME_NOT_COVERED);
	assert_non_null(strstr(match.why, "contoso.com\\x00.evil.xx has a NUL character in it"));
	match = matched(PKI(.cn = "leaf", RAW_SAN(bytes_of(utf8, sizeof(utf8) - 1))), "m\xc3\xbcnchen.de");
	assert_int_equal(match.verdict, NAME_NOT_COVERED);
	assert_string_equal(match.why,
			    "m\\xc3\\xbcnchen.de is not written in A-labels (xn--), the only form that clients "
			    "compare");
	match = matched(PKI(.cn = "leaf", RAW_SAN(bytes_of(uri, sizeof(uri) - 1))), "contoso.com");
	assert_int_equal(match.verdict, NAME_NOT_COVERED);
	assert_non_null(strstr(match.why, "contoso.com stands in an entry that is no DNS name or IP address"));
	match = matched(PKI(.cn = "leaf", RAW_SAN(bytes_of(escape, sizeof(escape) - 1))), "contoso.com");
	assert_null(strchr(match.why, '\x1b'));
	match = matched(PKI(.cn = "leaf", RAW_SAN(bytes_of(short_ip, sizeof(short_ip) - 1))), "1.2.3.0");
	assert_int_equal(match.verdict, NAME_NOT_COVERED);
}

static void test_many_and_long_names(void **state)
{
	static char names[300][200];
	const char *list[301] = {NULL};

	(void)state;
	for (size_t i = 0; i < 300; i++) {
		memset(names[i], 'a', 190);
		for (size_t dot = 50; dot < 190; dot += 50)
			names[i][dot] = '.';
		snprintf(names[i] + 190, 10, ".x%zu", i);
		list[i] = names[i];
	}
	const struct certificate *leaf = PKI(.cn = "leaf", .dns = list);
	assert_int_equal(matched(leaf, names[299]).verdict, NAME_COVERED);
	struct name_match match = matched(leaf, "contoso.com");
	assert_int_equal(match.verdict, NAME_NOT_COVERED);
	assert_true(strlen(match.why) < NAME_MATCH_MAX_TEXT);
	assert_non_null(strstr(match.why, " more"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_patterns),
	    cmocka_unit_test(test_nul_in_pattern),
	    cmocka_unit_test(test_addresses),
	    cmocka_unit_test(test_covered_text),
	    cmocka_unit_test(test_near_misses),
	    cmocka_unit_test(test_names_are_listed),
	    cmocka_unit_test(test_common_name),
	    cmocka_unit_test(test_raw_names),
	    cmocka_unit_test(test_many_and_long_names),
	};

	return cmocka_run_group_tests(tests, NULL, pki_teardown);
}
