#include "chaincache/base/csv.h"

#include <stdlib.h>
#include <string.h>

#include "tests/support/unit.h"

#define MAX_WALK 2000

/* Draws a walk: "[a|b]" a row, "!LINE" a bad one, each with ":LINE" of its beginning. */
static const char *walk(struct bytes text)
{
	static struct buffer drawn;
	struct csv csv;

	buffer_cleanup(&drawn);
	buffer_init(&drawn, 1 << 20);
	csv_init(&csv, text);
	for (int i = 0; i < MAX_WALK; i++) {
		enum csv_status status = csv_next(&csv);
		if (status == CSV_END)
			break;
		assert_ok(buffer_printf(&drawn, "%s%zu", status == CSV_ROW ? "" : "!", csv.line));
		for (size_t field = 0; field < csv.num_fields; field++) {
			struct bytes value = csv_field(&csv, field);
			assert_ok(buffer_printf(&drawn, "|%.*s", (int)value.len, (const char *)value.data));
		}
		assert_ok(buffer_printf(&drawn, "\n"));
	}
	csv_cleanup(&csv);
	return buffer_text(&drawn);
}

static const struct {
	const char *text;
	const char *walk;
} cases[] = {
    {"", ""},
    {"\n\r\n\r", ""},
    {"a", "1|a\n"},
    {"a,b\nc,d\n", "1|a|b\n2|c|d\n"},
    {"a,b\r\nc,d\r\n", "1|a|b\n2|c|d\n"},
    {"a,b\rc,d\r", "1|a|b\n2|c|d\n"},
    {"a,b,\n,,\n", "1|a|b|\n2|||\n"},
    {"\"a,b\",c\n", "1|a,b|c\n"},
    {"\"a\nb\r\nc\",d\ne\n", "1|a\nb\r\nc|d\n4|e\n"},
    {"\"say \"\"hi\"\"\",\"\"\n", "1|say \"hi\"|\n"},
    {"\xef\xbb\xbf\"a\",b\n", "1|a|b\n"},
    {"a \"b\" c,d\n", "1|a \"b\" c|d\n"},
    {"\"a\"b,c\n", "1|ab|c\n"},
    {"\n\na\n\n\nb", "3|a\n6|b\n"},
    {" a , b \n", "1| a | b \n"},
    /* A quote that is never closed costs its own line alone. */
    {"a,b\n\"c,d\ne,f\ng,h\n", "1|a|b\n!2\n3|e|f\n4|g|h\n"},
    {"\"", "!1\n"},
    {"a,\"", "!1\n"},
    {"a,\"\"\"", "!1\n"},
};

static void test_rows_and_fields_against_a_table(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		assert_string_equal(walk(bytes_of_string(cases[i].text)), cases[i].walk);
}

static void test_a_nul_is_a_byte_like_others(void **state)
{
	static const char text[] = "a\0b,\"c\0d\"\n";
	struct csv csv;
	(void)state;

	csv_init(&csv, bytes_of(text, sizeof(text) - 1));
	assert_int_equal(csv_next(&csv), CSV_ROW);
	assert_int_equal(csv.num_fields, 2);
	assert_true(bytes_equal(csv_field(&csv, 0), bytes_of("a\0b", 3)));
	assert_true(bytes_equal(csv_field(&csv, 1), bytes_of("c\0d", 3)));
	assert_int_equal(csv_field(&csv, 2).len, 0);
	assert_int_equal(csv_next(&csv), CSV_END);
	csv_cleanup(&csv);
}

/* Owned by the caller. */
static char *repeat(const char *text, size_t times, const char *end)
{
	size_t len = strlen(text);
	char *all = malloc(times * len + strlen(end) + 1);

	assert_non_null(all);
	for (size_t i = 0; i < times; i++)
		memcpy(all + i * len, text, len);
	strcpy(all + times * len, end);
	return all;
}

static void test_a_row_above_the_maxima_is_bad(void **state)
{
	struct csv csv;
	char *fields = repeat(",", CSV_MAX_FIELDS - 1, "\nnext\n");
	char *more = repeat(",", CSV_MAX_FIELDS, "\nnext\n");
	char *large = repeat("x", CSV_MAX_ROW_BYTES, "\nnext\n");
	char *larger = repeat("x", CSV_MAX_ROW_BYTES + 1, "\nnext\n");
	const struct {
		const char *text;
		enum csv_status status;
	} each[] = {{fields, CSV_ROW}, {more, CSV_BAD_ROW}, {large, CSV_ROW}, {larger, CSV_BAD_ROW}};
	(void)state;

	for (size_t i = 0; i < sizeof(each) / sizeof(each[0]); i++) {
		csv_init(&csv, bytes_of_string(each[i].text));
		assert_int_equal(csv_next(&csv), each[i].status);
		if (each[i].status == CSV_BAD_ROW)
			assert_kind(csv.error, ERROR_LIMIT);
		assert_int_equal(csv_next(&csv), CSV_ROW);
		assert_int_equal(csv.line, 2);
		assert_true(bytes_equal(csv_field(&csv, 0), bytes_of_string("next")));
		assert_int_equal(csv_next(&csv), CSV_END);
		csv_cleanup(&csv);
	}
	free(fields);
	free(more);
	free(large);
	free(larger);
}

/* Each line opens a quote that only the limit ends: after some of them the walk no longer goes back. */
static void test_the_walk_is_bounded(void **state)
{
	struct csv csv;
	char *lines = repeat("\"\"\"\n", 4 * CSV_MAX_RESUMES, "");
	char *tail = repeat("x", CSV_MAX_ROW_BYTES, "");
	char *text = malloc(strlen(lines) + strlen(tail) + 1);
	size_t num_rows = 0;
	(void)state;

	assert_non_null(text);
	strcpy(text, lines);
	strcat(text, tail);
	csv_init(&csv, bytes_of_string(text));
	while (csv_next(&csv) != CSV_END)
		num_rows++;
	assert_true(num_rows <= 2 * CSV_MAX_RESUMES + 2);
	assert_true(csv.num_resumes <= CSV_MAX_RESUMES);
	assert_int_equal(csv.rest.len, 0);
	csv_cleanup(&csv);
	free(text);
	free(lines);
	free(tail);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_rows_and_fields_against_a_table),
	    cmocka_unit_test(test_a_nul_is_a_byte_like_others),
	    cmocka_unit_test(test_a_row_above_the_maxima_is_bad),
	    cmocka_unit_test(test_the_walk_is_bounded),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
