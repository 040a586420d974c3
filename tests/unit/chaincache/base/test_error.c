#include "tests/support/unit.h"

#include <errno.h>
#include <netdb.h>
#include <string.h>

#include <openssl/err.h>
#include <openssl/x509.h>

static void test_prints_step_and_reason(void **state)
{
	char text[ERROR_MAX_TEXT];
	(void)state;

	assert_string_equal(error_print(error_of(ERROR_FORMAT, 0, "no certificate"), text, sizeof(text)),
			    "no certificate");
	assert_string_equal(error_print(error_of(ERROR_SYSTEM, ENOENT, "open"), text, sizeof(text)),
			    "open: No such file or directory");
	assert_string_equal(error_print(error_of(ERROR_MEMORY, 0, "grow a buffer"), text, sizeof(text)),
			    "grow a buffer: out of memory");
	assert_string_equal(error_print(error_of(ERROR_MEMORY, 0, ""), text, sizeof(text)), "out of memory");
	assert_non_null(
	    strstr(error_print(error_of(ERROR_RESOLVE, EAI_NONAME, "resolve"), text, sizeof(text)), "resolve: "));
}

static void test_truncates_to_the_room_it_has(void **state)
{
	char text[8];
	(void)state;

	assert_string_equal(error_print(error_of(ERROR_LIMIT, 0, "more than fits"), text, sizeof(text)), "more th");
}

static void test_takes_the_errno_of_the_moment(void **state)
{
	(void)state;
	errno = EACCES;
	struct error error = error_system("open");

	assert_int_equal(error.kind, ERROR_SYSTEM);
	assert_int_equal(error.code, EACCES);
	assert_true(failed(error));
	assert_false(failed(error_none()));
}

static void test_takes_the_oldest_crypto_error_and_empties_the_queue(void **state)
{
	char text[ERROR_MAX_TEXT];
	(void)state;

	ERR_put_error(ERR_LIB_X509, 0, X509_R_INVALID_VERSION, "file", 1);
	ERR_put_error(ERR_LIB_X509, 0, X509_R_KEY_TYPE_MISMATCH, "file", 2);
	struct error error = error_crypto("parse");

	assert_string_equal(error_print(error, text, sizeof(text)), "parse: INVALID_VERSION");
	assert_int_equal(ERR_peek_error(), 0);
}

static void test_stands_a_crypto_error_without_a_code(void **state)
{
	char text[ERROR_MAX_TEXT];
	(void)state;
	ERR_clear_error();

	assert_string_equal(error_print(error_crypto("parse"), text, sizeof(text)), "parse");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_prints_step_and_reason),
	    cmocka_unit_test(test_truncates_to_the_room_it_has),
	    cmocka_unit_test(test_takes_the_errno_of_the_moment),
	    cmocka_unit_test(test_takes_the_oldest_crypto_error_and_empties_the_queue),
	    cmocka_unit_test(test_stands_a_crypto_error_without_a_code),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
