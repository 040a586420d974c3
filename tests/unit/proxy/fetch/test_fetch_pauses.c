#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "proxy/fetch/fetch_pauses.h"

enum { FIRST_MS = 30000, MAX_MS = 3600000 };

static const char url[] = "http://aia.example/ca.crt";

static uint64_t pause_after(struct fetch_pauses *pauses, uint64_t now_ms)
{
	struct fetch_pause pause;

	fetch_pauses_failed(pauses, url, FETCH_FAILURE_NETWORK, "HTTP status 404", now_ms);
	assert_true(fetch_pauses_find(pauses, url, now_ms, &pause));
	return pause.left_ms;
}

static void test_doubles_up_to_the_maximum(void **state)
{
	struct fetch_pauses *pauses = fetch_pauses_new(FIRST_MS, MAX_MS);
	uint64_t now_ms = 1000, expected = FIRST_MS;

	(void)state;
	for (int i = 0; i < 70; i++) {
		assert_int_equal(pause_after(pauses, now_ms), expected);
		now_ms += expected;
		expected = 2 * expected < MAX_MS ? 2 * expected : MAX_MS;
	}
	fetch_pauses_succeeded(pauses, url);
	assert_int_equal(pause_after(pauses, now_ms), FIRST_MS);
	fetch_pauses_free(pauses);
}

static void test_ends_to_the_millisecond(void **state)
{
	struct fetch_pauses *pauses = fetch_pauses_new(FIRST_MS, MAX_MS);
	struct fetch_pause pause;

	(void)state;
	assert_false(fetch_pauses_find(pauses, url, 0, &pause));
	fetch_pauses_failed(pauses, url, FETCH_FAILURE_REFUSED, "fetch_allow = 10.0.0.1", 500);
	assert_true(fetch_pauses_find(pauses, url, 500 + FIRST_MS - 1, &pause));
	assert_int_equal(pause.failure, FETCH_FAILURE_REFUSED);
	assert_string_equal(pause.detail, "fetch_allow = 10.0.0.1");
	assert_int_equal(pause.since_ms, FIRST_MS - 1);
	assert_int_equal(pause.left_ms, 1);
	assert_false(fetch_pauses_find(pauses, url, 500 + FIRST_MS, &pause));
	assert_false(fetch_pauses_find(pauses, "http://aia.example/other.crt", 500, &pause));
	fetch_pauses_free(pauses);
}

static void test_forgets_the_oldest(void **state)
{
	struct fetch_pauses *pauses = fetch_pauses_new(FIRST_MS, MAX_MS);
	struct fetch_pause pause;
	char name[64];

	(void)state;
	for (unsigned i = 0; i <= FETCH_PAUSES_MAX_URLS; i++) {
		snprintf(name, sizeof(name), "http://aia.example/%u", i);
		fetch_pauses_failed(pauses, name, FETCH_FAILURE_NETWORK, "", 1000 + i);
	}
	assert_false(fetch_pauses_find(pauses, "http://aia.example/0", 3000, &pause));
	assert_true(fetch_pauses_find(pauses, "http://aia.example/1", 3000, &pause));
	assert_true(fetch_pauses_find(pauses, name, 3000, &pause));
	fetch_pauses_free(pauses);
	fetch_pauses_free(NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_doubles_up_to_the_maximum),
	    cmocka_unit_test(test_ends_to_the_millisecond),
	    cmocka_unit_test(test_forgets_the_oldest),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
