#include "conf/header_line.h"

#include <stdio.h>
#include <string.h>

#include "tests/support/unit.h"

static void expect(const char *text, const char *wrong, const char *said)
{
	if ((wrong == NULL) != (said == NULL) || (said != NULL && strstr(wrong, said) == NULL))
		fail_msg("%s: %s, and not: %s", text, wrong != NULL ? wrong : "right", said != NULL ? said : "right");
}

static void test_fields_to_set(void **state)
{
	static const struct {
		const char *text, *wrong;
	} cases[] = {
	    {"X-Site: mail", NULL},
	    {"X-Site:mail", NULL},
	    {"X-Site: a:b, \"c\"\td", NULL},
	    {"X-Forwarded-Port: 443", NULL},
	    {"x_site!#$%&'*+.^`|~0: \xc3\xa4", NULL},
	    {"X-Site", "write NAME: VALUE"},
	    {"X-Site : a", "write NAME: VALUE"},
	    {"X Site: a", "write NAME: VALUE"},
	    {": a", "has no name"},
	    {"X-Site:", "use remove_header"},
	    {"X-Site: \t", "use remove_header"},
	    {"X-Site: a\rb", "has a control character"},
	    {"X-Site: a\x7f", "has a control character"},
	    {"Content-Length: 5", "frames the message"},
	    {"transfer-encoding: chunked", "frames the message"},
	    {"TE: trailers", "frames the message"},
	    {"Transfer_Encoding: chunked", "frames the message"},
	    {"content_LENGTH: 5", "frames the message"},
	    {"Content-Length_: 5", NULL},
	    {"Content-Lengt: 5", NULL},
	    {"Trailer: A", "frames the message"},
	    {"CONNECTION: close", "for one connection alone"},
	    {"Keep-Alive: 5", "for one connection alone"},
	    {"Proxy-Connection: close", "for one connection alone"},
	    {"HTTP2-Settings: x", "for one connection alone"},
	    {"Upgrade: websocket", "write upgrade = on or off"},
	    {"host: a", "write backend_host = NAME"},
	    {"Expect: 100-continue", "take it out"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		expect(cases[i].text, header_line_check(cases[i].text), cases[i].wrong);
}

static void test_fields_to_remove(void **state)
{
	static const struct {
		const char *text, *wrong;
	} cases[] = {
	    {"X-Real-IP", NULL},        {"x_y", NULL},
	    {"X-Site:", "has a colon"}, {"X Site", "is no name"},
	    {"", "has no name"},        {"Host", "backend_host"},
	    {"Te", "frames"},           {"Transfer_Encoding", NULL},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		expect(cases[i].text, header_name_check(cases[i].text), cases[i].wrong);
}

static void test_a_line_is_split(void **state)
{
	static const struct {
		const char *line, *name, *value;
	} cases[] = {
	    {"X-Site: mail", "X-Site", "mail"},
	    {"X-Site:mail \t", "X-Site", "mail"},
	    {"X-Site: \ta: b", "X-Site", "a: b"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct bytes name, value;
		header_line_split(cases[i].line, &name, &value);
		assert_true(bytes_equal(name, bytes_of_string(cases[i].name)));
		assert_true(bytes_equal(value, bytes_of_string(cases[i].value)));
	}
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_fields_to_set),
	    cmocka_unit_test(test_fields_to_remove),
	    cmocka_unit_test(test_a_line_is_split),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
