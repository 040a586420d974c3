#include "proxy/wire/connection_table.h"
#include "tests/support/connection_diagram.h"
#include "tests/support/unit.h"

#include <stdlib.h>
#include <string.h>

/* What a form prints; the caller frees it. */
static char *print(void (*form)(FILE *out))
{
	char *text = NULL;
	size_t len = 0;
	FILE *out = open_memstream(&text, &len);

	assert_non_null(out);
	form(out);
	assert_int_equal(fclose(out), 0);
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

/* The steps that can be taken by a connection that is not closed. */
static size_t count_steps(void)
{
	size_t n = 0;

	for (int s = 0; s < NUM_CONNECTION_STATES; s++)
		for (int e = 0; s != CONNECTION_CLOSED && e < NUM_CONNECTION_EVENTS; e++) {
			const struct connection_step *step =
			    connection_steps_of((enum connection_state)s, (enum connection_event)e);

			if (step->action == ACTION_IMPOSSIBLE)
				continue;
			for (n++; step->guard != GUARD_NONE; step++)
				n++;
		}
	return n;
}

static void test_states(void **state)
{
	char *text = print(connection_diagram_print_states);

	(void)state;
	assert_int_equal(count(text, "\n"), NUM_CONNECTION_STATES + 2);
	assert_has_line(text, "| state | the client's bytes | the backend's bytes | deadline | awaited besides |");
	assert_has_line(text, "| connecting | early | not read | connect | the connection |");
	assert_has_line(text, "| relaying | passed on | passed on | idle | nothing else |");
	free(text);
}

static void test_arrows(void **state)
{
	char *text = print(connection_diagram_print_arrows);

	(void)state;
	assert_has_line(text, "client preamble: preamble done / connect -> connecting");
	assert_has_line(text, "client preamble: preamble failed [the client has sent nothing] / close -> closed");
	assert_has_line(text, "client preamble: preamble failed / give up -> lingering");
	assert_has_line(text, "relaying: client broken / nothing -> relaying");
	assert_has_line(text, "flushing: turn done [nothing is left to write] / close -> closed");
	assert_int_equal(count(text, "\n"), count_steps());
	assert_int_equal(count(text, "impossible"), 0);
	free(text);
}

static void test_mermaid(void **state)
{
	char *text = print(connection_diagram_print_mermaid);

	(void)state;
	assert_has_line(text, "stateDiagram-v2");
	assert_has_line(text, "    state \"client preamble\" as client_preamble");
	assert_has_line(text, "    [*] --> client_preamble");
	assert_has_line(text, "    closed --> [*]");
	assert_has_line(text, "    client_preamble --> connecting : preamble done / connect");
	assert_has_line(text, "    verdict --> backend_preamble : verdict given / resume the preamble");
	/* What leads from one state to another stands at one arrow. */
	assert_has_line(
	    text, "    lingering --> closed : client broken / close<br/>turn done [the client is gone, and read to "
		  "its end] / close<br/>turn done [the client has ended, and has all bytes] / close<br/>deadline "
		  "/ close<br/>cut / close");
	assert_int_equal(count(text, "/ nothing"), 0);
	assert_int_equal(count(text, "flushing --> flushing"), 0);
	assert_int_equal(count(text, "connecting --> connecting"), 1);
	free(text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_states),
	    cmocka_unit_test(test_arrows),
	    cmocka_unit_test(test_mermaid),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
