#include "tests/support/unit.h"

#include <string.h>

#include "proxy/commands/log/html.h"

static void expect(struct html *html, const char *wanted)
{
	assert_ok(html->error);
	assert_string_equal(buffer_text(&html->buffer), wanted);
	html_cleanup(html);
}

static void test_text_stays_text(void **state)
{
	struct html html;
	(void)state;
	html_init(&html, 1000);
	html_text(&html, "<a href=\"x\" title='y'>&amp;</a>\x01\xe2\x80\xae\xff");
	expect(&html, "&lt;a href=&quot;x&quot; title=&#39;y&#39;&gt;&amp;amp;&lt;/a&gt;\\x01\\xe2\\x80\\xae\\xff");
	html_init(&html, 1000);
	html_text(&html, NULL);
	html_element(&html, "p", "note", "1 < 2");
	html_element(&html, "em", NULL, "x");
	html_number(&html, -3);
	expect(&html, "<p class=\"note\">1 &lt; 2</p><em>x</em>-3");
}

static void test_a_command_in_prose(void **state)
{
	static const struct {
		const char *text, *wanted;
	} cases[] = {
	    {"a `b <c>` d `e`", "a <code>b &lt;c&gt;</code> d <code>e</code>"},
	    {"none", "none"},
	    {"one ` alone", "one ` alone"},
	    {"`a` and ` alone", "<code>a</code> and ` alone"},
	    {"``", "<code></code>"},
	    {"", ""},
	    {NULL, ""},
	};
	struct html html;
	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		html_init(&html, 1000);
		html_prose(&html, cases[i].text);
		expect(&html, cases[i].wanted);
	}
}

static void test_a_file_is_in_the_link(void **state)
{
	struct html html;
	(void)state;
	html_init(&html, 1000);
	html_file(&html, "a\"b.pem", bytes_of("\0\xff!", 3));
	expect(&html, "<a class=\"file\" download=\"a&quot;b.pem\" href=\"data:application/x-pem-file;base64,AP8h\">"
		      "a&quot;b.pem</a>");
}

static void test_the_first_error_stays(void **state)
{
	struct html html;
	(void)state;
	html_init(&html, 4);
	html_raw(&html, "12345");
	html_raw(&html, "1");
	assert_kind(html.error, ERROR_LIMIT);
	assert_int_equal(html.buffer.len, 0);
	html_cleanup(&html);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_text_stays_text),
	    cmocka_unit_test(test_a_command_in_prose),
	    cmocka_unit_test(test_a_file_is_in_the_link),
	    cmocka_unit_test(test_the_first_error_stays),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
