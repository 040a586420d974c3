#include "conf/keys.h"

#include <stdbool.h>
#include <string.h>

#include "tests/support/unit.h"

#define MAX_BYTES ((size_t)1024)

static void test_every_name_is_found_and_unknown_ones_are_not(void **state)
{
	(void)state;
	for (unsigned i = 0; i < NUM_CONFIG_KEYS; i++) {
		const struct config_key *key = config_key((enum config_key_id)i);
		assert_non_null(key->name);
		assert_non_null(key->help);
		assert_int_equal(config_key_find(key->scope, key->name), i);
		assert_true(key->not_built || key->default_text != NULL || key->example != NULL);
	}
	assert_int_equal(config_key_find(SCOPE_SITE, "workers"), NUM_CONFIG_KEYS);
	assert_int_equal(config_key_find(SCOPE_SITE, ""), NUM_CONFIG_KEYS);
	assert_string_equal(config_key_nearest(SCOPE_SITE, "Backend-Verfy"), "backend_verify");
	assert_null(config_key_nearest(SCOPE_SITE, "something_else_entirely"));
}

/* The help leaves out what a column of the table says already. */
static void test_help_leaves_to_the_columns_what_they_know(void **state)
{
	(void)state;
	for (unsigned i = 0; i < NUM_CONFIG_KEYS; i++) {
		const struct config_key *key = config_key((enum config_key_id)i);
		assert_null(strstr(key->help, "(default"));
		assert_null(strstr(key->help, "Must be set"));
		assert_null(strstr(key->help, "Repeatable"));
		assert_null(strchr(key->help, '\n'));
		assert_int_equal(key->help[strlen(key->help) - 1], '.');
		if (key->missing != NULL)
			assert_ptr_equal(strstr(key->missing, "missing: "), key->missing);
	}
}

static void test_help_says_the_default_of_every_key(void **state)
{
	(void)state;
	for (unsigned i = 0; i < NUM_CONFIG_KEYS; i++) {
		const struct config_key *key = config_key((enum config_key_id)i);
		struct buffer text;
		buffer_init(&text, MAX_BYTES);
		assert_false(failed(config_key_print_help(key, &text)));
		const char *help = buffer_text(&text);
		assert_non_null(strstr(help, key->help));
		bool said = strstr(help, "(default: ") != NULL || strstr(help, "Not set: ") != NULL ||
			    strstr(help, "Must be set.") != NULL;
		if (!key->not_built && !said)
			fail_msg("%s: %s", key->name, help);
		if (key->default_text != NULL)
			assert_non_null(strstr(help, key->default_text));
		assert_int_equal(strstr(help, "Repeatable") != NULL, key->repeatable);
		buffer_cleanup(&text);
	}
}

static void test_a_full_buffer_is_an_error(void **state)
{
	struct buffer text;
	(void)state;
	buffer_init(&text, 10);
	assert_true(failed(config_key_print_help(config_key(KEY_LISTEN), &text)));
	buffer_cleanup(&text);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_every_name_is_found_and_unknown_ones_are_not),
	    cmocka_unit_test(test_help_leaves_to_the_columns_what_they_know),
	    cmocka_unit_test(test_help_says_the_default_of_every_key),
	    cmocka_unit_test(test_a_full_buffer_is_an_error),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
