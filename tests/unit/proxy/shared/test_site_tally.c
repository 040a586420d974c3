#include "proxy/shared/site_tally.h"

#include <string.h>

#include "tests/support/unit.h"

static void test_workers_parts_are_summed_and_do_not_share_cache_lines(void **state)
{
	struct site_tally *tally = site_tally_new(3, 2);
	struct site_sum sum;
	(void)state;
	assert_non_null(tally);
	for (unsigned i = 0; i < 3; i++) {
		struct site_counts *counts = site_tally_counts(tally, i);
		assert_int_equal((uintptr_t)counts % 64, 0);
		counters_add(&counts->failed, i + 1);
		counters_add(&counts->done[TALLY_TLS_1_3][TALLY_GROUP_X25519][i == 2], 10);
		counters_add(&counts->bytes_to_client, 100);
		site_counts_alert(counts, 48);
		site_counts_alert(counts, 80);
	}
	site_tally_sum(tally, &sum);
	assert_int_equal(sum.failed, 6);
	assert_int_equal(sum.handshakes, 30);
	assert_int_equal(sum.resumed, 10);
	assert_int_equal(sum.bytes_to_client, 300);
	assert_int_equal(sum.alerts[TALLY_UNKNOWN_CA], 3);
	assert_int_equal(sum.alerts[TALLY_ALERT_OTHER], 3);
	assert_int_equal(sum.rejected, 3);
	assert_int_equal(site_tally_sample(tally).rejected, 3);
	site_tally_unref(tally);
}

static void test_backends_are_counted_up_to_a_maximum(void **state)
{
	struct site_tally *tally = site_tally_new(2, 1000);
	struct site_sum sum;
	(void)state;
	site_counts_connect(site_tally_counts(tally, 0), 31);
	site_counts_connect(site_tally_counts(tally, 0), 32);
	site_counts_connect(site_tally_counts(tally, 1), SIZE_MAX);
	site_counts_backend(site_tally_counts(tally, 0), 31, false, 70);
	site_counts_backend(site_tally_counts(tally, 1), 31, false, 50);
	site_counts_backend(site_tally_counts(tally, 1), 31, true, 60);
	site_tally_sum(tally, &sum);
	assert_int_equal(sum.num_backends, SITE_TALLY_MAX_BACKENDS);
	assert_int_equal(sum.backends[31].connects, 1);
	assert_int_equal(sum.backends[31].failures, 2);
	assert_int_equal(sum.backends[31].failed_ms, 70);
	assert_int_equal(sum.backends[31].good_ms, 60);
	site_tally_unref(tally);
}

static void test_one_without_backends_counts_none(void **state)
{
	struct site_tally *tally = site_tally_new(1, 0);
	struct site_sum sum;
	(void)state;
	site_counts_connect(site_tally_counts(tally, 0), 0);
	site_counts_backend(site_tally_counts(tally, 0), 0, true, 1);
	site_tally_sum(tally, &sum);
	assert_int_equal(sum.num_backends, 0);
	site_tally_unref(site_tally_ref(tally));
	site_tally_unref(tally);
	site_tally_unref(NULL);
}

static void test_every_kind_has_a_name_of_its_own(void **state)
{
	(void)state;
	for (unsigned i = 0; i < NUM_TALLY_ALERTS; i++) {
		assert_non_null(tally_alert_name(i));
		for (unsigned k = 0; k < i; k++)
			assert_string_not_equal(tally_alert_name(i), tally_alert_name(k));
	}
	for (unsigned i = 0; i < NUM_TALLY_GROUPS; i++)
		assert_non_null(tally_group_name(i));
	assert_string_equal(tally_version_name(TALLY_TLS_1_2), "1.2");
	assert_true(tally_alert_is_rejection(TALLY_UNKNOWN_CA));
	assert_true(tally_alert_is_rejection(TALLY_BAD_CERTIFICATE));
	assert_false(tally_alert_is_rejection(TALLY_HANDSHAKE_FAILURE));
	assert_false(tally_alert_is_rejection(TALLY_ALERT_OTHER));
}

/* RFC 8446 B.2: those that speak of the peer's certificate, and no other. */
static void test_which_alerts_are_rejections(void **state)
{
	static const struct {
		uint8_t number;
		const char *name;
	} cases[] = {
	    {42, "bad_certificate"},     {43, "unsupported_certificate"}, {44, "certificate_revoked"},
	    {45, "certificate_expired"}, {46, "certificate_unknown"},     {48, "unknown_ca"},
	};
	size_t count = 0;

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		enum tally_alert alert = tally_alert_of(cases[i].number);
		assert_true(tally_alert_is_rejection(alert));
		assert_string_equal(tally_alert_name(alert), cases[i].name);
	}
	for (unsigned number = 0; number <= UINT8_MAX; number++)
		count += tally_alert_is_rejection(tally_alert_of((uint8_t)number));
	assert_int_equal(count, sizeof(cases) / sizeof(cases[0]));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_which_alerts_are_rejections),
	    cmocka_unit_test(test_workers_parts_are_summed_and_do_not_share_cache_lines),
	    cmocka_unit_test(test_backends_are_counted_up_to_a_maximum),
	    cmocka_unit_test(test_one_without_backends_counts_none),
	    cmocka_unit_test(test_every_kind_has_a_name_of_its_own),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
