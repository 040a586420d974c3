#include "proxy/admin/metric_text.h"

#include "tests/support/unit.h"

static const struct metric_family plain = {"a_total", METRIC_COUNTER, {NULL}, "What it is."};
static const struct metric_family labelled = {"b", METRIC_GAUGE, {"site", "kind"}, "Another."};
static const struct metric_family histogram = {"c_seconds", METRIC_HISTOGRAM, {NULL}, "Times."};

static struct metric_text begin(struct buffer *out, size_t max)
{
	buffer_init(out, max);
	return (struct metric_text){.out = out, .error = error_none()};
}

static void test_a_family_with_its_samples(void **state)
{
	const char *const values[] = {"mail", "x"};
	struct buffer out;
	struct metric_text text = begin(&out, 10000);
	(void)state;
	metric_text_begin(&text, &plain);
	metric_text_count(&text, &plain, NULL, UINT64_MAX);
	metric_text_begin(&text, &labelled);
	metric_text_seconds(&text, &labelled, values, -5);
	assert_ok(text.error);
	assert_string_equal(buffer_text(&out), "# HELP a_total What it is.\n# TYPE a_total counter\n"
					       "a_total 18446744073709551615\n"
					       "# HELP b Another.\n# TYPE b gauge\n"
					       "b{site=\"mail\",kind=\"x\"} -5\n");
	buffer_cleanup(&out);
}

static void test_values_are_escaped_and_made_utf8(void **state)
{
	static const struct {
		const char *value, *written;
	} cases[] = {
	    {"", ""},
	    {"a\"b", "a\\\"b"},
	    {"a\\b", "a\\\\b"},
	    {"a\nb", "a\\nb"},
	    {"\"\\\n", "\\\"\\\\\\n"},
	    {"h\xc3\xa4t", "h\xc3\xa4t"},
	    {"a\xff"
	     "b",
	     "a\xef\xbf\xbd"
	     "b"},
	    {"{x=\"1\"} 2", "{x=\\\"1\\\"} 2"},
	};
	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const char *const values[] = {cases[i].value, "k"};
		struct buffer out, wanted;
		struct metric_text text = begin(&out, 1000);

		buffer_init(&wanted, 1000);
		assert_ok(buffer_printf(&wanted, "b{site=\"%s\",kind=\"k\"} 1\n", cases[i].written));
		metric_text_count(&text, &labelled, values, 1);
		assert_string_equal(buffer_text(&out), buffer_text(&wanted));
		buffer_cleanup(&out);
		buffer_cleanup(&wanted);
	}
}

static void test_a_histogram_has_buckets_sum_and_count(void **state)
{
	struct buffer out;
	struct metric_text text = begin(&out, 1000);
	(void)state;
	metric_text_begin(&text, &histogram);
	metric_text_bucket(&text, &histogram, "0.5", 1);
	metric_text_bucket(&text, &histogram, "+Inf", 2);
	metric_text_sum(&text, &histogram, 1.25, 2);
	assert_string_equal(buffer_text(&out), "# HELP c_seconds Times.\n# TYPE c_seconds histogram\n"
					       "c_seconds_bucket{le=\"0.5\"} 1\nc_seconds_bucket{le=\"+Inf\"} 2\n"
					       "c_seconds_sum 1.25\nc_seconds_count 2\n");
	buffer_cleanup(&out);
}

static void test_a_text_that_is_full_says_so(void **state)
{
	const char *const values[] = {"mail", "x"};
	(void)state;
	for (size_t max = 1; max < 70; max++) {
		struct buffer out;
		struct metric_text text = begin(&out, max);

		metric_text_begin(&text, &labelled);
		metric_text_count(&text, &labelled, values, 1);
		metric_text_count(&text, &labelled, values, 1);
		assert_kind(text.error, ERROR_LIMIT);
		buffer_cleanup(&out);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_a_family_with_its_samples),
	    cmocka_unit_test(test_values_are_escaped_and_made_utf8),
	    cmocka_unit_test(test_a_histogram_has_buckets_sum_and_count),
	    cmocka_unit_test(test_a_text_that_is_full_says_so),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
