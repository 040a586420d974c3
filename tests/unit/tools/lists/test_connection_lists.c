#include "tools/lists/connection_lists.h"

#include <stdio.h>
#include <string.h>

#include "proxy/wire/connection_table.h"
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
	char wanted[512];

	/* Each but the first has a line break before it. */
	snprintf(wanted, sizeof(wanted), "\n%s\n", line);
	if (strncmp(text, wanted + 1, strlen(wanted) - 1) != 0 && strstr(text, wanted) == NULL)
		fail_msg("no line: %s", line);
}

static size_t count(const char *text, const char *what)
{
	size_t n = 0;

	for (const char *at = strstr(text, what); at != NULL; at = strstr(at + strlen(what), what))
		n++;
	return n;
}

/* The steps that can be taken, and change something. */
static size_t count_steps(void)
{
	size_t n = 0;

	for (int s = 0; s < NUM_CONNECTION_STATES; s++) {
		for (int e = 0; e < NUM_CONNECTION_EVENTS; e++) {
			const struct connection_step *step =
			    connection_steps_of((enum connection_state)s, (enum connection_event)e);

			for (bool more = step->action != ACTION_IMPOSSIBLE; more; step++) {
				more = step->guard != GUARD_NONE;
				n += step->action == ACTION_NOTHING && step->next == CONNECTION_SAME ? 0 : 1;
			}
		}
	}
	return n;
}

static void test_the_states_are_listed(void **state)
{
	struct buffer printed = print(connection_lists_states);
	const char *text = buffer_text(&printed);

	(void)state;
	assert_int_equal(count(text, "\n"), NUM_CONNECTION_STATES + 2);
	assert_has_line(text, "| state | the client's bytes | the backend's bytes | deadline | awaited besides |");
	assert_has_line(text, "| connecting | early | not read | connect | the connection |");
	assert_has_line(text, "| relaying | passed on | passed on | idle | nothing else |");
	buffer_cleanup(&printed);
}

static void test_the_steps_are_listed(void **state)
{
	struct buffer printed = print(connection_lists_steps);
	const char *text = buffer_text(&printed);

	(void)state;
	assert_has_line(text, "| client preamble | preamble done |  | connect |  | connecting |");
	assert_has_line(text,
			"| client preamble | preamble failed | the client has sent nothing | close |  | closed |");
	assert_has_line(text, "| client preamble | preamble failed |  | fail | an alert | lingering |");
	assert_has_line(text, "| flushing | turn done | nothing is left to write | close |  | closed |");
	assert_int_equal(count(text, "\n"), count_steps() + 2);
	assert_int_equal(count(text, "impossible"), 0);
	buffer_cleanup(&printed);
}

static void test_the_diagram_has_every_arrow(void **state)
{
	struct buffer printed = print(connection_lists_diagram);
	const char *text = buffer_text(&printed);

	(void)state;
	assert_has_line(text, "```mermaid");
	assert_has_line(text, "stateDiagram-v2");
	assert_has_line(text, "    state \"client preamble\" as client_preamble");
	assert_has_line(text, "    [*] --> client_preamble");
	assert_has_line(text, "    closed --> [*]");
	assert_has_line(text, "    client_preamble --> connecting : preamble done");
	assert_has_line(text, "    verdict --> backend_preamble : verdict given");
	/* All events between the same two states stand at one arrow. */
	assert_has_line(text,
			"    lingering --> closed : client broken<br/>turn done [the client is gone, and read to "
			"its end]<br/>turn done [the client has ended, and has all bytes]<br/>deadline [nothing is "
			"left to write]<br/>deadline<br/>cut [nothing is left to write]<br/>cut");
	assert_int_equal(count(text, "flushing --> flushing"), 0);
	assert_int_equal(count(text, "connecting --> connecting"), 1);
	buffer_cleanup(&printed);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_the_states_are_listed),
	    cmocka_unit_test(test_the_steps_are_listed),
	    cmocka_unit_test(test_the_diagram_has_every_arrow),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
