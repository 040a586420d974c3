#include "proxy/glue/certificate_alert.h"

#include "tests/support/unit.h"

static void test_numbers_and_names(void **state)
{
	static const struct {
		uint8_t number;
		const char *name;
	} cases[] = {
	    {42, "bad_certificate"},     {43, "unsupported_certificate"}, {44, "certificate_revoked"},
	    {45, "certificate_expired"}, {46, "certificate_unknown"},     {48, "unknown_ca"},
	};
	unsigned known = 0;

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		enum certificate_alert alert = certificate_alert_of(cases[i].number);
		assert_int_not_equal(alert, NUM_CERTIFICATE_ALERTS);
		assert_string_equal(certificate_alert_name(alert), cases[i].name);
	}
	for (unsigned number = 0; number <= UINT8_MAX; number++)
		known += certificate_alert_of((uint8_t)number) != NUM_CERTIFICATE_ALERTS;
	assert_int_equal(known, NUM_CERTIFICATE_ALERTS);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_numbers_and_names)};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
