#include "proxy/wire/preamble.h"
#include "tests/support/unit.h"

#include <string.h>

/* The lists of preambles are run for it: each preamble is done with one letter, and another one makes it fail. */
struct connection {
	const char *wanted; /* letters of the preambles that are */
	char said[32]; /* in the order of what happened: upper case for a start */
	size_t num_said;
	bool asks; /* 'b' waits for an answer when it has its letter */
	struct tls_input kept; /* by 'b' meanwhile */
};

static void say(struct connection *connection, char letter)
{
	assert_true(connection->num_said + 1 < sizeof(connection->said));
	connection->said[connection->num_said++] = letter;
}

static enum connection_event take_letter(struct connection *connection, struct tls_input *input, uint8_t letter)
{
	if (input->bytes.len == 0)
		return input->ended ? EVENT_PREAMBLE_FAILED : EVENT_NONE;
	bool right = input->bytes.data[0] == letter;
	say(connection, (char)input->bytes.data[0]);
	input->bytes = bytes_of(input->bytes.data + 1, input->bytes.len - 1);
	return right ? EVENT_PREAMBLE_DONE : EVENT_PREAMBLE_FAILED;
}

static bool wants_a(const struct connection *connection)
{
	return strchr(connection->wanted, 'a') != NULL;
}

static enum connection_event start_a(struct connection *connection)
{
	say(connection, 'A');
	return EVENT_NONE;
}

static enum connection_event take_a(struct connection *connection, struct tls_input *input)
{
	return take_letter(connection, input, 'a');
}

static bool wants_b(const struct connection *connection)
{
	return strchr(connection->wanted, 'b') != NULL;
}

static enum connection_event start_b(struct connection *connection)
{
	say(connection, 'B');
	return EVENT_NONE;
}

static enum connection_event take_b(struct connection *connection, struct tls_input *input)
{
	enum connection_event event = take_letter(connection, input, 'b');

	if (event != EVENT_PREAMBLE_DONE || !connection->asks)
		return event;
	connection->kept = *input;
	*input = (struct tls_input){0};
	return EVENT_VERDICT_NEEDED;
}

static enum connection_event resume_b(struct connection *connection, struct tls_input *out_rest)
{
	*out_rest = connection->kept;
	return EVENT_PREAMBLE_DONE;
}

/* A header that is only sent. */
static bool wants_c(const struct connection *connection)
{
	return strchr(connection->wanted, 'c') != NULL;
}

static enum connection_event start_c(struct connection *connection)
{
	say(connection, 'C');
	return EVENT_PREAMBLE_DONE;
}

static const struct preamble list[] = {
    {.is_wanted = wants_a, .start = start_a, .take = take_a},
    {.is_wanted = wants_b, .start = start_b, .take = take_b, .resume = resume_b},
    {.is_wanted = wants_c, .start = start_c},
    {0},
};

/* Makes the input of one read. */
static struct tls_input input_of(const char *text)
{
	return (struct tls_input){.bytes = bytes_of_string(text)};
}

static void test_those_that_are_wanted_in_their_order(void **state)
{
	static const struct {
		const char *wanted;
		const char *came;
		const char *said;
		enum connection_event event;
		const char *rest;
	} cases[] = {
	    {"", "", "", EVENT_PREAMBLE_DONE, ""},
	    {"c", "", "C", EVENT_PREAMBLE_DONE, ""},
	    {"a", "", "A", EVENT_NONE, ""},
	    {"a", "a", "Aa", EVENT_PREAMBLE_DONE, ""},
	    {"a", "aGET", "Aa", EVENT_PREAMBLE_DONE, "GET"},
	    {"b", "bGET", "Bb", EVENT_PREAMBLE_DONE, "GET"},
	    {"ab", "a", "AaB", EVENT_NONE, ""},
	    {"ab", "abGET", "AaBb", EVENT_PREAMBLE_DONE, "GET"},
	    {"ac", "aGET", "AaC", EVENT_PREAMBLE_DONE, "GET"},
	    {"abc", "abGET", "AaBbC", EVENT_PREAMBLE_DONE, "GET"},
	    {"ab", "xbGET", "Ax", EVENT_PREAMBLE_FAILED, "bGET"},
	    {"ab", "axGET", "AaBx", EVENT_PREAMBLE_FAILED, "GET"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct connection connection = {.wanted = cases[i].wanted};
		struct tls_input input = input_of(cases[i].came);
		uint8_t at = UINT8_MAX;

		enum connection_event event = preambles_start(list, &at, &connection);
		if (event == EVENT_NONE && cases[i].came[0] != '\0')
			event = preambles_take(list, &at, &connection, &input);
		assert_string_equal(connection.said, cases[i].said);
		assert_int_equal(event, cases[i].event);
		assert_int_equal(input.bytes.len, strlen(cases[i].rest));
		assert_memory_equal(input.bytes.data, cases[i].rest, input.bytes.len);
		assert_int_equal(preambles_are_left(list, at), event != EVENT_PREAMBLE_DONE);
	}
}

static void test_one_read_each(void **state)
{
	struct connection connection = {.wanted = "abc"};
	struct tls_input first = input_of("a"), second = input_of("bGET");
	uint8_t at;

	(void)state;
	assert_int_equal(preambles_start(list, &at, &connection), EVENT_NONE);
	assert_int_equal(at, 0);
	assert_int_equal(preambles_take(list, &at, &connection, &first), EVENT_NONE);
	assert_int_equal(at, 1);
	assert_int_equal(preambles_take(list, &at, &connection, &second), EVENT_PREAMBLE_DONE);
	assert_int_equal(second.bytes.len, 3);
}

/* The end behind one preamble is the next one's to judge. */
static void test_an_end_goes_on_to_the_next(void **state)
{
	struct connection connection = {.wanted = "ab"};
	struct tls_input input = {.bytes = bytes_of_string("a"), .ended = true};
	uint8_t at;

	(void)state;
	assert_int_equal(preambles_start(list, &at, &connection), EVENT_NONE);
	assert_int_equal(preambles_take(list, &at, &connection, &input), EVENT_PREAMBLE_FAILED);
	assert_int_equal(at, 1);
}

static void test_one_that_waits_for_an_answer(void **state)
{
	struct connection connection = {.wanted = "bc", .asks = true};
	struct tls_input input = input_of("bGET"), rest = {0};
	uint8_t at;

	(void)state;
	assert_int_equal(preambles_start(list, &at, &connection), EVENT_NONE);
	assert_int_equal(preambles_take(list, &at, &connection, &input), EVENT_VERDICT_NEEDED);
	assert_int_equal(input.bytes.len, 0);
	assert_int_equal(at, 1);
	assert_int_equal(preambles_resume(list, &at, &connection, &rest), EVENT_PREAMBLE_DONE);
	assert_int_equal(rest.bytes.len, 3);
	assert_string_equal(connection.said, "BbC");
}

static void test_the_first_that_is_wanted(void **state)
{
	static const struct {
		const char *wanted;
		uint8_t at;
		uint8_t found;
	} cases[] = {{"abc", 0, 0}, {"bc", 0, 1}, {"c", 0, 2}, {"", 0, 3}, {"abc", 1, 1}, {"ac", 1, 2}, {"a", 1, 3}};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct connection connection = {.wanted = cases[i].wanted};

		assert_int_equal(preambles_find(list, cases[i].at, &connection), cases[i].found);
	}
	assert_true(preambles_are_left(list, 2));
	assert_false(preambles_are_left(list, 3));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_those_that_are_wanted_in_their_order),
	    cmocka_unit_test(test_one_read_each),
	    cmocka_unit_test(test_an_end_goes_on_to_the_next),
	    cmocka_unit_test(test_one_that_waits_for_an_answer),
	    cmocka_unit_test(test_the_first_that_is_wanted),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
