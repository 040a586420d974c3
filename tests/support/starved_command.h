/* starved_command - runs a sub-command once for each of many allocations, which fails: the command says so on stderr and ends
 * with its status for that, or all is as if nothing had happened. Nothing in between is printed, and a file is written whole
 * or not at all. jansson's allocations fail like the program's.
 */
#ifndef TESTS_SUPPORT_STARVED_COMMAND_H
#define TESTS_SUPPORT_STARVED_COMMAND_H

#include <stdbool.h>
#include <stddef.h>

#define STARVED_COMMAND_MAX_ARGUMENTS 20

struct starved_command {
	int (*run)(int argc, char **argv);
	const char *arguments[STARVED_COMMAND_MAX_ARGUMENTS]; /* NULL behind the last */
	const char *written; /* a file that it writes; NULL: none */
	int status; /* where memory suffices */
	int failed_status;
	bool may_stay_open; /* what is printed may break off, so that it is no JSON */
};

/* starved_command_setup is called once, before the first check. */
void starved_command_setup(void);

/* starved_command_check runs in the working directory, and leaves files `stdout` and `stderr` there. `remainder`: where the
 * steps begin, another place for each command of a test. */
void starved_command_check(const struct starved_command *command, size_t remainder);

#endif
