#include <string.h>

#include "proxy/cli/options.h"
#include "tests/support/unit.h"

struct taken {
	int num_flags;
	char values[200]; /* each behind a comma */
};

static const char *take_flag(void *into, const char *value)
{
	assert_string_equal(value, "");
	((struct taken *)into)->num_flags++;
	return NULL;
}

static const char *take_value(void *into, const char *value)
{
	struct taken *taken = into;
	if (strcmp(value, "bad") == 0)
		return "it is bad";
	strcat(taken->values, ",");
	strcat(taken->values, value);
	return NULL;
}

static const struct option_row first_rows[] = {{"flag", 'f', NULL, "A flag", take_flag},
					       {"value", 'v', "WHAT", "A value", take_value},
					       {NULL, 0, NULL, NULL, NULL}};
static const struct option_row second_rows[] = {{"other-value", 0, "WHAT", "Another one", take_value},
						{NULL, 0, NULL, NULL, NULL}};
static const struct option_table tables[] = {{NULL, first_rows}, {"More", second_rows}, {NULL, NULL}};
static const struct command_help help = {"try", "Usage: chainmend try\n", "Tries.", tables, NULL, NULL};

static enum options_outcome parse(struct taken *taken, int *first, const char *const *arguments)
{
	char words[10][50];
	char *argv[11] = {0};
	int argc = 0;
	*taken = (struct taken){0};
	for (; arguments[argc] != NULL; argc++) {
		strcpy(words[argc], arguments[argc]);
		argv[argc] = words[argc];
	}
	return options_parse(&help, argc, argv, taken, first);
}

#define ARGUMENTS(...) ((const char *const[]){"try", __VA_ARGS__, NULL})

static void test_options_are_taken_wherever_they_stand(void **state)
{
	struct taken taken;
	int first = 0;
	(void)state;
	assert_int_equal(parse(&taken, &first,
			       ARGUMENTS("one", "-f", "--value", "a", "two", "--value=b", "-vc", "--other-value", "d")),
			 OPTIONS_TAKEN);
	assert_int_equal(taken.num_flags, 1);
	assert_string_equal(taken.values, ",a,b,c,d");
	assert_int_equal(first, 8);

	assert_int_equal(parse(&taken, &first, (const char *const[]){"try", NULL}), OPTIONS_TAKEN);
	assert_int_equal(first, 1);
	assert_int_equal(parse(&taken, &first, ARGUMENTS("--", "--flag")), OPTIONS_TAKEN);
	assert_int_equal(taken.num_flags, 0);
	assert_int_equal(first, 2);
	assert_int_equal(parse(&taken, &first, ARGUMENTS("--value", "")), OPTIONS_TAKEN);
	assert_string_equal(taken.values, ",");
}

static void test_wrong_ones_are_refused(void **state)
{
	static const char *const wrong[][3] = {
	    {"--no-such-option", NULL}, {"-x", NULL},       {"-fx", NULL},
	    {"--value", NULL},          {"-v", NULL},       {"--flag=1", NULL},
	    {"--value", "bad", NULL},   {"--", NULL, NULL},
	};
	struct taken taken;
	int first = 0;
	(void)state;
	for (size_t i = 0; i + 1 < sizeof(wrong) / sizeof(wrong[0]); i++)
		assert_int_equal(parse(&taken, &first, (const char *const[]){"try", wrong[i][0], wrong[i][1], NULL}),
				 OPTIONS_WRONG);
}

static void test_help_ends_it(void **state)
{
	struct taken taken;
	int first = 0;
	(void)state;
	assert_int_equal(parse(&taken, &first, ARGUMENTS("--help", "--no-such-option")), OPTIONS_HELP_PRINTED);
	assert_int_equal(parse(&taken, &first, ARGUMENTS("-h")), OPTIONS_HELP_PRINTED);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_options_are_taken_wherever_they_stand),
	    cmocka_unit_test(test_wrong_ones_are_refused),
	    cmocka_unit_test(test_help_ends_it),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
