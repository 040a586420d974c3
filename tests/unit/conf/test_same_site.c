#include "conf/same_site.h"

#include <stdio.h>
#include <string.h>

#include "conf/keys.h"
#include "conf/reader.h"
#include "tests/support/unit.h"

enum { MAX_TEXT = 4096, MAX_ERROR_BYTES = 65536 };

#define SITE "[site a]\nlisten = 1\nhostnames = a.test\ncertificate = a.pem\nkey = a.key\nbackend = tls://127.0.0.1:1\n"

static struct config *read_site(const char *lines)
{
	struct config *config = NULL;
	struct buffer errors;

	buffer_init(&errors, MAX_ERROR_BYTES);
	if (!config_read_text(lines, strlen(lines), "test.ini", &config, &errors))
		fail_msg("%s%s", lines, buffer_text(&errors));
	buffer_cleanup(&errors);
	return config;
}

/* The keys of http need protocol = http, in both. */
#define HTTP SITE "protocol = http\n"

static bool same(const char *a, const char *b)
{
	struct config *one = read_site(a), *other = read_site(b);
	bool is_same = same_site_by_keys(&one->sites[0], &other->sites[0]);

	config_free(one);
	config_free(other);
	return is_same;
}

/* One more line, of each kind of value. */
static void test_one_key_makes_the_difference(void **state)
{
	static const char *const lines[] = {
	    "default = on\n",
	    "mode = report\n",
	    "tls_min = 1.3\n",
	    "max_chain_bytes = 5k\n",
	    "idle_timeout = 7m\n",
	    "ciphers = ECDHE-RSA-AES128-GCM-SHA256\n",
	    "backend_name = b.test\n",
	    "backend_name = client\n",
	    "groups = X25519\n",
	    "key_password_file = password\n",
	    "key = b.key\n",
	    "certificate = b.pem\n",
	    "hostnames = b.test\n",
	    "alpn = http/1.1\n",
	    "roots = ours=roots.pem\n",
	    "listen = 2\n",
	    "backend = tls://127.0.0.1:2\n",
	    "backend_pin = 000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f\n",
	};
	char text[MAX_TEXT];

	(void)state;
	assert_true(same(SITE, SITE));
	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
		snprintf(text, sizeof(text), "%s%s", SITE, lines[i]);
		if (!same(text, text) || same(SITE, text) || same(text, SITE))
			fail_msg("%s", lines[i]);
	}
}

static void test_one_key_of_http_makes_the_difference(void **state)
{
	static const char *const lines[] = {
	    "forwarded = both\n",       "backend_host = b.test\n", "set_header = A: b\n",     "remove_header = A\n",
	    "backend_reuse = shared\n", "max_body_bytes = 1m\n",   "response_timeout = 7m\n", "upgrade = off\n",
	};
	char text[MAX_TEXT];

	(void)state;
	assert_true(same(HTTP, HTTP));
	assert_false(same(HTTP, SITE));
	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
		snprintf(text, sizeof(text), "%s%s", HTTP, lines[i]);
		if (!same(text, text) || same(HTTP, text) || same(text, HTTP))
			fail_msg("%s", lines[i]);
	}
}

static void test_the_name_counts(void **state)
{
	(void)state;
	assert_false(same(SITE, "[site b]\nlisten = 1\nhostnames = a.test\ncertificate = a.pem\nkey = a.key\n"
				"backend = tls://127.0.0.1:1\n"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_one_key_makes_the_difference),
	    cmocka_unit_test(test_one_key_of_http_makes_the_difference),
	    cmocka_unit_test(test_the_name_counts),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
