#include "tests/support/unit.h"

#include "chaincache/base/buffer.h"

static void test_grows_up_to_its_maximum(void **state)
{
	struct buffer buffer;
	(void)state;

	buffer_init(&buffer, 1000);
	for (int i = 0; i < 1000; i++)
		assert_ok(buffer_append(&buffer, bytes_of("x", 1)));
	assert_int_equal(buffer.len, 1000);
	assert_step(buffer_append(&buffer, bytes_of("y", 1)), ERROR_LIMIT, "maximum");
	assert_int_equal(buffer.len, 1000);
	assert_int_equal(buffer.data[999], 'x');
	buffer_cleanup(&buffer);
	assert_int_equal(buffer.max, 1000);
}

static void test_a_refused_append_leaves_the_content(void **state)
{
	struct buffer buffer;
	(void)state;

	buffer_init(&buffer, 4);
	assert_ok(buffer_append(&buffer, bytes_of_string("abc")));
	assert_kind(buffer_append(&buffer, bytes_of_string("de")), ERROR_LIMIT);
	assert_kind(buffer_printf(&buffer, "%d", 10), ERROR_LIMIT);
	assert_string_equal(buffer_text(&buffer), "abc");
	assert_ok(buffer_printf(&buffer, "%d", 7));
	assert_string_equal(buffer_text(&buffer), "abc7");
	buffer_cleanup(&buffer);
}

/* Appends within the reserved room without moving: nothing is left behind in memory that was freed. */
static void test_room_made_in_advance(void **state)
{
	struct buffer buffer;
	(void)state;

	buffer_init(&buffer, 1000);
	assert_kind(buffer_reserve(&buffer, 1001), ERROR_LIMIT);
	assert_ok(buffer_reserve(&buffer, 1000));
	assert_string_equal(buffer_text(&buffer), "");
	const uint8_t *data = buffer.data;
	for (int i = 0; i < 1000; i++)
		assert_ok(buffer_append(&buffer, bytes_of("x", 1)));
	assert_ptr_equal(buffer.data, data);
	buffer_cleanup(&buffer);
}

static void test_is_text_at_any_time(void **state)
{
	struct buffer buffer;
	(void)state;

	buffer_init(&buffer, 100);
	assert_string_equal(buffer_text(&buffer), "");
	assert_ok(buffer_append(&buffer, bytes_of(NULL, 0)));
	assert_string_equal(buffer_text(&buffer), "");
	assert_ok(buffer_printf(&buffer, "%s-%u", "a", 5U));
	assert_string_equal(buffer_text(&buffer), "a-5");
	buffer_cleanup(&buffer);
	assert_string_equal(buffer_text(&buffer), "");
}

static void test_is_cut_off(void **state)
{
	struct buffer buffer;
	(void)state;

	buffer_init(&buffer, 100);
	buffer_truncate(&buffer, 0);
	assert_string_equal(buffer_text(&buffer), "");
	assert_ok(buffer_append(&buffer, bytes_of_string("secret\r\n")));
	buffer_truncate(&buffer, 9);
	assert_int_equal(buffer.len, 8);
	buffer_truncate(&buffer, 6);
	assert_int_equal(buffer.len, 6);
	assert_string_equal(buffer_text(&buffer), "secret");
	assert_int_equal(buffer.data[7], 0);
	assert_ok(buffer_append(&buffer, bytes_of_string("s")));
	assert_string_equal(buffer_text(&buffer), "secrets");
	buffer_cleanup(&buffer);
}

static void test_a_maximum_of_nothing_takes_nothing(void **state)
{
	struct buffer buffer;
	(void)state;

	buffer_init(&buffer, 0);
	assert_ok(buffer_append(&buffer, bytes_of(NULL, 0)));
	assert_kind(buffer_append(&buffer, bytes_of("x", 1)), ERROR_LIMIT);
	assert_kind(buffer_append(&buffer, bytes_of("x", SIZE_MAX)), ERROR_LIMIT);
	buffer_cleanup(&buffer);
}

static void test_bytes_are_equal_by_content_and_length(void **state)
{
	(void)state;
	assert_true(bytes_equal(bytes_of(NULL, 0), bytes_of("", 0)));
	assert_true(bytes_equal(bytes_of("a\0b", 3), bytes_of("a\0b", 3)));
	assert_false(bytes_equal(bytes_of("a\0b", 3), bytes_of("a\0c", 3)));
	assert_false(bytes_equal(bytes_of_string("a"), bytes_of_string("ab")));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_grows_up_to_its_maximum),
	    cmocka_unit_test(test_a_refused_append_leaves_the_content),
	    cmocka_unit_test(test_room_made_in_advance),
	    cmocka_unit_test(test_is_text_at_any_time),
	    cmocka_unit_test(test_a_maximum_of_nothing_takes_nothing),
	    cmocka_unit_test(test_bytes_are_equal_by_content_and_length),
	    cmocka_unit_test(test_is_cut_off),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
