#include "bench/load/name_counts.h"
#include "tests/support/unit.h"

#include <stdio.h>
#include <string.h>

/* 0 where the name never came. */
static uint64_t count_of(const struct name_counts *counts, const char *name)
{
	for (size_t i = 0; i < counts->num_rows; i++) {
		if (strcmp(counts->rows[i].name, name) == 0)
			return counts->rows[i].count;
	}
	return 0;
}

static void test_names_are_counted(void **state)
{
	struct name_counts counts = {.num_rows = 0}, more = {.num_rows = 0};
	(void)state;
	name_counts_add(&counts, "reset", 1);
	name_counts_add(&counts, "timeout", 2);
	name_counts_add(&counts, "reset", 3);
	assert_int_equal(counts.num_rows, 2);
	assert_int_equal(count_of(&counts, "reset"), 4);
	assert_int_equal(count_of(&counts, "res"), 0);
	name_counts_add(&more, "timeout", 5);
	name_counts_add(&more, "not_tls", 1);
	name_counts_merge(&counts, &more);
	assert_int_equal(count_of(&counts, "timeout"), 7);
	assert_int_equal(name_counts_total(&counts), 12);
}

static void test_words_become_identifiers(void **state)
{
	static const struct {
		const char *prefix, *words, *name;
	} rows[] = {
	    {"alert_", "handshake failure", "alert_handshake_failure"},
	    {"tls_", "WRONG_VERSION_NUMBER", "tls_wrong_version_number"},
	    {"", "reset", "reset"},
	    {"socket_", "No such file -- or\ndirectory", "socket_no_such_file_or_directory"},
	    {"", "", ""},
	    {"", "\x1b[31m", "31m"},
	};
	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct name_counts counts = {.num_rows = 0};
		name_counts_add_words(&counts, rows[i].prefix, rows[i].words);
		assert_string_equal(counts.rows[0].name, rows[i].name);
	}
}

static void test_rows_have_a_maximum(void **state)
{
	struct name_counts counts = {.num_rows = 0}, sum = {.num_rows = 0};
	char name[16];
	(void)state;
	for (unsigned i = 0; i < 200; i++) {
		snprintf(name, sizeof(name), "cause_%u", i);
		name_counts_add(&counts, name, 1);
	}
	assert_int_equal(counts.num_rows, NAME_COUNTS_MAX_ROWS);
	assert_int_equal(count_of(&counts, "cause_0"), 1);
	assert_int_equal(count_of(&counts, "other"), 200 - (NAME_COUNTS_MAX_ROWS - 1));
	assert_int_equal(name_counts_total(&counts), 200);
	name_counts_merge(&sum, &counts);
	name_counts_merge(&sum, &counts);
	assert_int_equal(name_counts_total(&sum), 400);
}

static void test_names_have_a_maximum(void **state)
{
	struct name_counts counts = {.num_rows = 0};
	char name[300];
	(void)state;
	memset(name, 'x', sizeof(name) - 1);
	name[sizeof(name) - 1] = '\0';
	name_counts_add(&counts, name, 1);
	name_counts_add(&counts, name, 1);
	name_counts_add_words(&counts, "", name);
	assert_int_equal(counts.num_rows, 1);
	assert_int_equal(strlen(counts.rows[0].name), NAME_COUNTS_MAX_CHARS);
	assert_int_equal(counts.rows[0].count, 3);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_names_are_counted),
	    cmocka_unit_test(test_words_become_identifiers),
	    cmocka_unit_test(test_rows_have_a_maximum),
	    cmocka_unit_test(test_names_have_a_maximum),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
