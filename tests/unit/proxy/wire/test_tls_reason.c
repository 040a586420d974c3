#include "proxy/wire/tls_reason.h"

#include <string.h>

#include "tests/support/unit.h"

static void test_a_name_becomes_words(void **state)
{
	char out[TLS_REASON_MAX];

	(void)state;
	assert_string_equal(tls_reason_print("DECRYPTION_FAILED_OR_BAD_RECORD_MAC", out),
			    "decryption failed or bad record mac");
	assert_string_equal(tls_reason_print("DECODE_ERROR", out), "decode error");
	assert_string_equal(tls_reason_print("", out), "");
}

static void test_words_stay_as_they_are(void **state)
{
	char out[TLS_REASON_MAX];

	(void)state;
	assert_string_equal(tls_reason_print("the peer closed the connection", out), "the peer closed the connection");
	assert_string_equal(tls_reason_print("TLS failed", out), "TLS failed");
}

static void test_what_is_too_long_is_cut(void **state)
{
	char reason[2 * TLS_REASON_MAX];
	char out[TLS_REASON_MAX];

	(void)state;
	memset(reason, 'A', sizeof(reason) - 1);
	reason[sizeof(reason) - 1] = '\0';
	assert_int_equal(strlen(tls_reason_print(reason, out)), TLS_REASON_MAX - 1);
	assert_int_equal(out[0], 'a');
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_a_name_becomes_words),
	    cmocka_unit_test(test_words_stay_as_they_are),
	    cmocka_unit_test(test_what_is_too_long_is_cut),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
