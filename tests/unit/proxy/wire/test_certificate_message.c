#include "proxy/wire/certificate_message.h"

#include <openssl/ssl.h>

#include "tests/support/unit.h"

#define MESSAGE(...) bytes_of((const uint8_t[]){__VA_ARGS__}, sizeof((const uint8_t[]){__VA_ARGS__}))

/* The certificates, one letter each; "!" behind them where the message is malformed; "-" where it does not open. */
static void check(struct bytes bytes, int version, const char *expected)
{
	struct certificate_message message;
	struct bytes der;
	char got[8] = "-";
	size_t count = 0;

	if (certificate_message_open(bytes, version, &message)) {
		while (certificate_message_next(&message, &der)) {
			assert_int_equal(der.len, 1);
			got[count++] = (char)der.data[0];
		}
		if (CBS_len(&message.entries) > 0)
			got[count++] = '!';
		got[count] = '\0';
	}
	assert_string_equal(got, expected);
}

static void test_certificates_come_in_their_order(void **state)
{
	(void)state;
	check(MESSAGE(11, 0, 0, 11, 0, 0, 8, 0, 0, 1, 'a', 0, 0, 1, 'b'), TLS1_2_VERSION, "ab");
	check(MESSAGE(11, 0, 0, 3, 0, 0, 0), TLS1_2_VERSION, "");
	check(MESSAGE(11, 0, 0, 17, 0, 0, 0, 13, 0, 0, 1, 'a', 0, 1, 'x', 0, 0, 1, 'b', 0, 0), TLS1_3_VERSION, "ab");
	check(MESSAGE(11, 0, 0, 12, 2, 'c', 'c', 0, 0, 6, 0, 0, 1, 'a', 0, 0), TLS1_3_VERSION, "a");
}

static void test_malformed_messages_have_no_certificate(void **state)
{
	(void)state;
	check(bytes_of("", 0), TLS1_2_VERSION, "-");
	check(MESSAGE(12, 0, 0, 3, 0, 0, 0), TLS1_2_VERSION, "-"); /* another message */
	check(MESSAGE(11, 0, 0, 4, 0, 0, 0), TLS1_2_VERSION, "-"); /* cut short */
	check(MESSAGE(11, 0, 0, 3, 0, 0, 0, 0), TLS1_2_VERSION, "-"); /* more behind it */
	check(MESSAGE(11, 0, 0, 4, 0, 0, 0, 0), TLS1_2_VERSION, "-"); /* more in it */
	check(MESSAGE(11, 0, 0, 3, 0, 0, 0), TLS1_3_VERSION, "-"); /* of TLS 1.2 */
	check(MESSAGE(11, 0, 0, 8, 0, 0, 5, 0, 0, 1, 'a', 0), TLS1_2_VERSION, "a!");
	check(MESSAGE(11, 0, 0, 9, 0, 0, 0, 5, 0, 0, 1, 'a', 0), TLS1_3_VERSION, "!");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_certificates_come_in_their_order),
	    cmocka_unit_test(test_malformed_messages_have_no_certificate),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
