#include "tools/lists/marked_text.h"

#include "tests/support/unit.h"
#include "tools/lists/lists.h"

#define MAX_BYTES ((size_t)100000)

static struct error fill(const char *text, struct buffer *out)
{
	buffer_init(out, MAX_BYTES);
	return marked_text_fill(bytes_of_string(text), out);
}

static void test_a_text_without_marks_stays(void **state)
{
	static const char *const texts[] = {
	    "", "\n", "a\nb", "made: sample\n", "<!-- made by hand -->\n", " <!-- made: end -->\n"};
	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		struct buffer out;
		assert_ok(fill(texts[i], &out));
		assert_string_equal(buffer_text(&out), texts[i]);
		buffer_cleanup(&out);
	}
}

static void test_what_stands_between_marks_is_the_list(void **state)
{
	struct buffer out, again, list;
	(void)state;
	buffer_init(&list, MAX_BYTES);
	assert_ok(lists_find(bytes_of_string("manual_required"))->print(&list));
	assert_ok(fill("head\n.\\\" made: manual_required\nold\nolder\n.\\\" made: end\ntail\n"
		       "<!-- made: manual_required; a word to who edits this -->\n<!-- made: end -->\n",
		       &out));
	const char *at = strstr(buffer_text(&out), "head\n.\\\" made: manual_required\n");
	assert_ptr_equal(at, buffer_text(&out));
	at += strlen("head\n.\\\" made: manual_required\n");
	assert_memory_equal(at, list.data, list.len);
	assert_non_null(strstr(at + list.len, "<!-- made: manual_required; a word"));
	assert_null(strstr(buffer_text(&out), "old"));

	/* A text that is right already stays as it is. */
	assert_ok(fill(buffer_text(&out), &again));
	assert_string_equal(buffer_text(&again), buffer_text(&out));
	buffer_cleanup(&out);
	buffer_cleanup(&again);
	buffer_cleanup(&list);
}

static void test_wrong_marks_are_told_with_their_line(void **state)
{
	static const struct {
		const char *text;
		int line;
		const char *why;
	} cases[] = {
	    {"a\n<!-- made: no_such_list -->\n<!-- made: end -->\n", 2, "there is no list"},
	    {"<!-- made: sample -->\nb\n", 2, "without an end"},
	    {"<!-- made: end -->\n", 1, "an end without a list"},
	    {"<!-- made: sample -->\n<!-- made: sample -->\n<!-- made: end -->\n", 2, "before the last one's end"},
	};
	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct buffer out;
		struct error error = fill(cases[i].text, &out);
		assert_step(error, ERROR_FORMAT, cases[i].why);
		assert_int_equal(error.code, cases[i].line);
		buffer_cleanup(&out);
	}
}

static void test_every_list_has_a_name_of_its_own_and_ends_with_a_line(void **state)
{
	(void)state;
	for (size_t i = 0; lists_get(i) != NULL; i++) {
		const struct list *list = lists_get(i);
		struct buffer out;
		assert_ptr_equal(lists_find(bytes_of_string(list->name)), list);
		assert_string_not_equal(list->name, "end");
		buffer_init(&out, MAX_BYTES);
		assert_ok(list->print(&out));
		assert_true(out.len > 0);
		assert_int_equal(out.data[out.len - 1], '\n');
		buffer_cleanup(&out);

		/* A list that does not fit is an error; it is not cut. */
		buffer_init(&out, 20);
		assert_kind(list->print(&out), ERROR_LIMIT);
		buffer_cleanup(&out);
	}
	assert_null(lists_find(bytes_of_string("")));
	assert_null(lists_find(bytes_of_string("samples")));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_a_text_without_marks_stays),
	    cmocka_unit_test(test_what_stands_between_marks_is_the_list),
	    cmocka_unit_test(test_wrong_marks_are_told_with_their_line),
	    cmocka_unit_test(test_every_list_has_a_name_of_its_own_and_ends_with_a_line),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
