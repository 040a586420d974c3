/* options - parses a sub-command's options by tables, and prints its --help from the same tables (GNU's getopt_long). */
#ifndef PROXY_CLI_OPTIONS_H
#define PROXY_CLI_OPTIONS_H

#define OPTIONS_MAX_ROWS 80 /* of all tables of a command together */

/* One option. `take` gets its value ("" when it takes none) and returns NULL, or the error as a clause that completes
 * "--name VALUE: ...": value_no_memory for a lack of memory, which is no wrong usage. */
struct option_row {
	const char *name;
	char letter; /* its short form, 0: none */
	const char *argument; /* what stands for its value in --help, NULL: it takes none */
	const char *help;
	const char *(*take)(void *into, const char *value);
};

struct option_table {
	const char *heading; /* in --help; NULL: "Options" */
	const struct option_row *rows; /* ends with a NULL name */
};

struct command_help {
	const char *command; /* of chainmend: "check" */
	const char *usage; /* lines of "Usage: chainmend check ...", each ended by a line feed */
	const char *about; /* what it does, some lines */
	const struct option_table *tables; /* ends with NULL rows */
	const char *after; /* printed after the options; may be NULL */
	const char *program; /* one of its own, that has no commands; NULL: chainmend */
};

enum options_outcome { OPTIONS_TAKEN, OPTIONS_HELP_PRINTED, OPTIONS_WRONG, OPTIONS_NO_MEMORY };

/* options_parse gives each option's value to its row. Operands are moved after the options; *first_operand is the index
 * of the first one. Errors are printed on stderr. */
enum options_outcome options_parse(const struct command_help *help, int argc, char **argv, void *into,
				   int *first_operand);

/* options_unable prints why the command cannot go on ("chainmend: check: WHY"), for what is no wrong usage. */
void options_unable(const struct command_help *help, const char *why);

/* options_wrong prints a usage error ("chainmend: check: WHY (see chainmend check --help)") and returns STATUS_USAGE. */
int options_wrong(const struct command_help *help, const char *format, ...) __attribute__((format(printf, 2, 3)));

#endif
