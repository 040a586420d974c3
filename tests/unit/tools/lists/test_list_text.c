#include "tools/lists/list_text.h"

#include <stdio.h>

#include "tests/support/unit.h"

#define MAX_BYTES ((size_t)10000)

static struct list_text begin(struct buffer *out, size_t max_bytes)
{
	buffer_init(out, max_bytes);
	return (struct list_text){.out = out, .error = error_none()};
}

static void test_paragraphs_are_folded(void **state)
{
	static const struct {
		const char *words;
		size_t columns;
		const char *folded;
	} cases[] = {
	    {"one two three", 80, "; one two three\n"},
	    {"one two three", 9, "; one two\n; three\n"},
	    {"one two three", 8, "; one\n; two\n; three\n"},
	    {"one  two\n three ", 80, "; one two three\n"},
	    {"a-word-longer-than-a-line b", 10, "; a-word-longer-than-a-line\n; b\n"},
	    {"", 80, "\n"},
	};
	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct buffer out;
		struct list_text text = begin(&out, MAX_BYTES);
		list_text_fold(&text, "; ", cases[i].words, cases[i].columns);
		assert_ok(text.error);
		assert_string_equal(buffer_text(&out), cases[i].folded);
		buffer_cleanup(&out);
	}
}

/* Escapes words so that neither Markdown nor roff reads anything into them. */
static void test_words_are_escaped(void **state)
{
	static const struct {
		void (*write)(struct list_text *text, const char *words);
		const char *words, *written;
	} cases[] = {
	    {list_text_cell, "a|b <c> `d` *e*", " a\\|b \\<c> \\`d\\` \\*e\\* |"},
	    {list_text_cell, "snake_case [x]", " snake_case [x] |"},
	    {list_text_code, "on|off", " `on\\|off` |"},
	    {list_text_code, "", "  |"},
	    {list_text_roff, ".so \\n say \"x\"", "\\&.so \\en say \\(dqx\\(dq"},
	    {list_text_roff, "'quoted' .", "\\&'quoted' ."},
	};
	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct buffer out;
		struct list_text text = begin(&out, MAX_BYTES);
		cases[i].write(&text, cases[i].words);
		assert_ok(text.error);
		assert_string_equal(buffer_text(&out), cases[i].written);
		buffer_cleanup(&out);
	}
}

static void test_the_first_failure_stays(void **state)
{
	struct buffer out;
	struct list_text text = begin(&out, 4);
	(void)state;
	list_text_add(&text, "%s", "12345");
	list_text_add(&text, "6");
	assert_kind(text.error, ERROR_LIMIT);
	assert_string_equal(buffer_text(&out), "");
	buffer_cleanup(&out);

	static char long_one[5000];
	memset(long_one, 'x', sizeof(long_one) - 1);
	text = begin(&out, MAX_BYTES);
	list_text_add(&text, "%s", long_one);
	assert_kind(text.error, ERROR_LIMIT);
	buffer_cleanup(&out);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_paragraphs_are_folded),
	    cmocka_unit_test(test_words_are_escaped),
	    cmocka_unit_test(test_the_first_failure_stays),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
