#include "bench/load/server_names.h"
#include "tests/support/unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* A file with this content; its name is to be unlinked. */
static void write_file(char path[32], const char *text)
{
	strcpy(path, "/tmp/server-names-XXXXXX");
	int fd = mkstemp(path);
	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, strlen(text)), strlen(text));
	close(fd);
}

static void test_names_stand_in_their_order(void **state)
{
	struct server_names names = {0};
	char name[40];
	(void)state;
	for (unsigned i = 0; i < 100; i++) {
		snprintf(name, sizeof(name), "n%u.example.com", i);
		assert_null(server_names_add(&names, name));
	}
	assert_int_equal(names.count, 100);
	assert_string_equal(names.items[0], "n0.example.com");
	assert_string_equal(names.items[99], "n99.example.com");
	server_names_cleanup(&names);
	assert_int_equal(names.count, 0);
}

static void test_what_is_no_name_is_refused(void **state)
{
	static const char *const wrong[] = {"", "a b", "*.example.com", "-", "exa\nmple.com"};
	struct server_names names = {0};
	(void)state;
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
		assert_non_null(server_names_add(&names, wrong[i]));
	assert_int_equal(names.count, 0);
	server_names_cleanup(&names);
}

static void test_names_are_read_from_a_file(void **state)
{
	static const struct {
		const char *text;
		size_t count;
		const char *last;
	} rows[] = {
	    {"a.example.com\nb.example.com\n", 2, "b.example.com"},
	    {"# a comment\n\n  a.example.com  # and one\r\nb.example.com", 2, "b.example.com"},
	    {"", 0, NULL},
	    {"# nothing\n", 0, NULL},
	    {"a.example.com\n*.example.com\n", 0, NULL},
	};
	char path[32];
	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct server_names names = {0};
		write_file(path, rows[i].text);
		const char *wrong = server_names_add_file(&names, path);
		unlink(path);
		assert_int_equal(wrong == NULL, rows[i].last != NULL);
		if (rows[i].last != NULL) {
			assert_int_equal(names.count, rows[i].count);
			assert_string_equal(names.items[names.count - 1], rows[i].last);
		}
		server_names_cleanup(&names);
	}
	struct server_names none = {0};
	assert_non_null(server_names_add_file(&none, "/nonexistent/names"));
	server_names_cleanup(&none);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_names_stand_in_their_order),
	    cmocka_unit_test(test_what_is_no_name_is_refused),
	    cmocka_unit_test(test_names_are_read_from_a_file),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
