#include "tests/support/unit.h"

#include "chaincache/revocation/revocation_reason.h"

static void test_a_reason_has_its_words(void **state)
{
	(void)state;
	assert_string_equal(revocation_reason_words(1), "key compromise");
	assert_string_equal(revocation_reason_words(REVOCATION_REASON_HOLD), "certificate hold");
	assert_string_equal(revocation_reason_words(10), "compromise of the attribute authority");
	/* Absent, unspecified, never assigned, beyond the table. */
	static const int others[] = {-1, 0, 7, 11, 255, -1000};
	for (size_t i = 0; i < sizeof(others) / sizeof(*others); i++)
		assert_string_equal(revocation_reason_words(others[i]), "no reason given");
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_a_reason_has_its_words)};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
