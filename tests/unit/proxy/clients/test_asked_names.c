#include "proxy/clients/asked_names.h"

#include <stdio.h>
#include <string.h>

#include "tests/support/unit.h"

enum { NOW_MS = 1000000, MAX_TEXT = 32 };

/* The names, in the order of their places, separated by blanks. */
static const char *list(const struct asked_names *asked, int64_t now_ms)
{
	static char text[ASKED_NAMES_MAX * MAX_TEXT];
	struct host_name names[ASKED_NAMES_MAX];
	size_t count = asked_names_list(asked, now_ms, names);

	text[0] = '\0';
	for (size_t i = 0; i < count; i++) {
		strncat(text, i > 0 ? " " : "", sizeof(text) - strlen(text) - 1);
		strncat(text, names[i].text, sizeof(text) - strlen(text) - 1);
	}
	return text;
}

static void test_names_are_kept_for_a_while(void **state)
{
	struct asked_names asked = {0};

	(void)state;
	assert_string_equal(list(&asked, NOW_MS), "");
	asked_names_add(&asked, "a.example", NOW_MS);
	asked_names_add(&asked, "b.example", NOW_MS + 1);
	asked_names_add(&asked, "A.example", NOW_MS + 2);
	asked_names_add(&asked, "no name at all", NOW_MS);
	asked_names_add(&asked, "", NOW_MS);
	assert_string_equal(list(&asked, NOW_MS + 2), "a.example b.example");
	assert_string_equal(list(&asked, NOW_MS + 1 + ASKED_NAMES_MS), "a.example b.example");
	assert_string_equal(list(&asked, NOW_MS + 2 + ASKED_NAMES_MS), "a.example");
	assert_string_equal(list(&asked, NOW_MS + 3 + ASKED_NAMES_MS), "");
	assert_string_equal(list(&asked, 0), "a.example b.example"); /* the clock was set back */
}

/* Whoever asks for many names pushes none out that clients ask for. */
static void test_a_flood_pushes_nothing_out(void **state)
{
	struct asked_names asked = {0};
	char text[MAX_TEXT];

	(void)state;
	asked_names_add(&asked, "a.example", NOW_MS);
	for (int i = 0; i < 10 * ASKED_NAMES_MAX; i++) {
		snprintf(text, sizeof(text), "n%d.example", i);
		asked_names_add(&asked, text, NOW_MS + 1);
	}
	assert_int_equal(asked.count, ASKED_NAMES_MAX);
	assert_memory_equal(list(&asked, NOW_MS + 1), "a.example n0.example ", 21);

	/* Old names make room. */
	asked_names_add(&asked, "a.example", NOW_MS + ASKED_NAMES_MS);
	asked_names_add(&asked, "late.example", NOW_MS + 2 + ASKED_NAMES_MS);
	assert_string_equal(list(&asked, NOW_MS + 2 + ASKED_NAMES_MS), "a.example late.example");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_names_are_kept_for_a_while),
	    cmocka_unit_test(test_a_flood_pushes_nothing_out),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
