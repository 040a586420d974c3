#include "chaincache/base/printable.h"

#include <string.h>

#include "tests/support/unit.h"

static const struct {
	enum printable_kind kind;
	const char *text, *printed;
} cases[] = {
    {PRINTABLE_LINES,
     "plain b\xc3\xbc"
     "cher \xe2\x82\xac \xf0\x9f\x94\x92",
     "plain b\xc3\xbc"
     "cher \xe2\x82\xac \xf0\x9f\x94\x92"},
    {PRINTABLE_LINES, "a\nb\rc\td\x7f", "a\nb\\x0dc\\x09d\\x7f"},
    {PRINTABLE_LINE, "a\nb\x1b[31m", "a\\x0ab\\x1b[31m"},
    {PRINTABLE_LINE, "back\\slash \\x1b", "back\\slash \\x1b"}, /* what it has written itself stays */
    {PRINTABLE_LINE,
     "\xc2\x9b"
     "31m",
     "\\xc2\\x9b31m"}, /* the CSI of C1 */
    {PRINTABLE_LINE,
     "\xe2\x80\xae"
     "gpj.exe",
     "\\xe2\\x80\\xaegpj.exe"}, /* right-to-left override */
    {PRINTABLE_LINE, "\xd8\x9c\xe2\x80\x8b\xe2\x81\xa6x\xef\xbb\xbf",
     "\\xd8\\x9c\\xe2\\x80\\x8b\\xe2\\x81\\xa6x\\xef\\xbb\\xbf"},
    /* no UTF-8: a lone byte, an unfinished one, a surrogate, overlong forms, above U+10FFFF */
    {PRINTABLE_LINE, "\xff\xc3(", "\\xff\\xc3("},
    {PRINTABLE_LINE, "\xed\xa0\x80", "\\xed\\xa0\\x80"},
    {PRINTABLE_LINE, "\xc0\xaf\xe0\x80\xaf", "\\xc0\\xaf\\xe0\\x80\\xaf"},
    {PRINTABLE_LINE, "\xf4\x90\x80\x80", "\\xf4\\x90\\x80\\x80"},
    {PRINTABLE_ASCII,
     "b\xc3\xbc"
     "cher\n",
     "b\\xc3\\xbccher\\x0a"},
    {PRINTABLE_ASCII, "", ""},
};

static void test_a_table_of_texts(void **state)
{
	char out[100];
	(void)state;

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct bytes text = bytes_of_string(cases[i].text);
		assert_int_equal(printable_copy(text, cases[i].kind, out, sizeof(out)), text.len);
		assert_string_equal(out, cases[i].printed);
	}
}

/* A character that does not fit in is left out whole, and so is an escaped byte. */
static void test_where_it_is_cut(void **state)
{
	struct bytes umlaut = bytes_of_string("ab\xc3\xbc"), control = bytes_of_string("a\n");
	char out[8];
	(void)state;

	assert_int_equal(printable_copy(umlaut, PRINTABLE_LINE, out, 4), 2);
	assert_string_equal(out, "ab");
	assert_int_equal(printable_copy(umlaut, PRINTABLE_LINE, out, 5), 4);
	assert_int_equal(printable_copy(control, PRINTABLE_LINE, out, 5), 1);
	assert_string_equal(out, "a");
	assert_int_equal(printable_copy(control, PRINTABLE_LINE, out, 6), 2);
	assert_string_equal(out, "a\\x0a");
	assert_int_equal(printable_copy(umlaut, PRINTABLE_LINE, out, 1), 0);
	assert_string_equal(out, "");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_a_table_of_texts),
	    cmocka_unit_test(test_where_it_is_cut),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
