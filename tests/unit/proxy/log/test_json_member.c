#include "proxy/log/json_member.h"

#include <string.h>

#include "tests/support/unit.h"

static void test_any_bytes_become_text(void **state)
{
	static const struct {
		const char *bytes, *text;
	} cases[] = {
	    {"", ""},
	    {"plain", "plain"},
	    {"b\xc3\xbc"
	     "cher \xe2\x82\xac \xf0\x9f\x98\x80",
	     "b\xc3\xbc"
	     "cher \xe2\x82\xac \xf0\x9f\x98\x80"},
	    {"\xff", "\xef\xbf\xbd"},
	    {"a\xc3", "a\xef\xbf\xbd"},
	    {"\xc3(", "\xef\xbf\xbd("},
	    {"\xc0\x80", "\xef\xbf\xbd\xef\xbf\xbd"}, /* overlong */
	    {"\xed\xa0\x80", "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd"}, /* a surrogate */
	    {"\xf4\x90\x80\x80", "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd"}, /* above U+10FFFF */
	};
	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		json_t *text = text_json(cases[i].bytes);
		assert_non_null(text);
		assert_string_equal(json_string_value(text), cases[i].text);
		json_decref(text);
	}
}

static void test_every_pair_of_bytes_becomes_text(void **state)
{
	(void)state;
	for (int first = 1; first < 256; first++) {
		for (int second = 1; second < 256; second++) {
			char bytes[] = {(char)first, (char)second, '\0'};
			json_t *text = text_json(bytes);
			assert_non_null(text);
			json_decref(text);
		}
	}
}

static void test_members_are_set_and_a_missing_text_leaves_none(void **state)
{
	json_t *object = json_object();
	(void)state;
	assert_true(set_member(object, "number", json_integer(7)));
	assert_true(set_text_member(object, "text", "a"));
	assert_true(set_text_member(object, "none", NULL));
	assert_true(set_time_member(object, "time", 0));
	assert_int_equal(json_object_size(object), 3);
	assert_int_equal(json_integer_value(json_object_get(object, "number")), 7);
	assert_string_equal(json_string_value(json_object_get(object, "text")), "a");
	assert_string_equal(json_string_value(json_object_get(object, "time")), "1970-01-01T00:00:00Z");
	assert_ptr_equal(keep_if_complete(object, true), object);
	json_decref(object);
}

static void test_what_could_not_be_made_is_no_member(void **state)
{
	json_t *object = json_object();
	(void)state;
	assert_false(set_member(object, "value", NULL));
	assert_false(set_member(NULL, "value", json_integer(7)));
	assert_int_equal(json_object_size(object), 0);
	assert_null(keep_if_complete(object, false));
	assert_null(keep_if_complete(NULL, false));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_any_bytes_become_text),
	    cmocka_unit_test(test_every_pair_of_bytes_becomes_text),
	    cmocka_unit_test(test_members_are_set_and_a_missing_text_leaves_none),
	    cmocka_unit_test(test_what_could_not_be_made_is_no_member),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
