#include "proxy/commands/check/audit_options.h"

#include <stdio.h>
#include <string.h>

#include "chaincache/mend/mend.h" /* MEND_MAX_NAMES */
#include "conf/keys.h"
#include "tests/support/unit.h"

static const struct option_table tables[] = {{NULL, audit_option_rows}, {NULL, NULL}};
static const struct command_help help = {"try", "", "", tables, NULL, NULL};

static enum options_outcome parse(struct audit_options *options, const char *first, const char *second)
{
	char words[3][200];
	char *argv[] = {words[0], words[1], second != NULL ? words[2] : NULL, NULL};
	int operand = 0;
	snprintf(words[0], sizeof(words[0]), "try");
	snprintf(words[1], sizeof(words[1]), "%s", first);
	snprintf(words[2], sizeof(words[2]), "%s", second != NULL ? second : "");
	*options = (struct audit_options){0};
	return options_parse(&help, second != NULL ? 3 : 2, argv, options, &operand);
}

static void test_right_values_are_taken(void **state)
{
	struct audit_options options;
	(void)state;
	assert_int_equal(parse(&options, "--name",
			       "B\xc3\xbc"
			       "cher.example."),
			 OPTIONS_TAKEN);
	assert_string_equal(options.names[0].text, "xn--bcher-kva.example");
	audit_options_cleanup(&options);
	assert_int_equal(parse(&options, "--time", "2026-11-20"), OPTIONS_TAKEN);
	assert_true(options.has_time && options.time == 1795132800);
	assert_int_equal(parse(&options, "--offline", "--ignore-trust"), OPTIONS_TAKEN);
	assert_true(options.offline && options.ignore_trust && !options.json);
	assert_int_equal(parse(&options, "--roots=corp=/r.pem", "--json"), OPTIONS_TAKEN);
	assert_string_equal(options.roots.items[0], "corp=/r.pem");
	audit_options_cleanup(&options);
	assert_int_equal(parse(&options, "--fetch-allow", "10.0.0.0/8"), OPTIONS_TAKEN);
	assert_int_equal(options.fetch.allow.count, 1);
	audit_options_cleanup(&options);
}

static void test_wrong_values_are_refused(void **state)
{
	static const char *const wrong[][2] = {
	    {"--name", ""},
	    {"--name", "a b"},
	    {"--time", "yesterday"},
	    {"--roots", "=x"},
	    {"--fetch-allow", "10.0.0.0/40"},
	    {"--fetch-proxy", "ftp://p:1"},
	    {"--fetch-proxy", "http://u:p@h:1"},
	};
	struct audit_options options;
	(void)state;
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		if (parse(&options, wrong[i][0], wrong[i][1]) != OPTIONS_WRONG)
			fail_msg("%s %s", wrong[i][0], wrong[i][1]);
		audit_options_cleanup(&options);
	}
}

static void test_stores_have_names_of_their_own(void **state)
{
	struct audit_options options;
	(void)state;
	assert_int_equal(parse(&options, "--roots=a=/r.pem", "--roots=a=/s.pem"), OPTIONS_WRONG);
	audit_options_cleanup(&options);
	assert_int_equal(parse(&options, "--roots=a=/r.pem", "--roots=ab=/r.pem"), OPTIONS_TAKEN);
	audit_options_cleanup(&options);
	assert_int_equal(parse(&options, "--roots=./a=/r.pem", "--roots=./a=/r.pem"), OPTIONS_TAKEN);
	audit_options_cleanup(&options);
}

static void test_there_is_a_most_of_names(void **state)
{
	struct audit_options options = {0};
	(void)state;
	for (int i = 0; i < MEND_MAX_NAMES; i++)
		assert_null(audit_options_add_name(&options, "a.example"));
	assert_non_null(audit_options_add_name(&options, "a.example"));
	assert_int_equal(options.num_names, MEND_MAX_NAMES);
	audit_options_cleanup(&options);
}

/* Told of what run keeps: check and mend have no such finding. */
static bool is_of_run_alone(enum finding_code code)
{
	return code == FINDING_BACKEND_TLS_FAILED || code == FINDING_BACKEND_NAME_MISMATCH;
}

/* Run has no such finding. */
static bool is_of_commands_alone(enum finding_code code)
{
	return code == FINDING_NOT_LOOKED_AT;
}

static bool names_key(const char *text, const char *key)
{
	size_t len = strlen(key);

	for (const char *at = strchr(text, '`'); at != NULL; at = strchr(at + 1, '`'))
		if (strncmp(at + 1, key, len) == 0 && (at[1 + len] == '`' || at[1 + len] == ' '))
			return true;
	return false;
}

static void test_an_advice_names_keys_to_run_and_options_to_the_commands(void **state)
{
	(void)state;
	for (int code = 0; code < FINDING_CODE_COUNT; code++) {
		const char *to_run = finding_code_advice((enum finding_code)code, FINDING_OF_PROXY);
		const char *to_command = finding_code_advice((enum finding_code)code, FINDING_OF_COMMAND);
		print_message("%s\n", finding_code_name((enum finding_code)code));
		assert_true(strstr(to_run, "--") == NULL || is_of_commands_alone((enum finding_code)code));
		for (unsigned key = 0; key < NUM_CONFIG_KEYS && !is_of_run_alone((enum finding_code)code); key++)
			assert_false(names_key(to_command, config_key((enum config_key_id)key)->name));
	}
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_right_values_are_taken),
	    cmocka_unit_test(test_stores_have_names_of_their_own),
	    cmocka_unit_test(test_wrong_values_are_refused),
	    cmocka_unit_test(test_there_is_a_most_of_names),
	    cmocka_unit_test(test_an_advice_names_keys_to_run_and_options_to_the_commands),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
