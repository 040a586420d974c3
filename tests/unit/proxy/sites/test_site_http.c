#include "proxy/sites/site_http.h"

#include <string.h>

#include "conf/reader.h"
#include "tests/support/unit.h"

#define MAX_BYTES ((size_t)64 * 1024)
#define SITE "[site a]\nlisten = 1\ncertificate = a.pem\nbackend = tcp://127.0.0.1:1\n"

static struct http_policy *policy_of(const char *text)
{
	struct config *config = NULL;
	struct http_policy *policy = NULL;
	struct buffer errors;

	buffer_init(&errors, MAX_BYTES);
	if (!config_read_text(text, strlen(text), "test.ini", &config, &errors))
		fail_msg("%s", buffer_text(&errors));
	assert_ok(site_http_policy(&config->sites[0], &policy));
	buffer_cleanup(&errors);
	config_free(config); /* nothing of it is borrowed */
	return policy;
}

static void test_a_tcp_site_has_none(void **state)
{
	(void)state;
	assert_null(policy_of(SITE));
}

static void test_the_defaults(void **state)
{
	struct http_policy *policy = policy_of(SITE "protocol = http\nidle_timeout = 7s\n");

	(void)state;
	assert_int_equal(policy->max_head_bytes, 32768);
	assert_int_equal(policy->max_body_bytes, 0);
	assert_int_equal(policy->head_timeout_ms, 15000);
	assert_int_equal(policy->body_timeout_ms, 60000);
	assert_int_equal(policy->response_timeout_ms, 7000);
	assert_int_equal(policy->keepalive_timeout_ms, 65000);
	assert_int_equal(policy->idle_timeout_ms, 7000);
	assert_true(policy->upgrade);
	assert_false(policy->shares_backends);
	assert_int_equal(policy->forwarded, HTTP_FORWARDED_X);
	assert_int_equal(policy->backend_host.len, 0);
	assert_int_equal(policy->num_set, 0);
	assert_int_equal(policy->num_remove, 0);
	http_policy_free(policy);
}

static void test_every_key(void **state)
{
	struct http_policy *policy =
	    policy_of(SITE "protocol = http\nforwarded = both\nbackend_host = b:8080\nset_header = X-A:  1 2 \n"
			   "set_header = X-B:3\nremove_header = X-C, X-D\nbackend_reuse = shared\nmax_head_bytes = 8k\n"
			   "max_body_bytes = 1m\nhead_timeout = 1s\nbody_timeout = 2s\nresponse_timeout = 3s\n"
			   "keepalive_timeout = 4s\nidle_timeout = 30d\nupgrade = off\n");

	(void)state;
	assert_int_equal(policy->max_head_bytes, 8192);
	assert_int_equal(policy->max_body_bytes, 1048576);
	assert_int_equal(policy->head_timeout_ms, 1000);
	assert_int_equal(policy->body_timeout_ms, 2000);
	assert_int_equal(policy->response_timeout_ms, 3000);
	assert_int_equal(policy->keepalive_timeout_ms, 4000);
	assert_int_equal(policy->idle_timeout_ms, 2592000000);
	assert_false(policy->upgrade);
	assert_true(policy->shares_backends);
	assert_int_equal(policy->forwarded, HTTP_FORWARDED_BOTH);
	assert_true(bytes_equal(policy->backend_host, bytes_of_string("b:8080")));
	assert_string_equal(buffer_text(&policy->lines), "X-A: 1 2\r\nX-B: 3\r\n");
	assert_int_equal(policy->num_remove, 2);
	assert_true(http_policy_owns(policy, bytes_of_string("x-d")));
	http_policy_free(policy);
}

static void test_each_word_of_forwarded(void **state)
{
	static const struct {
		const char *text;
		enum http_forwarded forwarded;
	} cases[] = {
	    {SITE "protocol = http\nforwarded = off\n", HTTP_FORWARDED_OFF},
	    {SITE "protocol = http\nforwarded = x-forwarded\n", HTTP_FORWARDED_X},
	    {SITE "protocol = http\nforwarded = rfc7239\n", HTTP_FORWARDED_RFC7239},
	    {SITE "protocol = http\nforwarded = both\n", HTTP_FORWARDED_BOTH},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct http_policy *policy = policy_of(cases[i].text);
		assert_int_equal(policy->forwarded, cases[i].forwarded);
		http_policy_free(policy);
	}
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_a_tcp_site_has_none),
	    cmocka_unit_test(test_the_defaults),
	    cmocka_unit_test(test_every_key),
	    cmocka_unit_test(test_each_word_of_forwarded),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
