#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "chaincache/certificate/host_name.h"

#define LABEL_63 "abcdefghijklmnopqrstuvwxyz-abcdefghijklmnopqrstuvwxyz-123456789"
#define LABEL_61 "abcdefghijklmnopqrstuvwxyz-abcdefghijklmnopqrstuvwxyz-1234567"
#define NAME_253 LABEL_63 "." LABEL_63 "." LABEL_63 "." LABEL_61

static const struct {
	const char *text;
	const char *result;
	size_t ip_len;
} good[] = {
    {"contoso.com", "contoso.com", 0},
    {"WWW.Contoso.COM", "www.contoso.com", 0},
    {"contoso.com.", "contoso.com", 0},
    {"localhost", "localhost", 0},
    {"my_host.contoso.com", "my_host.contoso.com", 0},
    {"_dmarc.contoso.com", "_dmarc.contoso.com", 0},
    {"1.contoso.com", "1.contoso.com", 0},
    {"3com", "3com", 0},
    {"0x7g", "0x7g", 0},
    {"a-.contoso.com", "a-.contoso.com", 0},
    {"XN--MNCHEN-3YA.de", "xn--mnchen-3ya.de", 0},
    {"m\xc3\xbcnchen.de", "xn--mnchen-3ya.de", 0},
    {"M\xc3\x9cNCHEN.DE.", "xn--mnchen-3ya.de", 0},
    {"fa\xc3\x9f.de", "xn--fa-hia.de", 0}, /* non-transitional: sharp s stays */
    {"\xe4\xbe\x8b\xe3\x81\x88.\xe3\x83\x86\xe3\x82\xb9\xe3\x83\x88", "xn--r8jz45g.xn--zckzah", 0},
    {"a\xe3\x80\x82"
     "de",
     "a.de", 0}, /* the ideographic full stop */
    {"192.0.2.1", "192.0.2.1", 4},
    {"192.0.2.1.", "192.0.2.1", 4},
    {"\xef\xbc\x91"
     "27.0.0.1",
     "127.0.0.1", 4}, /* a full-width digit */
    {"::1", "::1", 16},
    {"[::1]", "::1", 16},
    {"2001:DB8:0:0:0:0:0:1", "2001:db8::1", 16},
    {"[2001:db8::192.0.2.1]", "2001:db8::c000:201", 16},
    {"::ffff:192.0.2.1", "::ffff:192.0.2.1", 16},
    {LABEL_63 ".com", LABEL_63 ".com", 0},
    {NAME_253, NAME_253, 0},
    {NAME_253 ".", NAME_253, 0},
};

static void test_good_names(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		struct host_name name;
		struct error error = host_name_parse(good[i].text, &name);
		if (failed(error))
			fail_msg("%s: %s", good[i].text, error.step);
		assert_string_equal(name.text, good[i].result);
		assert_int_equal(name.ip_len, good[i].ip_len);
		assert_int_equal(name.is_ip, good[i].ip_len > 0);
	}
}

static void test_address_bytes(void **state)
{
	static const uint8_t ipv4[] = {192, 0, 2, 1};
	static const uint8_t ipv6[16] = {0x20, 1, 0x0d, 0xb8, [15] = 1};
	struct host_name name;

	(void)state;
	assert_false(failed(host_name_parse("192.0.2.1", &name)));
	assert_memory_equal(name.ip, ipv4, sizeof(ipv4));
	assert_false(failed(host_name_parse("[2001:db8::1]", &name)));
	assert_memory_equal(name.ip, ipv6, sizeof(ipv6));
}

static const struct {
	const char *text;
	const char *why; /* a part of it */
} bad[] = {
    {"", "empty"},
    {".", "label"},
    {"..", "label"},
    {"a..b", "label"},
    {".contoso.com", "label"},
    {"contoso.com..", "label"},
    {"-a.contoso.com", "begins with a hyphen"},
    {"*.contoso.com", "wildcard"},
    {"https://contoso.com/", "URL"},
    {"contoso.com:443", "port"},
    {"contoso.com/path", "slash"},
    {"contoso .com", "blank"},
    {"contoso.com\n", "blank"},
    {"user@contoso.com", "letters"},
    {"con%00toso.com", "letters"},
    {"127.1", "number"},
    {"2130706433", "number"},
    {"0x7f.0.0.1", "number"},
    {"0x7f000001", "number"},
    {"0x", "number"},
    {"1.2.3.4.5", "number"},
    {"256.0.0.1", "number"},
    {"192.0.2.01", "number"},
    {"[]", "brackets"},
    {"[", "bracket"},
    {"[::1", "not closed"},
    {"[::1]:443", "port"},
    {"[192.0.2.1]", "IPv6"},
    {"[contoso.com]", "IPv6"},
    {"[fe80::1%eth0]", "zone"},
    {"fe80::1%eth0", "colon"},
    {"1:2:3", "colon"},
    {LABEL_63 "4.com", "63"},
    {NAME_253 "a", "253"},
    {"\xff\xfe.de", "UTF-8"},
    {"m\xc3", "UTF-8"},
    {"a\xe2\x80\xae"
     "b.de",
     "character"}, /* right-to-left override */
};

static void test_bad_names(void **state)
{
	static const struct host_name nothing;

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct host_name name;
		struct error error = host_name_parse(bad[i].text, &name);
		if (error.kind != ERROR_FORMAT)
			fail_msg("%s was taken for %s", bad[i].text, name.text);
		if (strstr(error.step, bad[i].why) == NULL)
			fail_msg("%s: \"%s\" does not say \"%s\"", bad[i].text, error.step, bad[i].why);
		assert_string_equal(name.text, "");
		assert_memory_equal(&name, &nothing, sizeof(name));
	}
}

static void test_long_input(void **state)
{
	static char text[100000];
	struct host_name name;

	(void)state;
	memset(text, 'a', sizeof(text) - 1);
	assert_int_equal(host_name_parse(text, &name).kind, ERROR_FORMAT);
	for (size_t i = 0; i + 1 < sizeof(text); i += 2)
		memcpy(text + i, "\xc3\xbc", 2);
	text[1000] = '\0';
	assert_int_equal(host_name_parse(text, &name).kind, ERROR_FORMAT);
	assert_int_equal(host_name_parse(NULL, &name).kind, ERROR_FORMAT);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_good_names),
	    cmocka_unit_test(test_address_bytes),
	    cmocka_unit_test(test_bad_names),
	    cmocka_unit_test(test_long_input),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
