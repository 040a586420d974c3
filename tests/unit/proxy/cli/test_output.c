#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "proxy/cli/output.h"
#include "tests/support/unit.h"

static char text[3 * OUTPUT_MAX_TEXT]; /* what went to the file */

static struct output output_to_memory(unsigned width, bool colour)
{
	FILE *file = fmemopen(text, sizeof(text), "w");
	assert_non_null(file);
	return (struct output){.file = file, .width = width, .colour = colour, .utf8 = true};
}

static void expect(struct output *output, const char *wanted)
{
	fclose(output->file);
	assert_string_equal(text, wanted);
}

static void test_text_is_wrapped_behind_its_indent(void **state)
{
	struct output output = output_to_memory(20, false);
	(void)state;
	output_printf(&output, STYLE_PLAIN, "  ");
	output_wrap(&output, STYLE_PLAIN, 2, "one two three four five six");
	expect(&output, "  one two three four\n  five six\n");

	output = output_to_memory(20, false);
	output_wrap(&output, STYLE_PLAIN, 0, "a_word_that_is_longer_than_the_line and more");
	expect(&output, "a_word_that_is_longer_than_the_line\nand more\n");

	output = output_to_memory(20, false);
	output_wrap(&output, STYLE_PLAIN, 0, "  \n ");
	expect(&output, "\n");

	output = output_to_memory(8, false); /* columns are counted, not bytes */
	output_wrap(&output, STYLE_PLAIN, 0, "\xc3\xa4\xc3\xb6\xc3\xbc \xc3\xa4\xc3\xb6\xc3\xbc \xc3\xa4");
	expect(&output, "\xc3\xa4\xc3\xb6\xc3\xbc \xc3\xa4\xc3\xb6\xc3\xbc\n\xc3\xa4\n");
}

static void test_colour_where_it_is_wanted(void **state)
{
	struct output output = output_to_memory(80, true);
	(void)state;
	output_printf(&output, STYLE_BAD, "no");
	output_printf(&output, STYLE_PLAIN, "plain");
	expect(&output, "\x1b[1;31mno\x1b[0mplain");
	output = output_to_memory(80, false);
	output_printf(&output, STYLE_BAD, "no");
	expect(&output, "no");
}

static void test_what_a_terminal_obeys_is_escaped(void **state)
{
	static const struct {
		const char *bytes, *clean;
	} cases[] = {
	    {"plain b\xc3\xbc"
	     "cher \xe2\x82\xac",
	     "plain b\xc3\xbc"
	     "cher \xe2\x82\xac"},
	    {"a\x1b[31mb\x07", "a\\x1b[31mb\\x07"},
	    {"a\nb\rc\td\x7f", "a\nb\\x0dc\\x09d\\x7f"},
	    {"\xc2\x9b"
	     "31m",
	     "\\xc2\\x9b31m"}, /* the CSI of C1 */
	    {"\xe2\x80\xae"
	     "gpj.exe",
	     "\\xe2\\x80\\xaegpj.exe"}, /* right-to-left override */
	};
	char clean[100];
	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		assert_string_equal(output_clean(cases[i].bytes, clean, sizeof(clean)), cases[i].clean);
	/* A character that does not fit in is left out whole. */
	assert_string_equal(output_clean("ab\xc3\xbc", clean, 4), "ab");
	assert_string_equal(output_clean("ab\xc3\xbc", clean, 5), "ab\xc3\xbc");
	assert_string_equal(output_clean("ab", clean, 1), "");
	assert_string_equal(output_clean_line("a\nchainmend: b\n\x1b", clean, sizeof(clean)),
			    "a\\x0achainmend: b\\x0a\\x1b");

	struct output output = output_to_memory(80, false);
	output_printf(&output, STYLE_PLAIN, "%s", "\x1b]0;title\x07");
	output_wrap(&output, STYLE_PLAIN, 0, "\x1b[2J");
	expect(&output, "\\x1b]0;title\\x07\\x1b[2J\n");
}

static void test_no_text_is_too_long(void **state)
{
	static char longest[3 * OUTPUT_MAX_TEXT];
	struct output output = output_to_memory(80, false);
	(void)state;
	memset(longest, 'a', sizeof(longest) - 1);
	output_printf(&output, STYLE_PLAIN, "%s", longest);
	output_wrap(&output, STYLE_PLAIN, 0, longest);
	fclose(output.file);
	assert_true(strlen(text) > OUTPUT_MAX_TEXT && strlen(text) <= 2 * OUTPUT_MAX_TEXT);
}

static void test_signs_have_an_ascii_form(void **state)
{
	struct output output = {.utf8 = false};
	(void)state;
	for (int glyph = GLYPH_YES; glyph <= GLYPH_ARROW; glyph++) {
		const char *ascii = output_glyph(&output, (enum glyph)glyph);
		for (; *ascii != '\0'; ascii++)
			assert_true(*ascii >= ' ' && *ascii < 0x7f);
	}
}

static void end_otherwise(void)
{
	_exit(77);
}

/* Ends a process that has printed, and gives its exit status; what it printed goes to `descriptor`. */
static int status_of_end(int descriptor, int status, int lost)
{
	int ended = 0;
	pid_t child = fork();
	assert_true(child >= 0);
	if (child == 0) {
		if (dup2(descriptor, STDOUT_FILENO) < 0 || freopen("/dev/null", "w", stderr) == NULL ||
		    atexit(end_otherwise) != 0)
			_exit(78);
		printf("a document");
		output_end(status, lost);
	}
	assert_int_equal(waitpid(child, &ended, 0), child);
	assert_true(WIFEXITED(ended));
	return WEXITSTATUS(ended);
}

static void test_an_end_loses_nothing_that_was_printed(void **state)
{
	static const struct {
		int status, lost, ends_with;
		const char *to; /* NULL: a pipe */
	} cases[] = {{0, 3, 0, NULL},        {2, 3, 2, NULL},        {3, 3, 3, NULL},         {64, 1, 64, NULL},
		     {0, 3, 3, "/dev/full"}, {2, 3, 3, "/dev/full"}, {64, 3, 64, "/dev/full"}};
	(void)state;
	fflush(stdout); /* what is buffered here is not the child's */
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		char printed[32] = "";
		int ends[2];
		assert_int_equal(pipe(ends), 0);
		FILE *to = cases[i].to != NULL ? fopen(cases[i].to, "w") : fdopen(ends[1], "w");
		assert_non_null(to);
		assert_int_equal(status_of_end(fileno(to), cases[i].status, cases[i].lost), cases[i].ends_with);
		fclose(to);
		if (cases[i].to == NULL)
			assert_int_equal(read(ends[0], printed, sizeof(printed)), strlen("a document"));
		else
			close(ends[1]);
		close(ends[0]);
		assert_string_equal(printed, cases[i].to == NULL ? "a document" : "");
	}
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_text_is_wrapped_behind_its_indent),
	    cmocka_unit_test(test_colour_where_it_is_wanted),
	    cmocka_unit_test(test_what_a_terminal_obeys_is_escaped),
	    cmocka_unit_test(test_no_text_is_too_long),
	    cmocka_unit_test(test_signs_have_an_ascii_form),
	    cmocka_unit_test(test_an_end_loses_nothing_that_was_printed),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
