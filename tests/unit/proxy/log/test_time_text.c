#include <string.h>

#include "proxy/log/time_text.h"
#include "tests/support/unit.h"

static const struct {
	int64_t seconds;
	const char *text;
} moments[] = {
    {0, "1970-01-01T00:00:00Z"},
    {-1, "1969-12-31T23:59:59Z"},
    {951782400, "2000-02-29T00:00:00Z"},
    {1582934399, "2020-02-28T23:59:59Z"},
    {1795170941, "2026-11-20T10:35:41Z"},
    {2147483648, "2038-01-19T03:14:08Z"},
    {4107542400, "2100-03-01T00:00:00Z"},
    {253402300799, "9999-12-31T23:59:59Z"},
    {-62167219200, "0000-01-01T00:00:00Z"},
    {-62135596800, "0001-01-01T00:00:00Z"},
};

static void test_moments_are_written_and_read(void **state)
{
	char text[TIME_TEXT_MAX];
	int64_t seconds = 0;
	(void)state;
	for (size_t i = 0; i < sizeof(moments) / sizeof(moments[0]); i++) {
		assert_string_equal(time_text_print(moments[i].seconds, text), moments[i].text);
		assert_ok(time_text_parse(moments[i].text, &seconds));
		assert_true(seconds == moments[i].seconds);
	}
}

static void test_a_day_for_each_day_of_four_centuries(void **state)
{
	char text[TIME_TEXT_MAX];
	char before[TIME_TEXT_MAX] = "";
	(void)state;
	for (int64_t day = -146097; day < 146097; day++) {
		int64_t seconds = 0;
		time_text_print_day(day * 86400 + 86399, text);
		assert_true(strcmp(before, text) < 0);
		assert_ok(time_text_parse(text, &seconds));
		assert_true(seconds == day * 86400);
		strcpy(before, text);
	}
}

static void test_years_beyond_four_digits_are_clamped(void **state)
{
	char text[TIME_TEXT_MAX];
	(void)state;
	assert_string_equal(time_text_print(INT64_MAX, text), "9999-12-31T23:59:59Z");
	assert_string_equal(time_text_print(INT64_MIN, text), "0000-01-01T00:00:00Z");
	assert_string_equal(time_text_print_day(INT64_MAX, text), "9999-12-31");
	assert_string_equal(time_text_print_ms(INT64_MIN, text), "0000-01-01T00:00:00.192Z");
	assert_string_equal(time_text_print_ms(INT64_MAX, text), "9999-12-31T23:59:59.807Z");
}

static void test_a_time_is_printed_with_milliseconds(void **state)
{
	char text[TIME_TEXT_MAX];
	(void)state;
	assert_string_equal(time_text_print_ms(1795170941007, text), "2026-11-20T10:35:41.007Z");
	assert_string_equal(time_text_print_ms(-1, text), "1969-12-31T23:59:59.999Z");
	assert_string_equal(time_text_print_ms(-1000, text), "1969-12-31T23:59:59.000Z");
}

static void test_what_rfc_3339_allows_is_read(void **state)
{
	static const struct {
		const char *text;
		int64_t seconds;
	} cases[] = {
	    {"2026-11-20t10:35:41z", 1795170941},
	    {"2026-11-20 10:35:41Z", 1795170941},
	    {"2026-11-20T11:35:41+01:00", 1795170941},
	    {"2026-11-20T05:05:41-05:30", 1795170941},
	    {"2026-11-20T10:35:41.999999Z", 1795170941},
	    {"2016-12-31T23:59:60Z", 1483228800},
	    {"2026-11-20", 1795132800},
	};
	int64_t seconds = 0;
	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		assert_ok(time_text_parse(cases[i].text, &seconds));
		assert_true(seconds == cases[i].seconds);
	}
}

static void test_what_is_no_time_is_refused(void **state)
{
	static const char *const texts[] = {
	    "",
	    "yesterday",
	    "2026",
	    "2026-1-1",
	    "2026-13-01",
	    "2026-00-01",
	    "2026-02-29",
	    "2100-02-29",
	    "2026-01-00",
	    "2026-01-32",
	    "2026-11-20T",
	    "2026-11-20T10:35",
	    "2026-11-20T24:00:00Z",
	    "2026-11-20T10:60:00Z",
	    "2026-11-20T10:35:61Z",
	    "2026-11-20T10:35:41",
	    "2026-11-20T10:35:41.Z",
	    "2026-11-20T10:35:41+1:00",
	    "2026-11-20T10:35:41+24:00",
	    "2026-11-20T10:35:41Zz",
	    " 2026-11-20",
	    "2026-11-20 ",
	    "-2026-11-20",
	    "20261-11-20",
	};
	int64_t seconds = 77;
	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		assert_kind(time_text_parse(texts[i], &seconds), ERROR_FORMAT);
		assert_true(seconds == 77);
	}
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_moments_are_written_and_read),
	    cmocka_unit_test(test_a_day_for_each_day_of_four_centuries),
	    cmocka_unit_test(test_years_beyond_four_digits_are_clamped),
	    cmocka_unit_test(test_a_time_is_printed_with_milliseconds),
	    cmocka_unit_test(test_what_rfc_3339_allows_is_read),
	    cmocka_unit_test(test_what_is_no_time_is_refused),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
