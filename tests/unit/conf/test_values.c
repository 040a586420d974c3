#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "conf/values.h"

static void test_a_size_is_bytes_or_has_a_unit(void **state)
{
	static const struct {
		const char *text;
		uint64_t bytes;
	} good[] = {
	    {"0", 0},
	    {"1", 1},
	    {"16k", 16384},
	    {"16K", 16384},
	    {"2m", 2097152},
	    {"1 g", 1073741824},
	    {"18446744073709551615", UINT64_MAX},
	    {"17179869183g", UINT64_C(17179869183) << 30},
	};
	static const char *const bad[] = {"",
					  "k",
					  "-1",
					  "1.5k",
					  "16kb",
					  "16kk",
					  "0x10",
					  "16 kb",
					  "1 2",
					  "18446744073709551616",
					  "17179869184g",
					  "99999999999999999999999"};
	uint64_t bytes = 0;
	(void)state;
	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		if (value_parse_size(good[i].text, &bytes) != NULL)
			fail_msg("%s", good[i].text);
		assert_true(bytes == good[i].bytes);
	}
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		if (value_parse_size(bad[i], &bytes) == NULL)
			fail_msg("%s", bad[i]);
	}
}

static void test_a_time_has_a_unit(void **state)
{
	static const struct {
		const char *text;
		uint64_t ms;
	} good[] = {{"0", 0},
		    {"500ms", 500},
		    {"5s", 5000},
		    {"2m", 120000},
		    {"1h", 3600000},
		    {"1H", 3600000},
		    {"365d", UINT64_C(31536000000)}};
	static const char *const bad[] = {"", "5", "5 seconds", "-5s", "5sm", "1h30m", "999999999999999999d"};
	uint64_t ms = 0;
	(void)state;
	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		if (value_parse_time(good[i].text, &ms) != NULL)
			fail_msg("%s", good[i].text);
		assert_true(ms == good[i].ms);
	}
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		if (value_parse_time(bad[i], &ms) == NULL)
			fail_msg("%s", bad[i]);
	}
}

static void test_a_switch_is_on_or_off(void **state)
{
	bool value = false;
	(void)state;
	assert_null(value_parse_switch("on", &value));
	assert_true(value);
	assert_null(value_parse_switch("No", &value));
	assert_false(value);
	assert_non_null(value_parse_switch("", &value));
	assert_non_null(value_parse_switch("1", &value));
	assert_non_null(value_parse_switch("onn", &value));
}

static void test_an_address_is_host_and_port(void **state)
{
	static const struct {
		const char *text, *host;
		uint16_t port;
	} good[] = {
	    {"192.0.2.1:443", "192.0.2.1", 443},
	    {"localhost:1", "localhost", 1},
	    {"[2001:db8::1]:65535", "2001:db8::1", 65535},
	    {"[fe80::1%eth0]:443", "fe80::1%eth0", 443},
	    {"my_host.example:443", "my_host.example", 443},
	};
	static const char *const bad[] = {
	    "",
	    "443",
	    "host",
	    "host:",
	    "host:0",
	    "host:65536",
	    "host:-1",
	    "host:44x",
	    ":443",
	    "2001:db8::1:443",
	    "[2001:db8::1]",
	    "[2001:db8::1",
	    "[host]:443",
	    "[]:443",
	    "[::1]443",
	    "[fe80::1%]:443",
	    "[fe80::1%an-interface-name]:443",
	    "[fe80::1%a b]:443",
	    "a b:443",
	    "host:443:443",
	};
	(void)state;
	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		struct config_address address = {0};
		const char *wrong = value_parse_address(good[i].text, &address);
		if (wrong != NULL)
			fail_msg("%s: %s", good[i].text, wrong);
		assert_string_equal(address.host, good[i].host);
		assert_int_equal(address.port, good[i].port);
		free(address.host);
	}
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct config_address address = {0};
		if (value_parse_address(bad[i], &address) == NULL)
			fail_msg("%s", bad[i]);
		assert_null(address.host);
	}
}

static void test_an_address_of_any_length_is_refused(void **state)
{
	static char text[100000];
	struct config_address address = {0};
	(void)state;
	memset(text, 'a', sizeof(text) - 1);
	assert_non_null(value_parse_address(text, &address));
	memset(text, '[', sizeof(text) - 1);
	assert_non_null(value_parse_listen(text, &address));
	assert_null(address.host);
}

static void test_a_listen_address_may_stand_for_all(void **state)
{
	static const char *const all[] = {"443", ":443", "*:443"};
	static const char *const bad[] = {"", "*", "*:", ":", "0", "65536", "*:99999"};
	struct config_address address = {0};
	(void)state;
	for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
		assert_null(value_parse_listen(all[i], &address));
		assert_string_equal(address.host, "");
		assert_int_equal(address.port, 443);
		free(address.host);
	}
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		if (value_parse_listen(bad[i], &address) == NULL)
			fail_msg("%s", bad[i]);
	}
	assert_null(value_parse_listen("[::]:8443", &address));
	assert_string_equal(address.host, "::");
	free(address.host);
}

static void test_a_backend_is_a_scheme_and_an_address(void **state)
{
	static const char *const bad[] = {"host:443",         "https://host",   "http://host:80",
					  "tls://host",       "tls://",         "tls://host:443/path",
					  "tls://a@host:443", "ssl://host:443", "tcp:host:443"};
	struct config_backend backend = {0};
	(void)state;
	assert_null(value_parse_backend("tls://exchange.corp:443", &backend));
	assert_true(backend.tls);
	assert_string_equal(backend.address.host, "exchange.corp");
	free(backend.address.host);
	assert_null(value_parse_backend("TCP://[::1]:25", &backend));
	assert_false(backend.tls);
	assert_int_equal(backend.address.port, 25);
	free(backend.address.host);
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		if (value_parse_backend(bad[i], &backend) == NULL)
			fail_msg("%s", bad[i]);
	}
	assert_non_null(strstr(value_parse_backend("https://host:443", &backend), "tls://"));
}

static void test_a_pin_is_a_sha256(void **state)
{
	char text[3 * SHA256_BYTES + 2] = "";
	uint8_t pin[SHA256_BYTES];
	(void)state;
	for (size_t i = 0; i < SHA256_BYTES; i++)
		snprintf(text + 3 * i, 4, "%02X:", (unsigned)(i * 7));
	text[3 * SHA256_BYTES - 1] = '\0';
	assert_null(value_parse_pin(text, pin));
	for (size_t i = 0; i < SHA256_BYTES; i++)
		assert_int_equal(pin[i], (uint8_t)(i * 7));
	text[3 * SHA256_BYTES - 2] = '\0';
	assert_non_null(value_parse_pin(text, pin));
	assert_non_null(value_parse_pin("", pin));
	assert_non_null(value_parse_pin("zz", pin));
	memset(text, 'a', SHA256_HEX_CHARS + 1);
	text[SHA256_HEX_CHARS + 1] = '\0';
	assert_non_null(value_parse_pin(text, pin));
	text[SHA256_HEX_CHARS] = '\0';
	assert_null(value_parse_pin(text, pin));
}

static void test_names_rules_and_urls(void **state)
{
	(void)state;
	assert_null(value_check_hostname("mail.example.com"));
	assert_null(value_check_hostname("*.example.com"));
	assert_null(value_check_hostname("192.0.2.1"));
	assert_non_null(value_check_hostname("m*.example.com"));
	assert_non_null(value_check_hostname("*.*.example.com"));
	assert_non_null(value_check_hostname("*.192.0.2.1"));
	assert_non_null(value_check_hostname(""));
	assert_non_null(value_check_hostname("*."));

	assert_null(value_check_fetch_rule("public"));
	assert_null(value_check_fetch_rule("10.0.0.0/8"));
	assert_non_null(value_check_fetch_rule("10.0.0.0/33"));
	assert_non_null(value_check_fetch_rule(""));

	assert_null(value_check_proxy_url("http://proxy.example:3128"));
	assert_null(value_check_proxy_url("http://[::1]:3128/"));
	assert_non_null(value_check_proxy_url("https://proxy.example:3128"));
	assert_non_null(value_check_proxy_url("http://user:word@proxy.example:3128"));
	assert_non_null(value_check_proxy_url("http://"));
	assert_non_null(value_check_proxy_url("proxy.example:3128"));

	assert_null(value_check_roots("system"));
	assert_null(value_check_roots("corp=/etc/ssl/corp.pem"));
	assert_non_null(value_check_roots("=/etc/ssl/corp.pem"));
	assert_non_null(value_check_roots("corp="));
	assert_non_null(value_check_roots(""));
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_a_size_is_bytes_or_has_a_unit),
	    cmocka_unit_test(test_a_time_has_a_unit),
	    cmocka_unit_test(test_a_switch_is_on_or_off),
	    cmocka_unit_test(test_an_address_is_host_and_port),
	    cmocka_unit_test(test_an_address_of_any_length_is_refused),
	    cmocka_unit_test(test_a_listen_address_may_stand_for_all),
	    cmocka_unit_test(test_a_backend_is_a_scheme_and_an_address),
	    cmocka_unit_test(test_a_pin_is_a_sha256),
	    cmocka_unit_test(test_names_rules_and_urls),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
