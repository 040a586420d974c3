#include "tools/lists/exchange_lists.h"

#include <stdio.h>
#include <string.h>

#include "proxy/http/http_exchange_table.h"
#include "tests/support/unit.h"

#define MAX_BYTES ((size_t)100000)

/* Returns the output of a list; the caller cleans it up. */
static struct buffer print(struct error (*list)(struct buffer *out))
{
	struct buffer text;

	buffer_init(&text, MAX_BYTES);
	assert_ok(list(&text));
	return text;
}

static void assert_has_line(const char *text, const char *line)
{
	char wanted[256];

	snprintf(wanted, sizeof(wanted), "\n%s\n", line);
	if (strstr(text, wanted) == NULL)
		fail_msg("no line: %s", line);
}

static size_t count_lines(const char *text)
{
	size_t n = 0;

	for (; *text != '\0'; text++)
		n += *text == '\n';
	return n;
}

/* The steps that can be taken, and change something. */
static size_t count_steps(void)
{
	size_t n = 0;

	for (int s = 0; s < NUM_HTTP_EXCHANGE_STATES; s++) {
		for (int e = 0; e < NUM_HTTP_EXCHANGE_EVENTS; e++) {
			enum http_exchange_state from = (enum http_exchange_state)s;
			enum http_exchange_event event = (enum http_exchange_event)e;
			const struct http_exchange_step *step = http_exchange_steps_of(from, event);

			for (bool more = http_exchange_can_come(from, event); more; step++) {
				more = step->guard != IF_ALWAYS;
				n += step->action == DO_NOTHING && step->next == EXCHANGE_SAME ? 0 : 1;
			}
		}
	}
	return n;
}

static void test_the_states_are_listed(void **state)
{
	struct buffer printed = print(exchange_lists_states);
	const char *text = buffer_text(&printed);

	(void)state;
	assert_int_equal(count_lines(text), NUM_HTTP_EXCHANGE_STATES + 2);
	assert_has_line(text, "| idle | keepalive_timeout |");
	assert_has_line(text, "| both ways | idle_timeout |");
	assert_has_line(text, "| over | none |");
	buffer_cleanup(&printed);
}

static void test_the_steps_are_listed(void **state)
{
	struct buffer printed = print(exchange_lists_steps);
	const char *text = buffer_text(&printed);

	(void)state;
	assert_int_equal(count_lines(text), count_steps() + 2);
	assert_has_line(text,
			"| request head | request read | a backend is connected | send the request's head | sending |");
	assert_has_line(text, "| request head | request read |  | ask for a backend | connecting |");
	assert_has_line(text, "| idle | backend ended |  | drop the backend | idle |");
	assert_has_line(text, "| answering | backend ended |  | break off | over |");
	assert_null(strstr(text, "\n| over |"));
	assert_null(strstr(text, "\n| connecting | late |")); /* it cannot come */
	buffer_cleanup(&printed);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_the_states_are_listed),
	    cmocka_unit_test(test_the_steps_are_listed),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
