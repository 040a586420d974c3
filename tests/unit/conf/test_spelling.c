#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "conf/spelling.h"

static void test_distances_between_words(void **state)
{
	static const struct {
		const char *a, *b;
		size_t distance;
	} cases[] = {
	    {"", "", 0},
	    {"listen", "listen", 0},
	    {"listen", "lisen", 1},
	    {"listen", "listten", 1},
	    {"listen", "lisetn", 1},
	    {"listen", "lostin", 2},
	    {"FIX-LOG", "fix_log", 0},
	    {"", "abc", 3},
	    {"kitten", "sitting", 3},
	};
	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		if (spelling_distance(cases[i].a, cases[i].b) != cases[i].distance)
			fail_msg("%s, %s: %zu", cases[i].a, cases[i].b, spelling_distance(cases[i].a, cases[i].b));
		assert_int_equal(spelling_distance(cases[i].b, cases[i].a), cases[i].distance);
	}
}

static const char *best_of(const char *word)
{
	struct spelling spelling = spelling_of(word);
	spelling_offer(&spelling, "check");
	spelling_offer(&spelling, "cache");
	spelling_offer(&spelling, "mend");
	return spelling_best(&spelling);
}

static void test_the_nearest_is_offered_and_nothing_that_is_far(void **state)
{
	(void)state;
	assert_string_equal(best_of("chek"), "check");
	assert_string_equal(best_of("cahce"), "cache");
	assert_string_equal(best_of("mends"), "mend");
	assert_null(best_of("frobnicate"));
	assert_null(best_of(""));
}

static void test_a_word_of_any_length_is_taken(void **state)
{
	char word[10 * SPELLING_MAX_CHARS];
	(void)state;
	memset(word, 'c', sizeof(word) - 1);
	word[sizeof(word) - 1] = '\0';
	assert_null(best_of(word));
	word[SPELLING_MAX_CHARS] = '\0';
	assert_null(best_of(word));
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_distances_between_words),
	    cmocka_unit_test(test_the_nearest_is_offered_and_nothing_that_is_far),
	    cmocka_unit_test(test_a_word_of_any_length_is_taken),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
